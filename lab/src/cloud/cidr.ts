import { IPv4, IPv4CidrRange } from "ip-num";

/**
 * A network in its one spelling, `10.1.0.0/16`; undefined for anything else (host bits set, IPv6, no prefix length).
 */
export function parseCidr(text: string): IPv4CidrRange | undefined {
  try {
    const range = IPv4CidrRange.fromCidr(text);
    return formatCidr(range) === text ? range : undefined;
  } catch {
    return undefined;
  }
}

export function formatCidr(range: IPv4CidrRange): string {
  return `${range.getFirst().toString()}/${prefixLength(range)}`;
}

export function prefixLength(range: IPv4CidrRange): number {
  return Number(range.getPrefix().getValue());
}

export function isAddress(text: string): boolean {
  return parseCidr(`${text}/32`) !== undefined;
}

export function containsAddress(range: IPv4CidrRange, address: string): boolean {
  const value = IPv4.fromString(address).getValue();
  return range.getFirst().getValue() <= value && value <= range.getLast().getValue();
}

export function containsRange(outer: IPv4CidrRange, inner: IPv4CidrRange): boolean {
  return (
    outer.getFirst().getValue() <= inner.getFirst().getValue() &&
    inner.getLast().getValue() <= outer.getLast().getValue()
  );
}

/** The VPC's resolver: the address of the VPC's block plus two (VPC User Guide, "Amazon DNS server"). */
export function resolverAddress(vpc: IPv4CidrRange): string {
  return IPv4.fromNumber(vpc.getFirst().getValue() + 2n).toString();
}

/** The VPC's router in a subnet: the first address after the network's (VPC User Guide, "Subnet CIDR blocks"). */
export function routerAddress(subnet: IPv4CidrRange): string {
  return subnet.getFirst().nextIPNumber().toString();
}
