import { isIP } from "node:net";
import { collapseIPv6Number, IPv4, IPv6 } from "ip-num";

export type IpVersion = 4 | 6;

/** An address as a number, so that blocks and hosts of both families are counted the same way. */
export interface Address {
  readonly version: IpVersion;
  readonly value: bigint;
}

/** Bits of an address of the family. */
export function addressBits(version: IpVersion): number {
  return version === 4 ? 32 : 128;
}

/**
 * An IPv4 address in four decimal octets or an IPv6 address (RFC 4291 2.2, no zone).
 * Throws a RangeError that names the text when it is neither.
 */
export function parseAddress(text: string): Address {
  switch (isIP(text)) {
    case 4:
      return { version: 4, value: new IPv4(text).getValue() };
    case 6:
      if (!text.includes("%")) return { version: 6, value: new IPv6(withHexTail(text)).getValue() };
  }
  throw new RangeError(`"${text}" is not an IPv4 or IPv6 address`);
}

/** As Go, Linux and RFC 5952 print it: IPv6 in lower case with the first of the longest runs of zeros left out. */
export function formatAddress({ version, value }: Address): string {
  return version === 4 ? new IPv4(value).toString() : collapseIPv6Number(new IPv6(value).toString());
}

/** The one spelling of an address. IPv4 has no other that parses; so plain text compares. */
export function canonicalAddress(text: string): string {
  return text.includes(":") ? formatAddress(parseAddress(text)) : text;
}

/** ip-num takes no dotted tail, as `::ffff:10.0.0.1` has (RFC 4291 2.2.3). */
function withHexTail(text: string): string {
  const tail = text.slice(text.lastIndexOf(":") + 1);
  if (!tail.includes(".")) return text;
  const value = Number(new IPv4(tail).getValue());
  return `${text.slice(0, -tail.length)}${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`;
}
