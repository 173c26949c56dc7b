import assert from "node:assert/strict";
import { newPart } from "../../../provider/src/node/digest";
import { renderRoutes } from "../../../provider/src/node/routes";
import { A, B, C, planOf } from "../../support/node-plans";
import { type Outcome, TestNode } from "../../support/test-node";
import { account, TRAFFIC, type TrafficReport } from "../../support/traffic";

/** On the link, and no node. */
const STRANGER = "10.1.0.66";
const routes = (linkIncarnation?: string): ReturnType<typeof renderRoutes> =>
  renderRoutes({ ...planOf("Never", A, [A, B, C]), linkIncarnation });

describe("the other nodes on the link", function () {
  this.timeout(90_000);
  let hub: TestNode;
  let a: TestNode;
  let b: TestNode;

  beforeEach(async () => {
    hub = await TestNode.start("203.0.113.1");
    hub.sh("ip link add br0 mtu 9001 type bridge; ip link set br0 up; ip address add 10.1.0.66/24 dev br0");
    a = await joined("a", A.ip);
    b = await joined("b", B.ip);
  });
  afterEach(() => {
    for (const node of [a, b, hub]) node.remove();
  });

  async function joined(name: string, address: string): Promise<TestNode> {
    const node = await TestNode.start(address);
    node.sh(`ip link set wire name wire-${name}; ip link set wire-${name} netns ${hub.pid}`);
    hub.sh(`ip link set wire-${name} master br0 mtu 9001 up`);
    return node;
  }
  const done = ({ code, stdout, stderr }: Outcome): string => {
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const FORGETS = /^neigh change of learned MAC addresses of other nodes/m;
  /** How many of ten echo requests to an address come back. */
  const answers = (address: string): number =>
    Number(/(\d+) received/.exec(a.run(["ping", "-q", "-c", "10", "-i", "0.02", "-W", "0.2", address]).stdout)?.[1]);
  const entry = (address: string): string => a.sh(`ip neigh show ${address} dev ens5`).trim();
  /** Another machine at B's address: it has another MAC address, and nobody was told. */
  const replaceB = (): void =>
    void b.sh("ip link set ens5 down; ip link set ens5 address 02:00:00:00:00:99; ip link set ens5 up");

  it("are asked anew once the link's incarnation is another, where else a stale MAC address stays", () => {
    done(a.install(routes("one")));
    assert.equal(answers(B.ip), 10);
    replaceB();
    assert.equal(answers(B.ip), 0);
    // The twin: a push that says nothing of it, or the same, changes nothing.
    assert.equal(done(a.install(routes("one"))), "");
    assert.doesNotMatch(done(a.install(routes())), FORGETS);
    assert.doesNotMatch(done(a.install(routes("one"))), FORGETS);
    assert.equal(answers(B.ip), 0);
    assert.match(done(a.install(routes("two"))), FORGETS);
    assert.equal(answers(B.ip), 10);
    assert.match(entry(B.ip), /lladdr 02:00:00:00:00:99 /);
  });

  it("lose no packet over it: 1,000 a second both ways, at the first push and while the incarnation changes", async () => {
    const nodes = new Map([
      [A.ip, a],
      [B.ip, b],
    ]);
    for (const [own, node] of nodes) {
      const other = own === A.ip ? B.ip : A.ip;
      node.start(["sh", "-c", `perl ${TRAFFIC} 1000 /run/report ${own} ${other} & echo $! >/run/traffic.pid; wait`]);
    }
    const tell = (signal: string, until: string): void => {
      for (const node of nodes.values()) node.sh(`kill -${signal} $(cat /run/traffic.pid)`);
      for (const node of nodes.values()) node.sh(`until ${until}; do sleep 0.1; done`);
    };
    for (const node of nodes.values()) node.sh("until [ -e /run/report.ready ]; do sleep 0.1; done");
    for (let round = 0; round < 40; round++) assert.match(done(a.install(routes(`n${round}`))), FORGETS);
    tell("USR1", "true");
    // The twin: what is lost is counted.
    a.sh(`ip neigh replace ${B.ip} lladdr 02:00:00:00:00:99 dev ens5 nud permanent; sleep 0.5`);
    tell("USR2", "[ -e /run/report.stopped ]");
    tell("TERM", "[ -e /run/report ]");
    const reports = new Map([...nodes].map(([own, node]) => [own, node.json("cat /run/report") as TrafficReport]));
    const { sent, lost } = account(reports, 2);
    assert.ok((sent[0] ?? 0) > 4000, `${sent[0]} sent`);
    assert.equal(lost[0], 0, `of ${sent[0]}`);
    assert.ok((lost[1] ?? 0) > 100, `${lost[1]} of ${sent[1]} lost where the MAC address is stale`);
  });

  it("are all that is forgotten: neither other hosts, nor what was set by hand", () => {
    a.sh(`ip neigh add 10.1.0.12 lladdr 02:00:00:00:00:12 dev ens5 nud permanent
      ip neigh add 10.1.0.13 lladdr 02:00:00:00:00:13 dev ens5 nud noarp
      ip neigh add 10.1.0.14 lladdr 02:00:00:00:00:14 dev ens5 nud reachable extern_learn
      ip neigh add 10.1.0.15 lladdr 02:00:00:00:00:15 dev ens5 nud stale
      ip address add 2001:db8::10/64 dev ens5 nodad
      ip neigh add 2001:db8::15 lladdr 02:00:00:00:00:15 dev ens5 nud stale`);
    assert.equal(answers(STRANGER), 10);
    const state = (incarnation: string): Outcome =>
      a.install(
        newPart("routes", [
          {
            name: "state",
            content: [
              `address ${A.ip}`,
              "address 2001:db8::10",
              `incarnation ${incarnation}`,
              ...[12, 13, 14, 15].map(
                (n) => `route unicast 192.168.${n}.0/26 via 10.1.0.${n} dev eth0 proto 80 onlink`,
              ),
              "route unicast fd00::40/122 via 2001:db8::15 dev eth0 proto 80 metric 1024 onlink",
              "",
            ].join("\n"),
          },
        ]),
      );
    const before = [12, 13, 14].map((n) => entry(`10.1.0.${n}`)).join("\n");
    done(state("one"));
    assert.equal([12, 13, 14].map((n) => entry(`10.1.0.${n}`)).join("\n"), before);
    assert.match(entry(STRANGER), / lladdr .* (?:REACHABLE|STALE|DELAY)/);
    for (const learned of ["10.1.0.15", "2001:db8::15"]) assert.doesNotMatch(entry(learned), /STALE|REACHABLE/);
  });

  it("include members of tunnels, wherever a packet to them is encapsulated", () => {
    const part = (incarnation: string, line: string): Outcome =>
      a.install(
        newPart("routes", [{ name: "state", content: `address ${A.ip}\nincarnation ${incarnation}\n${line}\n` }]),
      );
    for (const [index, line] of [
      "member ipip 10.1.0.15",
      "member vxlan 10.1.0.15",
      "fdb 66:00:00:00:00:0f vxlan.calico 10.1.0.15",
    ].entries()) {
      a.sh("ip neigh replace 10.1.0.15 lladdr 02:00:00:00:00:15 dev ens5 nud stale");
      done(part(`n${index}`, line));
      assert.doesNotMatch(entry("10.1.0.15"), /STALE/, line);
    }
    // The twin: who is nowhere in the parts is nobody's node.
    a.sh("ip neigh replace 10.1.0.15 lladdr 02:00:00:00:00:15 dev ens5 nud stale");
    done(part("other", "pool all 10.1.0.0/16"));
    assert.match(entry("10.1.0.15"), /STALE/);
  });

  it("are not asked for again after a boot or by a push of the same, and a run that changes nothing says nothing", async () => {
    done(a.install(routes("one")));
    await a.reboot();
    done(a.run(["/usr/local/lib/overlaynet/overlaynet-apply", "boot"]));
    assert.equal(done(a.install(routes("one"))), "");
    assert.equal(done(a.apply("apply")), "");
    assert.doesNotMatch(done(a.apply("digests")), /^deviates/m);
    assert.match(done(a.install(routes("two"))), FORGETS);
  });

  it("have an incarnation of letters and digits", () => {
    for (const word of ["", "a b", "a;b", "$(id)", "x".repeat(65)])
      assert.throws(() => routes(word), /^RangeError: incarnation ".*" must be 1 to 64 letters and digits/);
    done(a.install(routes("one")));
    for (const line of ["incarnation", "incarnation a b", "incarnation $(id)", `incarnation ${"x".repeat(65)}`])
      assert.equal(a.install(newPart("routes", [{ name: "state", content: `${line}\n` }])).code, 1, line);
  });
});
