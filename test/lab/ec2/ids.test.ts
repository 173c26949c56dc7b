import { match, strictEqual } from "node:assert";
import { derivedId, macAddress, newId } from "../../../lab/src/ec2/engine/ids";

describe("ids", () => {
  it("have 17 hex digits, and are new each time", () => {
    match(newId("vpc"), /^vpc-[0-9a-f]{17}$/);
    strictEqual(newId("vpc") === newId("vpc"), false);
  });

  it("that are derived are the same each time", () => {
    strictEqual(derivedId("sg", "vpc-1", "default"), derivedId("sg", "vpc-1", "default"));
    strictEqual(derivedId("sg", "a", "bc") === derivedId("sg", "ab", "c"), false);
  });

  it("give a network interface one unicast MAC address", () => {
    match(macAddress("eni-1"), /^0a(:[0-9a-f]{2}){5}$/);
    strictEqual(macAddress("eni-1"), macAddress("eni-1"));
  });
});
