import { deepStrictEqual, ok, strictEqual, throws } from "node:assert";
import fc from "fast-check";
import { leastTaken, parseCpuList } from "../../../lab/src/node/processor";

describe("the processor that a node keeps to", () => {
  it("is one of those with the fewest nodes, and those that start at once go round", () => {
    strictEqual(leastTaken([0, 1], [], -1), 0);
    strictEqual(leastTaken([0, 1], [], 0), 1);
    strictEqual(leastTaken([0, 1], [], 1), 0);
    strictEqual(leastTaken([0, 1, 2], [0, 0, 1, 2], 1), 2);
    strictEqual(leastTaken([0, 1, 2], [0, 0, 1, 2], 2), 1);
    strictEqual(leastTaken([3, 5], [5, 5, 0], 3), 3);
    throws(() => leastTaken([], [], -1), /may run on no processor/);
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
          ok(Math.max(...nodes) - Math.min(...nodes) <= 1, nodes.join());
          strictEqual(
            nodes.reduce((sum, each) => sum + each, 0),
            count,
          );
        },
      ),
    );
  });

  it("is read from a list as the kernel writes it", () => {
    deepStrictEqual(parseCpuList("0-3"), [0, 1, 2, 3]);
    deepStrictEqual(parseCpuList("0,2-3,7"), [0, 2, 3, 7]);
    deepStrictEqual(parseCpuList("5"), [5]);
    deepStrictEqual(parseCpuList(""), []);
  });
});
