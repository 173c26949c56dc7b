import type { NodePlan } from "./node-plan";
import type { Path, Warning } from "./path";

/** Everything that follows from a topology. */
export interface Plan {
  /** By node name, in the topology's order. */
  readonly nodes: ReadonlyMap<string, NodePlan>;
  readonly paths: readonly Path[];
  readonly warnings: readonly Warning[];
}
