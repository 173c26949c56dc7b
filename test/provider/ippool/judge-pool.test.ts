import assert from "node:assert/strict";
import { parsePoolCidr } from "../../../provider/src/ippool/cidr";
import { manifestValueOf } from "../../../provider/src/ippool/manifest-value";
import { judgeIpPool } from "../../../provider/src/ippool/judge-pool";
import { parseIpPools } from "../../../provider/src/ippool/parse";
import { readStoredPools } from "../../../provider/src/ippool/stored";
import { placesOfProblems, problemsOfPool } from "../../support/judge-manifest";

type Part = Readonly<Record<string, unknown>>;

interface Given {
  readonly metadata?: Part;
  readonly spec?: Part;
  readonly status?: unknown;
  readonly existing?: readonly unknown[];
  readonly blocks?: readonly string[];
}

/** Problems of a pool that is fine but for what is given. */
function problemsOf({ metadata, spec, status, existing = [], blocks = [] }: Given): string[] {
  const object = {
    apiVersion: "projectcalico.org/v3",
    kind: "IPPool",
    metadata: { name: "a", ...metadata },
    spec: { cidr: "10.0.0.0/16", ...spec },
    status,
  };
  const { pools } = readStoredPools(JSON.stringify(existing));
  const { problems, pool } = judgeIpPool(manifestValueOf(object), {
    existing: pools,
    blocks: blocks.map((block) => parsePoolCidr(block)),
  });
  assert.equal(pool === undefined, problems.length > 0);
  return problems.map(({ path, message }) => `${path}: ${message}`);
}

function stored(name: string, spec: Part): Part {
  return { apiVersion: "projectcalico.org/v3", kind: "IPPool", metadata: { name }, spec };
}

