import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileDigest, newPart } from "../../../provider/src/node/digest";
import type { Part } from "../../../provider/src/node/part";
import { renderRoutes } from "../../../provider/src/node/routes";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import { renderWorkload } from "../../../provider/src/node/workload";
import type { NodePlan } from "../../../provider/src/plan/node-plan";
import { held, inOrder } from "./held";
import { A, B, C, type Peer, planOf } from "../../support/node-plans";
import { kill, type Outcome, TestNode } from "../../support/test-node";

const TUNNEL = renderTunnel(planOf("VXLAN CrossSubnet"), "VXLAN");
const CROSS_SUBNET = renderRoutes(planOf("VXLAN CrossSubnet"));
const ALWAYS = renderRoutes(planOf("VXLAN Always"));
const WEB = renderWorkload({
  name: "web",
  pool: "pool",
  address: "192.168.0.5",
  mtu: 8951,
  plan: planOf("VXLAN CrossSubnet"),
});

function ok(outcome: Outcome): string {
  assert.equal(outcome.code, 0, outcome.stderr);
  return outcome.stdout;
}

describe("overlaynet-apply", function () {
  this.timeout(60_000);
  let node: TestNode;

  beforeEach(async () => {
    node = await TestNode.start(A.ip);
  });
  afterEach(() => node.remove());

  function installAll(...parts: Part[]): void {
    for (const part of parts) ok(node.install(part));
  }

  it("makes device, neighbours, FDB entries and routes as planned", () => {
    installAll(TUNNEL, CROSS_SUBNET);
    const [link] = node.json("ip -j -d link show dev vxlan.calico") as [
      {
        address: string;
        mtu: number;
        ifalias: string;
        operstate: string;
        linkinfo: { info_data: Record<string, unknown> };
      },
    ];
    assert.deepEqual([link.address, link.mtu, link.ifalias], [A.mac, 8951, "overlaynet"]);
    const { id, local, link: parent, port, learning } = link.linkinfo.info_data;
    assert.deepEqual(
      { id, local, parent, port, learning },
      { id: 4096, local: A.ip, parent: "ens5", port: 4789, learning: false },
    );
    assert.equal(node.sh("ip -4 -o address show dev vxlan.calico").match(/inet (\S+)/)?.[1], `${A.vtep}/32`);
    assert.deepEqual(
      node
        .sh("ip route show table main")
        .trim()
        .split("\n")
        .map((line) => line.trim())
        .sort(),
      [
        "10.1.0.0/24 dev ens5 proto kernel scope link src 10.1.0.10",
        "192.168.0.128/26 via 192.168.0.128 dev vxlan.calico onlink mtu 8951",
        "192.168.0.64/26 via 10.1.0.11 dev ens5 proto 80 onlink",
        "blackhole 192.168.0.0/26 proto 80",
      ],
    );
    assert.deepEqual(node.sh("bridge fdb show dev vxlan.calico").trim().split("\n").sort(), [
      `${B.mac} dst ${B.ip} self permanent`,
      `${C.mac} dst ${C.ip} self permanent`,
    ]);
    assert.deepEqual(
      node
        .sh("ip neigh show dev vxlan.calico nud permanent")
        .trim()
        .split("\n")
        .map((l) => l.trim())
        .sort(),
      [`${C.vtep} lladdr ${C.mac} PERMANENT`, `${B.vtep} lladdr ${B.mac} PERMANENT`],
    );
    assert.equal(node.sh("cat /proc/sys/net/ipv4/ip_forward").trim(), "1");
    assert.equal(node.sh("cat /proc/sys/net/ipv4/conf/vxlan.calico/rp_filter").trim(), "2");
  });

  describe("while an update is on its way, and one part says a block of before where another says its new size", () => {
    const GROWN = { ...C, block: "192.168.0.128/25" };
    const of = (mode: "IPIP Always" | "VXLAN Always", c: Peer = C) =>
      renderTunnel(planOf(mode, A, [A, B, c]), mode === "IPIP Always" ? "IPIP" : "VXLAN");
    // The filter is all that this is about: the machine's own kernel may have no tunl0.
    const filtered = (...parts: Part[]): void => {
      for (const part of parts)
        assert.doesNotMatch(node.install(part).stderr, /^(?!overlaynet: there is no device tunl0).+/m);
    };
    const sources = (): string[] => [
      ...new Set(node.sh("nft list set inet overlaynet sources").match(/192\.168\.0\.[0-9./-]+/g) ?? []),
    ];

    for (const [what, before, after] of [
      ["grown", C, GROWN],
      ["shrunk", GROWN, C],
    ] as const)
      it(`takes the wider of both, when it has ${what}, and the new one when no part says the former any more`, () => {
        filtered(of("IPIP Always", before), of("VXLAN Always", before));
        assert.ok(sources().includes(before.block));
        filtered(of("VXLAN Always", after));
        assert.deepEqual(
          sources().filter((source) => [C.block, GROWN.block].includes(source)),
          [GROWN.block],
        );
        assert.ok(sources().includes(B.block), "ranges of others are left alone");
        filtered(of("IPIP Always", after));
        assert.ok(sources().includes(after.block) && !sources().includes(before.block));
      });
  });

  it("changes nothing in a second run, as ip monitor and nft monitor hear", async () => {
    installAll(TUNNEL, CROSS_SUBNET, WEB);
    const before = held(node);
    const silent = await node.listen(() => {
      assert.equal(ok(node.apply("apply")), "");
      for (const part of [TUNNEL, CROSS_SUBNET, WEB]) assert.equal(ok(node.install(part)), "");
    });
    assert.deepEqual(silent, []);
    assert.equal(held(node), before);
    // They do hear what is not nothing.
    const heard = await node.listen(() => {
      node.sh(`ip route del ${B.block}; nft delete table inet overlaynet`);
      ok(node.apply("apply"));
    });
    assert.ok(heard.some((line) => line.includes(`Deleted ${B.block}`)));
    assert.ok(heard.some((line) => !line.includes("Deleted") && line.includes(B.block)));
    assert.ok(heard.some((line) => line.startsWith("add table inet overlaynet")));
  });

  const deviations: readonly [what: string, command: string, part: string][] = [
    ["a route is deleted", `ip route del ${B.block}`, "routes"],
    ["the blackhole is deleted", `ip route del blackhole ${A.block}`, "routes"],
    ["a route has another gateway", `ip route replace ${B.block} via 10.1.0.99 dev ens5 proto 80 onlink`, "routes"],
    ["a route has another MTU", `ip route replace ${C.block} via ${C.vtep} dev vxlan.calico onlink mtu 1400`, "routes"],
    ["a tunnel route is deleted", `ip route del ${C.block}`, "routes"],
    ["there is a route too many", "ip route add 192.168.7.0/26 via 10.1.0.99 dev ens5 proto 80 onlink", "routes"],
    ["there is a tunnel route too many", `ip route add 192.168.7.0/26 via ${C.vtep} dev vxlan.calico onlink`, "routes"],
    [
      "a second route has another metric",
      `ip route add ${B.block} via 10.1.0.99 dev ens5 proto 80 onlink metric 7`,
      "routes",
    ],
    [
      "a route has several ways",
      `ip route replace ${B.block} proto 80 nexthop via 10.1.0.98 dev ens5 nexthop via 10.1.0.99 dev ens5`,
      "routes",
    ],
    ["the device is deleted", "ip link del vxlan.calico", "tunnel-vxlan"],
    ["the device is down", "ip link set vxlan.calico down", "tunnel-vxlan"],
    ["the device has another MTU", "ip link set vxlan.calico mtu 1400", "tunnel-vxlan"],
    ["the device has another MAC address", "ip link set vxlan.calico address 66:11:11:11:11:11", "tunnel-vxlan"],
    ["the device has no address", `ip address del ${A.vtep}/32 dev vxlan.calico`, "tunnel-vxlan"],
    ["the device has an address too many", "ip address add 192.168.9.9/32 dev vxlan.calico", "tunnel-vxlan"],
    ["a neighbour is deleted", `ip neigh del ${C.vtep} dev vxlan.calico`, "tunnel-vxlan"],
    [
      "a neighbour has another MAC address",
      `ip neigh replace ${C.vtep} lladdr 66:11:11:11:11:11 dev vxlan.calico nud permanent`,
      "tunnel-vxlan",
    ],
    [
      "there is a neighbour too many",
      "ip neigh add 192.168.9.9 lladdr 66:11:11:11:11:11 dev vxlan.calico nud permanent",
      "tunnel-vxlan",
    ],
    ["an FDB entry is deleted", `bridge fdb del ${C.mac} dev vxlan.calico dst ${C.ip} self`, "tunnel-vxlan"],
    [
      "an FDB entry goes elsewhere",
      `bridge fdb replace ${C.mac} dev vxlan.calico dst 10.9.9.9 self permanent`,
      "tunnel-vxlan",
    ],
    [
      "broadcasts go somewhere",
      "for ip in 10.9.9.8 10.9.9.9; do bridge fdb append 00:00:00:00:00:00 dev vxlan.calico dst $ip self permanent; done",
      "tunnel-vxlan",
    ],
    [
      "there is an FDB entry too many",
      "bridge fdb add 66:11:11:11:11:11 dev vxlan.calico dst 10.9.9.9 self permanent",
      "tunnel-vxlan",
    ],
    ["the filter is gone", "nft delete table inet overlaynet", "routes"],
    ["a chain of the filter is empty", "nft flush chain inet overlaynet input", "routes"],
    ["a stranger is a member", "nft add element inet overlaynet vxlan_members { 10.9.9.9 }", "routes"],
    ["forwarding is off", "echo 0 >/proc/sys/net/ipv4/ip_forward", "routes"],
    ["reverse path filtering is strict", "echo 1 >/proc/sys/net/ipv4/conf/ens5/rp_filter", "routes"],
    ["a workload's namespace is gone", "ip netns del wl-web", "workload-web"],
    ["a workload's interface is gone", "ip -n wl-web link del eth0", "workload-web"],
    ["a workload's route is gone", "ip route del 192.168.0.5", "workload-web"],
    [
      "a workload's MTU is another",
      "ip link set $(ip route show 192.168.0.5 | sed 's/.*dev \\([^ ]*\\).*/\\1/') mtu 1400",
      "workload-web",
    ],
    ["the CNI configuration is another", "echo {} >/etc/cni/net.d/10-overlaynet.conflist", "routes"],
    ["the CNI configuration is gone", "rm /etc/cni/net.d/10-overlaynet.conflist", "routes"],
  ];

  it("tells and mends whatever deviates", () => {
    installAll(TUNNEL, CROSS_SUBNET, WEB);
    const whole = held(node);
    assert.ok(!ok(node.apply("digests")).includes("deviates"));
    for (const [what, command, part] of deviations) {
      node.sh(command);
      assert.notEqual(held(node), whole, what);
      const broken = held(node);
      assert.match(ok(node.apply("digests")), new RegExp(`^deviates ${part} `, "m"), what);
      assert.equal(held(node), broken, `${what}: looking changed it`);
      assert.notEqual(ok(node.apply("apply")), "", what);
      assert.equal(held(node), whole, what);
    }
  });

  it("changes every set of its filter by elements, there and back, and so mends it: a table loaded anew may cost packets", () => {
    const state = (...more: string[]): Part =>
      newPart("routes", [
        {
          name: "state",
          content: [
            `address ${A.ip}`,
            "member vxlan 10.1.0.11",
            "source 10.1.0.11 192.168.0.64/26",
            "pool all 192.168.0.0/16",
            "pool masquerade 192.168.0.0/16",
            ...more,
            "",
          ].join("\n"),
        },
      ]);
    const handle = (): string => node.sh("nft -a list table inet overlaynet | head -n 1");
    ok(node.install(state()));
    const table = handle();
    const filter = (): string => inOrder(node.sh("nft -s list table inet overlaynet"));
    const nothing = filter();
    const update = "nft update table inet overlaynet\n";
    /** By hand, elements alone: it is as the file shows it. */
    const as = (file: string): string =>
      `{ nft list table inet overlaynet | sed -nE 's/^\t(set|map) (.*) \\{/flush \\1 inet overlaynet \\2/p'; echo flush table inet overlaynet; cat ${file}; } | nft -f -`;
    node.sh("nft -s list table inet overlaynet >/run/nothing");
    for (const lines of [
      ["member ipip 10.9.9.9"],
      ["member vxlan 10.9.9.9"],
      ["member vxlan fd00::9"],
      ["source 10.9.9.9 192.168.9.0/26"],
      ["source 10.9.9.9 10.9.9.9"],
      ["source 10.9.9.9 10.9.9.9/32", "source 10.9.9.9 192.168.9.0/26"],
      ["source fd00::9 fd00:9::/122"],
      ["source fd00::9 fd00::9"],
      ["source fd00::9 fd00:9::/122", "source fd00::9 fd00::9/128"],
      ["pool all 10.9.0.0/16"],
      ["pool all 10.9.9.9/32"],
      ["pool all 10.9.0.0/16", "pool all 10.10.0.0/16"],
      ["pool all fd00:9::/64"],
      ["pool all fd00:9::9/128"],
      ["pool masquerade 10.9.0.0/16"],
      ["pool masquerade 10.9.9.9/32"],
      ["pool masquerade fd00:9::/64"],
      ["pool masquerade fd00:9::9/128"],
      ["block 10.9.9.0/26 8951 pool"],
      ["block 10.9.9.9/32 8951 pool"],
      ["block fd00:9::/122 8951 pool"],
      ["block fd00:9::9/128 8951 pool"],
    ]) {
      const what = lines.join("; ");
      assert.equal(ok(node.install(state(...lines))), update, what);
      const whole = filter();
      assert.notEqual(whole, nothing, what);
      node.sh(`nft -s list table inet overlaynet >/run/whole; ${as("/run/nothing")}`);
      assert.equal(filter(), nothing, what);
      assert.equal(ok(node.apply("apply")), update, what);
      assert.equal(filter(), whole, what);
      assert.equal(ok(node.install(state())), update, what);
      assert.equal(filter(), nothing, what);
      node.sh(as("/run/whole"));
      assert.equal(filter(), whole, what);
      assert.equal(ok(node.apply("apply")), update, what);
      assert.equal(filter(), nothing, what);
    }
    installAll(TUNNEL, CROSS_SUBNET);
    const without = filter();
    for (const change of [() => node.install(WEB), () => node.apply("remove-part", WEB.name)])
      assert.match(ok(change()), /^nft update table inet overlaynet$/m);
    assert.equal(filter(), without);
    assert.equal(handle(), table);
  });

  it("leaves alone what is not its own, and takes along all that is", () => {
    node.sh(`
      ip route add 198.51.100.0/24 via 10.1.0.1 dev ens5 proto static
      ip route add 198.51.101.0/24 via 10.1.0.1 dev ens5 proto bird metric 80
      ip route add blackhole 192.168.200.0/24 proto 12
      ip route add 192.168.0.64/26 via 10.1.0.1 dev ens5 proto static table 100
      ip route add 198.51.100.0/25 dev ens5 scope link proto 80 table 100
      ip link add foreign type vxlan id 7 local 10.1.0.10 dev ens5 dstport 4789
      ip link set foreign up
      ip address add 172.31.0.1/24 dev foreign
      bridge fdb add 66:22:22:22:22:22 dev foreign dst 10.1.0.77 self permanent
      ip neigh add 172.31.0.9 lladdr 66:22:22:22:22:22 dev foreign nud permanent
      ip netns add wl-foreign
      nft 'add table inet foreign; add chain inet foreign input { type filter hook input priority 0; policy accept; }; add rule inet foreign input udp dport 9 drop'
      echo 1 >/proc/sys/net/ipv4/ip_forward
      mkdir -p /etc/cni/net.d; echo '{}' >/etc/cni/net.d/99-foreign.conflist`);
    const before = held(node);
    installAll(TUNNEL, CROSS_SUBNET, WEB);
    assert.notEqual(held(node), before);
    ok(node.install(ALWAYS));
    // The device keeps what is not permanent.
    node.sh(`bridge fdb add 66:33:33:33:33:33 dev vxlan.calico dst 10.1.0.77 self static`);
    assert.equal(ok(node.apply("apply")), "");
    for (const name of ["workload-web", "routes", "tunnel-vxlan"]) ok(node.apply("remove-part", name));
    assert.equal(held(node), before);
    assert.deepEqual(
      node.sh(
        "find /etc/overlaynet /usr/local /run/overlaynet /etc/systemd /etc/NetworkManager -type f 2>/dev/null || true",
      ),
      "",
    );
  });

  it("refuses what something else has taken, says so, and does the rest", () => {
    node.sh(`ip route add ${B.block} via 10.1.0.1 dev ens5 proto static`);
    installAll(TUNNEL);
    const outcome = node.install(CROSS_SUBNET);
    assert.equal(outcome.code, 4);
    assert.match(outcome.stderr, /there is a route to 192\.168\.0\.64\/26 that is not ours: .*via 10\.1\.0\.1/);
    assert.equal(node.sh(`ip route show ${B.block}`).trim(), `${B.block} via 10.1.0.1 dev ens5 proto static`);
    assert.match(node.sh("ip route"), /192\.168\.0\.128\/26 via 192\.168\.0\.128 dev vxlan\.calico/);
    node.sh(`ip route del ${B.block}`);
    ok(node.apply("apply"));
    assert.match(node.sh(`ip route show ${B.block}`), /via 10\.1\.0\.11 dev ens5 proto 80/);
  });

  it("does the same for IPv6", async () => {
    node.sh("ip address add 2001:db8::10/64 dev ens5 nodad; echo 1 >/proc/sys/net/ipv6/conf/ens5/accept_ra");
    const six = (host: number): string => `fd00::${(host * 64).toString(16)}`;
    const plan: NodePlan = {
      ...planOf("Never"),
      vxlan6: {
        name: "vxlan-v6.calico",
        vni: 4096,
        port: 4789,
        local: "2001:db8::10",
        address: "fd00::",
        mac: "66:00:00:00:00:1a",
        mtu: 8931,
      },
      routes: [
        { dst: "fd00::/122", type: "blackhole", proto: 80, onlink: false, metric: 1024 },
        {
          dst: `${six(1)}/122`,
          type: "unicast",
          via: "2001:db8::11",
          dev: "eth0",
          proto: 80,
          onlink: true,
          metric: 1024,
        },
        {
          dst: `${six(2)}/122`,
          type: "unicast",
          via: six(2),
          dev: "vxlan-v6.calico",
          proto: 3,
          onlink: true,
          mtu: 8931,
          metric: 1024,
        },
        {
          dst: "fd00::9:1",
          type: "unicast",
          dev: "vxlan-v6.calico",
          proto: 3,
          onlink: false,
          scope: "link",
          mtu: 8931,
          metric: 1024,
        },
      ],
      neighbours: [{ ip: six(2), mac: "66:00:00:00:00:1c", dev: "vxlan-v6.calico" }],
      fdb: [{ mac: "66:00:00:00:00:1c", dev: "vxlan-v6.calico", dst: "2001:db8:1::10" }],
      vxlanMembers: ["2001:db8:1::10"],
      allPools: ["fd00::/64"],
      masqueradePools: ["fd00::/64"],
      workloadBlocks: [{ cidr: "fd00::/122", pool: "six", mtu: 8931 }],
    };
    installAll(renderTunnel(plan, "VXLAN"), renderRoutes(plan));
    const routes = (): string[] =>
      node
        .sh("ip -6 route show | grep ^fd00 | grep -v kernel; ip -6 route show type blackhole")
        .trim()
        .split("\n")
        .map((line) => line.trim().replace(/ pref medium$/, ""))
        .sort();
    const wanted = [
      "blackhole fd00::/122 dev lo proto 80 metric 1024",
      "fd00::40/122 via 2001:db8::11 dev ens5 proto 80 metric 1024 onlink",
      "fd00::80/122 via fd00::80 dev vxlan-v6.calico metric 1024 onlink mtu 8931",
      "fd00::9:1 dev vxlan-v6.calico metric 1024 mtu 8931",
    ];
    assert.deepEqual(
      routes().map((line) =>
        line.replace(
          "fd00::80 dev vxlan-v6.calico metric 1024 mtu 8931 onlink",
          "fd00::80 dev vxlan-v6.calico metric 1024 onlink mtu 8931",
        ),
      ),
      wanted,
    );
    assert.equal(
      node.sh("bridge fdb show dev vxlan-v6.calico | grep permanent").trim(),
      "66:00:00:00:00:1c dst 2001:db8:1::10 self permanent",
    );
    assert.deepEqual(
      node
        .sh("cat /proc/sys/net/ipv6/conf/all/forwarding /proc/sys/net/ipv6/conf/ens5/accept_ra")
        .split("\n")
        .slice(0, 2),
      ["1", "2"],
    );
    const silent = await node.listen(() => assert.equal(ok(node.apply("apply")), ""));
    assert.deepEqual(silent, []);
    const before = routes();
    node.sh(
      "ip -6 route del fd00::40/122; ip -6 route del fd00::80/122; ip -6 route add fd00:7::/64 via 2001:db8::99 dev ens5 proto 80; ip -6 route add fd00:8::/64 via 2001:db8::99 dev ens5 proto static; ip -6 neigh flush dev vxlan-v6.calico nud permanent",
    );
    ok(node.apply("apply"));
    assert.deepEqual(routes(), [...before, "fd00:8::/64 via 2001:db8::99 dev ens5 proto static metric 1024"].sort());
    ok(node.apply("uninstall"));
    assert.deepEqual(node.sh("ip -6 route show | grep fd00").trim().split(" ")[0], "fd00:8::/64");
  });

  it("does not take a device over that Calico may have made", () => {
    node.sh("ip link add vxlan.calico type vxlan id 4096 local 10.1.0.10 dev ens5 dstport 4789 nolearning");
    const outcome = node.install(TUNNEL);
    assert.equal(outcome.code, 1);
    assert.match(outcome.stderr, /there is a device vxlan\.calico that is not ours/);
    assert.equal(node.sh("ip -o -4 address show dev vxlan.calico; bridge fdb show dev vxlan.calico"), "");
    ok(node.apply("uninstall"));
    assert.match(node.sh("ip -o link show dev vxlan.calico"), /vxlan\.calico/);
  });

  it("does not take a namespace over", () => {
    node.sh("ip netns add wl-web");
    installAll(TUNNEL, CROSS_SUBNET);
    const outcome = node.install(WEB);
    assert.equal(outcome.code, 4);
    assert.match(outcome.stderr, /there is a network namespace wl-web that is not ours/);
    node.apply("remove-part", "workload-web");
    assert.match(node.sh("ip netns list"), /wl-web/);
  });

  it("makes the device anew when it cannot be changed, with all that belongs to it", () => {
    installAll(TUNNEL, CROSS_SUBNET);
    const plan = planOf("VXLAN CrossSubnet");
    assert.ok(plan.vxlan !== undefined);
    ok(node.install(renderTunnel({ ...plan, vxlan: { ...plan.vxlan, vni: 4097, port: 4790 } }, "VXLAN")));
    assert.match(node.sh("ip -d link show vxlan.calico"), /vxlan id 4097 .*dstport 4790/);
    assert.match(node.sh(`ip route show ${C.block}`), /dev vxlan\.calico onlink mtu 8951/);
    assert.equal(node.sh("bridge fdb show dev vxlan.calico | wc -l").trim(), "2");
    assert.match(node.sh("nft list table inet overlaynet"), /udp dport 4790 @th,96,24 0x1001 jump vxlan_in/);
  });

  it("adds before it removes: a route is never away while its way changes", async () => {
    installAll(TUNNEL, CROSS_SUBNET);
    const heard = await node.listen(() => {
      ok(node.install(ALWAYS));
      ok(node.install(CROSS_SUBNET));
    });
    const routes = heard.filter((line) => line.includes(B.block));
    assert.deepEqual(
      routes.map((line) => line.replace("[ROUTE]", "").trim()),
      [`${B.block} via ${B.vtep} dev vxlan.calico onlink mtu 8951`, `${B.block} via ${B.ip} dev ens5 proto 80 onlink`],
    );
  });

  it("is right after the next run, wherever it was killed", async () => {
    installAll(TUNNEL, CROSS_SUBNET, WEB);
    const first = held(node);
    const other = renderTunnel(
      {
        ...planOf("VXLAN Always"),
        vxlan: {
          name: "vxlan.calico",
          vni: 4100,
          port: 4789,
          local: A.ip,
          address: "192.168.0.1",
          mac: A.mac,
          mtu: 8000,
        },
      },
      "VXLAN",
    );
    const api = renderWorkload({ name: "api", pool: "pool", address: "192.168.0.6", mtu: 8000 });
    const there = (): void => {
      installAll(other, ALWAYS, api);
      ok(node.apply("remove-part", "workload-web"));
    };
    const back = (): void => {
      installAll(TUNNEL, CROSS_SUBNET, WEB);
      ok(node.apply("remove-part", "workload-api"));
    };
    there();
    const second = held(node);
    back();
    assert.equal(held(node), first);

    const steps: (readonly string[])[] = [
      ["install-part", other.name, other.digest, node.write(other)],
      ["install-part", ALWAYS.name, ALWAYS.digest, node.write(ALWAYS)],
      ["install-part", api.name, api.digest, node.write(api)],
      ["remove-part", "workload-web"],
      ["install-part", WEB.name, WEB.digest, node.write(WEB)],
      ["remove-part", "workload-api"],
      ["install-part", TUNNEL.name, TUNNEL.digest, node.write(TUNNEL)],
    ];
    let killed = 0;
    for (let after = 2; after < 150; after += 12) {
      for (const step of steps) {
        const run = node.start(["sh", node.program, "--from", join(node.dir, "from"), ...step]);
        const ended = new Promise((resolve) => run.once("exit", resolve));
        await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, after))]);
        if (run.exitCode === null && run.pid !== undefined) {
          kill(-run.pid);
          killed++;
        }
        await ended;
      }
      if (after % 24 < 12) {
        there();
        assert.equal(held(node), second, `killed after ${after} ms`);
      } else {
        back();
        assert.equal(held(node), first, `killed after ${after} ms`);
      }
    }
    // How many depends on how fast the machine is.
    assert.ok(killed > 15, `${killed} runs were killed`);
  }).timeout(240_000);

  it("puts a part back that was being replaced when it was killed", () => {
    installAll(TUNNEL, CROSS_SUBNET);
    const whole = held(node);
    node.sh(
      "mv /etc/overlaynet/parts/routes /etc/overlaynet/parts/.old-routes; mkdir /etc/overlaynet/parts/.new-routes /etc/overlaynet/parts/.gone-x",
    );
    assert.equal(ok(node.apply("apply")), "");
    assert.equal(held(node), whole);
    assert.equal(node.sh("ls -A /etc/overlaynet/parts"), "routes\ntunnel-vxlan\n");
  });

  it("lets one run at a time in", async () => {
    installAll(TUNNEL, CROSS_SUBNET);
    const whole = held(node);
    ok(node.apply("uninstall"));
    const parts = [TUNNEL, CROSS_SUBNET].map((part) => ["install-part", part.name, part.digest, node.write(part)]);
    const runs = [...parts, ...parts, ...parts].map((words) =>
      node.start(["sh", node.program, "--from", join(node.dir, "from"), ...words]),
    );
    // Which of the first two comes first is open; the first may find its device missing, the last may not.
    await Promise.all(runs.map((run) => new Promise((resolve) => run.once("exit", resolve))));
    assert.equal(ok(node.apply("apply")), "");
    assert.equal(held(node), whole);
  });

  it("takes a part whole or not at all", () => {
    installAll(TUNNEL, CROSS_SUBNET);
    const whole = held(node);
    const cases: [string, Outcome, RegExp][] = [
      [
        "another digest",
        node.apply("install-part", "routes", ALWAYS.digest, node.write(CROSS_SUBNET)),
        /not what its digest says/,
      ],
      [
        "a torn archive",
        node.run(["sh", node.program, "install-part", "routes", ALWAYS.digest], "not a tar archive"),
        /did not come whole/,
      ],
      [
        "an empty input",
        node.run(["sh", node.program, "install-part", "routes", ALWAYS.digest], ""),
        /did not come whole|not what its digest says/,
      ],
      [
        "a path for a name",
        node.apply("install-part", "../../x", ALWAYS.digest, node.write(ALWAYS)),
        /is not the name of a part/,
      ],
      ["a name that is long", node.apply("remove-part", "x".repeat(41)), /is too long/],
    ];
    for (const [what, outcome, message] of cases) {
      assert.equal(outcome.code, 1, what);
      assert.match(outcome.stderr, message, what);
      assert.equal(held(node), whole, what);
    }
  });

  it("takes a part from an archive on stdin", () => {
    const folder = node.write(TUNNEL);
    const archive = node.run(["tar", "-cf", "-", "-C", folder, "."]);
    assert.equal(archive.code, 0);
    const outcome = node.run([
      "sh",
      "-c",
      `tar -cf - -C ${folder} . | sh ${node.program} install-part ${TUNNEL.name} ${TUNNEL.digest}`,
    ]);
    ok(outcome);
    assert.match(node.sh("ip link show vxlan.calico"), /mtu 8951/);
  });

  it("refuses lines that it does not understand, and runs none of them", () => {
    installAll(TUNNEL, CROSS_SUBNET);
    const whole = held(node);
    const lines = [
      "route unicast 192.168.9.0/26 via 10.1.0.11 dev eth0 proto 80 onlink\nroute unicast $(touch /run/hacked) dev eth0 proto 80",
      "route unicast 192.168.9.0/26 dev eth0;reboot proto 80",
      "route unicast 192.168.9.0/26 dev `id` proto 80",
      "route unicast 300.1.1.1 dev eth0 proto 80",
      "route unicast 192.168.9.0/26 dev eth0 proto 80 table 5",
      "route multicast 192.168.9.0/26 dev eth0 proto 80",
      "route unicast 192.168.9.0/26 dev eth0",
      "link vxlan eth0 192.168.0.0 8951 4096 4789 10.1.0.10 66:00:00:00:00:0a",
      "link vxlan vxlan.calico 192.168.0.0 8951 4096 4789 10.1.0.10 66:00",
      'member vxlan 10.1.0.11}"',
      "member gre 10.1.0.11",
      "source 10.1.0.11 192.168.0.64/26,0.0.0.0/0",
      "workload ../web 192.168.0.5 8951 pool",
      "workload web 192.168.0.5 8951",
      "neigh 192.168.0.64 66:00:00:00:00:0b vxlan.calico\tx",
      "pool all 192.168.0.0/16 }",
      "link ipip tunl0 192.168.0.0 8981 up",
      "-force",
      "",
    ];
    for (const line of lines) {
      const part = newPart("routes", [{ name: "state", content: `${line}\n` }]);
      const outcome = node.install(part);
      assert.equal(outcome.code, 1, line);
      assert.match(outcome.stderr, /state:\d+: not understood: /, line);
      assert.equal(held(node), whole, line);
    }
    // Nor when someone writes one there.
    node.sh("echo 'route unicast 192.168.9.0/26 dev `id` proto 80' >>/etc/overlaynet/parts/routes/state");
    assert.match(ok(node.apply("digests")), /^deviates routes .*not understood/m);
    assert.equal(node.apply("apply").code, 1);
    ok(node.install(CROSS_SUBNET));
    assert.equal(held(node), whole);
    assert.ok(!existsSync(join(node.dir, "hacked")));
  });

  it("tells the digests of the files that are there", () => {
    installAll(TUNNEL, CROSS_SUBNET);
    const told = ({ name, files, digest }: Part): string[] => [
      `part ${name} ${digest}`,
      ...files.map((file) => `file ${name} ${fileDigest(file.content)} ${file.name}`),
    ];
    assert.deepEqual(
      ok(node.apply("digests")).trimEnd().split("\n").sort(),
      [CROSS_SUBNET, TUNNEL].flatMap(told).sort(),
    );
    node.sh("sed -i 's/via 10.1.0.11/via 10.1.0.12/' /etc/overlaynet/parts/routes/state");
    const edited = ok(node.apply("digests"));
    assert.ok(!edited.includes(CROSS_SUBNET.digest));
    assert.match(edited, /^deviates routes ip route replace 192\.168\.0\.64\/26 via 10\.1\.0\.12/m);
    assert.equal(ok(node.install(CROSS_SUBNET)), "");
    node.sh("echo >/etc/overlaynet/parts/tunnel-vxlan/more");
    assert.ok(!ok(node.apply("digests")).includes(TUNNEL.digest));
  });

  it("is what it was after a reboot, without a push", async () => {
    installAll(TUNNEL, CROSS_SUBNET, WEB);
    const whole = held(node);
    await node.reboot();
    assert.notEqual(held(node), whole);
    ok(node.run(["/usr/local/lib/overlaynet/overlaynet-apply", "boot"]));
    assert.equal(held(node), whole);
    assert.equal(ok(node.run(["/usr/local/lib/overlaynet/overlaynet-apply", "apply"])), "");
  });

  it("waits at boot for the node's address", async () => {
    installAll(TUNNEL, CROSS_SUBNET);
    const whole = held(node);
    await node.reboot();
    node.sh(`ip address del ${A.ip}/24 dev ens5`);
    const boot = node.start(["/usr/local/lib/overlaynet/overlaynet-apply", "boot"]);
    const ended = new Promise<number | null>((resolve) => boot.once("exit", resolve));
    await new Promise<void>((resolve) =>
      boot.stderr?.once("data", (text: Buffer) => {
        assert.match(text.toString(), /no interface has the node's address 10\.1\.0\.10/);
        resolve();
      }),
    );
    node.sh(`ip address add ${A.ip}/24 dev ens5`);
    assert.equal(await ended, 0);
    assert.equal(held(node), whole);
  });

  it("keeps the routes of an interface whose address is away for a moment", () => {
    installAll(TUNNEL, CROSS_SUBNET);
    node.sh(`ip address add 10.1.0.12/24 dev ens5; ip address del ${A.ip}/24 dev ens5`);
    const outcome = node.apply("apply");
    assert.equal(outcome.code, 4);
    assert.match(outcome.stderr, /no interface has the node's address/);
    assert.match(node.sh(`ip route show ${C.block}`), /dev vxlan\.calico/);
  });

  it("installs itself, newer over older, and mends its files", () => {
    installAll(TUNNEL);
    const units = [
      "/etc/systemd/system/overlaynet.service",
      "/etc/systemd/system/overlaynet.timer",
      "/etc/systemd/networkd.conf.d/10-overlaynet.conf",
    ];
    for (const unit of units) node.sh(`test -s ${unit}`);
    writeFileSync(join(node.dir, "from/node/system/etc/systemd/system/overlaynet-more.service"), "[Unit]\n");
    node.sh("true");
    ok(node.install(TUNNEL));
    assert.notEqual(node.run(["test", "-e", "/etc/systemd/system/overlaynet-more.service"]).code, 0);
    writeFileSync(join(node.dir, "from/node/version"), "newer\n");
    ok(node.install(TUNNEL));
    node.sh("test -s /etc/systemd/system/overlaynet-more.service");
    node.ship();
    ok(node.install(TUNNEL));
    assert.notEqual(node.run(["test", "-e", "/etc/systemd/system/overlaynet-more.service"]).code, 0);
    node.sh("rm /etc/systemd/system/overlaynet.timer");
    ok(node.install(TUNNEL));
    node.sh("test -s /etc/systemd/system/overlaynet.timer");
  });
});
