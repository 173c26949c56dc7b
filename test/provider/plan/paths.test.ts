import assert from "node:assert/strict";
import type { IpPool } from "../../../provider/src/ippool/ippool";
import type { Path } from "../../../provider/src/plan/paths";
import { planTopology } from "../../../provider/src/plan/plan";
import type { Topology } from "../../../provider/src/plan/topology";
import { ipPool } from "../../support/ip-pool";
import { topology } from "../../support/topologies";

function path(one: Topology, from: string, to: string): Path | undefined {
  return [...planTopology(one).paths].find((candidate) => candidate.from === from && candidate.to === to);
}

describe("paths", () => {
  it("one for every ordered pair", () => {
    const pairs = [...planTopology(topology()).paths].map(({ from, to }) => `${from} ${to}`);
    assert.equal(pairs.length, 12);
    assert.equal(new Set(pairs).size, 12);
  });

  it("inside a subnet, CrossSubnet", () => {
    assert.deepEqual(path(topology(), "a1", "a2"), {
      from: "a1",
      to: "a2",
      pool: "pool",
      encapsulation: "None",
      nextHop: "10.1.0.5",
      mtu: 9001,
      reason: "pool has ipipMode CrossSubnet: 10.1.0.5 is inside 10.1.0.0/24",
      hops: ["a1", "eth0 10.1.0.4", "eth0 10.1.0.5", "a2"],
    });
  });

  it("across subnets, CrossSubnet", () => {
    assert.deepEqual(path(topology({}, { networkMtus: [{ networks: ["blue", "green"], mtu: 8500 }] }), "a1", "c1"), {
      from: "a1",
      to: "c1",
      pool: "pool",
      encapsulation: "IPIP",
      nextHop: "10.2.0.4",
      outer: { source: "10.1.0.4", destination: "10.2.0.4" },
      mtu: 8480,
      reason: "pool has ipipMode CrossSubnet: 10.2.0.4 is outside 10.1.0.0/24; 8500 bytes between blue and green",
      hops: ["a1", "tunl0", "eth0 10.1.0.4", "eth0 10.2.0.4", "tunl0", "c1"],
    });
  });

  it("VXLAN goes by the VTEP", () => {
    const found = path(topology({ ipipMode: "Never", vxlanMode: "Always" }), "a1", "a2");
    assert.deepEqual(
      [found?.encapsulation, found?.nextHop, found?.outer, found?.mtu, found?.reason, found?.hops[1]],
      [
        "VXLAN",
        "192.168.0.64",
        { source: "10.1.0.4", destination: "10.1.0.5" },
        8951,
        "pool has vxlanMode Always",
        "vxlan.calico",
      ],
    );
  });

  it("VXLAN's port and identifier are the topology's, in paths and devices", () => {
    const one = topology({ ipipMode: "Never", vxlanMode: "Always" }, { vxlanVni: 42, vxlanPort: 8472 });
    assert.deepEqual(path(one, "a1", "a2")?.outer, {
      source: "10.1.0.4",
      destination: "10.1.0.5",
      port: 8472,
      vni: 42,
    });
    for (const { vxlan } of planTopology(one).nodes.values()) assert.deepEqual([vxlan?.vni, vxlan?.port], [42, 8472]);
  });

  it("without encapsulation go by the VPC's router where it knows the blocks, inside the network only", () => {
    const one = topology({ ipipMode: "Never" }, { viaVpcRouter: true });
    assert.deepEqual(path(one, "a1", "b1"), {
      from: "a1",
      to: "b1",
      pool: "pool",
      encapsulation: "None",
      nextHop: "10.1.0.1",
      mtu: 9001,
      reason:
        "pool has ipipMode and vxlanMode Never: 10.1.1.4 is outside 10.1.0.0/24, and the VPC's route tables lead to its blocks",
      hops: ["a1", "eth0 10.1.0.4", "VPC router 10.1.0.1", "eth0 10.1.1.4", "b1"],
    });
    assert.deepEqual(
      planTopology(one)
        .nodes.get("a1")
        ?.routes.find(({ dst }) => dst === "192.168.0.128/26"),
      {
        dst: "192.168.0.128/26",
        type: "unicast",
        via: "10.1.0.1",
        host: "10.1.1.4",
        dev: "eth0",
        proto: 80,
        onlink: true,
      },
    );
    assert.equal(
      planTopology(one)
        .nodes.get("b1")
        ?.routes.find(({ dst }) => dst === "192.168.0.0/26")?.via,
      "10.1.1.1",
    );
    // As Calico has it: inside the subnet, to other networks, and for other modes.
    assert.deepEqual([path(one, "a1", "a2")?.nextHop, path(one, "a1", "c1")?.nextHop], ["10.1.0.5", "10.2.0.4"]);
    for (const mode of [{}, { ipipMode: "Always" }, { ipipMode: "Never", vxlanMode: "CrossSubnet" }] as const) {
      assert.deepEqual(
        [...planTopology(topology(mode, { viaVpcRouter: true })).paths],
        [...planTopology(topology(mode)).paths],
      );
    }
    const nowhere = topology({ ipipMode: "Never" }, { viaVpcRouter: true });
    assert.equal(
      path({ ...nowhere, nodes: nowhere.nodes.map((node) => ({ ...node, network: undefined })) }, "a1", "b1")?.nextHop,
      "10.1.1.4",
    );
  });

  it("without encapsulation across subnets say that the next hop is outside", () => {
    assert.equal(
      path(topology({ ipipMode: "Never" }), "a1", "b1")?.reason,
      "pool has ipipMode and vxlanMode Never: 10.1.1.4 is outside 10.1.0.0/24",
    );
  });

  it("of IPv6 carry IPv6 outside", () => {
    const six: Topology = {
      pools: [ipPool({ cidr: "fd00:5::/112", blockSize: 122, vxlanMode: "CrossSubnet" })],
      nodes: [
        { name: "a", ip6: "2001:db8:1::4", subnetPrefixLen6: 64, vxlanTunnelAddr6: "fd00:5::" },
        { name: "b", ip6: "2001:db8:2::4", subnetPrefixLen6: 64, vxlanTunnelAddr6: "fd00:5::40" },
      ],
      blocks: [
        { cidr: "fd00:5::/122", node: "a" },
        { cidr: "fd00:5::40/122", node: "b" },
      ],
    };
    const found = path(six, "a", "b");
    assert.deepEqual(
      [found?.nextHop, found?.outer?.destination, found?.mtu, found?.reason],
      ["fd00:5::40", "2001:db8:2::4", 8931, "pool has vxlanMode CrossSubnet: 2001:db8:2::4 is outside 2001:db8:1::/64"],
    );
  });

  it("one for each pool that the other node has a block of", () => {
    const pools: IpPool[] = [ipPool({ ipipMode: "CrossSubnet" }), ipPool({ name: "second", cidr: "172.20.0.0/16" })];
    const base = topology({}, { pools });
    const found = [
      ...planTopology({ ...base, blocks: [...base.blocks, { cidr: "172.20.0.0/26", node: "a2" }] }).paths,
    ].filter(({ from }) => from === "a1");
    assert.deepEqual(
      found.map(({ to, pool }) => `${to} ${pool}`),
      ["a2 pool", "a2 second", "b1 pool", "c1 pool"],
    );
  });

  it("have VXLAN's default for the port or the identifier that is not given, and neither for IP in IP", () => {
    const outer = (mode: Partial<IpPool>, rest: Partial<Topology>): unknown =>
      path(topology(mode, rest), "a1", "a2")?.outer;
    const ends = { source: "10.1.0.4", destination: "10.1.0.5" };
    const vxlan = { ipipMode: "Never", vxlanMode: "Always" } as const;
    assert.deepEqual(outer(vxlan, { vxlanPort: 8472 }), { ...ends, port: 8472, vni: 4096 });
    assert.deepEqual(outer(vxlan, { vxlanVni: 42 }), { ...ends, port: 4789, vni: 42 });
    assert.deepEqual(outer({ ipipMode: "Always" }, { vxlanPort: 8472, vxlanVni: 42 }), ends);
  });

  it("say whose MTU limits them, between networks or within one", () => {
    const limited = (first: string, second: string): readonly (string | undefined)[] => {
      const one = topology({ ipipMode: "Always" }, { networkMtus: [{ networks: [first, second], mtu: 1400 }] });
      return [path(one, "a1", "b1")?.reason, path(one, "a1", "c1")?.reason, path(one, "c1", "a1")?.reason];
    };
    const said = "pool has ipipMode Always";
    assert.deepEqual(limited("blue", "blue"), [`${said}; 1400 bytes within blue`, said, said]);
    assert.deepEqual(limited("green", "blue"), [
      said,
      `${said}; 1400 bytes between blue and green`,
      `${said}; 1400 bytes between green and blue`,
    ]);
    assert.deepEqual(limited("blue", "elsewhere"), [said, said, said]);
  });

  it("of IPv6 never go by the VPC's router", () => {
    const node = (name: string, subnet: number) => ({
      name,
      network: "blue",
      ip: `10.1.${subnet}.4`,
      subnetPrefixLen: 24,
      ip6: `2001:db8:${subnet}::4`,
      subnetPrefixLen6: 64,
    });
    const six: Topology = {
      viaVpcRouter: true,
      pools: [ipPool({ cidr: "fd00:5::/112", blockSize: 122 })],
      nodes: [node("a", 1), node("b", 2)],
      blocks: [{ cidr: "fd00:5::/122", node: "b" }],
    };
    assert.equal(path(six, "a", "b")?.nextHop, "2001:db8:2::4");
  });

  it("are none where the next hop is an address of the sender's own", () => {
    const base = topology({ ipipMode: "Never" });
    const nodes = base.nodes.map((node) => (node.name === "a2" ? { ...node, ip: "10.1.0.4" } : node));
    const pairs = [...planTopology({ ...base, nodes }).paths].map(({ from, to }) => `${from} ${to}`);
    assert.deepEqual(
      ["a1 a2", "a2 a1", "a1 b1", "b1 a1", "b1 a2"].filter((pair) => pairs.includes(pair)),
      ["a1 b1", "b1 a1", "b1 a2"],
    );
  });

  it("to a node without an address lead to its VTEP alone", () => {
    const base = topology({ ipipMode: "Never", vxlanMode: "Always", blockSize: 32 });
    const nodes = base.nodes.map((node) => (node.name === "b1" ? { ...node, ip: undefined } : node));
    const vtep = { cidr: "192.168.0.128/32", node: "b1" };
    const other = { cidr: "192.168.0.129/32", node: "b1" };
    assert.equal(path({ ...base, nodes, blocks: [vtep] }, "a1", "b1")?.nextHop, "192.168.0.128");
    for (const blocks of [
      [vtep, other],
      [other, vtep],
    ])
      assert.equal(path({ ...base, nodes, blocks }, "a1", "b1"), undefined);
  });

  it("none where there is no route", () => {
    const base = topology({ ipipMode: "Always" });
    const nodes = base.nodes.map((node) => (node.name === "a1" ? { ...node, ipipTunnelAddr: undefined } : node));
    assert.equal(path({ ...base, nodes }, "a1", "a2"), undefined);
    assert.ok(path({ ...base, nodes }, "a2", "a1"));
  });
});

