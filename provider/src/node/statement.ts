import { addressBits, formatAddress, formatCidr, parseAddress, parseCidr } from "../ippool/cidr";
import type { PartFile } from "./part";

/**
 * A line of a part's file `state`: a keyword and fields, separated by one blank. Every field comes from one of the
 * functions below, so that nothing else than an address, a number, a name gets into a line that ends in an `ip`,
 * `bridge` or `nft` command on the node, where overlaynet.awk checks it again.
 */
export type Statement = readonly string[];

/** The one file of statements of a part. */
export function stateFile(statements: readonly Statement[]): PartFile {
  return { name: "state", content: statements.map((fields) => `${fields.join(" ")}\n`).join("") };
}

/** An address as Linux prints it. @throws RangeError */
export function address(text: string): string {
  return formatAddress(parseAddress(text));
}

/**
 * A prefix as Linux prints it: one address carries no length. @throws RangeError also where bits of the host are set
 */
export function prefix(text: string): string {
  const cidr = parseCidr(text);
  const masked = formatCidr(cidr);
  const single = cidr.prefixLength === addressBits(cidr.version);
  if (formatAddress({ version: cidr.version, value: cidr.first }) !== address(text.replace(/\/.*/, "")))
    throw new RangeError(`"${text}" has bits of the host set; the prefix is ${masked}`);
  return single ? masked.slice(0, masked.indexOf("/")) : masked;
}

/** @throws RangeError */
export function mac(text: string): string {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new RangeError(`"${text}" is not a MAC address`);
  return text.toLowerCase();
}

/** The name of a network interface, of at most 15 bytes (linux/if.h, IFNAMSIZ). @throws RangeError */
export function device(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/.test(text))
    throw new RangeError(`"${text}" is not the name of a network interface`);
  return text;
}

/** A whole number. @throws RangeError naming `what` it is */
export function number(value: number, what: string, least: number, most: number): string {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new RangeError(`${what} ${value} is not ${least} to ${most}`);
  return String(value);
}

/** Bytes. IPv4's least MTU is 68 (RFC 791). */
export function mtu(value: number): string {
  return number(value, "MTU", 68, 65535);
}

/** A Kubernetes resource name, as pools have. @throws RangeError */
export function name(text: string, what: string): string {
  if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(text))
    throw new RangeError(`"${text}" is not the name of ${what}: lower case letters, digits, "-" and "."`);
  return text;
}

/** Letters and digits, at most 64, such as a digest. @throws RangeError naming `what` it is */
export function word(text: string, what: string): string {
  if (!/^[A-Za-z0-9]{1,64}$/.test(text))
    throw new RangeError(`${what} ${JSON.stringify(text)} must be 1 to 64 letters and digits`);
  return text;
}
