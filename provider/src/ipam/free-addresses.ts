import { type Cidr, formatAddress } from "../ippool/cidr";

/** The addresses of the ranges that are not taken, lowest first; `taken` is read as the addresses are asked for. */
export function* freeAddresses(ranges: readonly Cidr[], taken: ReadonlySet<string>): Generator<string, undefined> {
  for (const { version, first, last } of ranges) {
    for (let value = first; value <= last; value++) {
      const address = formatAddress({ version, value });
      if (!taken.has(address)) yield address;
    }
  }
}
