import assert from "node:assert/strict";
import { placesOfProblems, problemsOfPool, wrongType } from "../../support/judge-manifest";

type Part = Readonly<Record<string, unknown>>;

const CONDITION = {
  type: "Allocatable",
  status: "True",
  reason: "OK",
  message: "",
  lastTransitionTime: "2024-01-01T00:00:00Z",
  observedGeneration: 0,
};
const AT = "status.conditions[0]";
const problemsOf = (changes: Part): string[] =>
  problemsOfPool({ status: { conditions: [{ ...CONDITION, ...changes }] } });

describe("the status of an IPPool", () => {
  it("is taken as Calico writes it", () => {
    for (const status of ["True", "False", "Unknown"]) assert.deepEqual(problemsOf({ status }), []);
    for (const type of ["a", "Example", "example.com/A_b.c", `${"a".repeat(252)}/${"b".repeat(63)}`])
      assert.deepEqual(problemsOf({ type }), [], type);
    assert.deepEqual(problemsOf({ message: null, observedGeneration: null }), []);
    assert.deepEqual(problemsOf({ message: undefined, observedGeneration: undefined }), []);
    assert.deepEqual(problemsOfPool({ status: { conditions: [null, CONDITION] } }), []);
  });

  const STRING = { struct: "Condition", type: "string", wanted: "string", found: "object" } as const;
  for (const [path, status, type] of [
    ["status", [], { struct: "IPPool", type: "v3.IPPoolStatus", wanted: "object", found: "array" }],
    [
      "status.conditions",
      { conditions: {} },
      { struct: "IPPoolStatus", type: "[]v1.Condition", wanted: "array", found: "object" },
    ],
    [AT, { conditions: [5] }, { struct: "IPPoolStatus", type: "v1.Condition", wanted: "object", found: "integer" }],
    ...(["type", "status", "reason", "message"] as const).map(
      (field) => [`${AT}.${field}`, { conditions: [{ ...CONDITION, [field]: {} }] }, STRING] as const,
    ),
    [
      `${AT}.lastTransitionTime`,
      { conditions: [{ ...CONDITION, lastTransitionTime: {} }] },
      { ...STRING, type: "v1.Time" },
    ],
    [
      `${AT}.observedGeneration`,
      { conditions: [{ ...CONDITION, observedGeneration: "1" }] },
      { ...STRING, type: "int64", wanted: "integer", found: "string" },
    ],
  ] as const) {
    // A reason that is none is as good as empty, and no more is said of it than its type.
    it(`refuses another type for ${path}, in the words of both readers`, () =>
      assert.deepEqual(problemsOfPool({ status }), [wrongType(path, type)]));
  }

  it("has conditions of which each field is in its bounds", () => {
    for (const [changes, sentence] of [
      [{ reason: "" }, "reason: reason in body should be at least 1 chars long"],
      [{ reason: null }, "reason: reason in body should be at least 1 chars long"],
      [{ reason: "a".repeat(1025) }, "reason: may not be more than 1024 bytes"],
      [{ reason: "5" }, "reason: reason in body should match '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$'"],
      [{ type: `${"a".repeat(253)}/${"b".repeat(63)}` }, "type: may not be more than 316 bytes"],
      [{ message: "x".repeat(32_769) }, "message: may not be more than 32768 bytes"],
      [
        { observedGeneration: -1 },
        "observedGeneration: observedGeneration in body should be greater than or equal to 0",
      ],
      [{ lastTransitionTime: null }, 'lastTransitionTime: lastTransitionTime in body must be of type string: "null"'],
      [
        { lastTransitionTime: undefined },
        'lastTransitionTime: lastTransitionTime in body must be of type string: "null"',
      ],
      [
        { lastTransitionTime: "now" },
        'lastTransitionTime: parsing time "now": not in RFC 3339, such as 2006-01-02T15:04:05Z',
      ],
      [{ status: "true" }, 'status: supported values: "True", "False", "Unknown"'],
      [{ status: null }, 'status: supported values: "True", "False", "Unknown"'],
      [{ x: 1 }, `x: json: unknown field "x"; strict decoding error: unknown field "${AT}.x"`],
    ] as const)
      assert.deepEqual(problemsOf(changes), [`${AT}.${sentence}`]);
    assert.deepEqual(problemsOf({ reason: "a".repeat(1024), message: "x".repeat(32_768) }), []);
    for (const type of ["", "A/b", "a b", "-a"])
      assert.match(
        problemsOf({ type }).join(),
        /^status\.conditions\[0\]\.type: type in body should match '\^\(\[a-z0-9\][^\\]*\(\\\.[^/]*\*\/\)\?/,
      );
  });

  it("has no other fields", () => {
    assert.deepEqual(problemsOfPool({ status: { phase: "x" } }), [
      'status.phase: json: unknown field "phase"; strict decoding error: unknown field "status.phase"',
    ]);
  });

  it("has problems where they stand, what is missing where its condition does", () => {
    const text = `apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: a}
spec: {cidr: 10.0.0.0/16}
status:
  conditions:
    - type: "-"
      status: no
      reason: null
`;
    assert.deepEqual(placesOfProblems(text), [
      "7:13 status.conditions[0].type",
      "8:15 status.conditions[0].status",
      "7:7 status.conditions[0].reason",
      "7:7 status.conditions[0].lastTransitionTime",
    ]);
  });
});