/** What Calico's cases leave out; the rest is calico-cases.test.ts. */
describe("IPPool rules", () => {
  const refused: readonly (readonly [string, Given, ...RegExp[]])[] = [
    [
      "a number as name",
      { metadata: { name: 5 } },
      /^metadata\.name: metadata\.name in body must be of type string: "integer"$/,
    ],
    [
      "null as name",
      { metadata: { name: null } },
      /^metadata\.name: name must consist of .*; Required value: name or generateName is required$/,
    ],
    [
      "a label that is a boolean",
      { metadata: { labels: { a: true } } },
      /^metadata\.labels\.a: cannot convert bool to string$/,
    ],
    [
      "a label with two slashes",
      { metadata: { labels: { "a/b/c": "" } } },
      /^metadata\.labels\["a\/b\/c"\]: a qualified name must consist of/,
    ],
    [
      "a label without prefix before its slash",
      { metadata: { labels: { "/b": "" } } },
      /prefix part must be non-empty$/,
    ],
    [
      "a label without name",
      { metadata: { labels: { "a/": "" } } },
      /name part must be non-empty$/,
      /name part must consist of/,
    ],
    [
      "annotations beyond 256 KiB",
      { metadata: { annotations: { a: "x".repeat(262144) } } },
      /^metadata\.annotations: total size of annotations is too large by 1 bytes/,
    ],
    [
      "a wrong creationTimestamp",
      { metadata: { creationTimestamp: "yesterday" } },
      /^metadata\.creationTimestamp: parsing time "yesterday"/,
    ],
    [
      "a wrong generateName",
      { metadata: { generateName: "X_" } },
      /^metadata\.generateName: a lowercase RFC 1123 subdomain/,
    ],
    [
      "a wrong finalizer",
      { metadata: { finalizers: ["a b"] } },
      /^metadata\.finalizers\[0\]: name part must consist of/,
    ],
    [
      "an unknown field of an owner",
      { metadata: { ownerReferences: [{ apiVersion: "v1", kind: "K", name: "n", uid: "u", nam: "x" }] } },
      /^metadata\.ownerReferences\[0\]\.nam: json: unknown field "nam"/,
    ],
    [
      "an owner without uid",
      { metadata: { ownerReferences: [{ apiVersion: "v1", kind: "K", name: "n" }] } },
      /^metadata\.ownerReferences\[0\]\.uid: Required value: must not be empty$/,
    ],
    [
      "a negative generation",
      { metadata: { generation: -1 } },
      /^metadata\.generation: must be greater than or equal to 0$/,
    ],
    [
      "metadata in other case",
      { metadata: { Labels: {} } },
      /^metadata\.Labels: strict decoding error: unknown field "metadata\.Labels": did you mean "labels"\?$/,
    ],
    [
      "a CIDR of 49 characters",
      { spec: { cidr: "fd00:0000:0000:0000:0000:0000:255.255.255.255/128", blockSize: 128 } },
      /^spec\.cidr: may not be more than 48 bytes$/,
    ],
    [
      "a condition without reason",
      {
        status: {
          conditions: [
            { type: "Allocatable", status: "True", lastTransitionTime: "2024-01-01T00:00:00Z", message: "" },
          ],
        },
      },
      /^status\.conditions\[0\]\.reason: reason in body should be at least 1 chars long$/,
    ],
    [
      "a condition that is neither true nor false",
      {
        status: {
          conditions: [
            { type: "Allocatable", status: "Maybe", reason: "OK", lastTransitionTime: "2024-01-01T00:00:00Z" },
          ],
        },
      },
      /^status\.conditions\[0\]\.status: supported values/,
    ],
    [
      "null for a field without default",
      { spec: { natOutgoing: null } },
      /^spec\.natOutgoing: spec\.natOutgoing in body must be of type boolean: "null"$/,
    ],
    [
      "a block size with a fraction",
      { spec: { blockSize: 26.5 } },
      /^spec\.blockSize: json: cannot unmarshal number 26\.5 into Go struct field IPPoolSpec\.spec\.blockSize of type int; .*"number"$/,
    ],
    [
      "a use that is a list",
      { spec: { allowedUses: [["Workload"]] } },
      /^spec\.allowedUses\[0\]: json: cannot unmarshal array into Go struct field IPPoolSpec\.spec\.allowedUses of type v3\.IPPoolAllowedUse/,
    ],
    [
      "another spelling of a stored CIDR",
      { spec: { cidr: "FD00::/112" }, existing: [stored("a", { cidr: "fd00::/112" })] },
      /^spec\.cidr: CIDR cannot be changed; .*; it is fd00::\/112$/,
    ],
    [
      "a stored block size of 0 made explicit",
      { spec: { blockSize: 26 }, existing: [stored("a", { cidr: "10.0.0.0/16", blockSize: 0 })] },
      /^spec\.blockSize: Block size cannot be changed; [^;]*; it is 0$/,
    ],
    [
      "blocks in use of another size",
      { spec: { blockSize: 28 }, blocks: ["10.0.3.0/26"] },
      /^spec\.blockSize: IPPool blocksSize conflicts/,
    ],
    [
      "an overlap with each pool",
      { existing: [stored("x", { cidr: "10.0.1.0/24" }), stored("y", { cidr: "10.0.0.0/8" })] },
      /IPPool\(x\) CIDR 10\.0\.1\.0\/24$/,
      /IPPool\(y\) CIDR 10\.0\.0\.0\/8$/,
    ],
  ];
  for (const [name, given, ...patterns] of refused) {
    it(`refuse ${name}`, () => {
      const problems = problemsOf(given);
      assert.equal(problems.length, patterns.length, problems.join("\n"));
      patterns.forEach((pattern, index) => assert.match(problems[index] ?? "", pattern));
    });
  }

  const accepted: readonly (readonly [string, Given])[] = [
    [
      "null in metadata",
      { metadata: { labels: null, annotations: null, creationTimestamp: null, finalizers: null, uid: null } },
    ],
    ["null as a label's value", { metadata: { labels: { a: null } } }],
    ["null where the CRD has a default", { spec: { nodeSelector: null, assignmentMode: null } }],
    ["null as status and as its conditions", { status: null }],
    ["null as conditions", { status: { conditions: null } }],
    ["a CIDR of 48 characters", { spec: { cidr: "fd00:000:0000:0000:0000:0000:255.255.255.255/128", blockSize: 128 } }],
    ["the other family everywhere", { existing: [stored("x", { cidr: "::/0" })], blocks: ["::/0"] }],
    ["a stored CIDR that is none", { existing: [stored("x", { cidr: "nonsense" })] }],
    [
      "the same odd spelling as stored",
      { spec: { cidr: "FD00::/112" }, existing: [stored("a", { cidr: "FD00::/112" })] },
    ],
    [
      "blocks in use on an update",
      {
        spec: { blockSize: 28 },
        existing: [stored("a", { cidr: "10.0.0.0/16", blockSize: 28 })],
        blocks: ["10.0.3.0/26"],
      },
    ],
    [
      "an overlap on an update",
      { existing: [stored("x", { cidr: "10.0.1.0/24" }), stored("a", { cidr: "10.0.0.0/16" })] },
    ],
    [
      "Workload made LoadBalancer",
      {
        spec: { allowedUses: ["LoadBalancer"] },
        existing: [stored("a", { cidr: "10.0.0.0/16", allowedUses: ["Workload"] })],
      },
    ],
  ];
  for (const [name, given] of accepted) {
    it(`accept ${name}`, () => {
      assert.deepEqual(problemsOf(given), []);
    });
  }

  it("never change the pool of an accepted manifest by fields that mean nothing", () => {
    const plain = judgeIpPool(manifestValueOf(stored("a", { cidr: "10.0.0.0/16" }))).pool;
    const exported = {
      ...stored("a", { cidr: "10.0.0.0/16" }),
      metadata: { name: "a", uid: "1", resourceVersion: "2", generation: 3, selfLink: "/x" },
      status: {},
    };
    assert.deepEqual(judgeIpPool(manifestValueOf(exported)).pool, plain);
  });
});

