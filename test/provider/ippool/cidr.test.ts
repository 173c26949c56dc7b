import assert from "node:assert/strict";
import { isIP } from "node:net";
import fc from "fast-check";
import { CidrError, formatNetwork, networksOverlap, parsePoolCidr } from "../../../provider/src/ippool/cidr";

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
  ] as const) {
    it(`${text} is ${network}`, () => assert.equal(formatNetwork(parsePoolCidr(text)), network));
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
      { numRuns: 3000 },
    );
  });

  it("prints networks so that they are read back, and are written one way only", () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(fc.ipV4(), fc.nat(32)), fc.tuple(fc.ipV6(), fc.nat(128))), ([address, length]) => {
        const cidr = parsePoolCidr(`${address}/${length}`);
        const text = formatNetwork(cidr);
        const again = parsePoolCidr(text);
        assert.deepEqual(
          [again.version, again.first, again.last, again.prefixLength],
          [cidr.version, cidr.first, cidr.last, cidr.prefixLength],
        );
        assert.equal(formatNetwork(again), text);
        // WHATWG URLs print IPv6 addresses by RFC 5952 too.
        if (cidr.version === 6) {
          const printed = text.slice(0, text.indexOf("/"));
          assert.equal(new URL(`http://[${printed}]/`).hostname, `[${printed}]`);
        }
      }),
      { numRuns: 1000 },
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
        assert.equal(networksOverlap(a, b), common);
      }),
    );
    assert.equal(networksOverlap(parsePoolCidr("::/0"), parsePoolCidr("10.0.0.0/8")), false);
  });
});
