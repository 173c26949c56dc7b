import { collapseIPv6Number, IPv4, IPv6 } from "ip-num";

/**
 * IP addresses and CIDRs of both families, for everything on this side. ip-num converts and prints them. Parsing is
 * Go's, because Calico's is: its rules differ from ip-num's, and Calico's messages quote its reasons.
 */
export type IpVersion = 4 | 6;

/** An address as a number, so that blocks and hosts of both families are counted the same way. */
export interface Address {
  readonly version: IpVersion;
  readonly value: bigint;
}

/** A prefix and the range of addresses that it stands for, both ends included. */
export interface Cidr {
  readonly version: IpVersion;
  readonly first: bigint;
  readonly last: bigint;
  readonly prefixLength: number;
}

/** A CIDR as Go's net.ParseCIDR reads it. */
export interface PoolCidr extends Cidr {
  /** The address as written, host bits included. */
  readonly address: bigint;
  /** An IPv4 network written as an IPv6 one, `::ffff:10.0.0.0/112`. */
  readonly mapped: boolean;
}

/** A string is no CIDR; the message is Go's. */
export class CidrError extends Error {
  override readonly name = "CidrError";
}

/** Bits of an address of the family. */
export function addressBits(version: IpVersion): number {
  return version === 4 ? 32 : 128;
}

/**
 * An IPv4 address in four decimal octets or an IPv6 address (RFC 4291 2.2, no zone).
 * @throws RangeError that names the string when it is neither
 */
export function parseAddress(text: string): Address {
  try {
    return parseGoAddress(text);
  } catch (error) {
    if (!(error instanceof CidrError)) throw error;
    throw new RangeError(`"${text}" is not an IPv4 or IPv6 address`, { cause: error });
  }
}

/** As Go, Linux and RFC 5952 print it: IPv6 in lower case with the first of the longest runs of zeros left out. */
export function formatAddress({ version, value }: Address): string {
  return version === 4 ? new IPv4(value).toString() : collapseIPv6Number(new IPv6(value).toString());
}

/** The one spelling of an address. IPv4 has no other that parses; so plain text compares. */
export function canonicalAddress(text: string): string {
  return text.includes(":") ? formatAddress(parseAddress(text)) : text;
}

/** The prefix of `prefixLength` bits that `address` lies in. */
export function cidrOf(address: Address, prefixLength: number): Cidr {
  const hostBits = BigInt(addressBits(address.version) - prefixLength);
  const first = (address.value >> hostBits) << hostBits;
  return { version: address.version, first, last: first + (1n << hostBits) - 1n, prefixLength };
}

/**
 * `ADDRESS/LENGTH`, or a bare address as a prefix of one address. Host bits are masked away, as Go's net.ParseCIDR does
 * for its network.
 * @throws RangeError that names the string
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

/**
 * `ADDRESS/LENGTH` as Go's net.ParseCIDR takes it: no leading zeros in IPv4 octets, none but decimal digits in the
 * length, IPv4-mapped networks are IPv4 networks.
 * @throws CidrError with Go's reason
 */
export function parsePoolCidr(text: string): PoolCidr {
  const slash = text.indexOf("/");
  if (slash < 0) throw new CidrError("no '/'");
  const address = parseGoAddress(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (!/^\d+$/.test(length)) throw new CidrError(`bad bits after slash: ${JSON.stringify(length)}`);
  const prefixLength = Number(length);
  if (prefixLength > addressBits(address.version)) throw new CidrError("prefix length out of range");
  if (address.version === 6 && prefixLength >= 96 && address.value >> 32n === MAPPED) {
    const value = address.value & 0xffffffffn;
    return { ...cidrOf({ version: 4, value }, prefixLength - 96), address: value, mapped: true };
  }
  return { ...cidrOf(address, prefixLength), address: address.value, mapped: false };
}

/** The network, in the spelling in which Calico stores it (RFC 5952). */
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

/** Order for `sort`: IPv4 first, by first address, and of those with the same one the widest first. */
export function compareCidrs(a: Cidr, b: Cidr): number {
  if (a.version !== b.version) return a.version - b.version;
  if (a.first !== b.first) return a.first < b.first ? -1 : 1;
  return a.prefixLength - b.prefixLength;
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

/** ::ffff:0:0/96, RFC 4291 2.5.5.2. */
const MAPPED = 0xffffn;

/** Go's netip.ParseAddr without zones, which no CIDR may have, and with its words. */
function parseGoAddress(text: string): Address {
  const fail = (reason: string): never => {
    throw new CidrError(`ParseAddr(${JSON.stringify(text)}): ${reason}`);
  };
  const separator = /[.:%]/.exec(text)?.[0];
  if (separator === ".") return { version: 4, value: parseIpv4(text, fail) };
  if (separator === ":") return { version: 6, value: parseIpv6(text, fail) };
  return fail("unable to parse IP");
}

function parseIpv4(text: string, fail: (reason: string) => never): bigint {
  const fields = text.split(".");
  for (const field of fields) {
    if (field === "") fail("IPv4 field must have at least one digit");
    if (!/^\d+$/.test(field)) fail("unexpected character");
    if (field.length > 1 && field.startsWith("0")) fail("IPv4 field has octet with leading zero");
    if (Number(field) > 255) fail("IPv4 field has value >255");
  }
  if (fields.length < 4) fail("IPv4 address too short");
  if (fields.length > 4) fail("IPv4 address too long");
  return new IPv4(text).getValue();
}

function parseIpv6(text: string, fail: (reason: string) => never): bigint {
  if (text.includes("%")) fail("IPv6 zones cannot be present in a prefix");
  const halves = text.split("::");
  if (halves.length > 2) fail("multiple :: in address");
  const [head = [], tail = []] = halves.map((half, index) => groupsOf(half, index === halves.length - 1, fail));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 && missing > 0) fail("address string too short");
  if (missing < 0) fail("trailing garbage after address");
  if (halves.length === 2 && missing === 0) fail("the :: must expand to at least one field of zeros");
  return [...head, ...Array<bigint>(missing).fill(0n), ...tail].reduce((value, group) => (value << 16n) | group, 0n);
}

/** The 16-bit groups of one side of `::`; the last side may end in an IPv4 address, worth two. */
function groupsOf(half: string, last: boolean, fail: (reason: string) => never): bigint[] {
  if (half === "") return [];
  const fields = half.split(":");
  return fields.flatMap((field, index) => {
    if (last && index === fields.length - 1 && field.includes(".")) {
      const ipv4 = parseIpv4(field, fail);
      return [ipv4 >> 16n, ipv4 & 0xffffn];
    }
    if (field === "") fail("each colon-separated field must have at least one digit");
    if (!/^[0-9A-Fa-f]+$/.test(field)) fail("unexpected character");
    if (field.length > 4) fail("each group must have 4 or fewer digits");
    return [BigInt(`0x${field}`)];
  });
}
