import { modelOf } from "./model";
import { workloadMtu } from "./node-plan";
import type { Topology } from "./topology";

/**
 * The MTU of workloads' interfaces by node and pool, bytes; undefined where the node has no block of the pool. It
 * follows from networks and pools, so hosts' addresses need not be known.
 */
export function workloadMtus(topology: Topology): (node: string, pool: string) => number | undefined {
  const model = modelOf(topology);
  const mtus = new Map(
    model.hosts.flatMap((host) =>
      (model.destinations[host.index] ?? [])
        .filter(({ block }) => block)
        .map(({ pool }) => [`${host.name}/${pool.name}`, workloadMtu(model, host, pool.version)]),
    ),
  );
  return (node, pool) => mtus.get(`${node}/${pool}`);
}