describe("an IPPool's type", () => {
  const matches = "no matches for kind: an IP pool is of apiVersion projectcalico.org/v3, kind IPPool";
  for (const [parts, path, type] of [
    [{ apiVersion: "v1" }, "apiVersion", "v1/IPPool"],
    [{ kind: "Node" }, "kind", "projectcalico.org/v3/Node"],
    [{ apiVersion: "v1", kind: "Node" }, "apiVersion", "v1/Node"],
    [{ apiVersion: undefined, kind: undefined }, "apiVersion", "/"],
    [{ apiVersion: null, kind: null }, "apiVersion", "/"],
    [{ kind: ["IPPool"] }, "kind", "projectcalico.org/v3/"],
    [{ kind: {} }, "kind", "projectcalico.org/v3/"],
    [{ apiVersion: 5, kind: true }, "apiVersion", "5/true"],
  ] as const) {
    it(`is not ${type}, and no more is said of one that is (${JSON.stringify(parts)})`, () =>
      assert.deepEqual(problemsOfPool({ ...parts, spec: {} }), [`${path}: Unknown object type: ${type}; ${matches}`]));
  }

  it("is that of an object", () => {
    for (const [value, type] of [
      ["x", "string"],
      [5, "integer"],
      [1.5, "number"],
      [true, "boolean"],
      [null, "null"],
      [[], "array"],
    ] as const)
      assert.deepEqual(judgeIpPool(manifestValueOf(value)), {
        problems: [{ path: "", message: `json: cannot unmarshal ${type} into Go value of type v3.IPPool` }],
      });
  });

  it("is wrong where it stands, or where the object does", () => {
    assert.deepEqual(placesOfProblems("kind: IPPool\napiVersion: v1\n"), ["2:13 apiVersion"]);
    assert.deepEqual(placesOfProblems("apiVersion: projectcalico.org/v3\nkind: Node\n"), ["2:7 kind"]);
    assert.deepEqual(placesOfProblems("# here\n  apiVersion: projectcalico.org/v3\n"), ["2:3 kind"]);
    assert.deepEqual(placesOfProblems("# here\n- 5\n"), ["2:3 "]);
  });
});

