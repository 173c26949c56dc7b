import assert from "node:assert/strict";
import fc from "fast-check";
import { overlaps, parsePoolCidr } from "../../../provider/src/ippool/cidr";
import { loadIpPoolObjects, loadIpPools } from "../../../provider/src/ippool/load";
import { formatProblem } from "../../../provider/src/ippool/problem";
import { tries } from "../../support/tries";

function manifests(...pools: readonly (readonly [name: string, cidr: string, blockSize?: number])[]): string {
  return pools
    .map(
      ([name, cidr, blockSize]) =>
        `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata:\n  name: ${name}\nspec:\n  cidr: ${cidr}\n${blockSize === undefined ? "" : `  blockSize: ${blockSize}\n`}`,
    )
    .join("---\n");
}

describe("the IP pools of a network", () => {
  it("are loaded in their order", () => {
    const { pools, problems } = loadIpPools(manifests(["b", "10.2.0.0/16"], ["a", "10.1.0.0/16"]));
    assert.deepEqual(problems, []);
    assert.deepEqual(
      pools.map(({ name, cidr, blockSize, allowedUses }) => ({ name, cidr, blockSize, allowedUses })),
      [
        { name: "b", cidr: "10.2.0.0/16", blockSize: 26, allowedUses: ["Workload", "Tunnel"] },
        { name: "a", cidr: "10.1.0.0/16", blockSize: 26, allowedUses: ["Workload", "Tunnel"] },
      ],
    );
  });

  it("have a name once, and do not overlap", () => {
    const { problems } = loadIpPools(
      manifests(
        ["a", "10.1.0.0/16"],
        ["b", "10.1.128.0/17"],
        ["a", "10.3.0.0/16"],
        ["c", "10.0.0.0/8"],
        ["d", "fd00::/108"],
      ),
    );
    assert.deepEqual(
      problems.map((problem) => formatProblem(problem, "pools.yaml")),
      [
        "pools.yaml:18:9: ipPools[2].metadata.name: resource already exists: IPPool(a)",
        "pools.yaml:13:9: ipPools[1].spec.cidr: IPPool(b) CIDR overlaps with IPPool(a) CIDR 10.1.0.0/16",
        "pools.yaml:27:9: ipPools[3].spec.cidr: IPPool(c) CIDR overlaps with IPPool(a) CIDR 10.1.0.0/16",
      ],
    );
  });

  it("are reported by every pool that overlaps one before it, as a look at all pairs finds them", () => {
    const cidr = fc.tuple(fc.nat(31), fc.integer({ min: 0, max: 5 }), fc.boolean()).map(([index, size, single]) => {
      const number = (index >> size) << size;
      return single ? `10.0.0.${number}/${32 - size}` : `10.0.${number}.0/${24 - size}`;
    });
    fc.assert(
      fc.property(fc.array(cidr, { maxLength: 12 }), (cidrs) => {
        const { problems } = loadIpPools(manifests(...cidrs.map((text, index) => [`p${index}`, text, 32] as const)));
        const parsed = cidrs.map((text) => parsePoolCidr(text));
        const expected = parsed.flatMap((one, index) =>
          parsed.slice(0, index).some((other) => overlaps(one, other)) ? [`ipPools[${index}].spec.cidr`] : [],
        );
        assert.deepEqual(
          problems.filter(({ path }) => path !== "ipPools").map(({ path }) => path),
          expected,
        );
        for (const { path, message } of problems.filter((problem) => problem.path !== "ipPools")) {
          const [, own, other] = /^IPPool\(p(\d+)\) CIDR overlaps with IPPool\(p(\d+)\) CIDR /.exec(message) ?? [];
          assert.equal(path, `ipPools[${own}].spec.cidr`);
          assert.ok(Number(other) < Number(own));
          assert.ok(overlaps(parsed[Number(own)]!, parsed[Number(other)]!), message);
        }
      }),
      { numRuns: tries(500) },
    );
  });

  it("overlap in a single address, the first or the last of one of them, and not beside each other", () => {
    const problemOf = (...cidrs: readonly string[]): string[] =>
      loadIpPools(manifests(...cidrs.map((cidr, index) => [`p${index}`, cidr, 32] as const))).problems.map(
        ({ message }) => message,
      );
    const overlap = "IPPool(p1) CIDR overlaps with IPPool(p0) CIDR 10.0.0.0/26";
    assert.deepEqual(problemOf("10.0.0.0/26", "10.0.0.0/32"), [overlap]);
    assert.deepEqual(problemOf("10.0.0.0/26", "10.0.0.63/32"), [overlap]);
    assert.deepEqual(problemOf("10.0.0.0/26", "10.0.0.64/32"), []);
    assert.deepEqual(problemOf("10.0.0.64/26", "10.0.0.63/32"), []);
  });

  it("stay fast when there are thousands in each other", () => {
    const { problems } = loadIpPools(
      manifests(...Array.from({ length: 5000 }, (_, index) => [`p${index}`, "10.0.0.0/16"] as const)),
    );
    assert.equal(problems.length, 4999);
  });

  it("are at least one", () => {
    assert.deepEqual(
      loadIpPools("# nothing").problems.map(({ path }) => path),
      ["ipPools"],
    );
  });

  it("must be some, and the way to give one is told", () => {
    for (const { pools, problems } of [loadIpPools("# nothing"), loadIpPoolObjects([])])
      assert.deepEqual(
        [pools, problems],
        [
          [],
          [
            {
              path: "ipPools",
              message: "no IPPool: give at least one manifest of apiVersion projectcalico.org/v3, kind IPPool",
            },
          ],
        ],
      );
  });

  it("without names are not taken for one another", () => {
    const nameless = {
      apiVersion: "projectcalico.org/v3",
      kind: "IPPool",
      metadata: {},
      spec: { cidr: "10.0.0.0/16" },
    };
    assert.deepEqual(
      loadIpPoolObjects([nameless, nameless]).problems.map(({ path }) => path),
      ["ipPools[0].metadata.name", "ipPools[1].metadata.name"],
    );
  });

  it("of both families never overlap, though their addresses be the same numbers", () => {
    assert.deepEqual(loadIpPools(manifests(["a", "10.0.0.0/16"], ["b", "::a00:0/112", 122])).problems, []);
    assert.deepEqual(loadIpPools(manifests(["b", "::a00:0/112", 122], ["a", "10.0.0.0/16"])).problems, []);
  });

  it("keep the problems of single pools under their index, and give only the pools without any", () => {
    const { pools, problems } = loadIpPools(
      `${manifests(["a", "10.1.0.0/16"])}---\n${manifests(["b", "10.1.0.1/16"])}`,
    );
    assert.deepEqual(
      pools.map(({ name }) => name),
      ["a"],
    );
    assert.deepEqual(
      problems.map(({ path, line }) => [path, line]),
      [["ipPools[1].spec.cidr", 13]],
    );
  });
});

