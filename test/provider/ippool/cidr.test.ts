import assert from "node:assert/strict";
import { isIP } from "node:net";
import fc from "fast-check";
import {
  canonicalAddress,
  CidrError,
  compareCidrs,
  containsAddress,
  containsCidr,
  formatAddress,
  formatCidr,
  overlaps,
  parseAddress,
  parseCidr,
  parsePoolCidr,
  subnetAt,
  subnetCount,
} from "../../../provider/src/ippool/cidr";
import { tries } from "../../support/tries";

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

  for (const [text, message] of [
    ["", '"" is not a CIDR'],
    ["10.0.0.0/8/8", '"10.0.0.0/8/8" is not a CIDR'],
    ["x/10.0.0.0/8", '"x/10.0.0.0/8" is not a CIDR'],
    ["10.0.0.0/33", '"10.0.0.0/33" is not a CIDR: a prefix of IPv4 has at most 32 bits'],
    ["::/129", '"::/129" is not a CIDR: a prefix of IPv6 has at most 128 bits'],
  ] as const) {
    it(`refuses ${JSON.stringify(text)}, and says why`, () =>
      assert.throws(() => parseCidr(text), { name: "RangeError", message }));
  }

  it("holds its first and its last address, and itself", () => {
    const cidr = parseCidr("10.1.0.0/16");
    for (const [text, inside] of [
      ["10.1.0.0", true],
      ["10.1.255.255", true],
      ["10.0.255.255", false],
      ["10.2.0.0", false],
    ] as const) {
      assert.equal(containsAddress(cidr, parseAddress(text)), inside, text);
      assert.equal(containsCidr(cidr, parseCidr(text)), inside, text);
    }
    assert.ok(containsCidr(cidr, cidr) && !containsCidr(cidr, parseCidr("10.1.0.0/15")));
    assert.ok(!containsCidr(parseCidr("::/0"), cidr) && !containsCidr(parseCidr("0.0.0.0/0"), parseCidr("::/112")));
  });

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

  it("are sorted by family, first address, and then the widest first", () => {
    const sorted = ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.1.0.0/16", "::/0", "fd00::/8"];
    assert.deepEqual(sorted.toReversed().map(parseCidr).sort(compareCidrs).map(formatCidr), sorted);
  });
});

