import assert from "node:assert/strict";
import { arrivalsOf, poolNodes } from "../../../provider/src/plan/arrivals";
import { layOut } from "../../../provider/src/aws/layout";
import { encapsulationsInUse } from "../../../provider/src/plan/encapsulations-in-use";
import type { IpPool } from "../../../provider/src/ippool/ippool";
import { ipPool as pool } from "../../support/ip-pool";

const NODES = [
  { name: "a0", labels: { zone: "a" } },
  { name: "b0", labels: { zone: "b" } },
];

describe("the pools whose packets arrive", () => {
  const names = (...pools: IpPool[]): string[] => poolNodes(pools, NODES).map(({ pool: { name } }) => name);

  it("are those that give blocks: to workloads, or to tunnels that they have", () => {
    assert.deepEqual(names(pool({ allowedUses: ["Workload"] })), ["pool"]);
    assert.deepEqual(names(pool({ allowedUses: ["Tunnel"], ipipMode: "Always" })), ["pool"]);
    assert.deepEqual(names(pool({ allowedUses: ["Tunnel"] })), [], "a pool without tunnels gives no tunnel address");
    assert.deepEqual(names(pool({ allowedUses: ["LoadBalancer"], ipipMode: "Always" })), []);
  });

  it("are those of IPv4: nodes of a cluster have no IPv6 address to send from", () => {
    assert.deepEqual(names(pool({ cidr: "fd00::/48" }), pool({ name: "four" })), ["four"]);
  });

  it("come with the nodes that they select", () => {
    assert.deepEqual(
      poolNodes([pool(), pool({ nodeSelector: "zone == 'b'" })], NODES).map(({ nodes }) => [...nodes]),
      [["a0", "b0"], ["b0"]],
    );
  });
});

describe("what arrives at a network", () => {
  it("is nothing where there is no other node, and every network is named", () => {
    const { nodes } = layOut({
      networks: [{ name: "blue", cidrBlock: "10.1.0.0/16", subnets: [{ availabilityZone: "us-east-1a", nodes: 1 }] }],
      pools: [],
      sourceDestCheck: {},
    }).layout;
    const labelled = nodes.map(({ name }) => ({ name, labels: {} }));
    const arrivals = arrivalsOf(
      nodes.map((node) => ({ ...node, subnet: node.subnet.key })),
      poolNodes([pool({ ipipMode: "Always" })], labelled),
      false,
    );
    assert.deepEqual([...arrivals], [["blue", { tunnels: { IPIP: new Set(), VXLAN: new Set() }, bare: new Set() }]]);
    assert.deepEqual([...arrivalsOf([], [], false)], []);
  });
});

describe("encapsulations in use", () => {
  it("are those that some pool asks for, IPIP first", () => {
    const ipip = pool({ ipipMode: "CrossSubnet" });
    const vxlan = pool({ vxlanMode: "Always" });
    assert.deepEqual(encapsulationsInUse([vxlan, pool(), ipip]), ["IPIP", "VXLAN"]);
    assert.deepEqual(encapsulationsInUse([vxlan]), ["VXLAN"]);
    assert.deepEqual(encapsulationsInUse([ipip]), ["IPIP"]);
    assert.deepEqual(encapsulationsInUse([pool()]), []);
  });
});
