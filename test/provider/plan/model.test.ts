import assert from "node:assert/strict";
import fc from "fast-check";
import { containsAddress, parseAddress, parseCidr } from "../../../provider/src/ippool/cidr";
import { fdbInWords, neighbourInWords, routeInWords } from "../../../provider/src/plan/linux-state";
import type { IpPool } from "../../../provider/src/ippool/ippool";
import { tunnelDevices } from "../../../provider/src/plan/node-plan";
import { planTopology } from "../../../provider/src/plan/plan";
import type { Topology, TopologyNode } from "../../../provider/src/plan/topology";
import { vxlanMac } from "../../../provider/src/plan/vxlan-mac";
import { ipPool } from "../../support/ip-pool";
import { tries } from "../../support/tries";
import { topology } from "../../support/topologies";
import { topologies } from "./random-topologies";

/**
 * The same rules once more, one node and one destination at a time, straight from the table of docs/compared.md: no
 * ranks, no classes of MTU, nothing shared.
 */
function naiveRoutes(
  { nodes, pools, blocks, hostMtu = 9001, networkMtus = [] }: Topology,
  viewer: TopologyNode,
): string[] {
  const lines: string[] = [];
  const single = (cidr: string): boolean => /\/(32|128)$/.test(cidr) && !(cidr.includes(":") && cidr.endsWith("/32"));
  const destinations = new Map<string, string>();
  for (const { cidr, node, borrowed = {} } of blocks) {
    for (const [address, owner] of Object.entries(borrowed))
      if (owner !== node) destinations.set(`${address}/${address.includes(":") ? 128 : 32}`, owner);
    if (node !== undefined) destinations.set(cidr, node);
  }
  for (const [dst, recorded] of destinations) {
    const plain = dst.split("/")[0] ?? "";
    const pool = pools.find(({ cidr }) => containsAddress(parseCidr(cidr), parseAddress(plain)));
    const tunnelOf = single(dst)
      ? nodes.find((node) => [node.ipipTunnelAddr, node.vxlanTunnelAddr, node.vxlanTunnelAddr6].includes(plain))
      : undefined;
    const owner = tunnelOf ?? nodes.find(({ name }) => name === recorded);
    if (pool === undefined || owner === undefined) continue;
    const six = dst.includes(":");
    const metric = six ? " metric 1024" : "";
    if (owner === viewer) {
      if (!single(dst)) lines.push(`blackhole ${dst} proto 80${metric}`);
      continue;
    }
    const [from, to, length] = six
      ? [viewer.ip6, owner.ip6, viewer.subnetPrefixLen6]
      : [viewer.ip, owner.ip, viewer.subnetPrefixLen];
    const limits = networkMtus.filter(
      ({ networks }) =>
        networks.includes(viewer.network ?? "") &&
        networks.includes(owner.network ?? "") &&
        viewer.network !== owner.network,
    );
    const underlay = Math.min(hostMtu, ...limits.map(({ mtu }) => mtu));
    const neighbours =
      from !== undefined &&
      to !== undefined &&
      containsAddress(parseCidr(`${from}/${length ?? (six ? 128 : 32)}`), parseAddress(to));
    const direct = `${dst} via ${to} dev eth0 proto 80${metric} onlink${underlay < hostMtu ? ` mtu ${underlay}` : ""}`;
    const complete = from !== undefined && length !== undefined;
    if (pool.vxlanMode !== "Never") {
      const [mine, theirs, device, bytes] = six
        ? [viewer.vxlanTunnelAddr6, owner.vxlanTunnelAddr6, "vxlan-v6.calico", 70]
        : [viewer.vxlanTunnelAddr, owner.vxlanTunnelAddr, "vxlan.calico", 50];
      if (mine === undefined || from === undefined) continue;
      if (pool.vxlanMode === "CrossSubnet" && neighbours) lines.push(direct);
      else if (tunnelOf !== undefined)
        lines.push(`${dst} dev ${device} proto 3 scope link${metric} mtu ${underlay - bytes}`);
      else if (theirs !== undefined && to !== undefined)
        lines.push(`${dst} via ${theirs} dev ${device} proto 3${metric} onlink mtu ${underlay - bytes}`);
    } else if (pool.ipipMode !== "Never") {
      if (!complete) continue;
      if (pool.ipipMode === "CrossSubnet" && neighbours) lines.push(direct);
      else if (viewer.ipipTunnelAddr !== undefined && to !== undefined && owner.subnetPrefixLen !== undefined)
        lines.push(`${dst} via ${to} dev tunl0 proto 80 onlink mtu ${underlay - 20}`);
    } else if (complete && to !== undefined) {
      lines.push(direct);
    }
  }
  return lines.sort();
}

