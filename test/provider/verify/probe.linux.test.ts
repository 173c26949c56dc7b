import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { PROBE_KINDS, type ProbeKind, readResults } from "../../../provider/src/verify/script";
import { kill, TestNode } from "../../support/test-node";

const PROBE = resolve(__dirname, "../../../provider/verify/overlaynet-probe");
const [HERE, ROUTER, PEER, OTHER] = ["10.1.0.5", "10.1.0.1", "10.2.0.7", "10.2.0.8"];

/**
 * Replaces what perl calls: at the call that HOLD names, `connect` or `send` of a raw socket, the probe waits until the
 * file `go` is there. WITHOUT names a call that is left out: `connect` of a raw socket, or `recv` of what came before.
 */
const HELD = `package Held;
use Socket;
my $to;
my $raw = sub { unpack('I', getsockopt($_[0], SOL_SOCKET, SO_TYPE)) == SOCK_RAW };
my $hold = sub {
  return unless $raw->($_[1]) && $ENV{HOLD} eq $_[0];
  open(my $held, '>>', "$ENV{DIR}/held");
  syswrite($held, "$$\\n");
  select(undef, undef, undef, 0.01) until -e "$ENV{DIR}/go";
};
BEGIN {
  *CORE::GLOBAL::connect = sub (*$) {
    $hold->('connect', $_[0]);
    if ($ENV{WITHOUT} eq 'connect' && $raw->($_[0])) { $to = $_[1]; return 1 }
    CORE::connect($_[0], $_[1]);
  };
  *CORE::GLOBAL::send = sub (*$$;$) {
    $hold->('send', $_[0]);
    $to ? CORE::send($_[0], $_[1], $_[2], $to) : CORE::send($_[0], $_[1], $_[2]);
  };
  *CORE::GLOBAL::recv = sub (*\\$$$) {
    if ($ENV{WITHOUT} eq 'recv' && $_[3] & MSG_DONTWAIT) { $! = 11; return undef }
    CORE::recv($_[0], \${$_[1]}, $_[2], $_[3]);
  };
}
1;
`;

