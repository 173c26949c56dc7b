import assert from "node:assert/strict";
import { planTopology } from "../../../provider/src/plan/plan";
import type { Topology, TopologyNode } from "../../../provider/src/plan/topology";
import { ipPool } from "../../support/ip-pool";
import { topology } from "../../support/topologies";

const codes = (one: Topology): string[] => planTopology(one).warnings.map(({ code }) => code);
const messages = (one: Topology): string[] => planTopology(one).warnings.map(({ message }) => message);
const changed = (one: Topology, name: string, changes: Partial<TopologyNode>): Topology => ({
  ...one,
  nodes: one.nodes.map((node) => (node.name === name ? { ...node, ...changes } : node)),
});

describe("warnings", () => {
  for (const [mode, pool] of [
    ["ipip", { ipipMode: "CrossSubnet" }],
    ["ipip", { ipipMode: "Always" }],
    ["vxlan", { ipipMode: "Never", vxlanMode: "CrossSubnet" }],
  ] as const) {
    it(`none for a topology that works (${mode} ${JSON.stringify(pool)})`, () =>
      assert.deepEqual(codes(topology(pool)), []));
  }

  it("Never across subnets, with a pair", () => {
    assert.deepEqual(messages(topology({ ipipMode: "Never" })), [
      "IP pool pool has ipipMode and vxlanMode Never, and its nodes are in different subnets: from a1 (10.1.0.0/24) the next hop to c1, 10.2.0.4, is not on the link, and packets are lost. Use ipipMode or vxlanMode CrossSubnet",
    ]);
    const one = topology({ ipipMode: "Never" });
    assert.deepEqual(codes({ ...one, nodes: one.nodes.slice(0, 2), blocks: one.blocks.slice(0, 2) }), []);
  });

  it("Never across subnets that the VPC's router leads to: across networks only", () => {
    const one = topology({ ipipMode: "Never" }, { viaVpcRouter: true });
    assert.deepEqual(codes({ ...one, nodes: one.nodes.slice(0, 3), blocks: one.blocks.slice(0, 3) }), []);
    const message =
      "IP pool pool has ipipMode and vxlanMode Never, and c1 and a1, which has a block of it, are in different networks: no route of one leads to workloads of the other, and packets are lost. Use ipipMode or vxlanMode CrossSubnet";
    assert.deepEqual(messages(one), [message]);
    // A node that has no block, and cannot reach those that have one.
    assert.deepEqual(messages({ ...one, blocks: one.blocks.slice(0, 3) }), [message]);
  });

  it("subnets that overlap over networks, where packets stay unencapsulated in a subnet", () => {
    const both = { ip: "10.1.0.20" };
    assert.deepEqual(codes(changed(topology(), "c1", both)), ["OverlappingSubnets"]);
    assert.match(
      messages(changed(topology(), "c1", both))[0] ?? "",
      /^nodes of networks blue and green are in subnets that overlap \(a1 in 10\.1\.0\.0\/24, c1 in 10\.1\.0\.0\/24\)/,
    );
    assert.deepEqual(codes(changed(topology({ ipipMode: "Always" }), "c1", both)), []);
    assert.deepEqual(codes(changed(topology(), "c1", { ...both, network: "blue" })), []);
  });

  it("prefixes of one network that nest", () => {
    assert.deepEqual(codes(changed(topology(), "a1", { subnetPrefixLen: 23 })), ["AsymmetricSubnets"]);
    assert.deepEqual(codes(changed(topology(), "b1", { subnetPrefixLen: 32 })), []);
  });

  it("an MTU that is too small", () => {
    const limit = (mtu: number): Topology => topology({}, { networkMtus: [{ networks: ["blue", "green"], mtu }] });
    assert.deepEqual(codes(limit(596)), []);
    assert.deepEqual(messages(limit(595)), [
      "IP pool pool (ipipMode CrossSubnet) leaves packets 575 bytes on a path of 595; IPv4 needs 576. Raise hostMtu or networkMtus",
    ]);
    const six = (hostMtu: number): Topology => ({
      nodes: [],
      blocks: [],
      hostMtu,
      pools: [ipPool({ cidr: "fd00::/112", blockSize: 122, vxlanMode: "Always" })],
    });
    assert.deepEqual([codes(six(1350)), codes(six(1349))], [[], ["MtuTooSmall"]]);
  });

  it("a pool over a network's CIDR or a node's subnet", () => {
    const networks = [{ name: "blue", cidrBlocks: ["192.168.128.0/20", "10.1.0.0/16"] }];
    assert.match(
      messages(topology({}, { networks }))[0] ?? "",
      /^IP pool pool \(192\.168\.0\.0\/16\) overlaps network blue's CIDR 192\.168\.128\.0\/20: /,
    );
    assert.match(
      messages(changed(topology(), "c1", { ip: "192.168.200.4" }))[0] ?? "",
      /overlaps subnet 192\.168\.200\.0\/24 of node c1/,
    );
    // Over an external network, a disabled pool is how one says not to masquerade there.
    const external = ipPool({ name: "external", cidr: "10.1.0.0/16", disabled: true });
    assert.deepEqual(codes({ ...topology(), pools: [...topology().pools, external] }), []);
    assert.deepEqual(
      codes({ ...topology(), pools: [...topology().pools, { ...external, disabled: false, ipipMode: "Always" }] }),
      ["PoolOverlapsNetwork"],
    );
  });

  it("IP in IP where protocol 4 is said to be blocked", () => {
    const networks = [{ name: "green", blockedProtocols: [4] }];
    assert.deepEqual(messages(topology({}, { networks })), [
      "network green is said to block IP protocol 4, which IP pool pool (ipipMode CrossSubnet) needs: use vxlanMode",
    ]);
    assert.deepEqual(codes(topology({ ipipMode: "Never", vxlanMode: "Always" }, { networks })), []);
    assert.deepEqual(
      codes(
        topology({ ipipMode: "Never", vxlanMode: "Always" }, { networks: [{ name: "green", blockedProtocols: [17] }] }),
      ),
      ["ProtocolBlocked"],
    );
    assert.deepEqual(codes(topology({}, { networks: [{ name: "elsewhere", blockedProtocols: [4] }] })), []);
  });

  it("a node without a tunnel address, without an address, without a subnet, or with another's", () => {
    assert.deepEqual(codes(changed(topology(), "a1", { ipipTunnelAddr: undefined })), ["NoTunnelAddress"]);
    assert.deepEqual(
      codes(changed(topology({ ipipMode: "Never", vxlanMode: "Always" }), "a1", { vxlanTunnelAddr: undefined })),
      ["NoTunnelAddress"],
    );
    assert.deepEqual(codes(changed(topology(), "a1", { ip: undefined })), ["NodeWithoutAddress"]);
    assert.deepEqual(codes(changed(topology(), "a1", { subnetPrefixLen: undefined })), ["NodeWithoutSubnet"]);
    assert.deepEqual(codes(changed(topology(), "a1", { ip: "10.1.0.5" })), ["SharedAddress"]);
  });

  it("blocks that nothing is routed to", () => {
    const one = topology();
    const blocks = [...one.blocks, { cidr: "172.16.0.0/26", node: "a1" }, { cidr: "192.168.9.0/26", node: "gone" }];
    assert.deepEqual(messages({ ...one, blocks }), [
      "172.16.0.0/26 lie in no IP pool that carries workloads: nothing is routed there",
      "192.168.9.0/26 belong to nodes that are not in the topology: nothing is routed there",
    ]);
  });

  it("do not list hundreds of names", () => {
    const one = topology();
    const nodes = Array.from({ length: 300 }, (_, index) => ({
      name: `n${index}`,
      ip: `10.9.${index >> 8}.${index & 255}`,
      subnetPrefixLen: 16,
    }));
    assert.match(
      messages({ ...one, nodes: [...one.nodes, ...nodes] })[0] ?? "",
      /^n0, n1, n2 and 297 more have no ipipTunnelAddr/,
    );
  });

  it("name up to four nodes, and of more three and how many others", () => {
    const first = (count: number): string => {
      const one = topology();
      const nodes = Array.from({ length: count }, (_, index) => ({
        name: `n${index}`,
        ip: `10.9.0.${index}`,
        subnetPrefixLen: 24,
      }));
      return messages({ ...one, nodes: [...one.nodes, ...nodes] })[0]?.split(", and so")[0] ?? "";
    };
    assert.equal(first(1), "n0 has no ipipTunnelAddr");
    assert.equal(first(2), "n0, n1 have no ipipTunnelAddr");
    assert.equal(first(4), "n0, n1, n2, n3 have no ipipTunnelAddr");
    assert.equal(first(5), "n0, n1, n2 and 2 more have no ipipTunnelAddr");
  });

  it("say what a node without its tunnel address lacks, for each device that pools ask for", () => {
    const one = topology({ ipipMode: "Never", vxlanMode: "Always" });
    assert.match(
      messages(changed(one, "a1", { vxlanTunnelAddr: undefined }))[0] ?? "",
      /^a1 has no vxlanTunnelAddr, and so no device vxlan\.calico: no packets are encapsulated from there\. An enabled/,
    );
    const pools = [ipPool({ cidr: "fd00::/112", blockSize: 122, vxlanMode: "Always" })];
    const six = { pools, blocks: [], nodes: [{ name: "a", ip6: "2001:db8::4", subnetPrefixLen6: 64 }, { name: "b" }] };
    assert.match(messages(six)[0] ?? "", /^a has no vxlanTunnelAddr6, and so no device vxlan-v6\.calico/);
    assert.deepEqual(codes({ ...six, pools: [] }), []);
  });

  it("say which family a node lacks the address or the subnet of, and how to give it", () => {
    const pools = [ipPool(), ipPool({ name: "six", cidr: "fd00::/112", blockSize: 122 })];
    const node = { name: "a", ip: "10.1.0.4", subnetPrefixLen: 24, ip6: "2001:db8::4", subnetPrefixLen6: 64 };
    const only = (...changes: readonly Partial<TopologyNode>[]): string[] =>
      messages({
        pools,
        blocks: [],
        nodes: changes.map((change, index) => ({ ...node, ...change, name: `n${index}` })),
      });
    assert.deepEqual(only({ ip: undefined }), [
      "n0 has no ip: nothing is routed to or from there for IP pools of IPv4",
    ]);
    assert.deepEqual(only({ ip6: undefined }, { ip6: undefined, ip: "10.1.0.5" }), [
      "n0, n1 have no ip6: nothing is routed to or from there for IP pools of IPv6",
    ]);
    assert.deepEqual(only({ subnetPrefixLen: undefined }), [
      "the ip of n0 is recorded without its subnet, which counts as a subnet of /32: only VXLAN works there. Give subnetPrefixLen",
    ]);
    assert.deepEqual(only({ subnetPrefixLen6: undefined }), [
      "the ip6 of n0 is recorded without its subnet, which counts as a subnet of /128: only VXLAN works there. Give subnetPrefixLen6",
    ]);
    assert.deepEqual(messages({ pools: [], blocks: [], nodes: [{ name: "a" }] }), []);
  });

  it("name the nodes that share an address", () => {
    assert.deepEqual(messages(changed(topology(), "a1", { ip: "10.1.0.5" })), [
      "a1, a2 have an address that another node has too: give each node its own",
    ]);
    const tunnels = changed(topology(), "c1", { ipipTunnelAddr: "192.168.0.0" });
    assert.match(messages(tunnels)[0] ?? "", /^a1, c1 have an address/);
  });

  it("say of nested prefixes who records what, how many pairs more, and which pools mind", () => {
    const one = topology();
    const pools = [...one.pools, ipPool({ name: "other", cidr: "172.20.0.0/16", ipipMode: "Always" })];
    const nested = changed({ ...one, pools }, "a1", { subnetPrefixLen: 23 });
    assert.deepEqual(messages(nested), [
      "a1 records the subnet 10.1.0.0/23 and a2 records 10.1.0.0/24, which lies in it; 1 more of the kind: with IP pools that send within a subnet as it is (pool) packets between such nodes go differently there and back. Record the subnets' own prefix lengths",
    ]);
    const single = {
      ...nested,
      nodes: nested.nodes.filter(({ name }) => name !== "b1"),
      blocks: nested.blocks.slice(0, 2),
    };
    assert.match(messages(single)[0] ?? "", /which lies in it: with IP pools/);
    // Neighbouring prefixes do not nest.
    assert.deepEqual(codes(changed(topology(), "a2", { ip: "10.1.2.5", subnetPrefixLen: 23 })), []);
  });

  it("say of networks whose subnets overlap which nodes are there, with and without names of networks", () => {
    const message = (changes: Partial<TopologyNode>): string =>
      messages(changed(topology(), "c1", { ip: "10.1.0.20", ...changes }))[0] ?? "";
    assert.match(
      message({}),
      /: IP pools that send within a subnet as it is \(pool\) take such nodes for neighbours, and packets are lost\. Use other subnets, or ipipMode or vxlanMode Always$/,
    );
    assert.match(message({ network: undefined }), /^nodes of networks blue and \(none\) are in subnets that overlap/);
    assert.match(
      message({ ip: "10.1.9.20", subnetPrefixLen: 16 }),
      /\(c1 in 10\.1\.0\.0\/16, a1 in 10\.1\.0\.0\/24; 1 more of the kind\): /,
    );
  });

  it("no overlap in a family that no pool is of", () => {
    const one = topology();
    const nodes = one.nodes.map((node, index) => ({
      ...node,
      ip6: `2001:db8::${index + 1}`,
      subnetPrefixLen6: 64,
    }));
    assert.deepEqual(codes({ ...one, nodes }), []);
    assert.deepEqual(
      codes({ ...one, nodes, pools: [...one.pools, ipPool({ name: "six", cidr: "fd00::/112", blockSize: 122 })] }),
      ["OverlappingSubnets"],
    );
  });

  it("Never across subnets only from nodes that have an address with its subnet, to those that have blocks", () => {
    const one = topology({ ipipMode: "Never" });
    // Nodes without blocks are not sent to.
    assert.deepEqual(codes({ ...one, blocks: [] }), []);
    assert.deepEqual(codes({ ...one, nodes: one.nodes.slice(0, 2), blocks: one.blocks.slice(0, 2) }), []);
    // From one without blocks to one with.
    assert.match(
      messages({ ...one, blocks: one.blocks.slice(0, 1) })[0] ?? "",
      /from b1 \(10\.1\.1\.0\/24\) the next hop to a1/,
    );
    const bare = one.nodes.map((node) => ({ ...node, subnetPrefixLen: undefined }));
    assert.deepEqual(codes({ ...one, nodes: bare }), ["NodeWithoutSubnet"]);
    // The first of its subnet and the last are in it.
    const edge = { ...one, nodes: one.nodes.slice(0, 2), blocks: one.blocks.slice(0, 2) };
    assert.deepEqual(codes(changed(changed(edge, "a1", { ip: "10.1.0.0" }), "a2", { ip: "10.1.0.255" })), []);
    assert.deepEqual(codes(changed(edge, "a2", { ip: "10.1.1.0" })), ["NeverAcrossSubnets"]);
    assert.deepEqual(codes(changed(edge, "a2", { ip: "10.0.255.255" })), ["NeverAcrossSubnets"]);
  });

  it("a blocked protocol for each network and pool, and what to use instead", () => {
    const networks = [
      { name: "blue", blockedProtocols: [17] },
      { name: "green", blockedProtocols: [4, 17] },
    ];
    const one = topology({ ipipMode: "Never", vxlanMode: "CrossSubnet" }, { networks });
    assert.deepEqual(messages(one), [
      "network blue is said to block IP protocol 17, which IP pool pool (vxlanMode CrossSubnet) needs: use ipipMode",
      "network green is said to block IP protocol 17, which IP pool pool (vxlanMode CrossSubnet) needs: use ipipMode",
    ]);
    assert.deepEqual(codes({ ...topology({ ipipMode: "Never" }), networks, nodes: [], blocks: [] }), []);
    assert.deepEqual(
      codes(topology({}, { networks: [{ name: "blue" }, { name: "green", blockedProtocols: [] }] })),
      [],
    );
  });

  it("a pool over several ranges names each", () => {
    const networks = [
      { name: "blue", cidrBlocks: ["10.0.0.0/8"] },
      { name: "red" },
      { name: "green", cidrBlocks: ["192.168.3.0/24", "192.0.0.0/8"] },
    ];
    assert.deepEqual(messages(topology({}, { networks })), [
      "IP pool pool (192.168.0.0/16) overlaps network green's CIDR 192.168.3.0/24, network green's CIDR 192.0.0.0/8: addresses there belong to hosts and workloads at once. Use another CIDR for the pool",
    ]);
  });
});
