import type { Encapsulation } from "../ippool/pool-mode";
import type { OuterHeader, Path } from "../plan/paths";
import type { Inventory, InventoryNode, InventoryWorkload } from "./inventory";

/** One ordered pair of workloads and what must be seen of it. */
export interface Pair {
  readonly from: InventoryWorkload;
  readonly to: InventoryWorkload;
  readonly fromNode: InventoryNode;
  readonly toNode: InventoryNode;
  readonly encapsulation: Encapsulation;
  readonly outer?: OuterHeader;
  /** Largest packet that must pass with DF set: the least of the path's and both workloads' interfaces, bytes. */
  readonly mtu: number;
  readonly reason: string;
}

/**
 * Every ordered pair of workloads with the path that the plan gives it. Workloads of one node have no path: their
 * packets never leave it, and are left out.
 * @throws Error naming the pair that has no path: the plan and the workloads disagree
 */
export function pairsOf(inventory: Inventory): readonly Pair[] {
  const nodes = new Map(inventory.nodes.map((node) => [node.name, node]));
  const paths = new Map<string, Path>();
  for (const path of inventory.paths) paths.set(key(path.from, path.to, path.pool), path);
  const pairs: Pair[] = [];
  for (const from of inventory.workloads) {
    for (const to of inventory.workloads) {
      if (from.node === to.node) continue;
      const fromNode = nodes.get(from.node);
      const toNode = nodes.get(to.node);
      // The route is chosen by the destination's pool.
      const path = paths.get(key(from.node, to.node, to.pool));
      if (!fromNode || !toNode || !path)
        throw new Error(
          `no path from ${from.name} on ${from.node} to ${to.name} on ${to.node} in pool ${to.pool}: run \`pulumi up\` again, the outputs are of different times`,
        );
      pairs.push({
        from,
        to,
        fromNode,
        toNode,
        encapsulation: path.encapsulation,
        outer: path.outer,
        mtu: Math.min(path.mtu, from.mtu, to.mtu),
        reason: path.reason,
      });
    }
  }
  return pairs;
}

/**
 * The pairs in two rounds, so that in a round no two workloads' nodes both begin: AWS tracks protocol 4 by address and
 * protocol for 600 s, so a packet of the one direction opens the other whatever the rules say. Source: AWSEC2 user
 * guide, security-group-connection-tracking.
 */
export function rounds(pairs: readonly Pair[]): readonly (readonly Pair[])[] {
  const forward = pairs.filter((pair) => pair.fromNode.name < pair.toNode.name);
  const back = pairs.filter((pair) => pair.fromNode.name > pair.toNode.name);
  return [forward, back].filter((round) => round.length > 0);
}

function key(from: string, to: string, pool: string): string {
  return `${from} ${to} ${pool}`;
}
