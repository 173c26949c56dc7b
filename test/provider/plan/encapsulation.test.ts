import assert from "node:assert/strict";
import { type Encapsulation } from "../../../provider/src/ippool/pool-mode";
import { encapsulationBetween, overhead, type PathEnd } from "../../../provider/src/plan/encapsulation";

const WHOLE: PathEnd = { address: true, subnet: true, tunnel: true };
const without = (...keys: readonly (keyof PathEnd)[]): PathEnd => ({
  ...WHOLE,
  ...Object.fromEntries(keys.map((key) => [key, false])),
});

/** To a node of another subnet and to one of the same, by a pool's mode. */
function ways(
  encapsulation: Encapsulation,
  { from = WHOLE, to = WHOLE, crossSubnet = true } = {},
): readonly (Encapsulation | undefined)[] {
  return [false, true].map((sameSubnet) => encapsulationBetween({ encapsulation, crossSubnet }, from, to, sameSubnet));
}

describe("the encapsulation between two nodes", () => {
  it("is the pool's, with CrossSubnet across subnets only", () => {
    for (const kind of ["IPIP", "VXLAN"] as const) {
      assert.deepEqual(ways(kind), [kind, "None"]);
      assert.deepEqual(ways(kind, { crossSubnet: false }), [kind, kind]);
    }
    assert.deepEqual(ways("None", { crossSubnet: false }), ["None", "None"]);
  });

  it("without any asks that the sender knows its subnet, and the receiver's address", () => {
    assert.deepEqual(ways("None", { from: without("tunnel"), to: without("subnet", "tunnel") }), ["None", "None"]);
    assert.deepEqual(ways("None", { from: without("subnet") }), [undefined, undefined]);
    assert.deepEqual(ways("None", { to: without("address") }), [undefined, undefined]);
  });

  it("by IP in IP asks for a device at the sender, and for both ends' subnets", () => {
    assert.deepEqual(ways("IPIP", { to: without("tunnel") }), ["IPIP", "None"]);
    assert.deepEqual(ways("IPIP", { to: without("subnet") }), [undefined, "None"]);
    assert.deepEqual(ways("IPIP", { from: without("tunnel") }), [undefined, "None"]);
    assert.deepEqual(ways("IPIP", { from: without("subnet") }), [undefined, undefined]);
  });

  it("by VXLAN asks for a device at both ends, at the sender also for what it sends without", () => {
    assert.deepEqual(ways("VXLAN", { from: without("subnet"), to: without("subnet") }), ["VXLAN", "None"]);
    assert.deepEqual(ways("VXLAN", { to: without("tunnel") }), [undefined, "None"]);
    assert.deepEqual(ways("VXLAN", { from: without("tunnel") }), [undefined, undefined]);
  });

  it("adds its headers to a packet", () => {
    const added = (["None", "IPIP", "VXLAN"] as const).map((kind) => overhead(kind, 4));
    assert.deepEqual([...added, overhead("None", 6), overhead("VXLAN", 6)], [0, 20, 50, 0, 70]);
  });
});
