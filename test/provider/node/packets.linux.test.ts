import assert from "node:assert/strict";
import { renderRoutes } from "../../../provider/src/node/routes";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import { renderWorkload } from "../../../provider/src/node/workload";
import type { NodePlan } from "../../../provider/src/plan/node-plan";
import { account, TRAFFIC, type TrafficReport } from "../../support/traffic";
import { A, B, C, type Mode, type Peer, planOf } from "../../support/node-plans";
import { type Outcome, TestNode } from "../../support/test-node";

const ADDRESSES = { a: "192.168.0.5", b: "192.168.0.69", c: "192.168.0.133" } as const;
type Name = keyof typeof ADDRESSES;
const SELVES = { a: A, b: B, c: C } as const;
const NAMES = ["a", "b", "c"] as const;
/** A host in A's subnet that is no node of the cluster. */
const STRANGER = { ip: "10.1.0.66", block: "192.168.5.0/26", vtep: "192.168.5.0", mac: "66:00:00:00:00:0d" } as const;

describe("what overlaynet-apply makes, on packets", function () {
  this.timeout(90_000);
  const nodes = new Map<string, TestNode>();
  let hub: TestNode;

  const node = (name: string): TestNode => nodes.get(name) ?? assert.fail(`no node ${name}`);

  /** Nodes on one wire; the hub routes between their subnets and is what lies outside. */
  before(async () => {
    hub = await TestNode.start("203.0.113.1");
    hub.sh(
      "ip link add br0 mtu 9001 type bridge; ip address add 10.1.0.1/24 dev br0; ip address add 10.2.0.1/24 dev br0; ip link set br0 up; echo 1 >/proc/sys/net/ipv4/ip_forward; for d in all br0; do echo 0 >/proc/sys/net/ipv4/conf/$d/send_redirects; done",
    );
    for (const [name, ip] of [
      ["a", A.ip],
      ["b", B.ip],
      ["c", C.ip],
      ["d", STRANGER.ip],
    ] as const) {
      const made = await TestNode.start(ip);
      nodes.set(name, made);
      made.sh(
        `ip link set wire name wire-${name}; ip link set wire-${name} netns ${hub.pid}; ip route add default via ${ip.replace(/\d+$/, "1")}`,
      );
      hub.sh(`ip link set wire-${name} master br0 mtu 9001 up`);
    }
  });
  after(() => {
    for (const each of [...nodes.values(), hub]) each.remove();
  });
  afterEach(() => {
    for (const each of nodes.values()) each.apply("uninstall");
  });

  function install(name: Name, plan: NodePlan): void {
    const encapsulation = plan.vxlan === undefined ? [] : [renderTunnel(plan, "VXLAN")];
    const workload = renderWorkload({ name: "w", pool: "pool", address: ADDRESSES[name], mtu: 8951, plan });
    for (const part of [...encapsulation, renderRoutes(plan), workload]) {
      const { code, stderr } = node(name).install(part);
      assert.equal(code, 0, stderr);
    }
  }
  function installAll(mode: Mode, change: (plan: NodePlan) => NodePlan = (plan) => plan): void {
    for (const name of NAMES) install(name, change(planOf(mode, SELVES[name])));
  }

  /** Echo requests that reached a node's workload so far. */
  function echoes(name: Name): number {
    const [head = "", values = ""] = node(name).sh("ip netns exec wl-w grep ^Icmp: /proc/net/snmp").split("\n");
    return Number(values.split(" ")[head.split(" ").indexOf("InEchos")]);
  }
  /** How many of three echo requests reach a workload when they are sent so. */
  function arriving(at: Name, from: TestNode, ping: string): number {
    const before = echoes(at);
    from.run(["sh", "-c", `${ping} -q -c 3 -i 0.02 -W 0.2 ${ADDRESSES[at]}`]);
    return echoes(at) - before;
  }
  function sent(name: Name): number {
    const [link] = node(name).json("ip -j -s link show dev vxlan.calico") as [{ stats64: { tx: { packets: number } } }];
    return link.stats64.tx.packets;
  }
  const inWorkload = "ip netns exec wl-w ping";

  for (const mode of ["VXLAN CrossSubnet", "VXLAN Always"] as const) {
    it(`connects workloads, encapsulated where ${mode} says so, up to the MTU`, () => {
      installAll(mode);
      for (const from of NAMES) {
        for (const to of NAMES.filter((name) => name !== from)) {
          const before = sent(from);
          assert.equal(arriving(to, node(from), `${inWorkload} -M do -s ${8951 - 28}`), 3, `${from} to ${to}`);
          const direct = mode === "VXLAN CrossSubnet" && SELVES[from].ip.slice(0, 5) === SELVES[to].ip.slice(0, 5);
          assert.equal(sent(from) - before, direct ? 0 : 3, `${from} to ${to}`);
          assert.equal(arriving(to, node(from), `${inWorkload} -M do -s ${8951 - 27}`), 0);
        }
      }
    });
  }

  it("changes its filter by elements and rules while modes are switched, members come and go, and a rule is mended: a new table would cost packets", () => {
    installAll("VXLAN CrossSubnet");
    const changes: string[] = [];
    // A table that is loaded anew has another handle.
    const handle = (): string => node("a").sh("nft -a list table inet overlaynet | head -n 1");
    const table = handle();
    const done = ({ code, stdout, stderr }: Outcome): void => {
      assert.equal(code, 0, stderr);
      changes.push(...stdout.split("\n").filter((line) => line.startsWith("nft ")));
    };
    for (let round = 0; round < 6; round++) {
      const all = [
        [A, B, C],
        [STRANGER, A, B, C],
        [A, B, C, STRANGER],
      ][round % 3];
      const plan = planOf(round % 2 === 0 ? "VXLAN Always" : "VXLAN CrossSubnet", A, all);
      for (const part of [renderTunnel(plan, "VXLAN"), renderRoutes(plan)]) done(node("a").install(part));
      node("a").sh(
        "nft flush chain inet overlaynet decapsulated; nft delete element inet overlaynet vxlan_members '{ 10.1.0.11 }'; nft add element inet overlaynet vxlan_members '{ 203.0.113.9 }'",
      );
      done(node("a").apply("apply"));
      for (const other of ["b", "c"] as const) assert.equal(arriving("a", node(other), inWorkload), 3, other);
      assert.doesNotMatch(node("a").sh("nft list set inet overlaynet vxlan_members"), /203\.0\.113\.9/);
    }
    assert.deepEqual(new Set(changes), new Set(["nft update table inet overlaynet"]));
    assert.equal(handle(), table);
    // Where a chain of it is not there any more, it is a new table.
    node("a").sh(
      "nft flush chain inet overlaynet prerouting; nft flush map inet overlaynet by_device; nft flush chain inet overlaynet from_workload; nft delete chain inet overlaynet from_workload",
    );
    assert.match(node("a").apply("apply").stdout, /^nft load table inet overlaynet$/m);
    assert.notEqual(handle(), table);
  });

  // The kernel of this machine has more than one processor, as those of nodes have and the lab's have not: packets meet
  // rules that change.
  it("loses no packet while modes are switched, members come and go and rules are mended; what it drops is counted", async () => {
    const { sent, lost, broken } = await underTraffic("VXLAN CrossSubnet", () => {
      for (let round = 0; round < 32; round++) {
        for (const name of NAMES) {
          const plan = planOf(
            round % 2 === 0 ? "VXLAN Always" : "VXLAN CrossSubnet",
            SELVES[name],
            round % 4 < 2 ? [STRANGER, A, B, C] : [A, B, C],
          );
          for (const part of [renderTunnel(plan, "VXLAN"), renderRoutes(plan)])
            assert.equal(node(name).install(part).code, 0);
          node(name).sh("nft flush chain inet overlaynet prerouting");
          assert.equal(node(name).apply("apply").stdout, "nft update table inet overlaynet\n");
        }
      }
    });
    assert.ok((sent[0] ?? 0) > 30_000, `${sent[0]} sent`);
    assert.equal(lost[0], 0, `of ${sent[0]}`);
    assert.ok((lost[1] ?? 0) > 10, `${lost[1]} of ${sent[1]} lost where one member was not known`);
    assert.deepEqual(broken, []);
  });

  it("loses no packet while every node gets another tunnel address, as when the pool goes that the former was of", async () => {
    const peers: readonly Peer[] = [A, B, C];
    const moved = peers.map((peer, i) => ({ ...peer, vtep: `192.168.7.${i}` }));
    const { sent, lost, broken } = await underTraffic("VXLAN Always", () => {
      for (let round = 0; round < 12; round++) {
        const all = round % 2 === 0 ? moved : peers;
        const plans = NAMES.map((name, i) => ({ name, plan: planOf("VXLAN Always", all[i], all) }));
        // All tunnels come before any route, as the resource graph has it.
        for (const { name, plan } of plans) assert.equal(node(name).install(renderTunnel(plan, "VXLAN")).code, 0);
        for (const { name, plan } of plans) assert.equal(node(name).install(renderRoutes(plan)).code, 0);
      }
    });
    assert.ok((sent[0] ?? 0) > 10_000, `${sent[0]} sent`);
    assert.equal(lost[0], 0, `of ${sent[0]}`);
    assert.ok((lost[1] ?? 0) > 10, `${lost[1]} of ${sent[1]} lost where one member was not known`);
    assert.deepEqual(broken, []);
  });

  /**
   * Every workload sends 1,000 packets a second to every other while something changes. @returns what was lost then, and
   * after it with one member missing, where some must be: the twin.
   */
  async function underTraffic(mode: Mode, change: () => void): Promise<ReturnType<typeof account>> {
    installAll(mode);
    for (const from of NAMES)
      for (const to of NAMES) if (from !== to) assert.equal(arriving(to, node(from), inWorkload), 3);
    for (const name of NAMES) {
      const others = NAMES.filter((other) => other !== name).map((other) => ADDRESSES[other]);
      node(name).sh("rm -f /run/report /run/report.*");
      node(name).start([
        "sh",
        "-c",
        `ip netns exec wl-w perl ${TRAFFIC} 1000 /run/report ${ADDRESSES[name]} ${others.join(" ")} & echo $! >/run/traffic.pid; wait`,
      ]);
    }
    const tell = (signal: string, until: string): void => {
      for (const name of NAMES) node(name).sh(`kill -${signal} $(cat /run/traffic.pid)`);
      for (const name of NAMES) node(name).sh(`until ${until}; do sleep 0.1; done`);
    };
    for (const name of NAMES) node(name).sh("until [ -e /run/report.ready ]; do sleep 0.1; done");
    change();
    tell("USR1", "true");
    node("a").sh(`nft delete element inet overlaynet vxlan_members '{ ${C.ip} }'; sleep 0.1`);
    tell("USR2", "[ -e /run/report.stopped ]");
    tell("TERM", "[ -e /run/report ]");
    return account(
      new Map(NAMES.map((name) => [ADDRESSES[name], node(name).json("cat /run/report") as TrafficReport])),
      2,
    );
  }

  describe("filters", () => {
    /** On a host: a VXLAN device of its own that reaches a node's VTEP, as anyone who knows VNI and MAC can make it. */
    const forge = (self: { readonly ip: string }, at: typeof A): string =>
      `ip link add forged type vxlan id 4096 local ${self.ip} dev ens5 dstport 4789 nolearning
       ip link set forged address 66:00:00:00:00:fe up
       bridge fdb add ${at.mac} dev forged dst ${at.ip} self permanent
       ip neigh add 169.254.9.9 lladdr ${at.mac} dev forged nud permanent
       ip route add ${ADDRESSES.a} via 169.254.9.9 dev forged onlink`;
    const unforge =
      "ip link del forged; for a in $(ip -4 -o address show dev lo | awk '$4 !~ /^127/ { print $4 }'); do ip address del $a dev lo; done";

    it("takes nothing from a host that is no member, whatever it claims inside", () => {
      installAll("VXLAN Always");
      const stranger = node("d");
      stranger.sh(
        `${forge(STRANGER, A)}; for a in ${ADDRESSES.b} ${STRANGER.vtep}; do ip address add $a/32 dev lo; done`,
      );
      for (const source of [ADDRESSES.b, STRANGER.vtep, STRANGER.ip])
        assert.equal(arriving("a", stranger, `ping -I ${source}`), 0, source);
      // As a member it gets through, with what is its own.
      install("a", planOf("VXLAN Always", A, [A, B, C, STRANGER]));
      assert.equal(arriving("a", stranger, `ping -I ${STRANGER.vtep}`), 3);
      assert.equal(arriving("a", stranger, `ping -I ${ADDRESSES.b}`), 0);
      stranger.sh(unforge);
    });

    it("takes from a member only what is of its own blocks", () => {
      installAll("VXLAN Always");
      const member = node("b");
      member.sh(
        `nft delete table inet overlaynet; for a in ${ADDRESSES.c} 192.168.0.6 192.168.77.7; do ip address add $a/32 dev lo; done`,
      );
      assert.equal(arriving("a", member, `ping -I ${B.vtep}`), 3);
      for (const source of [ADDRESSES.c, "192.168.0.6", "192.168.77.7"])
        assert.equal(arriving("a", member, `ping -I ${source}`), 0, source);
      // The check it is that drops them.
      node("a").sh("nft flush chain inet overlaynet decapsulated");
      assert.equal(arriving("a", member, `ping -I ${ADDRESSES.c}`), 3);
      member.sh(
        "for a in $(ip -4 -o address show dev lo | awk '$4 !~ /^127/ { print $4 }'); do ip address del $a dev lo; done",
      );
    });

    it("lets packets come directly that are answered through the tunnel", () => {
      // A thinks B far, B thinks A near, as with different prefix lengths.
      install("a", planOf("VXLAN Always", A));
      install("b", planOf("VXLAN CrossSubnet", B));
      for (const name of ["a", "b"]) node(name).sh("echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter");
      for (const name of ["a", "b"]) node(name).apply("apply");
      assert.equal(arriving("b", node("a"), inWorkload), 3);
      assert.equal(arriving("a", node("b"), inWorkload), 3);
      const { stdout } = node("a").run(["sh", "-c", `${inWorkload} -q -c 3 -i 0.02 ${ADDRESSES.b}`]);
      assert.match(stdout, / 3 received/);
      node("a").sh("echo 1 >/proc/sys/net/ipv4/conf/ens5/rp_filter");
      assert.equal(arriving("a", node("b"), inWorkload), 0, "strict filtering passes it: the test shows nothing");
      for (const name of ["a", "b"])
        node(name).sh("echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter; echo 2 >/proc/sys/net/ipv4/conf/ens5/rp_filter");
    });

    it("takes nothing from outside that claims to be a workload of this node", () => {
      installAll("VXLAN CrossSubnet");
      const stranger = node("d");
      stranger.sh(`ip address add 192.168.0.6/32 dev lo; ip route add ${ADDRESSES.a} via ${A.ip}`);
      assert.equal(arriving("a", stranger, "ping -I 192.168.0.6"), 0);
      node("a").sh("nft flush chain inet overlaynet prerouting; echo 0 >/proc/sys/net/ipv4/conf/ens5/rp_filter");
      assert.equal(arriving("a", stranger, "ping -I 192.168.0.6"), 3);
      node("a").sh("echo 2 >/proc/sys/net/ipv4/conf/ens5/rp_filter");
      stranger.sh(`ip address del 192.168.0.6/32 dev lo; ip route del ${ADDRESSES.a}`);
    });

    it("lets a workload send from its own address alone", () => {
      installAll("VXLAN CrossSubnet");
      const a = node("a");
      a.sh(`for a in 192.168.0.9 ${ADDRESSES.c} 10.1.0.77; do ip -n wl-w address add $a/32 dev eth0; done`);
      assert.equal(arriving("b", a, `${inWorkload} -I ${ADDRESSES.a}`), 3);
      for (const source of ["192.168.0.9", ADDRESSES.c, "10.1.0.77"])
        assert.equal(arriving("b", a, `${inWorkload} -I ${source}`), 0, source);
      a.sh("nft flush chain inet overlaynet from_workload");
      node("b").sh("nft flush chain inet overlaynet prerouting");
      assert.equal(arriving("b", a, `${inWorkload} -I ${ADDRESSES.c}`), 3, "nothing but the chain keeps it back");
    });

    it("lets no workload send tunnel packets, though NAT would make them its node's", () => {
      installAll("VXLAN Always");
      const a = node("a");
      a.sh(`ip -n wl-w link add forged type vxlan id 4096 local ${ADDRESSES.a} dev eth0 dstport 4789 nolearning
        ip -n wl-w link set forged address 66:00:00:00:00:fe mtu 1400 up
        bridge -n wl-w fdb add ${B.mac} dev forged dst ${B.ip} self permanent
        ip -n wl-w neigh add 169.254.9.9 lladdr ${B.mac} dev forged nud permanent
        ip -n wl-w route add ${ADDRESSES.b} via 169.254.9.9 dev forged onlink`);
      assert.equal(arriving("b", a, `${inWorkload} -I ${ADDRESSES.a}`), 0);
      a.sh("nft flush chain inet overlaynet from_workload");
      assert.equal(arriving("b", a, `${inWorkload} -I ${ADDRESSES.a}`), 0, "untracked, so that NAT does not see them");
      a.sh("nft flush chain inet overlaynet prerouting");
      assert.equal(arriving("b", a, `${inWorkload} -I ${ADDRESSES.a}`), 3);
    });

    it("leaves other people's VXLAN on the same port alone", () => {
      installAll("VXLAN Always");
      for (const [name, self, other] of [
        ["a", A, STRANGER],
        ["d", STRANGER, A],
      ] as const) {
        node(name).sh(
          `ip link add other type vxlan id 7 local ${self.ip} remote ${other.ip} dev ens5 dstport 4789; ip address add 172.31.0.${self.ip.split(".")[3]}/24 dev other; ip link set other up`,
        );
      }
      node("d").sh("ping -q -c 2 -i 0.02 -W 1 172.31.0.10");
      for (const name of ["a", "d"]) node(name).sh("ip link del other");
    });
  });

  describe("natOutgoing", () => {
    function seenOutside(source: string): number {
      hub.sh(
        `nft 'table ip seen { chain c { type filter hook prerouting priority -300; ip daddr 203.0.113.1 ip saddr ${source} icmp type echo-request counter; }; }'`,
      );
      node("a").run(["sh", "-c", `${inWorkload} -q -c 3 -i 0.02 -W 0.2 203.0.113.1`]);
      const [, packets] =
        /counter packets (\d+)/.exec(hub.sh("nft list table ip seen; nft delete table ip seen")) ?? [];
      return Number(packets);
    }

    it("masquerades what leaves the pools, and nothing between them", () => {
      installAll("VXLAN CrossSubnet");
      assert.equal(seenOutside(A.ip), 3);
      assert.equal(seenOutside(ADDRESSES.a), 0);
      node("b").sh(
        `ip netns exec wl-w nft 'table ip seen { chain c { type filter hook prerouting priority -300; ip saddr ${ADDRESSES.a} icmp type echo-request counter; }; }'`,
      );
      assert.equal(arriving("b", node("a"), inWorkload), 3);
      assert.match(node("b").sh("ip netns exec wl-w nft list table ip seen"), /counter packets 3 /);
    });

    it("does not without it, nor to a pool that is there for that alone", () => {
      installAll("VXLAN CrossSubnet", (plan) => ({ ...plan, masqueradePools: [] }));
      assert.equal(seenOutside(ADDRESSES.a), 3);
      installAll("VXLAN CrossSubnet", (plan) => ({ ...plan, allPools: [...plan.allPools, "203.0.113.0/24"] }));
      assert.equal(seenOutside(ADDRESSES.a), 3);
    });
  });
});
