import assert from "node:assert/strict";
import { judgeIpPool } from "../../../provider/src/ippool/judge-pool";
import { manifestValueOf } from "../../../provider/src/ippool/manifest-value";
import { placesOfProblems, problemsOfPool, wrongType } from "../../support/judge-manifest";

type Part = Readonly<Record<string, unknown>>;

const problemsOf = (metadata: Part): string[] => problemsOfPool({ metadata: { name: "a", ...metadata } });

describe("metadata of an IPPool", () => {
  it("is needed, with a name", () => {
    const missing = /^metadata\.name: name must consist of .*; Required value: name or generateName is required$/;
    for (const metadata of [undefined, null, {}, { name: "" }]) {
      const problems = problemsOfPool({ metadata });
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? "", missing);
    }
    const { name } = judgeIpPool(
      manifestValueOf({ apiVersion: "projectcalico.org/v3", kind: "IPPool", metadata: { name: 5 } }),
    );
    assert.equal(name, undefined);
  });

  const OBJECT_META = { struct: "ObjectMeta", type: "string", wanted: "string", found: "object" } as const;
  const OWNER = { ...OBJECT_META, struct: "OwnerReference" } as const;
  const owner = { apiVersion: "v1", kind: "K", name: "n", uid: "u" };
  const wrong: readonly (readonly [path: string, metadata: Part, Parameters<typeof wrongType>[1]])[] = [
    ...["name", "namespace", "generateName", "selfLink", "resourceVersion"].map(
      (field) => [`metadata.${field}`, { [field]: {} }, OBJECT_META] as const,
    ),
    ["metadata.uid", { uid: {} }, { ...OBJECT_META, type: "types.UID" }],
    ...["deletionGracePeriodSeconds", "generation"].map(
      (field) =>
        [
          `metadata.${field}`,
          { [field]: "1" },
          { ...OBJECT_META, type: "int64", wanted: "integer", found: "string" },
        ] as const,
    ),
    ...["creationTimestamp", "deletionTimestamp"].map(
      (field) => [`metadata.${field}`, { [field]: {} }, { ...OBJECT_META, type: "v1.Time" }] as const,
    ),
    ...["labels", "annotations"].map(
      (field) =>
        [
          `metadata.${field}`,
          { [field]: [] },
          { ...OBJECT_META, type: "map[string]string", wanted: "object", found: "array" },
        ] as const,
    ),
    ...["labels", "annotations"].map(
      (field) => [`metadata.${field}.x`, { [field]: { x: [] } }, { ...OBJECT_META, found: "array" }] as const,
    ),
    ["metadata.finalizers", { finalizers: {} }, { ...OBJECT_META, type: "[]string", wanted: "array" }],
    ["metadata.finalizers[1]", { finalizers: ["a", {}] }, OBJECT_META],
    [
      "metadata.ownerReferences",
      { ownerReferences: {} },
      { ...OBJECT_META, type: "[]v1.OwnerReference", wanted: "array" },
    ],
    [
      "metadata.managedFields",
      { managedFields: "x" },
      { ...OBJECT_META, type: "[]v1.ManagedFieldsEntry", wanted: "array", found: "string" },
    ],
    [
      "metadata.ownerReferences[0]",
      { ownerReferences: [5] },
      { ...OBJECT_META, type: "v1.OwnerReference", wanted: "object", found: "integer" },
    ],
    [
      "metadata.managedFields[1]",
      { managedFields: [{}, []] },
      { ...OBJECT_META, type: "v1.ManagedFieldsEntry", wanted: "object", found: "array" },
    ],
    ...["apiVersion", "kind", "name"].map(
      (field) =>
        [`metadata.ownerReferences[0].${field}`, { ownerReferences: [{ ...owner, [field]: {} }] }, OWNER] as const,
    ),
    ["metadata.ownerReferences[0].uid", { ownerReferences: [{ ...owner, uid: {} }] }, { ...OWNER, type: "types.UID" }],
    ...["controller", "blockOwnerDeletion"].map(
      (field) =>
        [
          `metadata.ownerReferences[0].${field}`,
          { ownerReferences: [{ ...owner, [field]: "yes" }] },
          { ...OWNER, type: "bool", wanted: "boolean", found: "string" },
        ] as const,
    ),
  ];
  for (const [path, metadata, type] of wrong)
    it(`refuses another type for ${path}, in the words of both readers`, () =>
      assert.deepEqual(problemsOf(metadata), [wrongType(path, type)]));

  it("is an object itself", () =>
    assert.deepEqual(problemsOfPool({ metadata: [] }), [
      wrongType("metadata", { struct: "IPPool", type: "v1.ObjectMeta", wanted: "object", found: "array" }),
    ]));

  it("takes what exports hold, and null for each field", () => {
    const full = {
      generateName: "a-",
      namespace: "",
      selfLink: "/x",
      uid: "u",
      resourceVersion: "1",
      generation: 0,
      creationTimestamp: "2024-01-01T00:00:00Z",
      deletionTimestamp: "2024-01-01T00:00:00.123456789Z",
      deletionGracePeriodSeconds: 30,
      labels: { a: "b", "example.com/A_b.c": "" },
      annotations: { "Example.com/A": "any thing" },
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }, null],
      finalizers: ["example.com/a"],
      managedFields: [
        { manager: "m", operation: "o", apiVersion: "v", time: "t", fieldsType: "f", fieldsV1: {}, subresource: "s" },
        null,
      ],
    };
    assert.deepEqual(problemsOf(full), []);
    for (const field of Object.keys(full)) assert.deepEqual(problemsOf({ ...full, [field]: null }), [], field);
  });

  it("has times in RFC 3339", () => {
    for (const time of ["2024-01-01T00:00:00+02:00", "2024-12-31T23:59:59-10:30", "2024-01-01T00:00:00.5Z"])
      assert.deepEqual(problemsOf({ creationTimestamp: time }), [], time);
    for (const time of [
      "x2024-01-01T00:00:00Z",
      "2024-01-01T00:00:00Zx",
      "2024-01-01T00:00:00",
      "2024-13-01T00:00:00Z",
      "2024-01-01T00:00:00.xZ",
      "2024-01-01T00:00:00.Z",
      "2024-01-01T00:00:00+2:00",
      "2024-01-01T00:00:00+02:0",
      "2024-01-01T00:00:00 02:00",
      "2024-01-01 00:00:00Z",
    ])
      assert.deepEqual(problemsOf({ deletionTimestamp: time }), [
        `metadata.deletionTimestamp: parsing time "${time}": not in RFC 3339, such as 2006-01-02T15:04:05Z`,
      ]);
    assert.deepEqual(problemsOf({ creationTimestamp: 5 }), [
      'metadata.creationTimestamp: metadata.creationTimestamp in body must be of type string: "integer"',
    ]);
  });

  it("has a name of at most 253 bytes", () => {
    assert.deepEqual(problemsOf({ name: "a".repeat(253) }), []);
    assert.deepEqual(problemsOf({ name: "a".repeat(254) }), [
      "metadata.name: name is too long by 1 bytes; must be no more than 253 bytes",
    ]);
    // Letters beyond ASCII are several bytes each, and no letters of a name.
    assert.match(problemsOf({ name: "ü".repeat(127) })[0] ?? "", /too long by 1 bytes/);
    assert.equal(problemsOf({ name: "A".repeat(10_000) }).length, 2);
    assert.deepEqual(problemsOf({ name: "A".repeat(10_001) }), [
      "metadata.name: name is too long by 9748 bytes; must be no more than 253 bytes",
    ]);
  });

  it("has a generateName that a name can begin with", () => {
    for (const generateName of ["", "a-", "a.", "a".repeat(252)]) assert.deepEqual(problemsOf({ generateName }), []);
    assert.deepEqual(problemsOf({ generateName: "a".repeat(253) }), [
      "metadata.generateName: must be no more than 253 bytes",
    ]);
    assert.match(
      problemsOf({ generateName: "-a" })[0] ?? "",
      /^metadata\.generateName: a lowercase RFC 1123 subdomain/,
    );
  });

  it("has no namespace", () =>
    assert.deepEqual(problemsOf({ namespace: "x" }), [
      "metadata.namespace: namespace should not be specified for a non-namespaced resource; Forbidden: not allowed on this type",
    ]));

  it("has label names and values of at most 63 bytes, and prefixes of at most 253", () => {
    const label = "metadata.labels";
    assert.deepEqual(problemsOf({ labels: { [`${"p".repeat(253)}/${"a".repeat(63)}`]: "b".repeat(63) } }), []);
    const long = "a".repeat(64);
    assert.deepEqual(problemsOf({ labels: { [long]: "" } }), [
      `${label}.${long}: name part must be no more than 63 bytes`,
    ]);
    assert.deepEqual(problemsOf({ labels: { a: long } }), [`${label}.a: must be no more than 63 bytes`]);
    const prefixed = `${"p".repeat(254)}/a`;
    assert.deepEqual(problemsOf({ labels: { [prefixed]: "" } }), [
      `${label}["${prefixed}"]: prefix part must be no more than 253 bytes`,
    ]);
    assert.match(problemsOf({ labels: { "P/a": "" } })[0] ?? "", /: prefix part a lowercase RFC 1123 subdomain/);
    assert.match(
      problemsOf({ labels: { a: "-" } })[0] ?? "",
      /^metadata\.labels\.a: a valid label must be an empty string/,
    );
    assert.deepEqual(problemsOf({ labels: { a: 5 } }), [`${label}.a: cannot convert int64 to string`]);
    assert.deepEqual(problemsOf({ labels: { a: 1.5 } }), [`${label}.a: cannot convert float64 to string`]);
  });

  it("has annotations of 256 KiB in all, names included, whose names may be in upper case", () => {
    const of = (length: number): Part => ({ annotations: { a: "x".repeat(length), "B.c/D": null } });
    assert.deepEqual(problemsOf(of(262_144 - 6)), []);
    assert.deepEqual(problemsOf(of(262_144 - 5)), [
      "metadata.annotations: total size of annotations is too large by 1 bytes; may not be more than 262144 bytes",
    ]);
    assert.deepEqual(problemsOf({ annotations: { a: "x".repeat(262_142), b: 5 } }), [
      "metadata.annotations.b: cannot convert int64 to string",
    ]);
    assert.match(
      problemsOf({ annotations: { "a b": "" } })[0] ?? "",
      /^metadata\.annotations\["a b"\]: name part must/,
    );
  });

  it("has finalizers that are strings, each by itself", () => {
    assert.deepEqual(
      problemsOf({ finalizers: [5, "a b c", null] }).map((problem) => problem.slice(0, 85)),
      [
        'metadata.finalizers[0]: metadata.finalizers[0] in body must be of type string: "integ',
        "metadata.finalizers[1]: name part must consist of alphanumeric characters, '-', '_' o",
        'metadata.finalizers[2]: metadata.finalizers[2] in body must be of type string: "null"',
      ],
    );
  });

  it("has owners that are whole, are no events, and of which one controls", () => {
    const required = (field: string): string =>
      `metadata.ownerReferences[0].${field}: Required value: must not be empty`;
    assert.deepEqual(problemsOf({ ownerReferences: [{}] }), ["apiVersion", "kind", "name", "uid"].map(required));
    assert.deepEqual(
      problemsOf({ ownerReferences: [{ ...owner, kind: "", uid: null }] }),
      ["kind", "uid"].map(required),
    );
    const event = { ...owner, kind: "Event" };
    assert.deepEqual(problemsOf({ ownerReferences: [owner, event] }), [
      "metadata.ownerReferences[1]: /v1, Kind=Event is disallowed from being an owner",
    ]);
    assert.deepEqual(problemsOf({ ownerReferences: [{ ...event, apiVersion: "v2" }] }), []);
    const controls = { ...owner, controller: true };
    const others = { ...owner, controller: false, blockOwnerDeletion: true };
    assert.deepEqual(problemsOf({ ownerReferences: [others, controls, others, others] }), []);
    assert.deepEqual(problemsOf({ ownerReferences: [controls, others, controls, controls] }), [
      "metadata.ownerReferences[2]: Only one reference can have Controller set to true",
    ]);
  });

  it("has no other fields, in lists neither", () => {
    const unknown = (path: string, key: string): string =>
      `${path}: json: unknown field "${key}"; strict decoding error: unknown field "${path}"`;
    assert.deepEqual(problemsOf({ nam: "x", ownerReferences: [{ ...owner, x: 1 }], managedFields: [{}, { y: 1 }] }), [
      unknown("metadata.nam", "nam"),
      unknown("metadata.ownerReferences[0].x", "x"),
      unknown("metadata.managedFields[1].y", "y"),
    ]);
  });

  it("has problems where they stand", () => {
    const text = `apiVersion: projectcalico.org/v3
kind: IPPool
metadata:
  name: A
  generateName: B
  namespace: c
  generation: -1
  creationTimestamp: never
  labels: {a: "-", "b c": d}
  annotations:
    "b c": d
  finalizers: [" "]
  ownerReferences:
    - {apiVersion: v1, kind: Event, name: own}
spec:
  cidr: 10.0.0.0/16
`;
    assert.deepEqual(placesOfProblems(text), [
      "4:9 metadata.name",
      "6:14 metadata.namespace",
      "5:17 metadata.generateName",
      "7:15 metadata.generation",
      "8:22 metadata.creationTimestamp",
      "9:15 metadata.labels.a",
      '9:20 metadata.labels["b c"]',
      '11:5 metadata.annotations["b c"]',
      "12:16 metadata.finalizers[0]",
      "14:7 metadata.ownerReferences[0].uid",
      "14:7 metadata.ownerReferences[0]",
    ]);
    const rest = "spec:\n  cidr: 10.0.0.0/16\n";
    const head = "apiVersion: projectcalico.org/v3\nkind: IPPool\n";
    assert.deepEqual(placesOfProblems(`${head}metadata: {}\n${rest}`), ["3:11 metadata.name"]);
    assert.deepEqual(placesOfProblems(`# first\n${head}${rest}`), ["2:1 metadata.name"]);
  });
});