describe("CIDRs as Go reads them", () => {
  for (const [text, network] of [
    ["10.0.0.0/16", "10.0.0.0/16"],
    ["10.0.0.1/16", "10.0.0.0/16"],
    ["10.0.0.0/016", "10.0.0.0/16"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["255.255.255.255/32", "255.255.255.255/32"],
    ["FD00:0::/112", "fd00::/112"],
    ["2001:0db8::/112", "2001:db8::/112"],
    ["::/0", "::/0"],
    ["::1/128", "::1/128"],
    ["1:0:0:2:0:0:0:3/128", "1:0:0:2::3/128"],
    ["1:0:0:2:0:0:3:4/128", "1::2:0:0:3:4/128"],
    ["1:2:3:4:5:6:0:8/128", "1:2:3:4:5:6:0:8/128"],
    ["1:2:3:4:5:6:7::/128", "1:2:3:4:5:6:7:0/128"],
    ["fd00::10.1.2.0/120", "fd00::a01:200/120"],
    ["::ffff:10.0.0.0/112", "10.0.0.0/16"],
    ["::ffff:0:0/96", "0.0.0.0/0"],
    ["::ffff:0:0/95", "::fffe:0:0/95"],
    ["::fffe:a00:0/112", "::fffe:a00:0/112"],
  ] as const) {
    it(`${text} is ${network}`, () => assert.equal(formatCidr(parsePoolCidr(text)), network));
  }

  for (const [text, message] of [
    ["10.0.0.0", "no '/'"],
    ["/16", 'ParseAddr(""): unable to parse IP'],
    ["10.0.0.0/", 'bad bits after slash: ""'],
    ["10.0.0.0/16/24", 'bad bits after slash: "16/24"'],
    ["10.0.0.0/+16", 'bad bits after slash: "+16"'],
    ["10.0.0.0/1e1", 'bad bits after slash: "1e1"'],
    ["10.0.0.0/33", "prefix length out of range"],
    ["fd00::/129", "prefix length out of range"],
    ["10.00.0.0/16", 'ParseAddr("10.00.0.0"): IPv4 field has octet with leading zero'],
    ["256.0.0.0/16", 'ParseAddr("256.0.0.0"): IPv4 field has value >255'],
    ["10.0.0/16", 'ParseAddr("10.0.0"): IPv4 address too short'],
    ["10.0.0.0.0/16", 'ParseAddr("10.0.0.0.0"): IPv4 address too long'],
    [".../16", 'ParseAddr("..."): IPv4 field must have at least one digit'],
    ["0x0a.0.0.0/16", 'ParseAddr("0x0a.0.0.0"): unexpected character'],
    [" 10.0.0.0/16", 'ParseAddr(" 10.0.0.0"): unexpected character'],
    ["fd00:::/112", 'ParseAddr("fd00:::"): each colon-separated field must have at least one digit'],
    ["fd00::1::/112", 'ParseAddr("fd00::1::"): multiple :: in address'],
    ["fd00:1/112", 'ParseAddr("fd00:1"): address string too short'],
    ["1:2:3:4:5:6:7:8:9/112", 'ParseAddr("1:2:3:4:5:6:7:8:9"): trailing garbage after address'],
    ["1:2:3:4::5:6:7:8/112", 'ParseAddr("1:2:3:4::5:6:7:8"): the :: must expand to at least one field of zeros'],
    ["fd000::/112", 'ParseAddr("fd000::"): each group must have 4 or fewer digits'],
    ["fd0g::/112", 'ParseAddr("fd0g::"): unexpected character'],
    ["fe80::%eth0/64", 'ParseAddr("fe80::%eth0"): IPv6 zones cannot be present in a prefix'],
    ["fd00:1.2.3.4::/112", 'ParseAddr("fd00:1.2.3.4::"): unexpected character'],
    ["fd00::1.2.3.4:5/112", 'ParseAddr("fd00::1.2.3.4:5"): unexpected character'],
  ] as const) {
    it(`refuses ${text}`, () => assert.throws(() => parsePoolCidr(text), { name: "CidrError", message }));
  }

  it("agrees with Node's net.isIP about what an address is", () => {
    const pieces = fc.constantFrom(
      "0",
      "1",
      "00",
      "01",
      "255",
      "256",
      "fd00",
      "::",
      ":",
      ".",
      "1.2.3.4",
      "ffff",
      "g",
      "12345",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join("")),
          fc.ipV4(),
          fc.ipV6(),
        ),
        (address) => {
          let version = 0;
          try {
            const cidr = parsePoolCidr(`${address}/${address.includes(":") ? 128 : 32}`);
            version = cidr.mapped ? 6 : cidr.version;
          } catch (error) {
            assert.ok(error instanceof CidrError);
          }
          assert.equal(version, isIP(address), address);
        },
      ),
      { numRuns: tries(3000) },
    );
  });

  it("prints networks so that they are read back, and are written one way only", () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(fc.ipV4(), fc.nat(32)), fc.tuple(fc.ipV6(), fc.nat(128))), ([address, length]) => {
        const cidr = parsePoolCidr(`${address}/${length}`);
        const text = formatCidr(cidr);
        const again = parsePoolCidr(text);
        assert.deepEqual(
          [again.version, again.first, again.last, again.prefixLength],
          [cidr.version, cidr.first, cidr.last, cidr.prefixLength],
        );
        assert.equal(formatCidr(again), text);
        // WHATWG URLs print IPv6 addresses by RFC 5952 too.
        if (cidr.version === 6) {
          const printed = text.slice(0, text.indexOf("/"));
          assert.equal(new URL(`http://[${printed}]/`).hostname, `[${printed}]`);
        }
      }),
      { numRuns: tries(1000) },
    );
  });

  it("knows overlaps as sets of addresses", () => {
    const small = fc
      .tuple(fc.nat(15), fc.integer({ min: 28, max: 32 }))
      .map(([last, length]) => parsePoolCidr(`10.0.0.${last}/${length}`));
    fc.assert(
      fc.property(small, small, (a, b) => {
        const addresses = Array.from({ length: 16 }, (_, index) => BigInt(0x0a000000 + index));
        const common = addresses.some(
          (address) => a.first <= address && address <= a.last && b.first <= address && address <= b.last,
        );
        assert.equal(overlaps(a, b), common);
      }),
    );
    assert.equal(overlaps(parsePoolCidr("::/0"), parsePoolCidr("10.0.0.0/8")), false);
  });
});
