import { type IpPool, poolAllows } from "../ippool/ippool";
import type { Problem } from "../ippool/problem";
import { addressBits, parseCidr } from "../ippool/cidr";
import { assignBlocks, type BlockRequest, type PoolBlock } from "./blocks";
import type { LabelledNode } from "./labelled-node";
import { poolEncapsulation } from "../ippool/pool-mode";
import { assignTunnelAddresses, type TunnelAddresses } from "./tunnel-addresses";
import { assignWorkloads, type PlacedWorkload, placeWorkloads, type Workload, type WorkloadAddress } from "./workloads";

export interface AssignAddressesArgs {
  readonly pools: readonly IpPool[];
  readonly nodes: readonly LabelledNode[];
  readonly workloads: readonly Workload[];
  readonly previous?: {
    readonly blocks: readonly PoolBlock[];
    readonly tunnels?: ReadonlyMap<string, TunnelAddresses>;
    readonly workloads: readonly WorkloadAddress[];
  };
}

export interface AssignedAddresses {
  readonly blocks: readonly PoolBlock[];
  readonly tunnels: ReadonlyMap<string, TunnelAddresses>;
  readonly workloads: readonly WorkloadAddress[];
  readonly problems: readonly Problem[];
}

/**
 * Blocks, tunnel addresses and workload addresses in one go: nodes get as many blocks as their workloads need.
 * What was assigned before stays; a fresh start gives the same result every time. All problems at once.
 */
export function assignAddresses({ pools, nodes, workloads, previous }: AssignAddressesArgs): AssignedAddresses {
  const placement = placeWorkloads({ pools, nodes, workloads, previous: previous?.workloads });
  const requests = requestsOf(pools, placement.placed);
  const { blocks, problems } = assignBlocks({ pools, nodes, requests, previous: previous?.blocks });
  const stillThere = new Set(workloads.map(({ name }) => name));
  const taken = new Set(previous?.workloads.filter(({ name }) => stillThere.has(name)).map(({ address }) => address));
  const tunnels = assignTunnelAddresses({ pools, nodes, blocks, taken, previous: previous?.tunnels });
  if (problems.length + placement.problems.length > 0) {
    // Without blocks no workload gets an address: one sentence on the pool says it better than one per workload.
    return { blocks, tunnels, workloads: [], problems: [...placement.problems, ...problems] };
  }
  const assigned = assignWorkloads({ blocks, tunnels, workloads: placement.placed, previous: previous?.workloads });
  return { blocks, tunnels, ...assigned };
}

function requestsOf(pools: readonly IpPool[], workloads: readonly PlacedWorkload[]): readonly BlockRequest[] {
  const requests: BlockRequest[] = [];
  for (const pool of pools) {
    const perBlock = 2 ** (addressBits(parseCidr(pool.cidr).version) - pool.blockSize);
    const forTunnel = poolEncapsulation(pool) !== "None" && poolAllows(pool, "Tunnel") ? 1 : 0;
    const ofPool = workloads.filter((workload) => workload.pool === pool.name);
    for (const [node, placed] of Map.groupBy(ofPool, (workload) => workload.node)) {
      requests.push({ node, pool: pool.name, blocks: Math.ceil((placed.length + forTunnel) / perBlock) });
    }
  }
  return requests;
}
