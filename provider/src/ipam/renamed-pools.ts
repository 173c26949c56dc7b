import type { IpPool } from "../ippool/ippool";
import type { PoolBlock } from "./blocks";
import type { WorkloadAddress } from "./workloads";

/** Blocks and addresses as they were assigned, by the names of their pools. */
export interface AssignedByPool {
  readonly blocks: readonly PoolBlock[];
  readonly workloads: readonly WorkloadAddress[];
}

/**
 * What was assigned before, under the names that the pools have now. A pool of the same CIDR and block size under a new
 * name is the same addresses: they stay where they are.
 */
export function followRenames(
  before: readonly IpPool[],
  now: readonly IpPool[],
  { blocks, workloads }: AssignedByPool,
): AssignedByPool {
  const known = new Set(before.map(({ name }) => name));
  const kept = new Set(now.map(({ name }) => name));
  const fresh = new Map(now.filter(({ name }) => !known.has(name)).map((pool) => [rangeOf(pool), pool.name]));
  const names = new Map(
    before.filter(({ name }) => !kept.has(name)).map((pool) => [pool.name, fresh.get(rangeOf(pool))]),
  );
  const rename = <T extends { readonly pool: string }>(one: T): T => ({
    ...one,
    pool: names.get(one.pool) ?? one.pool,
  });
  return { blocks: blocks.map(rename), workloads: workloads.map(rename) };
}

function rangeOf({ cidr, blockSize }: IpPool): string {
  return `${cidr} ${blockSize}`;
}
