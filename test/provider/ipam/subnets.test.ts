import assert from "node:assert/strict";
import fc from "fast-check";
import { containsCidr, overlaps, parseCidr } from "../../../provider/src/ippool/cidr";
import { assignNodeAddresses, defaultSubnetCidr, lastUsableAddress } from "../../../provider/src/ipam/subnets";

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `n${index}`);

describe("addresses of nodes", () => {
  it("leave out the first four and the last, which AWS keeps", () => {
    assert.deepEqual(assignNodeAddresses("10.1.0.0/24", ["a", "b"]), {
      addresses: { a: "10.1.0.4", b: "10.1.0.5" },
      problems: [],
    });
    const all = assignNodeAddresses("10.1.0.0/28", names(11));
    assert.deepEqual(all.problems, []);
    assert.equal(all.addresses["n10"], "10.1.0.14");
  });

  it("leave out a NAT gateway's, the last that is left", () => {
    assert.equal(lastUsableAddress("10.1.0.0/28"), "10.1.0.14");
    assert.equal(lastUsableAddress("10.1.0.0/23"), "10.1.1.254");
    const all = assignNodeAddresses("10.1.0.0/28", names(10), true);
    assert.deepEqual(all.problems, []);
    assert.equal(all.addresses["n9"], "10.1.0.13");
    assert.deepEqual(assignNodeAddresses("10.1.0.0/28", names(11), true).problems, [
      {
        path: "nodes",
        message:
          "subnet 10.1.0.0/28 has 10 addresses for nodes (AWS keeps the first four and the last, and the one before is the NAT gateway's), and 11 nodes are to be in it: use a larger CIDR, or more subnets",
      },
    ]);
  });

  it("run out with the sizes in words", () => {
    assert.deepEqual(assignNodeAddresses("10.1.0.0/28", names(12)).problems, [
      {
        path: "nodes",
        message:
          "subnet 10.1.0.0/28 has 11 addresses for nodes (AWS keeps the first four and the last), and 12 nodes are to be in it: use a larger CIDR, or more subnets",
      },
    ]);
  });

  it("stay when nodes are added or removed at the end", () => {
    fc.assert(
      fc.property(fc.nat(11), fc.nat(11), fc.boolean(), (one, other, lastTaken) => {
        const [few, many] = [Math.min(one, other), Math.max(one, other)].map(
          (count) => assignNodeAddresses("10.1.0.0/28", names(count), lastTaken).addresses,
        );
        for (const [name, address] of Object.entries(few ?? {})) assert.equal(many?.[name], address);
        assert.equal(new Set(Object.values(many ?? {})).size, Object.keys(many ?? {}).length);
      }),
    );
  });
});

describe("the default CIDR of a subnet", () => {
  it("is a /24 by the letter of the zone", () => {
    assert.equal(defaultSubnetCidr("10.1.0.0/16", "a"), "10.1.0.0/24");
    assert.equal(defaultSubnetCidr("10.1.0.0/16", "c"), "10.1.2.0/24");
    assert.equal(defaultSubnetCidr("10.1.0.0/16", "z"), "10.1.25.0/24");
    assert.equal(defaultSubnetCidr("10.1.16.0/20", "b"), "10.1.17.0/24");
  });

  it("is a sixteenth of a smaller VPC, and no smaller than AWS has them", () => {
    assert.equal(defaultSubnetCidr("10.1.0.0/21", "b"), "10.1.0.128/25");
    assert.equal(defaultSubnetCidr("10.1.0.0/24", "c"), "10.1.0.32/28");
    assert.equal(defaultSubnetCidr("10.1.0.0/26", "d"), "10.1.0.48/28");
    assert.equal(defaultSubnetCidr("10.1.0.0/28", "a"), "10.1.0.0/28");
  });

  it("is none where the VPC ends before", () => {
    assert.equal(defaultSubnetCidr("10.1.0.0/28", "b"), undefined);
    assert.equal(defaultSubnetCidr("10.1.0.0/26", "e"), undefined);
    assert.equal(defaultSubnetCidr("10.1.0.0/20", "q"), undefined);
  });

  it("lies in the VPC and meets no other letter's", () => {
    const letter = fc.constantFrom(..."abcdefghijklmnop");
    fc.assert(
      fc.property(fc.integer({ min: 16, max: 24 }), letter, letter, (bits, one, other) => {
        const vpc = `10.1.0.0/${bits}`;
        const [here, there] = [one, other].map((each) => parseCidr(defaultSubnetCidr(vpc, each) ?? ""));
        assert.ok(here !== undefined && there !== undefined);
        assert.ok(containsCidr(parseCidr(vpc), here));
        assert.equal(overlaps(here, there), one === other);
      }),
    );
  });
});