describe("IP pools from objects", () => {
  const object = {
    apiVersion: "projectcalico.org/v3",
    kind: "IPPool",
    metadata: { name: "a", labels: undefined },
    spec: { cidr: "10.0.0.0/16", natOutgoing: true },
  };

  it("are loaded as from text", () => {
    assert.deepEqual(loadIpPoolObjects([object]), loadIpPools(JSON.stringify(object)));
    assert.deepEqual(
      loadIpPoolObjects([{ apiVersion: "projectcalico.org/v3", kind: "IPPoolList", items: [object] }]).pools.map(
        ({ name }) => name,
      ),
      ["a"],
    );
  });

  it("have paths, but no lines", () => {
    const { problems } = loadIpPoolObjects([object, { ...object, metadata: { name: "b" }, spec: { cidr: 5 } }]);
    assert.deepEqual([...new Set(problems.map(({ path }) => path))], ["ipPools[1].spec.cidr"]);
    assert.equal(problems[0]?.line, undefined);
  });

  it("may be nested a hundred levels", () => {
    const nested = (levels: number): unknown => Array.from({ length: levels }).reduce((inner) => [inner], 5);
    const messages = (levels: number): string[] =>
      loadIpPoolObjects([{ items: nested(levels) }]).problems.map(({ message }) => message);
    assert.deepEqual(messages(100), ["nested more than 100 levels"]);
    assert.match(messages(99).join(), /^Unknown object type/);
  });

  it("are refused when they contain themselves or functions", () => {
    const cycle: { spec?: unknown } = {};
    cycle.spec = { cycle };
    assert.deepEqual(loadIpPoolObjects([cycle]).problems, [
      { path: "ipPools[0]", message: "nested more than 100 levels" },
    ]);
    assert.deepEqual(loadIpPoolObjects([{ spec: () => 1 }]).problems, [
      { path: "ipPools[0]", message: "a function has no place in a manifest" },
    ]);
    assert.match(
      loadIpPoolObjects([null]).problems[0]?.message ?? "",
      /^json: cannot unmarshal null into Go value of type v3.IPPool$/,
    );
  });
});
