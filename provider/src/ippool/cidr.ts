import { collapseIPv6Number, IPv4, IPv6 } from "ip-num";

/** A CIDR as Go's net.ParseCIDR reads it. */
export interface PoolCidr {
  readonly version: 4 | 6;
  /** The address as written, host bits included. */
  readonly address: bigint;
  readonly prefixLength: number;
  /** First and last address of the network. */
  readonly first: bigint;
  readonly last: bigint;
  /** An IPv4 network written as an IPv6 one, `::ffff:10.0.0.0/112`. */
  readonly mapped: boolean;
}

/** A text is no CIDR; the message is Go's. */
export class CidrError extends Error {
  override readonly name = "CidrError";
}

/**
 * `ADDRESS/LENGTH` as Go's net.ParseCIDR takes it: no leading zeros in IPv4 octets, none but decimal digits in the
 * length, IPv4-mapped networks are IPv4 networks. Throws a CidrError with Go's reason.
 */
export function parsePoolCidr(text: string): PoolCidr {
  const slash = text.indexOf("/");
  if (slash < 0) throw new CidrError("no '/'");
  const address = parseAddress(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (!/^\d+$/.test(length)) throw new CidrError(`bad bits after slash: ${JSON.stringify(length)}`);
  const prefixLength = Number(length);
  if (prefixLength > bitsOf(address.version)) throw new CidrError("prefix length out of range");
  if (address.version === 6 && prefixLength >= 96 && address.value >> 32n === MAPPED) {
    return { ...network(4, address.value & 0xffffffffn, prefixLength - 96), mapped: true };
  }
  return { ...network(address.version, address.value, prefixLength), mapped: false };
}

/** The network, in the spelling in which Calico stores it (RFC 5952). */
export function formatNetwork(cidr: PoolCidr): string {
  const address =
    cidr.version === 4 ? new IPv4(cidr.first).toString() : collapseIPv6Number(new IPv6(cidr.first).toString());
  return `${address}/${cidr.prefixLength}`;
}

export function networksOverlap(a: PoolCidr, b: PoolCidr): boolean {
  return a.version === b.version && a.first <= b.last && b.first <= a.last;
}

/** ::ffff:0:0/96, RFC 4291 2.5.5.2. */
const MAPPED = 0xffffn;

function bitsOf(version: 4 | 6): number {
  return version === 4 ? 32 : 128;
}

function network(version: 4 | 6, address: bigint, prefixLength: number): Omit<PoolCidr, "mapped"> {
  const hostBits = BigInt(bitsOf(version) - prefixLength);
  const first = (address >> hostBits) << hostBits;
  return { version, address, prefixLength, first, last: first + (1n << hostBits) - 1n };
}

/** Go's netip.ParseAddr without zones, which no CIDR may have, and with its words. */
function parseAddress(text: string): { readonly version: 4 | 6; readonly value: bigint } {
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
