import assert from "node:assert/strict";
import fc from "fast-check";
import { containsAddress, parseAddress, parseCidr } from "../../../provider/src/ippool/cidr";
import { fdbInWords, neighbourInWords, routeInWords } from "../../../provider/src/plan/linux-state";
import { planTopology } from "../../../provider/src/plan/plan";
import type { Topology, TopologyNode } from "../../../provider/src/plan/topology";
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
  return fc.sample(topologies(options), { numRuns: 500, seed: 1 });
}

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
      assert.ok(count > 50, `only ${count} routes with ${kind} were compared`);
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
    assert.ok(compared > 50, `only ${compared} topologies had a pair to compare`);
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
});
