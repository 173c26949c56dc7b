import type { Problem } from "../ippool/problem";
import {
  type Cidr,
  containsAddress,
  containsCidr,
  formatAddress,
  formatCidr,
  overlaps,
  parseAddress,
  parseCidr,
  subnetAt,
  subnetCount,
} from "../ippool/cidr";

/** AWS keeps a subnet's first four addresses and its last (VPC User Guide, "Subnet CIDR blocks"). */
const RESERVED_FIRST = 4n;
const RESERVED_LAST = 1n;

/** AWS takes nothing smaller. */
const SMALLEST_SUBNET = 28;

/**
 * An address of the subnet for each name: the previous one where there is one, else the lowest free one, in the order
 * of the names. Problem at `nodes` when the subnet has too few.
 */
export function assignNodeAddresses(
  subnetCidr: string,
  names: readonly string[],
  previous: Readonly<Record<string, string>> = {},
): { readonly addresses: Readonly<Record<string, string>>; readonly problems: readonly Problem[] } {
  const subnet = parseCidr(subnetCidr);
  const usable: Cidr = { ...subnet, first: subnet.first + RESERVED_FIRST, last: subnet.last - RESERVED_LAST };
  const kept = new Map<string, string>();
  const taken = new Set<string>();
  for (const name of names) {
    const before = previous[name];
    if (before === undefined || taken.has(before) || !containsAddress(usable, parseAddress(before))) continue;
    kept.set(name, before);
    taken.add(before);
  }

  const addresses: Record<string, string> = {};
  let next = usable.first;
  for (const name of names) {
    let address = kept.get(name);
    while (address === undefined && next <= usable.last) {
      const candidate = formatAddress({ version: subnet.version, value: next++ });
      if (!taken.has(candidate)) address = candidate;
    }
    if (address === undefined) {
      const size = usable.last < usable.first ? 0n : usable.last - usable.first + 1n;
      const message = `subnet ${subnetCidr} has ${size} addresses for nodes (AWS keeps the first four and the last), and ${names.length} nodes are to be in it: use a larger CIDR, or more subnets`;
      return { addresses, problems: [{ path: "nodes", message }] };
    }
    addresses[name] = address;
  }
  return { addresses, problems: [] };
}

export interface AssignSubnetsOptions {
  /** By position; a CIDR stays where it still lies in the VPC and meets no other. */
  readonly previous?: readonly (string | undefined)[];
  /** By position: CIDRs that the user chose. */
  readonly fixed?: readonly (string | undefined)[];
  /** Default 24, or longer when `count` of those do not fit into the VPC. */
  readonly prefixLength?: number;
}

/**
 * `count` subnet CIDRs of a VPC's, which meet neither each other nor the fixed ones: the lowest free ones.
 * Problem at `subnets` when the VPC has no room.
 */
export function assignSubnets(
  vpcCidr: string,
  count: number,
  options: AssignSubnetsOptions = {},
): { readonly cidrBlocks: readonly string[]; readonly problems: readonly Problem[] } {
  const vpc = parseCidr(vpcCidr);
  const chosen: (Cidr | undefined)[] = Array.from({ length: count }, (_, index) => {
    const fixed = options.fixed?.[index];
    return fixed === undefined ? undefined : parseCidr(fixed);
  });
  const meetsChosen = (cidr: Cidr): boolean => chosen.some((other) => other !== undefined && overlaps(other, cidr));
  for (let index = 0; index < count; index++) {
    const before = options.previous?.[index];
    if (chosen[index] !== undefined || before === undefined) continue;
    const cidr = parseCidr(before);
    if (containsCidr(vpc, cidr) && !meetsChosen(cidr)) chosen[index] = cidr;
  }

  const prefixLength = options.prefixLength ?? defaultPrefixLength(vpc, count);
  let next = 0n;
  for (let index = 0; index < count; index++) {
    while (chosen[index] === undefined && next < subnetCount(vpc, prefixLength)) {
      const candidate = subnetAt(vpc, prefixLength, next++);
      if (!meetsChosen(candidate)) chosen[index] = candidate;
    }
  }
  const cidrBlocks = chosen.filter((cidr) => cidr !== undefined).map(formatCidr);
  if (cidrBlocks.length === count) return { cidrBlocks, problems: [] };
  const message = `VPC ${vpcCidr} has no room for ${count} subnets of /${prefixLength}: use a larger cidrBlock, fewer subnets, or give the subnets smaller CIDRs`;
  return { cidrBlocks, problems: [{ path: "subnets", message }] };
}

/** /24 reads best (the third octet counts subnets); smaller VPCs are cut into as many equal parts as are needed. */
function defaultPrefixLength(vpc: Cidr, count: number): number {
  const needed = vpc.prefixLength + Math.ceil(Math.log2(Math.max(1, count)));
  return Math.min(SMALLEST_SUBNET, Math.max(24, needed));
}
