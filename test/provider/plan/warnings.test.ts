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
});
