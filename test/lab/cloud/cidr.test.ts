import assert from "node:assert/strict";
import {
  addressAt,
  containsAddress,
  containsRange,
  formatCidr,
  isAddress,
  mustNetwork,
  networkOf,
  overlaps,
  parseCidr,
  prefixLength,
  resolverAddress,
  routerAddress,
  sizeOf,
} from "../../../lab/src/cloud/cidr";
import { networkProblem } from "../../../lab/src/ec2/engine/network-problem";

const NO_CIDRS = [
  "",
  "10.1.0.0",
  "10.1.0.0/33",
  "10.1.0.0/016",
  "10.1.0/16",
  "10.1.0.0/16/1",
  "010.1.0.0/16",
  "fd00::/8",
];

describe("IPv4 networks", () => {
  it("are read in their one spelling, and nothing else is one", () => {
    for (const text of ["0.0.0.0/0", "10.1.0.0/16", "255.255.255.255/32"])
      assert.equal(formatCidr(parseCidr(text) ?? assert.fail(text)), text);
    for (const text of [...NO_CIDRS, "10.1.0.1/16"]) assert.equal(parseCidr(text), undefined, text);
  });

  it("are found of an address in them, with its host bits masked away", () => {
    for (const [text, network] of [
      ["10.1.2.3/16", "10.1.0.0/16"],
      ["10.1.2.3/32", "10.1.2.3/32"],
      ["255.1.2.3/0", "0.0.0.0/0"],
    ] as const)
      assert.equal(formatCidr(networkOf(text) ?? assert.fail(text)), network);
    for (const text of NO_CIDRS) {
      assert.equal(networkOf(text), undefined, text);
      assert.throws(() => mustNetwork(text), new TypeError(`"${text}" is not an IPv4 CIDR`));
    }
  });

  it("contain their first and last addresses, and none beside", () => {
    const range = mustNetwork("10.1.4.0/22");
    for (const [address, isIn] of [
      ["10.1.3.255", false],
      ["10.1.4.0", true],
      ["10.1.7.255", true],
      ["10.1.8.0", false],
    ] as const)
      assert.equal(containsAddress(range, address), isIn, address);
  });

  it("contain networks as a whole or overlap with them", () => {
    const range = mustNetwork("10.1.4.0/22");
    for (const [other, isIn, isOver] of [
      ["10.1.4.0/22", true, true],
      ["10.1.4.0/24", true, true],
      ["10.1.7.0/24", true, true],
      ["10.1.0.0/16", false, true],
      ["10.1.3.0/24", false, false],
      ["10.1.8.0/24", false, false],
    ] as const) {
      assert.equal(containsRange(range, mustNetwork(other)), isIn, other);
      assert.equal(overlaps(range, mustNetwork(other)), isOver, other);
      assert.equal(overlaps(mustNetwork(other), range), isOver, other);
    }
  });

  it("have addresses by their place, some of which AWS has taken", () => {
    const range = mustNetwork("10.1.3.0/23");
    assert.deepEqual([prefixLength(range), sizeOf(range)], [23, 512]);
    assert.deepEqual(
      [0, 1, 256, 511].map((index) => addressAt(range, index)),
      ["10.1.2.0", "10.1.2.1", "10.1.3.0", "10.1.3.255"],
    );
    assert.deepEqual([routerAddress(range), resolverAddress(range)], ["10.1.2.1", "10.1.2.2"]);
    assert.equal(sizeOf(mustNetwork("0.0.0.0/0")), 4294967296);
    assert.equal(sizeOf(mustNetwork("10.0.0.1/32")), 1);
  });

  it("are told from addresses", () => {
    for (const text of ["10.1.0.4", "0.0.0.0"]) assert.equal(isAddress(text), true);
    for (const text of ["10.1.0.4/32", "10.1.0", "010.1.0.4", "::1", ""]) assert.equal(isAddress(text), false);
  });

  it("are asked for in the provider's words where an input is none", () => {
    assert.equal(networkProblem("10.1.0.0/16"), undefined);
    assert.equal(
      networkProblem("10.1.2.3/16"),
      '"10.1.2.3/16" is not a valid IPv4 CIDR block; did you mean "10.1.0.0/16"?',
    );
    assert.equal(networkProblem("x"), '"x" is not a valid IPv4 CIDR block: invalid CIDR address: x');
  });
});
