import { isIPv4 } from "node:net";
import { IPv4, IPv4CidrRange, IPv4Prefix } from "ip-num";

/**
 * A network in its one spelling, `10.1.0.0/16`; undefined for anything else (host bits set, IPv6, no prefix length).
 */
export function parseCidr(text: string): IPv4CidrRange | undefined {
  const range = networkOf(text);
  return range !== undefined && formatCidr(range) === text ? range : undefined;
}

/** The network that a CIDR is in, `10.1.0.0/16` of `10.1.2.3/16`; undefined for what is no IPv4 CIDR. */
export function networkOf(text: string): IPv4CidrRange | undefined {
  const [address = "", length = "", ...rest] = text.split("/");
  if (rest.length > 0 || !isIPv4(address) || !/^(\d|[12]\d|3[0-2])$/.test(length)) return undefined;
  const prefix = new IPv4Prefix(BigInt(length));
  const mask = prefix.toMask().getValue();
  return new IPv4CidrRange(new IPv4(new IPv4(address).getValue() & mask), prefix);
}

/** As {@link networkOf}, of what has been checked. @throws TypeError for what is no IPv4 CIDR */
export function mustNetwork(text: string): IPv4CidrRange {
  const range = networkOf(text);
  if (range === undefined) throw new TypeError(`"${text}" is not an IPv4 CIDR`);
  return range;
}

export function formatCidr(range: IPv4CidrRange): string {
  return `${range.getFirst().toString()}/${prefixLength(range)}`;
}

export function prefixLength(range: IPv4CidrRange): number {
  return Number(range.getPrefix().getValue());
}

export function isAddress(text: string): boolean {
  return isIPv4(text);
}

export function containsAddress(range: IPv4CidrRange, address: string): boolean {
  const value = new IPv4(address).getValue();
  return range.getFirst().getValue() <= value && value <= range.getLast().getValue();
}

export function containsRange(outer: IPv4CidrRange, inner: IPv4CidrRange): boolean {
  return (
    outer.getFirst().getValue() <= inner.getFirst().getValue() &&
    inner.getLast().getValue() <= outer.getLast().getValue()
  );
}

export function overlaps(a: IPv4CidrRange, b: IPv4CidrRange): boolean {
  return a.getFirst().getValue() <= b.getLast().getValue() && b.getFirst().getValue() <= a.getLast().getValue();
}

/** How many addresses a network has, its own and the last one included. */
export function sizeOf(range: IPv4CidrRange): number {
  return 2 ** (32 - prefixLength(range));
}

/** The address so many after the network's own: 1 is the first that a host can have. */
export function addressAt(range: IPv4CidrRange, index: number): string {
  return new IPv4(range.getFirst().getValue() + BigInt(index)).toString();
}

/** The VPC's resolver: the address of the VPC's block plus two (VPC User Guide, "Amazon DNS server"). */
export function resolverAddress(vpc: IPv4CidrRange): string {
  return addressAt(vpc, 2);
}

/** The VPC's router in a subnet: the first address after the network's (VPC User Guide, "Subnet CIDR blocks"). */
export function routerAddress(subnet: IPv4CidrRange): string {
  return addressAt(subnet, 1);
}
