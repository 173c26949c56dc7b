import type { NodePlan } from "../plan/node-plan";
import type { KnownTopologies } from "./known-topologies";

/**
 * The plan of a node in a topology that resources name.
 * @throws RangeError when this process does not know the topology, or the topology has no such node
 */
export function planIn(topologies: KnownTopologies, topology: string, node: string): NodePlan {
  const known = topologies.find(topology);
  if (known === undefined)
    throw new RangeError(
      "topology: this process of the provider does not know the topology. Give the packed output of a Topology itself; only a component's own resources can name it by reference",
    );
  const plan = known.planOf(node);
  if (plan === undefined) throw new RangeError(`node: the topology has no node ${node}`);
  return { ...plan, pools: known.pools };
}
