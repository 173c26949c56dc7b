import type { Problem } from "../ippool/problem";
import { formatAddress, formatCidr, parseCidr, subnetAt, subnetCount } from "../ippool/cidr";

/** AWS keeps a subnet's first four addresses and its last (VPC User Guide, "Subnet CIDR blocks"). */
const RESERVED_FIRST = 4n;
const RESERVED_LAST = 1n;

/** AWS takes nothing smaller. */
const SMALLEST_SUBNET = 28;

/**
 * The CIDR of a subnet for which none was chosen. Each letter of a zone has its place in the VPC, so the CIDR depends on
 * the subnet alone: it stays when other subnets come, go or change places in the list. A /24 reads best, as the third
 * octet counts subnets; VPCs smaller than a /20 are cut into sixteen.
 * @param zoneLetter the last letter of the availability zone
 * @returns undefined where the VPC ends before the letter's place
 */
export function defaultSubnetCidr(vpcCidr: string, zoneLetter: string): string | undefined {
  const vpc = parseCidr(vpcCidr);
  const prefixLength = Math.min(SMALLEST_SUBNET, Math.max(24, vpc.prefixLength + 4));
  const place = BigInt(zoneLetter.charCodeAt(0) - "a".charCodeAt(0));
  return place < subnetCount(vpc, prefixLength) ? formatCidr(subnetAt(vpc, prefixLength, place)) : undefined;
}

/** The subnet's last address that AWS does not keep: the farthest from those that nodes get. */
export function lastUsableAddress(subnetCidr: string): string {
  const { version, last } = parseCidr(subnetCidr);
  return formatAddress({ version, value: last - RESERVED_LAST });
}

/**
 * An address of the subnet for each name, from the first usable one on. It follows from the name's place alone, so nodes
 * that are added or removed at the end move no other. Problem at `nodes` when the subnet has too few.
 * @param lastTaken the last usable address is a NAT gateway's
 */
export function assignNodeAddresses(
  subnetCidr: string,
  names: readonly string[],
  lastTaken = false,
): { readonly addresses: Readonly<Record<string, string>>; readonly problems: readonly Problem[] } {
  const { version, first, last } = parseCidr(subnetCidr);
  const begin = first + RESERVED_FIRST;
  const size = last - RESERVED_LAST - (lastTaken ? 1n : 0n) - begin + 1n;
  const fitting = names.slice(0, Number(size));
  const addresses = Object.fromEntries(
    fitting.map((name, i) => [name, formatAddress({ version, value: begin + BigInt(i) })]),
  );
  if (fitting.length === names.length) return { addresses, problems: [] };
  const kept = lastTaken
    ? "the first four and the last, and the one before is the NAT gateway's"
    : "the first four and the last";
  const message = `subnet ${subnetCidr} has ${size} addresses for nodes (AWS keeps ${kept}), and ${names.length} nodes are to be in it: use a larger CIDR, or more subnets`;
  return { addresses, problems: [{ path: "nodes", message }] };
}