/**
 * The same each time: whether what is looked for occurs in topologies must not hang on which ones a run happens to get.
 */
function sample(options: { readonly complete: boolean }): Topology[] {
  return fc.sample(topologies(options), { numRuns: Math.min(500, tries(500)), seed: 1 });
}

/** How often at least what is looked for occurs in a sample. */
const ENOUGH = Math.min(50, tries(50));

/** @returns the routes that were compared */
function hasRoutesOfModel(one: Topology): string[] {
  const { nodes } = planTopology(one);
  return one.nodes.flatMap((node) => {
    const lines = nodes.get(node.name)?.routes.map(routeInWords).sort() ?? [];
    assert.deepEqual(lines, naiveRoutes(one, node));
    return lines;
  });
}

/** @returns how many pairs were compared */
function goesSameWayBack(one: Topology): number {
  const paths = [...planTopology(one).paths];
  const by = new Map(paths.map((path) => [`${path.pool} ${path.from} ${path.to}`, path]));
  let compared = 0;
  for (const path of paths) {
    const back = by.get(`${path.pool} ${path.to} ${path.from}`);
    if (back === undefined) continue;
    compared++;
    assert.deepEqual(
      [back.encapsulation, back.mtu, back.outer?.source],
      [path.encapsulation, path.mtu, path.outer?.destination],
    );
  }
  return compared;
}

