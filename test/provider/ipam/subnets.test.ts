import assert from "node:assert/strict";
import fc from "fast-check";
import { containsCidr, overlaps, parseCidr } from "../../../provider/src/ippool/cidr";
import { assignNodeAddresses, assignSubnets } from "../../../provider/src/ipam/subnets";

describe("addresses of nodes", () => {
  it("leave out the first four and the last, which AWS keeps", () => {
    assert.deepEqual(assignNodeAddresses("10.1.0.0/24", ["a", "b"]), {
      addresses: { a: "10.1.0.4", b: "10.1.0.5" },
      problems: [],
    });
    const all = assignNodeAddresses(
      "10.1.0.0/28",
      Array.from({ length: 11 }, (_, index) => `n${index}`),
    );
    assert.deepEqual(all.problems, []);
    assert.equal(all.addresses.n10, "10.1.0.14");
  });

  it("run out with the sizes in words", () => {
    const { problems } = assignNodeAddresses(
      "10.1.0.0/28",
      Array.from({ length: 12 }, (_, index) => `n${index}`),
    );
    assert.deepEqual(problems, [
      {
        path: "nodes",
        message:
          "subnet 10.1.0.0/28 has 11 addresses for nodes (AWS keeps the first four and the last), and 12 nodes are to be in it: use a larger CIDR, or more subnets",
      },
    ]);
  });

  it("stay, and those of nodes that left are free again", () => {
    assert.deepEqual(assignNodeAddresses("10.1.0.0/24", ["c", "b", "d"], { a: "10.1.0.4", b: "10.1.0.5" }).addresses, {
      c: "10.1.0.4",
      b: "10.1.0.5",
      d: "10.1.0.6",
    });
  });

  it("from another subnet, reserved or twice are given anew", () => {
    assert.deepEqual(
      assignNodeAddresses("10.1.0.0/24", ["a", "b", "c", "d"], {
        a: "10.2.0.4",
        b: "10.1.0.3",
        c: "10.1.0.4",
        d: "10.1.0.4",
      }).addresses,
      {
        a: "10.1.0.5",
        b: "10.1.0.6",
        c: "10.1.0.4",
        d: "10.1.0.7",
      },
    );
  });

  it("survive any order of coming and going", () => {
    const steps = fc.array(fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k")), {
      minLength: 1,
      maxLength: 10,
    });
    fc.assert(
      fc.property(steps, (all) => {
        let previous: Readonly<Record<string, string>> = {};
        for (const names of all) {
          const { addresses, problems } = assignNodeAddresses("10.1.0.0/28", names, previous);
          assert.deepEqual(problems, []);
          assert.equal(new Set(Object.values(addresses)).size, names.length);
          for (const name of names) if (previous[name] !== undefined) assert.equal(addresses[name], previous[name]);
          previous = addresses;
        }
      }),
    );
  });
});

describe("subnets of a VPC", () => {
  it("are /24s, in order", () => {
    assert.deepEqual(assignSubnets("10.1.0.0/16", 2), { cidrBlocks: ["10.1.0.0/24", "10.1.1.0/24"], problems: [] });
  });

  it("are smaller where the VPC is", () => {
    assert.deepEqual(assignSubnets("10.1.0.0/24", 3).cidrBlocks, ["10.1.0.0/26", "10.1.0.64/26", "10.1.0.128/26"]);
    assert.deepEqual(assignSubnets("10.1.0.0/28", 1).cidrBlocks, ["10.1.0.0/28"]);
  });

  it("leave room for those that the user chose, and stay", () => {
    assert.deepEqual(assignSubnets("10.1.0.0/16", 3, { fixed: [undefined, "10.1.0.0/23"] }).cidrBlocks, [
      "10.1.2.0/24",
      "10.1.0.0/23",
      "10.1.3.0/24",
    ]);
    assert.deepEqual(assignSubnets("10.1.0.0/16", 3, { previous: ["10.1.7.0/24", "10.2.0.0/24"] }).cidrBlocks, [
      "10.1.7.0/24",
      "10.1.0.0/24",
      "10.1.1.0/24",
    ]);
  });

  it("do not fit: a sentence says so", () => {
    assert.deepEqual(assignSubnets("10.1.0.0/27", 3).problems, [
      {
        path: "subnets",
        message:
          "VPC 10.1.0.0/27 has no room for 3 subnets of /28: use a larger cidrBlock, fewer subnets, or give the subnets smaller CIDRs",
      },
    ]);
  });

  it("never overlap and lie in the VPC, whatever was there before", () => {
    const before = fc.array(
      fc.option(fc.constantFrom("10.1.0.0/20", "10.1.1.0/24", "10.1.1.128/25", "10.1.255.0/24", "10.9.0.0/24"), {
        nil: undefined,
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(before, fc.integer({ min: 0, max: 8 }), (previous, count) => {
        const { cidrBlocks, problems } = assignSubnets("10.1.0.0/16", count, { previous });
        assert.deepEqual(problems, []);
        const cidrs = cidrBlocks.map(parseCidr);
        assert.equal(cidrs.length, count);
        cidrs.forEach((cidr, index) => {
          assert.ok(containsCidr(parseCidr("10.1.0.0/16"), cidr));
          for (const other of cidrs.slice(index + 1)) assert.ok(!overlaps(cidr, other));
        });
      }),
    );
  });
});
