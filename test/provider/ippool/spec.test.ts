import assert from "node:assert/strict";
import { judgeIpPool } from "../../../provider/src/ippool/judge-pool";
import { manifestValueOf } from "../../../provider/src/ippool/manifest-value";
import { placesOfProblems, problemsOfPool, wrongType } from "../../support/judge-manifest";

type Part = Readonly<Record<string, unknown>>;

const problemsOf = (spec: Part): string[] => problemsOfPool({ spec: { cidr: "10.0.0.0/16", ...spec } });

/** In body must be of type TYPE: what the kube-apiserver alone says, of null and of what Go's decoder makes text of. */
const inBody = (field: string, wanted: string, found: string): string =>
  `spec.${field}: spec.${field} in body must be of type ${wanted}: "${found}"`;
const unsupported = (field: string, value: string, supported: readonly string[]): string =>
  `spec.${field}: Unsupported value: ${value}: supported values: ${supported.map((one) => `"${one}"`).join(", ")}`;
const MODES = ["Never", "Always", "CrossSubnet"];

describe("the spec of an IPPool", () => {
  it("is needed, with a CIDR", () => {
    for (const spec of [undefined, null])
      assert.deepEqual(problemsOfPool({ spec }), ["spec.cidr: IPPool CIDR must be specified; spec: Required value"]);
    assert.deepEqual(problemsOfPool({ spec: {} }), ["spec.cidr: IPPool CIDR must be specified; Required value"]);
    assert.deepEqual(problemsOfPool({ spec: { cidr: "" } }), ["spec.cidr: IPPool CIDR must be specified"]);
    assert.deepEqual(problemsOfPool({ spec: { cidr: null } }), [
      inBody("cidr", "string", "null"),
      "spec.cidr: IPPool CIDR must be specified",
    ]);
    assert.deepEqual(problemsOfPool({ spec: [] }), [
      wrongType("spec", { struct: "IPPool", type: "v3.IPPoolSpec", wanted: "object", found: "array" }),
    ]);
  });

  const SPEC = { struct: "IPPoolSpec", type: "string", wanted: "string", found: "object" } as const;
  for (const [path, spec, type] of [
    ["spec.cidr", { cidr: {} }, SPEC],
    ["spec.ipipMode", { ipipMode: {} }, { ...SPEC, type: "v3.IPIPMode" }],
    ["spec.vxlanMode", { vxlanMode: {} }, { ...SPEC, type: "v3.VXLANMode" }],
    ["spec.assignmentMode", { assignmentMode: {} }, { ...SPEC, type: "v3.AssignmentMode" }],
    ["spec.nodeSelector", { nodeSelector: {} }, SPEC],
    ["spec.namespaceSelector", { namespaceSelector: {} }, SPEC],
    ...["natOutgoing", "disabled", "disableBGPExport"].map(
      (field) =>
        [`spec.${field}`, { [field]: "yes" }, { ...SPEC, type: "bool", wanted: "boolean", found: "string" }] as const,
    ),
    ["spec.blockSize", { blockSize: "26" }, { ...SPEC, type: "int", wanted: "integer", found: "string" }],
    [
      "spec.allowedUses",
      { allowedUses: "Tunnel" },
      { ...SPEC, type: "[]v3.IPPoolAllowedUse", wanted: "array", found: "string" },
    ],
    [
      "spec.allowedUses[10]",
      { allowedUses: [...Array(10).fill("Tunnel"), []] },
      { ...SPEC, type: "v3.IPPoolAllowedUse", found: "array" },
    ],
  ] as const) {
    it(`refuses another type for ${path}, in the words of both readers`, () =>
      assert.ok(problemsOf(spec).includes(wrongType(path, type)), problemsOf(spec).join("\n")));
  }

  it("has one problem for a value of a wrong type", () => {
    for (const spec of [
      { cidr: {} },
      { ipipMode: {} },
      { vxlanMode: [] },
      { assignmentMode: {} },
      { nodeSelector: {} },
      { namespaceSelector: [] },
      { natOutgoing: "yes" },
      { blockSize: "26" },
      { allowedUses: "Tunnel" },
    ])
      assert.equal(problemsOf(spec).length, 1, problemsOf(spec).join("\n"));
  });

  it("takes null for a field in one reader or in both", () => {
    assert.deepEqual(problemsOf({ nodeSelector: null, assignmentMode: null }), []);
    assert.deepEqual(problemsOf({ blockSize: null }), [inBody("blockSize", "integer", "null")]);
    assert.deepEqual(problemsOf({ namespaceSelector: null }), [inBody("namespaceSelector", "string", "null")]);
    assert.deepEqual(problemsOf({ allowedUses: null }), [inBody("allowedUses", "array", "null")]);
    for (const field of ["ipipMode", "vxlanMode"])
      assert.deepEqual(problemsOf({ [field]: null }), [
        inBody(field, "string", "null"),
        unsupported(field, "null", MODES),
      ]);
    // calicoctl goes on with the default, so that what does not fit it is told as well.
    assert.ok(
      problemsOf({ cidr: "10.0.0.0/28", blockSize: null }).some((problem) => problem.includes("size is too small")),
    );
    assert.ok(
      problemsOf({ allowedUses: null, namespaceSelector: "has(a)" }).includes(
        "spec.namespaceSelector: IP Pool with AllowedUse Tunnel cannot have namespaceSelector",
      ),
    );
    assert.equal(problemsOf({ allowedUses: 5, namespaceSelector: "has(a)" }).length, 1);
  });

  it("has modes that are known, of which an empty one is Never to calicoctl alone", () => {
    assert.deepEqual(problemsOf({ ipipMode: "always" }), [unsupported("ipipMode", '"always"', MODES)]);
    assert.deepEqual(problemsOf({ vxlanMode: "" }), [unsupported("vxlanMode", '""', MODES)]);
    assert.deepEqual(problemsOf({ ipipMode: "", vxlanMode: "Always" }), [unsupported("ipipMode", '""', MODES)]);
    assert.deepEqual(problemsOf({ ipipMode: 5 }), [
      inBody("ipipMode", "string", "integer"),
      unsupported("ipipMode", "5", MODES),
    ]);
    assert.deepEqual(problemsOf({ assignmentMode: "x" }), [
      unsupported("assignmentMode", '"x"', ["Automatic", "Manual"]),
    ]);
    assert.deepEqual(problemsOf({ ipipMode: "Always", vxlanMode: "CrossSubnet" }), [
      "spec.vxlanMode: ipipMode and vxlanMode cannot both be enabled",
    ]);
    assert.deepEqual(problemsOf({ cidr: "fd00::/112", ipipMode: "Always" }), [
      "spec.ipipMode: IPIP is not supported on IPv6 pools",
    ]);
  });

  it("has a CIDR that both readers can read", () => {
    assert.deepEqual(problemsOf({ cidr: "10.0.0.0/33" }), [
      'spec.cidr: IPPool CIDR must be a valid subnet; spec.cidr in body must be of type cidr: "10.0.0.0/33"; netip.ParsePrefix("10.0.0.0/33"): prefix length out of range',
    ]);
    assert.deepEqual(problemsOf({ cidr: "x".repeat(49) }), [
      "spec.cidr: may not be more than 48 bytes",
      "spec.cidr: IPPool CIDR must be a valid subnet",
    ]);
    assert.equal(problemsOf({ cidr: "x".repeat(48) }).length, 1);
    assert.deepEqual(problemsOf({ cidr: "::ffff:10.0.0.0/112" }), [
      'spec.cidr: IPv4-mapped IPv6 address "::ffff:10.0.0.0/112" is not allowed: write 10.0.0.0/16',
    ]);
    assert.deepEqual(problemsOf({ cidr: "10.0.0.0/016" }), [
      'spec.cidr: netip.ParsePrefix("10.0.0.0/016"): bad bits after slash: "016"',
    ]);
    assert.deepEqual(problemsOf({ cidr: "10.0.0.1/16" }), [
      "spec.cidr: IPPool CIDR is not strictly masked; IPPool CIDR must be strictly masked; the network is 10.0.0.0/16",
    ]);
    assert.deepEqual(problemsOf({ cidr: "16.0.0.0/8" }), []);
    assert.ok(!problemsOf({ cidr: "0.0.0.0/0" }).some((problem) => problem.includes("bad bits")));
  });

  it("has no CIDR that meets link-local addresses, the first and the last of them either", () => {
    const four = "spec.cidr: IPPool CIDR overlaps with IPv4 link local range 169.254.0.0/16";
    const six = "spec.cidr: IPPool CIDR overlaps with IPv6 link local range fe80::/10";
    for (const cidr of ["169.254.0.0/26", "169.254.255.192/26", "169.254.0.0/16", "169.0.0.0/8", "0.0.0.0/0"])
      assert.deepEqual(problemsOf({ cidr }), [four], cidr);
    assert.deepEqual(problemsOf({ cidr: "169.254.0.0/32", blockSize: 32 }), [four]);
    assert.deepEqual(problemsOf({ cidr: "169.254.255.255/32", blockSize: 32 }), [four]);
    for (const cidr of ["fe80::/10", "fe80::/112", "febf:ffff::/112", "::/0"])
      assert.deepEqual(problemsOf({ cidr }), [six]);
    for (const cidr of ["169.253.255.192/26", "169.255.0.0/26", "fec0::/112", "fe7f:ffff::/32", "::a9fe:0/112"])
      assert.deepEqual(problemsOf({ cidr }), [], cidr);
  });

  it("has a block size of its family, not larger than the pool", () => {
    const range =
      "spec.blockSize: blockSize must be between 20 and 32 for IPv4 pools, and between 116 and 128 for IPv6 pools";
    for (const [cidr, inside, outside] of [
      ["10.0.0.0/16", [20, 32, 0], [19, 33]],
      ["fd00::/112", [116, 128, 0], [115]],
    ] as const) {
      for (const blockSize of inside) assert.deepEqual(problemsOf({ cidr, blockSize }), []);
      for (const blockSize of outside) assert.deepEqual(problemsOf({ cidr, blockSize }), [range]);
    }
    assert.deepEqual(
      problemsOf({ blockSize: -1 })[0],
      "spec.blockSize: spec.blockSize in body should be greater than or equal to 0",
    );
    assert.deepEqual(problemsOf({ cidr: "fd00::/112", blockSize: 129 }), [
      "spec.blockSize: spec.blockSize in body should be less than or equal to 128",
      range,
    ]);
    const small =
      "spec.blockSize: IP pool size is too small for use with Calico IPAM. It must be equal to or greater than the block size.";
    assert.deepEqual(problemsOf({ cidr: "10.0.0.0/26" }), []);
    assert.deepEqual(problemsOf({ cidr: "10.0.0.0/27" }), [small]);
    assert.deepEqual(problemsOf({ cidr: "10.0.0.0/27", disabled: true }), []);
    assert.equal(problemsOf({ cidr: "nonsense", blockSize: 5 }).length, 1);
  });

  it("has at most ten uses, each known, each once", () => {
    const unknown = (index: number, use: string, shown: string): string =>
      `spec.allowedUses[${index}]: unknown use: ${use}; Unsupported value: ${shown}: supported values: "Workload", "Tunnel", "LoadBalancer"`;
    assert.deepEqual(problemsOf({ allowedUses: ["Workload", "workload"] }), [unknown(1, "workload", '"workload"')]);
    assert.deepEqual(problemsOf({ allowedUses: [5] }), [
      'spec.allowedUses[0]: spec.allowedUses[0] in body must be of type string: "integer"',
      unknown(0, "5", "5"),
    ]);
    assert.deepEqual(problemsOf({ allowedUses: ["Tunnel", "Workload", "Tunnel"] }), [
      'spec.allowedUses[2]: Duplicate value: "Tunnel"',
    ]);
    const uses = (count: number): string[] => problemsOf({ allowedUses: Array(count).fill("Workload") });
    assert.equal(uses(10).length, 9);
    assert.deepEqual(
      [uses(11).length, uses(11)[0]],
      [11, "spec.allowedUses: Too many: 11: must have at most 10 items"],
    );
    assert.deepEqual(problemsOf({ allowedUses: [] }), []);
  });

  it("is for load balancers alone, or not at all", () => {
    const of = (spec: Part): string[] => problemsOf({ allowedUses: ["LoadBalancer"], ...spec });
    const encapsulated = "LoadBalancer IP pool cannot have IPIP or VXLAN enabled";
    assert.deepEqual(of({}), []);
    assert.deepEqual(of({ ipipMode: "Always" }), [`spec.ipipMode: ${encapsulated}`]);
    assert.deepEqual(of({ vxlanMode: "CrossSubnet" }), [`spec.vxlanMode: ${encapsulated}`]);
    assert.deepEqual(of({ disableBGPExport: true }), [
      "spec.disableBGPExport: LoadBalancer IP pools cannot disable BGP export",
    ]);
    assert.deepEqual(of({ nodeSelector: "has(a)" }), [
      "spec.nodeSelector: IP Pool with AllowedUse LoadBalancer must have nodeSelector set to all()",
    ]);
    assert.deepEqual(of({ namespaceSelector: "has(a)" }), []);
    for (const use of ["Workload", "Tunnel"])
      assert.deepEqual(of({ allowedUses: ["LoadBalancer", use] }), [
        "spec.allowedUses: LoadBalancer cannot be combined with Workload or Tunnel allowed uses",
      ]);
    assert.deepEqual(problemsOf({ disableBGPExport: true, nodeSelector: "has(a)", ipipMode: "Always" }), []);
    assert.deepEqual(problemsOf({ allowedUses: ["Workload"], namespaceSelector: "has(a)" }), []);
  });

  it("has selectors that can be parsed, of at most 1024 characters, without global()", () => {
    for (const [field, name] of [
      ["nodeSelector", "NodeSelector"],
      ["namespaceSelector", "NamespaceSelector"],
    ] as const) {
      const of = (text: string): string[] => problemsOf({ allowedUses: ["Workload"], [field]: text });
      assert.deepEqual(of("a =="), [
        `spec.${field}: expected string; ${name} = 'a ==' (Reason: failed to validate Field: ${name} because of Tag: selector )`,
      ]);
      assert.deepEqual(of("global()"), [`spec.${field}: global() selector is not valid for IPPool ${field}`]);
      const long = (length: number): string => `a == '${"ü".repeat(length - 7)}'`;
      assert.deepEqual(of(long(1024)), []);
      assert.deepEqual(of(long(1025)), [`spec.${field}: may not be more than 1024 bytes`]);
    }
  });

  it("becomes a pool, with what is absent filled in", () => {
    const poolOf = (spec: Part): unknown =>
      judgeIpPool(
        manifestValueOf({ apiVersion: "projectcalico.org/v3", kind: "IPPool", metadata: { name: "a" }, spec }),
      ).pool;
    const pool = {
      name: "a",
      cidr: "fd00::/112",
      ipipMode: "Never",
      vxlanMode: "Never",
      natOutgoing: false,
      disabled: false,
      disableBGPExport: false,
      blockSize: 122,
      nodeSelector: "all()",
      namespaceSelector: "",
      allowedUses: ["Workload", "Tunnel"],
      assignmentMode: "Automatic",
    };
    assert.deepEqual(poolOf({ cidr: "fd00:0::/112" }), pool);
    assert.deepEqual(poolOf({ cidr: "fd00::/112", nodeSelector: "", blockSize: 0 }), pool);
    const set = {
      cidr: "10.0.0.0/16",
      ipipMode: "CrossSubnet",
      vxlanMode: "Never",
      natOutgoing: true,
      disabled: true,
      disableBGPExport: true,
      blockSize: 28,
      nodeSelector: "has(a)",
      namespaceSelector: "has(b)",
      allowedUses: ["Workload"],
      assignmentMode: "Manual",
    };
    assert.deepEqual(poolOf(set), { name: "a", ...set });
  });

  it("has problems where they stand, what is missing where the spec does", () => {
    const places = (spec: string): string[] =>
      placesOfProblems(`apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: a}\n${spec}`);
    assert.deepEqual(places("spec:\n  blockSize: 19\n"), ["5:3 spec.cidr"]);
    assert.deepEqual(places(""), ["1:1 spec.cidr"]);
    assert.deepEqual(places("spec: ~\n"), ["4:7 spec.cidr"]);
    const spec = `spec:
  cidr: fd00::1/112
  ipipMode: Always
  vxlanMode: Always
  blockSize: 19
  disableBGPExport: true
  nodeSelector: has(a
  namespaceSelector: global()
  assignmentMode: x
  allowedUses: [LoadBalancer, Tunnel, x, x]
`;
    assert.deepEqual(places(spec).sort(), [
      "10:17 spec.nodeSelector",
      "10:17 spec.nodeSelector",
      "11:22 spec.namespaceSelector",
      "11:22 spec.namespaceSelector",
      "12:19 spec.assignmentMode",
      "13:16 spec.allowedUses",
      "13:39 spec.allowedUses[2]",
      "13:42 spec.allowedUses[3]",
      "13:42 spec.allowedUses[3]",
      "5:9 spec.cidr",
      "6:13 spec.ipipMode",
      "6:13 spec.ipipMode",
      "7:14 spec.vxlanMode",
      "7:14 spec.vxlanMode",
      "8:14 spec.blockSize",
      "8:14 spec.blockSize",
      "9:21 spec.disableBGPExport",
    ]);
    assert.deepEqual(
      places(`spec:\n  cidr: 10.0.0.0/8\n  allowedUses: [${Array(11).fill("Tunnel").join(", ")}]\n`)[0],
      "6:16 spec.allowedUses",
    );
  });
});
