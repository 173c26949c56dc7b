import assert from "node:assert/strict";
import fc from "fast-check";
import { leastTaken, parseCpuList } from "../../../lab/src/node/processor";

describe("the processor that a node keeps to", () => {
  it("is one of those with the fewest nodes, and those that start at once go round", () => {
    assert.equal(leastTaken([0, 1], [], -1), 0);
    assert.equal(leastTaken([0, 1], [], 0), 1);
    assert.equal(leastTaken([0, 1], [], 1), 0);
    assert.equal(leastTaken([0, 1, 2], [0, 0, 1, 2], 1), 2);
    assert.equal(leastTaken([0, 1, 2], [0, 0, 1, 2], 2), 1);
    assert.equal(leastTaken([3, 5], [5, 5, 0], 3), 3);
    assert.throws(() => leastTaken([], [], -1), /may run on no processor/);
  });

  it("leaves no processor with two nodes more than another", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(63), { minLength: 1, maxLength: 8 }),
        fc.nat(40),
        fc.integer({ min: -1, max: 63 }),
        (processors, count, start) => {
          const allowed = processors.toSorted((a, b) => a - b);
          const taken: number[] = [];
          let latest = start;
          for (let i = 0; i < count; i++) taken.push((latest = leastTaken(allowed, taken, latest)));
          const nodes = allowed.map((processor) => taken.filter((each) => each === processor).length);
          assert.ok(Math.max(...nodes) - Math.min(...nodes) <= 1, nodes.join());
          assert.equal(
            nodes.reduce((sum, each) => sum + each, 0),
            count,
          );
        },
      ),
    );
  });

  it("is read from a list as the kernel writes it", () => {
    assert.deepEqual(parseCpuList("0-3"), [0, 1, 2, 3]);
    assert.deepEqual(parseCpuList("0,2-3,7"), [0, 2, 3, 7]);
    assert.deepEqual(parseCpuList("5"), [5]);
    assert.deepEqual(parseCpuList(""), []);
  });
});