describe("overlaynet-probe, between network namespaces", function () {
  this.timeout(30_000);
  let here: TestNode;
  let router: TestNode;
  let peer: TestNode;
  let server: { readonly pid: number; readonly port: number };

  before(async () => {
    [here, router, peer] = (await Promise.all([HERE, ROUTER, PEER].map((address) => TestNode.start(address)))) as [
      TestNode,
      TestNode,
      TestNode,
    ];
    router.sh("ip link del ens5; cd /proc/sys/net/ipv4; echo 1 >ip_forward; echo 0 >icmp_ratelimit");
    here.sh(`ip link set wire name near netns ${router.pid}; ip route add default via ${ROUTER}`);
    router.sh(`ip link set near up; ip address add ${ROUTER}/24 dev near`);
    peer.sh(
      `ip link set wire name far netns ${router.pid}; ip address add ${OTHER}/24 dev ens5; ip route add default via 10.2.0.1`,
    );
    router.sh("ip link set far mtu 9001 up; ip address add 10.2.0.1/24 dev far");
    const [pid, port] = peer.sh(`perl ${PROBE} serve 60`).split(" ").map(Number);
    server = { pid: pid ?? 0, port: port ?? 0 };
  });
  after(() => {
    if (server !== undefined) kill(server.pid);
    for (const each of [here, router, peer]) each?.remove();
  });

  const probe = (mtu: number, { seconds = 1, address = PEER, port = server.port } = {}): Record<ProbeKind, string> =>
    said(here.sh(`perl ${PROBE} pair 3 ${address} ${port} ${mtu} ${seconds}`));
  function said(output: string): Record<ProbeKind, string> {
    const results = readResults(output);
    assert.deepEqual(
      results.map(({ pair, kind }) => `${pair} ${kind}`).sort(),
      PROBE_KINDS.map((kind) => `3 ${kind}`).sort(),
    );
    return Object.fromEntries(
      results.map(({ kind, ok, text }) => [kind, `${ok ? "ok" : "fail"} ${text}`.trim()]),
    ) as Record<ProbeKind, string>;
  }
  const GOOD = { icmp: "ok", tcp: `ok ${HERE}`, udp: `ok ${HERE}`, mtu: "ok", over: "ok" };

  it("answers of every kind, at the interface's MTU", () => assert.deepEqual(probe(9001), GOOD));

  it("answers at an MTU of 576 and of 1280, where the router says so", () => {
    for (const mtu of [576, 1280]) {
      narrow(mtu);
      assert.deepEqual(probe(mtu), GOOD);
      // What the router said is remembered: the interface itself refuses the next.
      assert.deepEqual(probe(mtu), GOOD);
      assert.equal(probe(mtu - 1).over, "fail it passed");
      narrow(mtu);
      // Its own error, or another probe's before it was sent.
      assert.match(probe(mtu + 1).mtu, /^fail (send|no answer within 1 s, with the error): Message too long$/);
    }
    narrow(9001);
  });
  /**
   * The way behind the router takes packets of so many bytes, and what was heard of it before is forgotten: with the
   * route.
   */
  function narrow(mtu: number): void {
    router.sh(`ip link set far mtu ${mtu}`);
    peer.sh(`ip link set ens5 mtu ${mtu}`);
    here.sh(`ip route del default; ip route add default via ${ROUTER}`);
  }

  it("says of a packet that is too long and of which nobody says so that it was lost without an error", () => {
    router.sh(
      "nft 'add table ip long; add chain ip long forward { type filter hook forward priority 0; }; add rule ip long forward ip length > 1500 drop'",
    );
    const { icmp, mtu, over } = probe(1500);
    assert.deepEqual({ icmp, mtu, over }, { icmp: "ok", mtu: "ok", over: "fail it was lost without an error" });
    assert.equal(probe(1501).mtu, "fail no answer within 1 s");
    router.sh("nft delete table ip long");
  });

  it("says what each kind met where nobody answers, and where somebody refuses", () => {
    router.sh("ip route add unreachable 198.51.100.7; ip route add blackhole 198.51.100.8");
    const unreachable = probe(1500, { address: "198.51.100.7" });
    assert.deepEqual(unreachable, {
      icmp: "fail no answer within 1 s, with the error: No route to host",
      // Soft errors to them: they go on waiting (tcp(7), udp(7)).
      tcp: "fail no answer within 1 s",
      udp: "fail no answer within 1 s",
      mtu: "fail no answer within 1 s, with the error: No route to host",
      over: "fail it was lost, with the error: No route to host",
    });
    const nobody = probe(1500, { address: "198.51.100.8" });
    for (const kind of ["icmp", "tcp", "udp", "mtu"] as const)
      assert.equal(nobody[kind], "fail no answer within 1 s", kind);
    assert.equal(nobody.over, "fail it was lost without an error");
    const refused = probe(1500, { port: server.port === 9 ? 10 : 9 });
    assert.equal(refused.tcp, "fail connect: Connection refused");
    assert.equal(refused.udp, "fail receive: Connection refused");
  });

  it("says the address that the other side saw, where it was changed on the way", () => {
    router.sh(
      "nft 'add table ip changes; add chain ip changes post { type nat hook postrouting priority 100; }; add rule ip changes post oifname far masquerade'",
    );
    const { tcp, udp } = probe(9001);
    assert.deepEqual([tcp, udp], ["ok 10.2.0.1", "ok 10.2.0.1"]);
    router.sh("nft delete table ip changes");
  });

  it("two servers stand in one namespace", () => {
    const [pid, port] = peer.sh(`perl ${PROBE} serve 60`).split(" ").map(Number);
    try {
      assert.notEqual(port, server.port);
      assert.equal(probe(9001, { port: port ?? 0 }).tcp, `ok ${HERE}`);
    } finally {
      kill(pid ?? 0);
    }
  });

  /**
   * The probes while their namespace gets what is not theirs, when they have their sockets: forty long echo replies,
   * and a request with the identifier of each.
   */
  async function crowded(
    hold: "connect" | "send",
    without: "connect" | "recv" | "" = "",
  ): Promise<Record<ProbeKind, string>> {
    const { dir } = here;
    const files = { held: join(dir, "held"), go: join(dir, "go") };
    for (const file of Object.values(files)) rmSync(file, { force: true });
    writeFileSync(join(dir, "Held.pm"), HELD);
    const child = here.start([
      "env",
      `DIR=${dir}`,
      `HOLD=${hold}`,
      `WITHOUT=${without}`,
      "perl",
      `-I${dir}`,
      "-MHeld",
      PROBE,
      "pair",
      "3",
      PEER,
      String(server.port),
      "9001",
      "2",
    ]);
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
    const ended = new Promise((done) => child.once("close", done));
    const held = (): readonly string[] =>
      existsSync(files.held) ? readFileSync(files.held, "utf8").trimEnd().split("\n") : [];
    for (let tries = 0; held().length < 3; tries++) {
      assert.ok(tries < 500, "three probes have a raw socket");
      await new Promise((done) => setTimeout(done, 10));
    }
    for (const pid of held()) peer.sh(`ping -q -c 1 -e ${Number(pid) & 0xffff} ${HERE}`);
    here.sh(`ping -q -c 40 -i 0.002 -s 8900 ${OTHER}`);
    writeFileSync(files.go, "");
    await ended;
    return said(output);
  }

  for (const hold of ["connect", "send"] as const) {
    it(`hears its own answer and no other, whatever comes to its namespace before it calls ${hold}`, async () => {
      assert.deepEqual(await crowded(hold), GOOD);
    });
  }

  it("would not, were its socket not connected, or not emptied", async () => {
    const unconnected = await crowded("send", "connect");
    assert.deepEqual([unconnected.icmp, unconnected.mtu], ["fail no answer within 2 s", "fail no answer within 2 s"]);
    const full = await crowded("connect", "recv");
    assert.match(full.icmp, /^fail /);
    assert.match(full.mtu, /^fail /);
  });
});
