import type { NodePlan } from "./node-plan";
import type { Path, Warning } from "./path";

/**
 * Everything that follows from a topology. A topology of n nodes has n plans of n routes each and n x (n - 1) paths, so
 * both are worked out as they are asked for, and nothing of that size is kept: memory stays linear in n.
 */
export interface Plan {
  /**
   * By node name, in the topology's order. `get` works the node's plan out, in time linear in n, each time it is
   * called.
   */
  readonly nodes: ReadonlyMap<string, NodePlan>;
  /**
   * For every ordered pair of nodes and every pool that the second one has a block of. `[...plan.paths]` where an array
   * is needed.
   */
  readonly paths: Iterable<Path>;
  readonly warnings: readonly Warning[];
}
