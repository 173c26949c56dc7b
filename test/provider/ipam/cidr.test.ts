import assert from "node:assert/strict";
import fc from "fast-check";
import {
  containsAddress,
  containsCidr,
  formatCidr,
  overlaps,
  parseCidr,
  subnetAt,
  subnetCount,
} from "../../../provider/src/ipam/cidr";

describe("CIDRs", () => {
  it("masks host bits away", () => assert.equal(formatCidr(parseCidr("10.1.2.3/16")), "10.1.0.0/16"));
  it("takes an address for a CIDR of one", () => {
    assert.equal(formatCidr(parseCidr("10.1.2.3")), "10.1.2.3/32");
    assert.equal(formatCidr(parseCidr("fd00::1")), "fd00::1/128");
  });
  it("knows first and last", () => {
    assert.deepEqual(parseCidr("10.0.0.64/26"), {
      version: 4,
      first: 0x0a000040n,
      last: 0x0a00007fn,
      prefixLength: 26,
    });
    assert.deepEqual(parseCidr("0.0.0.0/0"), { version: 4, first: 0n, last: 0xffffffffn, prefixLength: 0 });
  });

  for (const text of ["", "/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "fd00::/129", "10.0.0.0/-1", "x/8"]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseCidr(text), RangeError));
  }

  it("holds and meets what lies in it, of its own family", () => {
    const outer = parseCidr("10.0.0.0/8");
    assert.ok(containsCidr(outer, parseCidr("10.255.0.0/16")) && !containsCidr(parseCidr("10.255.0.0/16"), outer));
    assert.ok(
      overlaps(outer, parseCidr("0.0.0.0/0")) &&
        !overlaps(outer, parseCidr("11.0.0.0/8")) &&
        !overlaps(outer, parseCidr("::/0")),
    );
    assert.ok(
      containsAddress(outer, { version: 4, value: 0x0affffffn }) &&
        !containsAddress(outer, { version: 4, value: 0x0b000000n }),
    );
    assert.ok(!containsAddress(parseCidr("::/0"), { version: 4, value: 1n }));
  });

  it("is cut into prefixes that fill it without meeting", () => {
    const cut = fc.tuple(fc.integer({ min: 8, max: 28 }), fc.integer({ min: 0, max: 4 }));
    fc.assert(
      fc.property(cut, ([prefixLength, more]) => {
        const cidr = parseCidr(`10.0.0.0/${prefixLength}`);
        const count = subnetCount(cidr, prefixLength + more);
        const parts = Array.from({ length: Number(count) }, (_, index) =>
          subnetAt(cidr, prefixLength + more, BigInt(index)),
        );
        assert.equal(parts[0]?.first, cidr.first);
        assert.equal(parts.at(-1)?.last, cidr.last);
        for (const [index, part] of parts.slice(1).entries()) assert.equal(part.first, (parts[index]?.last ?? 0n) + 1n);
      }),
    );
    assert.equal(subnetCount(parseCidr("10.0.0.0/24"), 20), 0n);
  });
});
