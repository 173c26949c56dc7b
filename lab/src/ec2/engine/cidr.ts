import { isIPv4 } from "node:net";
import { IPv4, IPv4CidrRange, IPv4Prefix } from "ip-num";

/** An IPv4 CIDR in numbers. */
export interface Cidr {
  /** First address. */
  readonly first: number;
  /** Last address. */
  readonly last: number;
  readonly prefixLength: number;
}

/** @returns undefined when the text is no IPv4 CIDR; host bits are masked away */
export function parseCidr(text: string): Cidr | undefined {
  const [address = "", length = "", ...rest] = text.split("/");
  if (rest.length > 0 || !isIPv4(address) || !/^(\d|[12]\d|3[0-2])$/.test(length)) return undefined;
  const range = new IPv4CidrRange(new IPv4(address), new IPv4Prefix(BigInt(length)));
  return {
    first: Number(range.getFirst().getValue()),
    last: Number(range.getLast().getValue()),
    prefixLength: Number(length),
  };
}

/** As {@link parseCidr}, for what has been checked. */
export function mustCidr(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new TypeError(`"${text}" is not an IPv4 CIDR`);
  return cidr;
}

export function formatCidr({ first, prefixLength }: Cidr): string {
  return `${formatAddress(first)}/${prefixLength}`;
}

export function parseAddress(text: string): number {
  return Number(new IPv4(text).getValue());
}

export function formatAddress(address: number): string {
  return new IPv4(BigInt(address)).toString();
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.first <= b.last && b.first <= a.last;
}

export function contains(outer: Cidr, inner: Cidr): boolean {
  return outer.first <= inner.first && inner.last <= outer.last;
}

/** A check's verdict on a CIDR that has to be a network, as the provider words it for subnets and routes. */
export function networkProblem(text: string): string | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined) return `"${text}" is not a valid IPv4 CIDR block: invalid CIDR address: ${text}`;
  const network = formatCidr(cidr);
  return network === text ? undefined : `"${text}" is not a valid IPv4 CIDR block; did you mean "${network}"?`;
}