describe("the plan", () => {
  it("has exactly the routes of the model", () => {
    fc.assert(
      fc.property(topologies({ complete: false }), (one) => void hasRoutesOfModel(one)),
      { numRuns: tries(500) },
    );
  });

  it("has them of every kind", () => {
    const lines = sample({ complete: false }).flatMap(hasRoutesOfModel);
    for (const kind of ["eth0", "tunl0", "vxlan", "scope", "blackhole"]) {
      const count = lines.filter((line) => line.includes(kind)).length;
      assert.ok(count > ENOUGH, `only ${count} routes with ${kind} were compared`);
    }
  });

  it("does not depend on the order of nodes, blocks and pools", () => {
    fc.assert(
      fc.property(topologies({ complete: false }), (one) => {
        const forward = planTopology(one);
        const backward = planTopology({
          ...one,
          nodes: one.nodes.toReversed(),
          blocks: one.blocks.toReversed(),
          pools: one.pools.toReversed(),
        });
        for (const [name, plan] of forward.nodes) {
          assert.deepEqual(
            plan.routes.map(routeInWords).sort(),
            backward.nodes.get(name)?.routes.map(routeInWords).sort(),
          );
        }
      }),
    );
  });

  it("goes the same way back where all record their subnet's own prefix", () => {
    fc.assert(fc.property(topologies({ complete: true }), (one) => void goesSameWayBack(one)));
    const compared = sample({ complete: true })
      .map(goesSameWayBack)
      .filter((count) => count > 0).length;
    assert.ok(compared > ENOUGH, `only ${compared} topologies had a pair to compare`);
  });

  it("has an asymmetric pair where prefixes differ, which is what the property above would find", () => {
    const { nodes, ...rest } = topology();
    const one = { ...rest, nodes: nodes.map((node) => (node.name === "a1" ? { ...node, subnetPrefixLen: 16 } : node)) };
    const paths = [...planTopology(one).paths];
    const way = (from: string, to: string): string | undefined =>
      paths.find((path) => path.from === from && path.to === to)?.encapsulation;
    assert.deepEqual([way("a1", "b1"), way("b1", "a1")], ["None", "IPIP"]);
  });

  it("is worked out anew for each that asks, from objects that all nodes share", () => {
    const { nodes } = planTopology(topology({ ipipMode: "Always" }));
    const [one, other] = [nodes.get("a1"), nodes.get("a2")];
    assert.equal(nodes.size, 4);
    assert.equal(nodes.get("nobody"), undefined);
    assert.deepEqual([...nodes.keys()], ["a1", "a2", "b1", "c1"]);
    const to = (plan: typeof one): unknown => plan?.routes.find(({ dst }) => dst === "192.168.0.128/26");
    assert.ok(to(one) !== undefined && to(one) === to(other));
  });

  it("has VXLAN devices' MAC addresses as Linux prints them, however they are written", () => {
    const { nodes, ...rest } = topology({ ipipMode: "Never", vxlanMode: "Always" });
    const written = nodes.map((node) => (node.name === "b1" ? { ...node, vxlanMac: "66:AB:CD:EF:00:0A" } : node));
    const plan = planTopology({ ...rest, nodes: written });
    assert.equal(plan.nodes.get("b1")?.vxlan?.mac, "66:ab:cd:ef:00:0a");
    const a1 = plan.nodes.get("a1");
    assert.deepEqual(a1?.fdb.filter(({ dst }) => dst === "10.1.1.4").map(fdbInWords), [
      "66:ab:cd:ef:00:0a dev vxlan.calico dst 10.1.1.4",
    ]);
    assert.deepEqual(a1?.neighbours.filter(({ ip }) => ip === "192.168.0.128").map(neighbourInWords), [
      "192.168.0.128 lladdr 66:ab:cd:ef:00:0a dev vxlan.calico",
    ]);
  });

  it("has the MAC addresses that follow from the node's name where none is written", () => {
    const pools = [
      ipPool({ vxlanMode: "Always" }),
      ipPool({ name: "six", cidr: "fd00::/112", blockSize: 122, vxlanMode: "Always" }),
    ];
    const { nodes, ...rest } = topology({ ipipMode: "Never", vxlanMode: "Always" }, { pools });
    const both = nodes.map((node, index) => ({
      ...node,
      ip6: `2001:db8::${index + 1}`,
      subnetPrefixLen6: 64,
      vxlanTunnelAddr6: `fd00::${index + 1}`,
    }));
    const plan = planTopology({ ...rest, nodes: both }).nodes.get("b1");
    assert.deepEqual([plan?.vxlan?.mac, plan?.vxlan6?.mac], [vxlanMac("b1", 4), vxlanMac("b1", 6)]);
  });

  it("gives a tunnel address that two nodes have to the first of them by name, in whatever order they are listed", () => {
    const { nodes, pools } = topology({ ipipMode: "Always" });
    const shared = nodes.map((node) => ({
      ...node,
      ipipTunnelAddr: node.name === "c1" ? "192.168.0.9" : "192.168.0.7",
    }));
    const blocks = [{ cidr: "192.168.0.7/32", node: "b1" }];
    for (const listed of [shared, shared.toReversed()]) {
      const routes = planTopology({ pools, blocks, nodes: listed }).nodes.get("c1")?.routes.map(routeInWords);
      assert.deepEqual(routes, ["192.168.0.7/32 via 10.1.0.4 dev tunl0 proto 80 onlink mtu 8981"]);
    }
  });

  it("is a map of nodes in their order, however one goes through it", () => {
    const { nodes } = planTopology(topology({ ipipMode: "Always" }));
    const names = ["a1", "a2", "b1", "c1"];
    assert.deepEqual([nodes.has("a1"), nodes.has("nobody")], [true, false]);
    assert.deepEqual(
      [...nodes.values()].map(({ node }) => node),
      names,
    );
    assert.deepEqual(
      [...nodes.entries()].map(([name, { node }]) => `${name} ${node}`),
      names.map((name) => `${name} ${name}`),
    );
    const seen: string[] = [];
    nodes.forEach((plan, name, map) => seen.push(`${plan.node} ${name} ${map === nodes}`));
    assert.deepEqual(
      seen,
      names.map((name) => `${name} ${name} true`),
    );
  });

  it("has the node's address, and no members without a device for them", () => {
    const plan = planTopology(topology({ ipipMode: "Always" })).nodes.get("b1");
    assert.equal(plan?.ip, "10.1.1.4");
    assert.deepEqual(plan.ipipMembers, ["10.1.0.4", "10.1.0.5", "10.1.1.4", "10.2.0.4"]);
    assert.deepEqual([plan.vxlan, plan.vxlan6, plan.vxlanMembers, plan.fdb], [undefined, undefined, [], []]);
    const other = planTopology(topology({ ipipMode: "Never", vxlanMode: "Always" })).nodes.get("b1");
    assert.deepEqual([other?.ipip, other?.ipipMembers], [undefined, []]);
    assert.deepEqual(other?.vxlanMembers, ["10.1.0.4", "10.1.0.5", "10.2.0.4"]);
  });

  it("lists pools that masquerade apart from all pools, those of load balancers in the former alone", () => {
    const pools = [
      ipPool({ name: "a", cidr: "10.60.0.0/16", natOutgoing: true }),
      ipPool({ name: "b", cidr: "10.61.0.0/16" }),
      ipPool({ name: "c", cidr: "10.62.0.0/16", natOutgoing: true, allowedUses: ["LoadBalancer"] }),
      ipPool({ name: "d", cidr: "10.63.0.0/16", allowedUses: [] }),
      ipPool({ name: "e", cidr: "10.64.0.0/16", allowedUses: ["LoadBalancer", "Workload"] }),
    ];
    const plan = planTopology({ ...topology(), pools, blocks: [] }).nodes.get("a1");
    assert.deepEqual(plan?.allPools, ["10.60.0.0/16", "10.61.0.0/16", "10.63.0.0/16", "10.64.0.0/16"]);
    assert.deepEqual(plan.masqueradePools, ["10.60.0.0/16", "10.62.0.0/16"]);
  });

  it("takes the innermost pool where pools overlap, in whatever order they are listed", () => {
    const pools = [
      ipPool({ name: "wide", cidr: "192.168.0.0/16", ipipMode: "Always" }),
      ipPool({ name: "narrow", cidr: "192.168.0.0/24" }),
      ipPool({ name: "middle", cidr: "192.168.0.0/20", vxlanMode: "Always" }),
    ];
    for (const listed of [pools, pools.toReversed()]) {
      const plan = planTopology({ ...topology(), pools: listed }).nodes.get("a2");
      assert.deepEqual(
        plan?.workloadBlocks.map(({ pool }) => pool),
        ["narrow"],
      );
    }
  });

  it("names workload blocks of one address with their length", () => {
    const pools = [ipPool({ blockSize: 32 }), ipPool({ name: "six", cidr: "fd00::/112", blockSize: 128 })];
    const blocks = [
      { cidr: "192.168.0.9/32", node: "a1" },
      { cidr: "fd00:0::9/128", node: "a1" },
    ];
    const plan = planTopology({ ...topology(), pools, blocks }).nodes.get("a1");
    assert.deepEqual(plan?.workloadBlocks.map(({ cidr }) => cidr).sort(), ["192.168.0.9/32", "fd00::9/128"]);
    assert.deepEqual(plan.routes, []);
  });

  it("has no route on a node to an address that a workload of its own has", () => {
    const base = topology({ ipipMode: "Always" });
    const blocks = [{ cidr: "192.168.0.0/26", node: "a1", borrowed: { "192.168.0.7": "b1", "192.168.0.8": "a1" } }];
    const to = (name: string, workloads: Topology["workloads"]): string[] =>
      (planTopology({ ...base, blocks, workloads }).nodes.get(name)?.routes ?? []).map(({ dst }) => dst);
    const workloads = [
      { ip: "192.168.0.7", node: "a2" },
      { ip: "192.168.0.7", node: "gone" },
      { ip: "192.168.0.9", node: "a2" },
    ];
    assert.deepEqual(to("a2", undefined), ["192.168.0.0/26", "192.168.0.7"]);
    assert.deepEqual(to("a2", workloads), ["192.168.0.0/26"]);
    assert.deepEqual(to("c1", workloads), ["192.168.0.0/26", "192.168.0.7"]);
  });

  it("has devices only for the tunnels that some pool asks for", () => {
    const addresses = { ipipTunnelAddr: "192.168.9.1", vxlanTunnelAddr: "192.168.9.2", vxlanTunnelAddr6: "fd00::3" };
    const devices = (...pools: readonly IpPool[]): string[] => {
      const { nodes, ...rest } = topology({}, { pools });
      const all = nodes.map((node) => ({ ...node, ip6: "2001:db8::4", subnetPrefixLen6: 64, ...addresses }));
      const plan = planTopology({ ...rest, nodes: all }).nodes.get("a1");
      assert.ok(plan);
      return Object.entries(tunnelDevices(plan)).flatMap(([kind, list]) =>
        list.map(({ address, mtu }) => `${kind} ${address} ${mtu}`),
      );
    };
    const six = ipPool({ name: "six", cidr: "fd00::/112", blockSize: 122, vxlanMode: "CrossSubnet" });
    assert.deepEqual(devices(), []);
    assert.deepEqual(devices(ipPool()), []);
    assert.deepEqual(devices(ipPool({ ipipMode: "Always" })), ["IPIP 192.168.9.1 8981"]);
    assert.deepEqual(devices(ipPool({ vxlanMode: "Always" })), ["VXLAN 192.168.9.2 8951"]);
    assert.deepEqual(devices(six), ["VXLAN fd00::3 8931"]);
    assert.deepEqual(devices(six, ipPool({ vxlanMode: "Always" })), ["VXLAN 192.168.9.2 8951", "VXLAN fd00::3 8931"]);
  });

  it("knows no other VTEPs on a node without a device of its own", () => {
    const { nodes, ...rest } = topology({ ipipMode: "Never", vxlanMode: "Always" });
    const bare = nodes.map((node) => (node.name === "a1" ? { ...node, vxlanTunnelAddr: undefined } : node));
    const plans = planTopology({ ...rest, nodes: bare }).nodes;
    const counts = (name: string): unknown => {
      const plan = plans.get(name);
      return [plan?.neighbours.length, plan?.fdb.length, plan?.vxlanMembers.length];
    };
    assert.deepEqual(
      [counts("a1"), counts("a2")],
      [
        [0, 0, 0],
        [2, 2, 2],
      ],
    );
  });

  it("shares routes by way of a VPC's router among the nodes of a subnet", () => {
    const { nodes } = planTopology(topology({ ipipMode: "Never" }, { viaVpcRouter: true }));
    const to = (name: string): unknown => nodes.get(name)?.routes.find(({ dst }) => dst === "192.168.0.128/26");
    assert.ok(to("a1") !== undefined && to("a1") === to("a2"));
  });

  it("refuses what is no address or CIDR", () => {
    const base = topology();
    assert.throws(() => planTopology({ ...base, blocks: [{ cidr: "nowhere", node: "a1" }] }), RangeError);
    assert.throws(() => planTopology({ ...base, nodes: [{ name: "a1", ip: "nowhere" }] }), RangeError);
  });
});

describe("a node's own address and subnet", () => {
  it("may be written as one, and the subnet's length by itself counts before", () => {
    const nodes = (changes: object): Topology["nodes"] => [
      { name: "a", ...changes },
      { name: "b", ip: "10.1.0.9", subnetPrefixLen: 24 },
    ];
    const reasonFrom = (changes: object): string | undefined =>
      [
        ...planTopology({
          nodes: nodes(changes),
          pools: [ipPool()],
          blocks: [{ cidr: "192.168.0.0/26", node: "b" }],
        }).paths,
      ][0]?.reason;
    const said = "pool has ipipMode and vxlanMode Never: 10.1.0.9 is";
    assert.equal(reasonFrom({ ip: "10.1.0.4/24" }), `${said} inside 10.1.0.0/24`);
    assert.equal(reasonFrom({ ip: "10.1.0.4/29" }), `${said} outside 10.1.0.0/29`);
    assert.equal(reasonFrom({ ip: "10.1.0.4/29", subnetPrefixLen: 16 }), `${said} inside 10.1.0.0/16`);
    assert.equal(reasonFrom({ ip: "10.1.0.4" }), undefined);
  });
});
