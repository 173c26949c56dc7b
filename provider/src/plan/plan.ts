import { type Model, modelOf } from "./model";
import { type NodePlan, planNode } from "./node-plan";
import { type Path, pathsOf } from "./paths";
import type { Topology } from "./topology";
import { type Warning, warningsOf } from "./warnings";

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

/**
 * Who reaches whom, how, and what each node has to hold for that. Throws a RangeError for an address or CIDR that is
 * none; whatever else does not fit together is left out of the plan and named in the warnings.
 */
export function planTopology(topology: Topology): Plan {
  const model = modelOf(topology);
  return {
    nodes: new NodePlans(model),
    paths: { [Symbol.iterator]: () => pathsOf(model) },
    warnings: warningsOf(model),
  };
}

/** A map whose values are worked out when they are asked for. */
class NodePlans implements ReadonlyMap<string, NodePlan> {
  private readonly numbers: ReadonlyMap<string, number>;

  constructor(readonly model: Model) {
    this.numbers = new Map(model.hosts.map((host) => [host.name, host.index]));
  }

  get size(): number {
    return this.numbers.size;
  }

  has(name: string): boolean {
    return this.numbers.has(name);
  }

  get(name: string): NodePlan | undefined {
    const host = this.model.hosts[this.numbers.get(name) ?? -1];
    return host === undefined ? undefined : planNode(this.model, host);
  }

  keys(): MapIterator<string> {
    return this.numbers.keys();
  }

  *values(): Generator<NodePlan, undefined> {
    for (const [, plan] of this) yield plan;
  }

  *entries(): Generator<[string, NodePlan], undefined> {
    for (const number of this.numbers.values()) {
      const host = this.model.hosts[number];
      if (host !== undefined) yield [host.name, planNode(this.model, host)];
    }
  }

  [Symbol.iterator](): Generator<[string, NodePlan], undefined> {
    return this.entries();
  }

  forEach(callback: (plan: NodePlan, name: string, plans: ReadonlyMap<string, NodePlan>) => void): void {
    for (const [name, plan] of this) callback(plan, name, this);
  }
}
