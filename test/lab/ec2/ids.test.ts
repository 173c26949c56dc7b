import assert from "node:assert/strict";
import { derivedId, macAddress, newId } from "../../../lab/src/ec2/engine/ids";

describe("ids", () => {
  it("have 17 hex digits, and are new each time", () => {
    assert.match(newId("vpc"), /^vpc-[0-9a-f]{17}$/);
    assert.equal(newId("vpc") === newId("vpc"), false);
  });

  it("that are derived are the same each time", () => {
    assert.equal(derivedId("sg", "vpc-1", "default"), derivedId("sg", "vpc-1", "default"));
    assert.equal(derivedId("sg", "a", "bc") === derivedId("sg", "ab", "c"), false);
  });

  it("give a network interface one unicast MAC address", () => {
    assert.match(macAddress("eni-1"), /^0a(:[0-9a-f]{2}){5}$/);
    assert.equal(macAddress("eni-1"), macAddress("eni-1"));
  });
});
