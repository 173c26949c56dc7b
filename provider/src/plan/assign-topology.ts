import { containsCidr, parseCidr } from "../ipam/cidr";
import { assignBlocks, type Block, type PoolBlock } from "../ipam/blocks";
import { assignTunnelAddresses } from "../ipam/tunnel-addresses";
import type { Problem } from "../ippool/problem";
import type { Topology } from "./topology";

/** The topology with the blocks and tunnel addresses that it lacks. What it has stays as it is. */
export function assignTopology(topology: Topology): {
  readonly topology: Topology;
  readonly problems: readonly Problem[];
} {
  const nodes = topology.nodes.map(({ name, labels }) => ({
    name,
    labels: { ...labels, "kubernetes.io/hostname": name },
  }));
  const given = topology.blocks.map((block) => ({ ...block, pool: poolOf(topology, block) }));
  const reserved = given.map(({ cidr }) => cidr);
  const { blocks: assigned, problems } = assignBlocks({
    pools: topology.pools,
    nodes,
    previous: given.filter(isPoolBlock),
    reserved,
  });

  const kept = new Set(assigned.map(({ cidr }) => cidr));
  const blocks = [...assigned, ...given.filter(({ cidr }) => !kept.has(cidr))];
  const taken = new Set((topology.workloads ?? []).map(({ ip }) => ip));
  const tunnels = assignTunnelAddresses({ pools: topology.pools, nodes, blocks: blocks.filter(isPoolBlock), taken });
  return {
    topology: {
      ...topology,
      nodes: topology.nodes.map((node) => ({ ...tunnels.get(node.name), ...withoutAbsent(node) })),
      blocks,
    },
    problems,
  };
}

function poolOf({ pools }: Topology, { cidr }: Block): string | undefined {
  const block = parseCidr(cidr);
  return pools.find((pool) => containsCidr(parseCidr(pool.cidr), block))?.name;
}

function isPoolBlock(block: Block & { readonly pool?: string }): block is PoolBlock {
  return block.pool !== undefined;
}

/** A property that is there and undefined would hide an assigned one. */
function withoutAbsent<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
