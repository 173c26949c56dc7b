import { containsAddress, parseAddress, parseCidr } from "../ippool/cidr";
import type { NodePlan } from "../plan/node-plan";
import { newPart } from "./digest";
import type { Part } from "./part";
import { address, mtu, name, stateFile } from "./statement";

/** `workload-` and the name is the name of a part. */
export const LONGEST_WORKLOAD_NAME = 31;

export interface WorkloadPartArgs {
  readonly name: string;
  readonly pool: string;
  readonly address: string;
  /** Of its interface, bytes. */
  readonly mtu: number;
  /** Where known: the address is then held against the node's blocks. */
  readonly plan?: NodePlan;
}

/**
 * A test workload: a network namespace `wl-<name>` with one interface.
 * @throws RangeError for a value that is none of its kind, or an address outside the node's blocks
 */
export function renderWorkload(args: WorkloadPartArgs): Part {
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(args.name) || args.name.length > LONGEST_WORKLOAD_NAME) {
    throw new RangeError(
      `"${args.name}" is not the name of a workload: up to ${LONGEST_WORKLOAD_NAME} of a-z, 0-9 and "-"`,
    );
  }
  const own = parseAddress(args.address);
  if (
    args.plan !== undefined &&
    !args.plan.workloadBlocks.some((block) => containsAddress(parseCidr(block.cidr), own))
  ) {
    throw new RangeError(
      `address ${args.address} of workload ${args.name} is in no block of node ${args.plan.node} that workloads get addresses from`,
    );
  }
  return newPart(workloadPartName(args.name), [
    stateFile([["workload", args.name, address(args.address), mtu(args.mtu), name(args.pool, "an IP pool")]]),
  ]);
}

/** The name of the part that `renderWorkload` makes. */
export function workloadPartName(name: string): string {
  return `workload-${name}`;
}

/** The network namespace of a workload on its node. */
export function workloadNamespace(name: string): string {
  return `wl-${name}`;
}