describe("an IPPool and those that are there", () => {
  const overlapping = [stored("x", { cidr: "10.0.1.0/24" })];

  it("do not overlap, although it have no name", () => {
    const problems = problemsOf({ metadata: { name: undefined }, existing: overlapping });
    assert.ok(problems.includes("spec.cidr: IPPool() CIDR overlaps with IPPool(x) CIDR 10.0.1.0/24"));
  });

  it("is not held against them where what would be compared is wrong itself", () => {
    const one = (given: Given): string => {
      const problems = problemsOf(given);
      assert.equal(problems.length, 1, problems.join("\n"));
      return problems[0] ?? "";
    };
    assert.match(one({ spec: { blockSize: "26" }, blocks: ["10.0.3.0/28"] }), /^spec\.blockSize: json: cannot/);
    assert.match(one({ spec: { cidr: undefined }, existing: overlapping }), /^spec\.cidr: IPPool CIDR must be spec/);
    const old = [stored("a", { cidr: "10.0.0.0/16", blockSize: 26, allowedUses: ["LoadBalancer"] })];
    const same = { allowedUses: ["LoadBalancer"] };
    assert.match(one({ spec: { ...same, cidr: undefined }, existing: old }), /^spec\.cidr: IPPool CIDR must be spec/);
    assert.match(one({ spec: { ...same, blockSize: "28" }, existing: old }), /^spec\.blockSize: json: cannot/);
    assert.match(one({ spec: { allowedUses: 5 }, existing: old }), /^spec\.allowedUses: json: cannot/);
    assert.equal(
      one({ spec: { blockSize: 28 }, existing: [stored("a", { cidr: "nonsense" })] }),
      "spec.cidr: IPPool CIDR cannot be modified; CIDR cannot be changed; follow IP pool migration guide to avoid corruption.; it is nonsense",
    );
  });

  it("keeps its block size, be it the default", () => {
    const old = [stored("a", { cidr: "10.0.0.0/16" })];
    assert.deepEqual(problemsOf({ spec: { blockSize: 26 }, existing: old }), []);
    assert.deepEqual(problemsOf({ spec: { blockSize: 28 }, existing: old }), [
      "spec.blockSize: IPPool BlockSize cannot be modified; it is 26",
    ]);
    assert.deepEqual(
      problemsOf({ spec: { blockSize: 28 }, existing: [stored("a", { cidr: "10.0.0.0/16", blockSize: 27 })] }),
      [
        "spec.blockSize: IPPool BlockSize cannot be modified; Block size cannot be changed; follow IP pool migration guide to avoid corruption.; it is 27",
      ],
    );
  });

  it("stays one for load balancers", () => {
    const old = [stored("a", { cidr: "10.0.0.0/16", allowedUses: ["LoadBalancer"] })];
    const sentence = "spec.allowedUses: IPPool allowed use cannot be changed from LoadBalacer to Workload or Tunnel";
    assert.deepEqual(problemsOf({ spec: { allowedUses: ["LoadBalancer"] }, existing: old }), []);
    assert.deepEqual(problemsOf({ spec: { allowedUses: ["Workload"] }, existing: old }), [sentence]);
    assert.ok(problemsOf({ spec: { allowedUses: ["LoadBalancer", "Tunnel"] }, existing: old }).includes(sentence));
  });

  it("meet where the field stands", () => {
    const text = (spec: string): string =>
      `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: a}\nspec:\n${spec}`;
    const places = (spec: string, existing: readonly unknown[], ...blocks: readonly string[]): string[] =>
      placesOfProblems(text(spec), {
        existing: readStoredPools(JSON.stringify(existing)).pools,
        blocks: blocks.map((block) => parsePoolCidr(block)),
      });
    assert.deepEqual(places("  cidr: 10.0.0.0/16\n", overlapping), ["5:9 spec.cidr"]);
    assert.deepEqual(places("  cidr: 10.0.0.0/16\n  blockSize: 28\n", [], "10.0.0.0/26"), ["6:14 spec.blockSize"]);
    const old = [stored("a", { cidr: "10.1.0.0/16", blockSize: 26, allowedUses: ["LoadBalancer"] })];
    assert.deepEqual(places("  allowedUses: [Tunnel]\n  blockSize: 28\n  cidr: 10.0.0.0/16\n", old), [
      "7:9 spec.cidr",
      "6:14 spec.blockSize",
      "5:16 spec.allowedUses",
    ]);
  });
});

