import { type Address, addressBits, formatAddress, type IpVersion, parseAddress } from "./address";

/** A prefix and the range of addresses that it stands for, both ends included. */
export interface Cidr {
  readonly version: IpVersion;
  readonly first: bigint;
  readonly last: bigint;
  readonly prefixLength: number;
}

/** The prefix of `prefixLength` bits that `address` lies in. */
export function cidrOf(address: Address, prefixLength: number): Cidr {
  const hostBits = BigInt(addressBits(address.version) - prefixLength);
  const first = (address.value >> hostBits) << hostBits;
  return { version: address.version, first, last: first + (1n << hostBits) - 1n, prefixLength };
}

/**
 * `ADDRESS/LENGTH`, or a bare address as a prefix of one address. Host bits are masked away, as Go's net.ParseCIDR does
 * for its network. Throws a RangeError that names the text.
 */
export function parseCidr(text: string): Cidr {
  const [, host, length] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  if (host === undefined) throw new RangeError(`"${text}" is not a CIDR`);
  const address = parseAddress(host);
  const bits = addressBits(address.version);
  const prefixLength = length === undefined ? bits : Number(length);
  if (prefixLength > bits)
    throw new RangeError(`"${text}" is not a CIDR: a prefix of IPv${address.version} has at most ${bits} bits`);
  return cidrOf(address, prefixLength);
}

export function formatCidr(cidr: Cidr): string {
  return `${formatAddress({ version: cidr.version, value: cidr.first })}/${cidr.prefixLength}`;
}

export function containsAddress(cidr: Cidr, address: Address): boolean {
  return cidr.version === address.version && cidr.first <= address.value && address.value <= cidr.last;
}

export function containsCidr(outer: Cidr, inner: Cidr): boolean {
  return outer.version === inner.version && outer.first <= inner.first && inner.last <= outer.last;
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.version === b.version && a.first <= b.last && b.first <= a.last;
}

/** How many prefixes of `prefixLength` bits lie in the CIDR. */
export function subnetCount(cidr: Cidr, prefixLength: number): bigint {
  return prefixLength < cidr.prefixLength ? 0n : 1n << BigInt(prefixLength - cidr.prefixLength);
}

/** The `index`th prefix of `prefixLength` bits in the CIDR, from 0. */
export function subnetAt(cidr: Cidr, prefixLength: number, index: bigint): Cidr {
  const value = cidr.first + (index << BigInt(addressBits(cidr.version) - prefixLength));
  return cidrOf({ version: cidr.version, value }, prefixLength);
}
