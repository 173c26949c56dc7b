import assert from "node:assert/strict";
import { newPart } from "../../../provider/src/node/digest";
import { renderRoutes } from "../../../provider/src/node/routes";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import { A, planOf } from "../../support/node-plans";
import { kill, type Outcome, TestNode } from "../../support/test-node";
import { held } from "./held";

const TUNNEL = renderTunnel(planOf("VXLAN CrossSubnet"), "VXLAN");
const IPIP = renderTunnel(planOf("IPIP Always"), "IPIP");
const ROUTES = renderRoutes(planOf("Never"));
/** A part that needs no device and makes none. */
const SMALL = newPart("routes", [{ name: "state", content: `address ${A.ip}\n` }]);

const VXLAN = "type vxlan local 10.1.0.10 dev ens5 dstport 4789";
/** This kernel may have no IPIP: what is looked at is the device's name, alias, state and addresses. */
const TUNL0 = "ip link add tunl0 type veth peer name tunl0-peer";

describe("what is somebody else's on a node", function () {
  this.timeout(60_000);
  let node: TestNode;

  beforeEach(async () => {
    node = await TestNode.start(A.ip);
  });
  afterEach(() => node.remove());

  const done = ({ code, stderr }: Outcome): void => assert.equal(code, 0, stderr);
  const ours = (): string =>
    node.sh(
      "ls -d /etc/overlaynet /usr/local/lib/overlaynet /etc/systemd/system/overlaynet.service 2>/dev/null || true",
    );
  const refused = ({ code, stdout, stderr }: Outcome, words: RegExp): void => {
    assert.equal(code, 1, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, words);
    assert.match(stderr, /^overlaynet: part \S+ was refused; nothing was changed$/m);
  };

  const THINGS: readonly [what: string, make: string, words: RegExp, away: string][] = [
    [
      "a route of Felix'",
      "ip route add 192.168.7.0/26 via 10.1.0.99 dev ens5 proto 80 onlink",
      /there are routes of protocol 80, .*: 192\.168\.7\.0\/26 via 10\.1\.0\.99 dev ens5 .*\. Remove Calico from this node/,
      "ip route flush table main proto 80",
    ],
    [
      "several routes of Felix'",
      "for i in 7 8 9; do ip route add blackhole 192.168.$i.0/26 proto 80; done; ip -6 route add fd00:7::/122 dev ens5 proto 80",
      /there are routes of protocol 80, .* and 3 more\. /,
      "ip route flush table main proto 80; ip -6 route flush table main proto 80",
    ],
    [
      "a tunl0 with an address",
      `${TUNL0}; ip address add 192.168.200.1/32 dev tunl0`,
      /tunl0 is in use by something else \(address 192\.168\.200\.1\/32, /,
      "ip link del tunl0",
    ],
    [
      "a tunl0 that is up",
      `${TUNL0}; ip link set tunl0 up`,
      /tunl0 is in use by something else \(it is up, /,
      "ip link del tunl0",
    ],
    [
      "a tunl0 of Calico's, with the very address",
      `${TUNL0}; ip address add ${A.vtep}/32 dev tunl0; ip link set tunl0 up`,
      /tunl0 is in use by something else/,
      "ip link del tunl0",
    ],
    [
      "Calico's VXLAN device",
      `ip link add vxlan.calico ${VXLAN} id 4096 nolearning`,
      /there is a device vxlan\.calico that is not ours/,
      "ip link del vxlan.calico",
    ],
    [
      "Calico's VXLAN device of IPv6",
      `ip link add vxlan-v6.calico type vxlan id 4096 local 2001:db8::10 dstport 4789`,
      /there is a device vxlan-v6\.calico that is not ours/,
      "ip link del vxlan-v6.calico",
    ],
  ];

  for (const [what, make, words, away] of THINGS)
    it(`is ${what}: the first push is refused whatever it brings, and nothing is touched`, () => {
      node.sh(make);
      const before = held(node);
      for (const part of [TUNNEL, IPIP, ROUTES, SMALL]) refused(node.install(part), words);
      assert.equal(held(node), before);
      assert.equal(ours(), "");
      // The twin: without it the push is done.
      node.sh(away);
      done(node.install(SMALL));
      done(node.install(TUNNEL));
    });

  it("is a Felix that runs in the node's network namespace, and in no other", async () => {
    node.sh(
      "mkdir -p /usr/local/bin; cp /bin/sleep /usr/local/bin/calico-node; cp /bin/sleep /usr/local/bin/calico-felix",
    );
    const elsewhere = node.start(["unshare", "--net", "/usr/local/bin/calico-node", "60"]);
    try {
      await running(node, "calico-node");
      done(node.install(SMALL));
      done(node.apply("remove-part", SMALL.name));
    } finally {
      if (elsewhere.pid !== undefined) kill(-elsewhere.pid);
    }
    for (const program of ["calico-node", "calico-felix"]) {
      const felix = node.start([`/usr/local/bin/${program}`, "60"]);
      try {
        await running(node, program);
        refused(node.install(SMALL), new RegExp(`Calico runs here \\(process \\d+, ${program}\\), `));
        assert.equal(ours(), "");
      } finally {
        if (felix.pid !== undefined) kill(-felix.pid);
      }
    }
  });

  const RIVALS: readonly [what: string, make: string, words: RegExp][] = [
    [
      "a VXLAN device with the VNI on the port",
      `ip link add theirs ${VXLAN} id 4096`,
      /the VXLAN device theirs has VNI 4096 on UDP port 4789, which vxlan\.calico needs\. Remove it, give the overlay another VNI or port/,
    ],
    [
      "a VXLAN device that takes all VNIs of the port",
      `ip link add theirs type vxlan external dstport 4789; ip link set theirs up`,
      /the VXLAN device theirs \(external\) has UDP port 4789 for itself, which vxlan\.calico needs/,
    ],
    [
      "a program on the port",
      `perl -MIO::Socket::INET -e '$socket = IO::Socket::INET->new(Proto => "udp", LocalPort => 4789) or die; $| = 1; print "there\n"; close STDOUT; sleep 60' >/run/there & echo $! >/run/listener; while [ ! -s /run/there ]; do kill -0 $!; done`,
      /a program listens on UDP port 4789 \("ss -lunp sport = :4789" names it\), which vxlan\.calico needs/,
    ],
  ];
  for (const [what, make, words] of RIVALS)
    it(`is ${what} of the tunnel: that is refused, other parts are not`, () => {
      try {
        node.sh(`{ ${make}; } 2>/run/out`);
        const before = held(node);
        refused(node.install(TUNNEL), words);
        assert.equal(held(node), before);
        assert.equal(ours(), "");
        // As it is of nobody else's business, also later.
        done(node.install(SMALL));
        refused(node.install(TUNNEL), words);
        // The twin: with another VNI and port there is nothing in the way.
        const vxlan = planOf("VXLAN CrossSubnet").vxlan ?? assert.fail();
        done(
          node.install(
            renderTunnel({ ...planOf("VXLAN CrossSubnet"), vxlan: { ...vxlan, vni: 4097, port: 4790 } }, "VXLAN"),
          ),
        );
      } finally {
        const listener = node.run(["cat", "/run/listener"]).stdout.trim();
        if (listener !== "") kill(Number(listener));
      }
    });

  it("is not a bare tunl0, as the kernel's module makes it, nor a VXLAN device of another VNI", () => {
    node.sh(`${TUNL0}; ip link add theirs ${VXLAN} id 7; ip link set theirs up`);
    done(node.install(SMALL));
    done(node.install(IPIP));
    done(node.install(TUNNEL));
    assert.match(node.sh("ip link show dev tunl0"), /alias overlaynet/);
    // Ours that lost its alias is known by its address; with another one it is somebody else's.
    node.sh('ip link set tunl0 alias ""');
    done(node.apply("apply"));
    assert.match(node.sh("ip link show dev tunl0"), /alias overlaynet/);
    node.sh(`ip link set tunl0 alias ""; ip address add 192.168.200.1/32 dev tunl0`);
    const { code, stderr } = node.apply("apply");
    assert.equal(code, 4);
    assert.match(stderr, /tunl0 is in use by something else/);
    assert.doesNotMatch(node.sh("ip link show dev tunl0"), /alias overlaynet/);
  });

  it("is a device that took the place of ours later: it is named and left, and what asks for nothing of it goes on", () => {
    done(node.install(TUNNEL));
    done(node.install(SMALL));
    node.sh(`ip link del vxlan.calico; ip link add vxlan.calico ${VXLAN} id 9`);
    const device = node.sh("ip -d link show dev vxlan.calico");
    const repaired = node.apply("apply");
    assert.equal(repaired.code, 4);
    assert.match(repaired.stderr, /there is a device vxlan\.calico that is not ours/);
    done(node.install(ROUTES));
    refused(
      node.install(renderTunnel(planOf("VXLAN Always", A, [A]), "VXLAN")),
      /there is a device vxlan\.calico that is not ours/,
    );
    assert.ok(node.apply("digests").stdout.includes(`part ${TUNNEL.name} ${TUNNEL.digest}`), "the former part stays");
    assert.equal(node.sh("ip -d link show dev vxlan.calico"), device);
  });

  it("is nothing that a former removal left, nor a table of our name", () => {
    node.sh("nft 'add table inet overlaynet; add chain inet overlaynet theirs'");
    done(node.install(ROUTES));
    assert.doesNotMatch(node.sh("nft list table inet overlaynet"), /theirs/);
    // A removal that could not take the table away leaves the program, and so the node is known as ours.
    node.sh(`printf '#!/bin/sh\\ncase "$*" in "delete table"*) exit 1 ;; esac\\nexec /usr/sbin/nft "$@"\\n' >/usr/local/sbin/nft 2>/dev/null ||
      { mkdir -p /usr/local/sbin; printf '#!/bin/sh\\ncase "$*" in "delete table"*) exit 1 ;; esac\\nexec /usr/sbin/nft "$@"\\n' >/usr/local/sbin/nft; }; chmod 755 /usr/local/sbin/nft`);
    assert.equal(node.apply("remove-part", ROUTES.name).code, 4);
    node.sh("ip route add blackhole 192.168.0.0/26 proto 80; rm /usr/local/sbin/nft");
    done(node.install(ROUTES));
  });
});

/** Until a program has its name: between fork and exec it has another. */
async function running(node: TestNode, program: string): Promise<void> {
  while (node.run(["sh", "-c", `grep -lx ${program} /proc/[0-9]*/comm`]).stdout === "")
    await new Promise((resolve) => setImmediate(resolve));
}
