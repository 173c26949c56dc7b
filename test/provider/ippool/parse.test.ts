import assert from "node:assert/strict";
import fc from "fast-check";
import { parseIpPools } from "../../../provider/src/ippool/parse";
import type { Problem } from "../../../provider/src/ippool/problem";
import { MAX_TEXT_LENGTH } from "../../../provider/src/ippool/yaml-documents";
import { tries } from "../../support/tries";

function manifest(name: string, spec: string): string {
  return `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata:\n  name: ${name}\nspec:\n${spec}`;
}

function namesOf(text: string): (string | undefined)[] {
  const { documents } = parseIpPools(text);
  assert.deepEqual(
    documents.flatMap((document) => document.problems),
    [],
  );
  return documents.map((document) => document.pool?.name);
}

function problemsOf(text: string): readonly Problem[] {
  return parseIpPools(text).documents.flatMap((document) => document.problems);
}

describe("IPPool manifests", () => {
  describe("in every form", () => {
    const first = manifest("a", "  cidr: 10.1.0.0/16\n");
    const second = manifest("b", "  cidr: 10.2.0.0/16\n");

    it("documents, empty ones and comments left out", () => {
      assert.deepEqual(namesOf(`---\n# pools\n---\n${first}---\n---\n# last\n${second}...\n`), ["a", "b"]);
      assert.deepEqual(namesOf(""), []);
      assert.deepEqual(namesOf("# nothing\n"), []);
    });

    it("JSON, a list of objects, an IPPoolList with and without types in its items, and kubectl's List", () => {
      const pool = (name: string): object => ({
        apiVersion: "projectcalico.org/v3",
        kind: "IPPool",
        metadata: { name },
        spec: { cidr: "10.0.0.0/16" },
      });
      const bare = { metadata: { name: "c" }, spec: { cidr: "10.3.0.0/16" } };
      assert.deepEqual(namesOf(JSON.stringify(pool("a"))), ["a"]);
      assert.deepEqual(namesOf(JSON.stringify(pool("a"), null, "\t")), ["a"]);
      assert.deepEqual(namesOf(JSON.stringify([pool("a"), pool("b")])), ["a", "b"]);
      const list = {
        apiVersion: "projectcalico.org/v3",
        kind: "IPPoolList",
        metadata: { resourceVersion: "12" },
        items: [pool("a"), bare],
      };
      assert.deepEqual(namesOf(JSON.stringify(list)), ["a", "c"]);
      assert.deepEqual(namesOf(JSON.stringify({ apiVersion: "v1", kind: "List", items: [pool("a")] })), ["a"]);
      assert.deepEqual(
        problemsOf(JSON.stringify({ ...list, items: {} })).map(({ path }) => path),
        ["items"],
      );
      assert.deepEqual(
        problemsOf(JSON.stringify({ ...pool("a"), kind: "IPPoolList" })).map(({ path }) => path),
        ["spec"],
      );
    });

    it("what `calicoctl get -o yaml` exports", () => {
      const text = `apiVersion: projectcalico.org/v3
items:
- apiVersion: projectcalico.org/v3
  kind: IPPool
  metadata:
    creationTimestamp: 2024-05-06T07:08:09Z
    finalizers:
    - projectcalico.org/ippool-finalizer
    generation: 3
    managedFields:
    - apiVersion: projectcalico.org/v3
      fieldsType: FieldsV1
      fieldsV1:
        f:spec:
          f:cidr: {}
      manager: calicoctl
      operation: Update
      time: "2024-05-06T07:08:09Z"
    name: default-ipv4-ippool
    ownerReferences:
    - apiVersion: operator.tigera.io/v1
      blockOwnerDeletion: true
      controller: true
      kind: Installation
      name: default
      uid: 5f0bb65f-35d5-4d33-9d32-0a7e2d3c1ed9
    resourceVersion: "716"
    uid: d3c2c1a6-25b6-4a91-b0d9-8a3ab5d5b5f0
  spec:
    allowedUses: [Workload, Tunnel]
    blockSize: 26
    cidr: 192.168.0.0/16
    ipipMode: Never
    natOutgoing: true
    nodeSelector: all()
    vxlanMode: CrossSubnet
  status:
    conditions:
    - lastTransitionTime: "2024-05-06T07:08:10Z"
      message: ""
      observedGeneration: 3
      reason: OK
      status: "True"
      type: Allocatable
kind: IPPoolList
metadata:
  resourceVersion: "9000"
`;
      assert.deepEqual(namesOf(text), ["default-ipv4-ippool"]);
    });

    it("with a byte order mark, CRLF, anchors, aliases and merged mappings", () => {
      assert.deepEqual(namesOf(`\uFEFF${first}`), ["a"]);
      assert.deepEqual(namesOf(first.replaceAll("\n", "\r\n")), ["a"]);
      const [shared, merged] =
        parseIpPools(`[{apiVersion: &v projectcalico.org/v3, kind: &k IPPool, metadata: {name: &n a}, spec: &s {cidr: 10.0.0.0/8, natOutgoing: true}},
        {apiVersion: *v, kind: *k, metadata: {name: b, labels: {*n : x}}, spec: {<<: *s, blockSize: 24}},
        {apiVersion: *v, kind: *k, metadata: {name: c}, spec: {<<: [{cidr: 12.0.0.0/8}, {blockSize: 24}]}}]`).documents.slice(
          1,
        );
      assert.deepEqual(shared?.problems, []);
      assert.deepEqual(
        [shared?.pool?.cidr, shared?.pool?.natOutgoing, shared?.pool?.blockSize],
        ["10.0.0.0/8", true, 24],
      );
      assert.deepEqual([merged?.pool?.cidr, merged?.pool?.blockSize], ["12.0.0.0/8", 24]);
    });

    it("with YAML 1.1's scalars as go-yaml reads them", () => {
      const spec = "  cidr: 10.0.0.0/16\n  natOutgoing: yes\n  disabled: Off\n  blockSize: 0x1a\n";
      const [document] = parseIpPools(manifest("a", spec)).documents;
      assert.deepEqual(
        [document?.pool?.natOutgoing, document?.pool?.disabled, document?.pool?.blockSize],
        [true, false, 26],
      );
      assert.equal(
        parseIpPools(manifest("a", "  cidr: 10.0.0.0/16\n  blockSize: 032\n")).documents[0]?.pool?.blockSize,
        26,
      );
      assert.equal(
        parseIpPools(manifest("a", "  cidr: 10.0.0.0/16\n  blockSize: 26.0\n")).documents[0]?.pool?.blockSize,
        26,
      );
    });
  });

  it("reports all problems of all documents at once, each where it stands", () => {
    const text = `${manifest("A", "  cidr: 10.0.0.1/16\n  ipipMode: Sometimes\n")}---\n${manifest("b", "  blockSize: 26\n  nat-outgoing: true\n")}`;
    assert.deepEqual(
      problemsOf(text).map(({ path, line, column }) => `${path} ${line}:${column}`),
      ["metadata.name 4:9", "spec.ipipMode 7:13", "spec.cidr 6:9", "spec.nat-outgoing 15:3", "spec.cidr 14:3"],
    );
  });

  it("names a key that differs in case only", () => {
    const [problem] = problemsOf(manifest("a", "  cidr: 10.0.0.0/16\n  ipipmode: Always\n"));
    assert.equal(problem?.message, 'strict decoding error: unknown field "spec.ipipmode": did you mean "ipipMode"?');
  });

  describe("that are hostile get a clear error", () => {
    const pool = manifest("a", "  cidr: 10.0.0.0/16\n");
    const cases: readonly (readonly [string, string, RegExp, string?])[] = [
      ["a key twice", `${pool}  cidr: 10.1.0.0/16\n`, /^yaml: key "cidr" already set in map$/, "7:3"],
      ["a key twice in JSON", '{"kind": "IPPool", "kind": "IPPool"}', /^yaml: key "kind" already set in map$/, "1:20"],
      ["tabs", pool.replaceAll("  ", "\t"), /^yaml: Tabs are not allowed as indentation$/, "4:1"],
      ["an anchor that contains itself", "a: &a [*a]", /^yaml: anchor 'a' value contains itself$/, "1:8"],
      ["an unknown anchor", "a: *b", /^yaml: unknown anchor 'b' referenced$/, "1:4"],
      ["a merge of a key that is there", "{<<: {a: b}, a: c}", /^yaml: key "a" already set in map$/, "1:14"],
      ["a control character", `${pool}\u0001`, /^yaml: control characters are not allowed$/, "7:1"],
      ["a number that JSON does not have", "a: .inf", /^yaml: unsupported value: Infinity$/],
      ["null as key", "{~: a}", /^yaml: invalid map key$/],
      ["a merge of no mapping", "a: {<<: [1]}", /^yaml: map merge requires map or sequence of maps as the value$/],
      ["a mapping as key", "{a: b}: c", /^yaml: invalid map key/],
      ["a tag", "spec: !!binary aGk=", /^yaml: Unresolved tag/],
      ["a text", "hello", /^json: cannot unmarshal string into Go value of type v3.IPPool$/],
      ["an open bracket", "spec: [", /^yaml: /],
      ["more than fits", "x".repeat(MAX_TEXT_LENGTH + 1), /characters; at most \d+ are read/],
      ["10 MB", pool.repeat(10_000_000 / pool.length), /characters; at most \d+ are read/],
      ["brackets without end", "[".repeat(MAX_TEXT_LENGTH), /^yaml: nested more than 100 levels$/, "1:101"],
      ["mappings without end", "{a: ".repeat(MAX_TEXT_LENGTH / 4), /^yaml: nested more than 100 levels$/],
      ["sequences without end", "- ".repeat(100_000), /^yaml: nested more than 100 levels$/],
      [
        "indentation without end",
        Array.from({ length: 500 }, (_, index) => `${" ".repeat(index)}a:`).join("\n"),
        /^yaml: nested more than 100 levels$/,
      ],
      ["a million tokens", "- a\n".repeat(500_000), /more than 500000 YAML tokens/],
      ["a long name", manifest("a".repeat(1_000_000), "  cidr: 10.0.0.0/16\n"), /^name is too long by 999747 bytes/],
      ["a long CIDR", manifest("a", `  cidr: ${"x".repeat(1_000_000)}\n`), /^may not be more than 48 bytes$/],
      [
        "a long selector",
        manifest("a", `  cidr: 10.0.0.0/16\n  nodeSelector: '${"(".repeat(1_000_000)}'\n`),
        /^may not be more than 1024 bytes$/,
      ],
    ];
    for (const [name, text, message, place] of cases) {
      it(name, () => {
        const problems = problemsOf(text);
        const problem = problems.find((candidate) => message.test(candidate.message));
        assert.ok(problem, JSON.stringify(problems).slice(0, 500));
        if (place !== undefined) assert.equal(`${problem.line}:${problem.column}`, place);
        for (const { message: text } of problems) assert.ok(text.length < 2000, "a message repeats the input");
      });
    }

    it("an alias bomb, which costs nothing", () => {
      const letters = "abcdefghij".split("");
      const line = (letter: string, index: number): string =>
        `${letter}: &${letter} [${Array(9)
          .fill(index === 0 ? "x" : `*${letters[index - 1]}`)
          .join(",")}]\n`;
      const before = process.memoryUsage().heapUsed;
      const problems = problemsOf(`${letters.map(line).join("")}${pool}`);
      assert.ok(process.memoryUsage().heapUsed - before < 50e6);
      assert.deepEqual(
        problems.map(({ path }) => path),
        letters,
      );
      assert.match(
        problemsOf(`a: &a x\nb: [${Array(200).fill("*a").join(",")}]`)[0]?.message ?? "",
        /excessive aliasing/,
      );
    });

    it("whatever the bytes", () => {
      const piece = fc.constantFrom(
        "apiVersion: projectcalico.org/v3\n",
        "kind: IPPool\n",
        "spec:\n",
        "  cidr: ",
        "10.0.0.0/8\n",
        "---\n",
        "- ",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a",
        "<<: ",
        "? ",
        "!!str ",
        "|\n",
        '"',
        "\t",
        "\r\n",
        "\uFEFF",
        "%",
        "null",
        "\0",
      );
      fc.assert(
        fc.property(
          fc.oneof(
            fc.string(),
            fc.array(piece).map((pieces) => pieces.join("")),
          ),
          (text) => {
            for (const document of parseIpPools(text).documents)
              assert.equal(document.pool === undefined, document.problems.length > 0);
          },
        ),
        { numRuns: tries(1000) },
      );
    });
  });
});