describe("lists of IPPools", () => {
  const list = (parts: Part): string =>
    JSON.stringify({ apiVersion: "projectcalico.org/v3", kind: "IPPoolList", items: [], ...parts });
  const found = (text: string): string[] =>
    parseIpPools(text).documents.flatMap(({ name, problems }) => [
      ...(name === undefined ? [] : [name]),
      ...problems.map(({ path, message }) => `${path}: ${message}`.replace(/; no matches for kind.*/, "")),
    ]);
  const bare = { metadata: { name: "a" }, spec: { cidr: "10.0.0.0/16" } };

  it("have items, and say what else they are not to have", () => {
    assert.deepEqual(found(list({})), []);
    assert.deepEqual(found(list({ metadata: {}, itmes: [] })), ['itmes: json: unknown field "itmes"']);
    for (const items of [undefined, null, {}, 5])
      assert.deepEqual(found(list({ items })), ["items: the items of a list must be a list"]);
    assert.deepEqual(placesOfProblems(list({ items: 5 })), ["1:66 items"]);
    assert.deepEqual(placesOfProblems(`  ${list({ items: undefined })}`), ["1:3 items"]);
    assert.deepEqual(placesOfProblems("apiVersion: v1\nkind: List\nx: 1\n"), ["3:1 x"]);
  });

  it("are of two types only", () => {
    assert.deepEqual(found(list({ apiVersion: "v1", kind: "List" })), []);
    for (const [apiVersion, kind] of [
      ["v1", "IPPoolList"],
      ["v1", "Pod"],
      ["v2", "List"],
      ["projectcalico.org/v3", "List"],
    ])
      assert.deepEqual(
        found(list({ apiVersion, kind })).map((problem) => problem.replace(/^\w+: /, "")),
        [`Unknown object type: ${apiVersion}/${kind}`],
      );
  });

  it("have items whose type is wholly there or not at all", () => {
    assert.deepEqual(found(list({ items: [bare] })), ["a"]);
    assert.deepEqual(found(list({ items: [{ ...bare, kind: "IPPool" }] })), [
      "a",
      "apiVersion: Unknown object type: /IPPool",
    ]);
    assert.deepEqual(found(list({ items: [{ ...bare, apiVersion: "projectcalico.org/v3" }] })), [
      "a",
      "kind: Unknown object type: projectcalico.org/v3/",
    ]);
    assert.deepEqual(found(list({ items: ["x"] })), [
      ": json: cannot unmarshal string into Go value of type v3.IPPool",
    ]);
  });
});

describe("existing pools", () => {
  it("are taken as they are, from manifests or in short", () => {
    const { pools, problems } = readStoredPools(
      '[{"name": "a", "spec": {"cidr": "10.0.0.0/016"}}, {"kind": "IPPool", "metadata": {"name": "b"}, "spec": null}, {"spec": {"cidr": 5}}]',
    );
    assert.deepEqual(problems, []);
    assert.deepEqual(
      pools.map(({ name, cidrText, blockSize, allowedUses }) => ({ name, cidrText, blockSize, allowedUses })),
      [
        { name: "a", cidrText: "10.0.0.0/016", blockSize: 26, allowedUses: [] },
        { name: "b", cidrText: "", blockSize: undefined, allowedUses: [] },
        { name: "", cidrText: "", blockSize: undefined, allowedUses: [] },
      ],
    );
  });

  it("are not read from what holds none", () => {
    assert.deepEqual(
      readStoredPools("kind: Deployment\n---\nhello\n---\n{\n").problems.map(({ path, line }) => [path, line]),
      [
        ["kind", 1],
        ["kind", 3],
        ["", 6],
      ],
    );
  });

  it("are read from lists too, and what is wrong with a list is told", () => {
    const list = { apiVersion: "v1", kind: "List", items: [stored("a", { cidr: "10.0.0.0/16" })] };
    assert.deepEqual(
      readStoredPools(JSON.stringify(list)).pools.map(({ name }) => name),
      ["a"],
    );
    const { pools, problems } = readStoredPools(JSON.stringify({ ...list, items: 5 }));
    assert.deepEqual(
      [pools, problems.map(({ path, message }) => `${path}: ${message}`)],
      [[], ["items: the items of a list must be a list"]],
    );
    assert.deepEqual(readStoredPools("kind: Node").problems, [
      { path: "kind", message: "an existing pool is of kind IPPool", line: 1, column: 1 },
    ]);
  });

  it("have what is of a wrong type left out", () => {
    const [pool] = readStoredPools(
      JSON.stringify(stored("a", { cidr: "10.0.0.0/16", blockSize: "28", allowedUses: [5, "Tunnel", null] })),
    ).pools;
    assert.deepEqual([pool?.givenBlockSize, pool?.blockSize, pool?.allowedUses], [undefined, 26, ["Tunnel"]]);
    const [other] = readStoredPools(JSON.stringify(stored("a", { cidr: "fd00::/112", allowedUses: "Tunnel" }))).pools;
    assert.deepEqual([other?.blockSize, other?.allowedUses], [122, []]);
  });
});
