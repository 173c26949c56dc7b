import { type IpPool, poolAllows } from "../ippool/ippool";
import type { Problem } from "../ippool/problem";
import { containsAddress, parseAddress } from "../ippool/cidr";
import { ownerKey, type PoolBlock, rangesByOwner } from "./blocks";
import { freeAddresses } from "./free-addresses";
import { type LabelledNode, nodeMatcher } from "./labelled-node";
import type { TunnelAddresses } from "./tunnel-addresses";

export interface Workload {
  readonly name: string;
  readonly node: string;
  /**
   * Name of the pool that the address is to come from. Default: a node's workloads take the pools in turn that give
   * them addresses by themselves.
   */
  readonly pool?: string;
}

export interface WorkloadAddress {
  readonly name: string;
  readonly node: string;
  readonly pool: string;
  readonly address: string;
}

/** A workload whose pool is settled. */
export type PlacedWorkload = Workload & { readonly pool: string };

export interface PlaceWorkloadsArgs {
  readonly pools: readonly IpPool[];
  readonly nodes: readonly LabelledNode[];
  readonly workloads: readonly Workload[];
  /** A workload without a named pool stays in the pool that it got its address from. */
  readonly previous?: readonly WorkloadAddress[];
}

/** Which pool each workload's address comes from. Problems are at `workloads[i].node` and `workloads[i].pool`. */
export function placeWorkloads({ pools, nodes, workloads, previous }: PlaceWorkloadsArgs): {
  readonly placed: readonly PlacedWorkload[];
  readonly problems: readonly Problem[];
} {
  const nodeByName = new Map(nodes.map((node) => [node.name, node]));
  const before = new Map(previous?.map((workload) => [workload.name, workload]));
  const candidates = pools.map((pool) => ({ pool, selects: nodeMatcher(pool) }));
  const seen = new Set<string>();
  const turns = new Map<string, number>();
  const placed: PlacedWorkload[] = [];
  const problems: Problem[] = [];

  workloads.forEach((workload, index) => {
    const report = (property: string, message: string): void =>
      void problems.push({ path: `workloads[${index}].${property}`, message });
    if (seen.has(workload.name)) return report("name", `two workloads are named ${workload.name}: name each one once`);
    seen.add(workload.name);
    const node = nodeByName.get(workload.node);
    if (node === undefined)
      return report(
        "node",
        `workload ${workload.name} is on node ${workload.node}, which does not exist: name one of ${nodes.map(({ name }) => name).join(", ")}`,
      );

    const old = before.get(workload.name);
    const stays = (pool: IpPool): boolean => old?.node === workload.node && old.pool === pool.name;
    if (workload.pool !== undefined) {
      const named = candidates.find(({ pool }) => pool.name === workload.pool);
      if (named === undefined)
        return report(
          "pool",
          `workload ${workload.name} asks for IP pool ${workload.pool}, which does not exist: name one of ${pools.map(({ name }) => name).join(", ")}`,
        );
      const objection = objectionTo(named.pool, named.selects(node), stays(named.pool));
      if (objection !== undefined)
        return report(
          "pool",
          `workload ${workload.name} cannot get an address from IP pool ${workload.pool}: ${objection}`,
        );
      return void placed.push({ ...workload, pool: workload.pool });
    }
    const usable = candidates.filter(
      ({ pool, selects }) => objectionTo(pool, selects(node), stays(pool)) === undefined,
    );
    const automatic = usable.filter(({ pool }) => pool.assignmentMode === "Automatic" && pool.namespaceSelector === "");
    const turn = turns.get(node.name) ?? 0;
    turns.set(node.name, turn + 1);
    const chosen = usable.find(({ pool }) => stays(pool)) ?? automatic[turn % automatic.length];
    if (chosen === undefined)
      return report(
        "node",
        `no IP pool gives workloads of node ${workload.node} addresses: an enabled pool is needed with allowedUses Workload, assignmentMode Automatic, no namespaceSelector, and a nodeSelector that selects the node`,
      );
    placed.push({ ...workload, pool: chosen.pool.name });
  });
  return { placed, problems };
}

function objectionTo(pool: IpPool, selected: boolean, stays: boolean): string | undefined {
  if (!poolAllows(pool, "Workload")) return `its allowedUses are ${pool.allowedUses.join(", ")}; add Workload`;
  if (!selected) return `its nodeSelector (${pool.nodeSelector}) does not select the workload's node`;
  if (pool.disabled && !stays) return "it is disabled; enable it";
  return undefined;
}

export interface AssignWorkloadsArgs {
  readonly blocks: readonly PoolBlock[];
  readonly tunnels: ReadonlyMap<string, TunnelAddresses>;
  readonly workloads: readonly PlacedWorkload[];
  /** A workload keeps its address while it stays on its node and in its pool. */
  readonly previous?: readonly WorkloadAddress[];
}

/**
 * An address for every workload from its node's blocks of its pool: the lowest free one, as Calico takes them, and
 * never the address of the node's tunnel device. Every address of a block is usable. Problems are at
 * `workloads[i].node`.
 */
export function assignWorkloads({ blocks, tunnels, workloads, previous }: AssignWorkloadsArgs): {
  readonly workloads: readonly WorkloadAddress[];
  readonly problems: readonly Problem[];
} {
  const ranges = rangesByOwner(blocks);
  const taken = new Set([...tunnels.values()].flatMap((addresses) => Object.values(addresses)));

  const before = new Map(previous?.map((workload) => [workload.name, workload]));
  const kept = new Map<string, string>();
  for (const { name, node, pool } of workloads) {
    const old = before.get(name);
    if (old?.node !== node || old.pool !== pool || taken.has(old.address)) continue;
    const address = parseAddress(old.address);
    if (!(ranges.get(ownerKey(pool, node)) ?? []).some((range) => containsAddress(range, address))) continue;
    kept.set(name, old.address);
    taken.add(old.address);
  }

  const free = new Map<string, Generator<string, undefined>>();
  const problems: Problem[] = [];
  const assigned: WorkloadAddress[] = [];
  workloads.forEach(({ name, node, pool }, index) => {
    const key = ownerKey(pool, node);
    const own = ranges.get(key) ?? [];
    let addresses = free.get(key);
    if (addresses === undefined) free.set(key, (addresses = freeAddresses(own, taken)));
    const address = kept.get(name) ?? addresses.next().value;
    if (address !== undefined) assigned.push({ name, node, pool, address });
    else {
      const message = `no address is left for workload ${name} in node ${node}'s ${own.length} blocks of IP pool ${pool}: ask for more blocks, or use a larger blockSize`;
      problems.push({ path: `workloads[${index}].node`, message });
    }
  });
  return { workloads: assigned, problems };
}
