import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalAddress, formatAddress, parseAddress } from "../../../provider/src/ipam/address";

describe("addresses", () => {
  for (const [text, version, value] of [
    ["0.0.0.0", 4, 0n],
    ["10.1.0.255", 4, 0x0a0100ffn],
    ["255.255.255.255", 4, 0xffffffffn],
    ["::", 6, 0n],
    ["fd00:5::1", 6, (0xfd000005n << 96n) + 1n],
    ["2001:DB8::1", 6, (0x20010db8n << 96n) + 1n],
    ["::ffff:10.0.0.1", 6, 0xffff0a000001n],
  ] as const) {
    it(`reads ${text}`, () => assert.deepEqual(parseAddress(text), { version, value }));
  }

  for (const text of [
    "",
    "10.0.0",
    "10.0.0.256",
    "010.0.0.1",
    "10.0.0.1/32",
    "fe80::1%eth0",
    "1:2:3",
    "::1::",
    "host",
  ]) {
    it(`refuses ${JSON.stringify(text)}, naming it`, () => {
      assert.throws(() => parseAddress(text), {
        name: "RangeError",
        message: `"${text}" is not an IPv4 or IPv6 address`,
      });
    });
  }

  // RFC 5952 4.2: the longest run of zeros is left out, the first of equals, never a single one.
  for (const [text, canonical] of [
    ["2001:0DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
    ["1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    ["fd00:0000::0010", "fd00::10"],
    ["10.0.0.1", "10.0.0.1"],
  ] as const) {
    it(`prints ${text} as ${canonical}`, () => assert.equal(canonicalAddress(text), canonical));
  }

  it("prints what reads as the same address", () => {
    const address = fc.oneof(
      fc.bigInt(0n, (1n << 32n) - 1n).map((value) => ({ version: 4 as const, value })),
      fc.bigInt(0n, (1n << 128n) - 1n).map((value) => ({ version: 6 as const, value })),
    );
    fc.assert(fc.property(address, (one) => assert.deepEqual(parseAddress(formatAddress(one)), one)));
  });
});