describe("MTU", () => {
  const limits = [{ networks: ["blue", "green"] as const, mtu: 1500 }];
  it("of devices is the interface's less the overhead, of routes that of the way", () => {
    const plan = planTopology(topology({ ipipMode: "Always" }, { networkMtus: limits })).nodes.get("a1");
    assert.equal(plan?.ipip?.mtu, 8981);
    assert.deepEqual(
      plan?.routes.map(({ dst, mtu }) => [dst, mtu]),
      [
        ["192.168.0.0/26", undefined],
        ["192.168.0.64/26", 8981],
        ["192.168.0.128/26", 8981],
        ["192.168.0.192/26", 1480],
      ],
    );
  });

  it("is on routes without encapsulation only where the way has less than the interface", () => {
    const plan = planTopology(topology({ ipipMode: "Never" }, { networkMtus: limits })).nodes.get("c1");
    assert.deepEqual(
      plan?.routes.map(({ mtu }) => mtu),
      [1500, 1500, 1500, undefined],
    );
    assert.ok(
      planTopology(topology({ ipipMode: "Never" }))
        .nodes.get("c1")
        ?.routes.every((route) => !("mtu" in route)),
    );
  });

  it("of workloads is the worst of the node's ways less the largest overhead", () => {
    const mtus = (one: Topology): (number | undefined)[] =>
      [...planTopology(one).nodes.values()].map(({ workloadBlocks }) => workloadBlocks[0]?.mtu);
    assert.deepEqual(mtus(topology()), [8981, 8981, 8981, 8981]);
    assert.deepEqual(
      mtus(topology({ ipipMode: "Never", vxlanMode: "CrossSubnet" }, { hostMtu: 1500 })),
      [1450, 1450, 1450, 1450],
    );
    const third = { name: "d1", network: "red", ip: "10.3.0.4", subnetPrefixLen: 24 };
    const base = topology({}, { networkMtus: [{ networks: ["green", "red"], mtu: 1500 }] });
    assert.deepEqual(mtus({ ...base, nodes: [...base.nodes, third] }), [8981, 8981, 8981, 1480, undefined]);
  });

  it("is on routes by way of a VPC's router too, where the network has less than the interface", () => {
    const one = topology(
      { ipipMode: "Never" },
      { viaVpcRouter: true, networkMtus: [{ networks: ["blue", "blue"], mtu: 1400 }] },
    );
    const route = planTopology(one)
      .nodes.get("a1")
      ?.routes.find(({ dst }) => dst === "192.168.0.128/26");
    assert.deepEqual([route?.via, route?.mtu], ["10.1.0.1", 1400]);
  });

  it("of workloads goes by the pools of their own family", () => {
    const base = topology({ ipipMode: "Always" });
    const six = ipPool({ name: "six", cidr: "fd00::/112", blockSize: 122, vxlanMode: "Always" });
    const blocks = [...base.blocks, { cidr: "fd00::/122", node: "a1" }];
    assert.deepEqual(
      planTopology({ ...base, pools: [...base.pools, six], blocks })
        .nodes.get("a1")
        ?.workloadBlocks.map(({ mtu }) => mtu),
      [8981, 8931],
    );
  });

  it("never grows by a limit above the interface's", () => {
    assert.equal(
      path(topology({}, { hostMtu: 1500, networkMtus: [{ networks: ["blue", "green"], mtu: 8500 }] }), "a1", "c1")?.mtu,
      1480,
    );
  });
});

describe("blocks for workloads", () => {
  it("are the node's own of pools that allow it", () => {
    const base = topology();
    const pools = [
      ...base.pools,
      ipPool({ name: "tunnels", cidr: "172.20.0.0/24", blockSize: 32, vxlanMode: "Always", allowedUses: ["Tunnel"] }),
    ];
    const plan = planTopology({
      ...base,
      pools,
      blocks: [...base.blocks, { cidr: "172.20.0.0/32", node: "a1" }],
    }).nodes.get("a1");
    assert.deepEqual(plan?.workloadBlocks, [{ cidr: "192.168.0.0/26", pool: "pool", mtu: 8951 }]);
  });
});
