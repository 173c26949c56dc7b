import assert from "node:assert/strict";
import { isArray, isObject, type ManifestValue } from "../../../provider/src/ippool/manifest-value";
import { readYamlDocuments } from "../../../provider/src/ippool/yaml-documents";

/** What JSON would have of a value. */
function plain(value: ManifestValue | undefined): unknown {
  if (value === undefined) return undefined;
  if (isArray(value)) return value.value.map(plain);
  if (isObject(value)) return Object.fromEntries([...value.value].map(([key, entry]) => [key, plain(entry.value)]));
  return value.value;
}

function read(text: string): unknown[] {
  const documents = readYamlDocuments(text);
  assert.deepEqual(
    documents.flatMap(({ problems }) => problems),
    [],
  );
  return documents.map(({ value }) => plain(value));
}

function problemsOf(text: string): string[] {
  return readYamlDocuments(text).flatMap(({ problems }) =>
    problems.map(({ path, message, line, column }) => `${line}:${column} ${path}${message}`),
  );
}

describe("YAML documents", () => {
  it("are read one after the other, empty ones left out", () => {
    assert.deepEqual(read("a: 1\n---\n---\n~\n---\n[]\n--- b\n"), [{ a: 1 }, [], "b"]);
    assert.deepEqual(read(""), []);
  });

  it("have plain scalars resolved, and quoted, blocks and keys as they are written", () => {
    assert.deepEqual(read(`{a: yes, b: "yes", c: 'no', d: 017, e: "017", f: ~, g: "", h: , i: 1.5}`), [
      { a: true, b: "yes", c: "no", d: 15, e: "017", f: null, g: "", h: null, i: 1.5 },
    ]);
    assert.deepEqual(read("a: |\n  5\nb: >\n  yes\n"), [{ a: "5\n", b: "yes\n" }]);
    assert.deepEqual(read("{yes: 1, 5: 2, 0x10: 3, 'no': 4}"), [{ true: 1, 5: 2, 16: 3, no: 4 }]);
    assert.deepEqual(read("a:\n- 1\n-\n- b\n"), [{ a: [1, null, "b"] }]);
  });

  it("take the tags of plain scalars", () => {
    assert.deepEqual(read('{a: !!str 5, b: !!int "5", c: !!bool "yes", d: !!float "1.5", e: !!null ""}'), [
      { a: "5", b: 5, c: true, d: 1.5, e: null },
    ]);
  });

  it("know where each key and value stands", () => {
    const [document] = readYamlDocuments("a:\n  b: c\n  d: [1,\n    2]\n");
    const { value } = document ?? {};
    assert.ok(value !== undefined && isObject(value));
    const a = value.value.get("a");
    assert.deepEqual(
      [value.position, a?.keyPosition, a?.value.position],
      [
        { line: 1, column: 1 },
        { line: 1, column: 1 },
        { line: 2, column: 3 },
      ],
    );
    assert.ok(a !== undefined && isObject(a.value));
    const d = a.value.value.get("d");
    assert.deepEqual(
      [d?.keyPosition, d?.value.position],
      [
        { line: 3, column: 3 },
        { line: 3, column: 6 },
      ],
    );
    assert.ok(d !== undefined && isArray(d.value));
    assert.deepEqual(
      d.value.value.map(({ position }) => position),
      [
        { line: 3, column: 7 },
        { line: 4, column: 5 },
      ],
    );
  });

  it("know where an alias stands, not what it means", () => {
    const [document] = readYamlDocuments("a: &x [1]\nb: *x\n*x : c\n");
    assert.deepEqual(
      document?.problems.map(({ message }) => message),
      ["yaml: invalid map key"],
    );
    assert.deepEqual(read("a: &x 1\nb: [*x, *x]\nc: *x\n"), [{ a: 1, b: [1, 1], c: 1 }]);
    assert.deepEqual(read("a: &x b\n*x : c\n"), [{ a: "b", b: "c" }]);
  });

  it("merge mappings by a plain << alone", () => {
    assert.deepEqual(read("a: &x {b: 1}\nc: {<<: *x, d: 2}\ne: {<<: [*x, {f: 3}]}\n"), [
      { a: { b: 1 }, c: { b: 1, d: 2 }, e: { b: 1, f: 3 } },
    ]);
    assert.deepEqual(read('{"<<": {a: 1}}'), [{ "<<": { a: 1 } }]);
    assert.deepEqual(problemsOf("a:\n  <<: 5\n"), [
      "2:7 yaml: map merge requires map or sequence of maps as the value",
    ]);
    assert.deepEqual(problemsOf("{<<: [{a: 1}, {a: 2}]}"), ['1:2 yaml: key "a" already set in map']);
  });

  it("take a hundred aliases, and say once that there are more", () => {
    const aliases = (count: number): string => `a: &a x\nb: [${Array(count).fill("*a").join(",")}]`;
    assert.deepEqual(read(aliases(100)), [{ a: "x", b: Array(100).fill("x") }]);
    assert.deepEqual(problemsOf(aliases(103)), ["2:305 yaml: document contains excessive aliasing"]);
  });

  it("take a hundred levels", () => {
    const levels = (count: number): string => `${"[".repeat(count)}${"]".repeat(count)}`;
    assert.deepEqual(problemsOf(levels(100)), []);
    assert.deepEqual(problemsOf(levels(101)), ["1:101 yaml: nested more than 100 levels"]);
    const braces = (count: number): string => `${"{a: ".repeat(count)}${"}".repeat(count)}`;
    assert.deepEqual(problemsOf(braces(100)), []);
    assert.equal(problemsOf(braces(101)).length, 1);
    const indented = (count: number): string =>
      Array.from({ length: count }, (_, index) => `${" ".repeat(index)}a:`).join("\n");
    assert.deepEqual(problemsOf(indented(100)), []);
    assert.match(problemsOf(indented(102)).join(), /^\d+:\d+ yaml: nested more than 100 levels$/);
    assert.deepEqual(problemsOf(Array(150).fill("[a]").join("\n---\n")), []);
    assert.deepEqual(problemsOf(Array(150).fill("{a: b}").join("\n---\n")), []);
  });

  it("tell at most twenty problems of a document", () => {
    const twice = (count: number): string => `a: 1\n${"a: 2\n".repeat(count)}`;
    assert.equal(problemsOf(twice(19)).length, 19);
    assert.equal(problemsOf(twice(20)).length, 20);
    assert.equal(problemsOf(twice(25)).length, 20);
    assert.equal(problemsOf(`${twice(25)}---\n${twice(1)}`).length, 21);
  });

  it("that are no YAML have their problem where it stands, the others stay", () => {
    const [bad, good, ...more] = readYamlDocuments("a: {\n---\nb: 1\n");
    assert.ok(bad !== undefined && bad.value === undefined && bad.problems.length > 0);
    assert.deepEqual([plain(good?.value), good?.problems, more], [{ b: 1 }, [], []]);
  });

  it("have no control characters, and say where the first is", () => {
    for (const character of [
      "\0",
      "\x08",
      "\x0b",
      "\x0c",
      "\x0e",
      "\x1f",
      "\x7f",
      "\x84",
      "\x86",
      "\x9f",
      "\ufffe",
      "\uffff",
    ])
      assert.deepEqual(problemsOf(`a: 1\nb: ${character}${character}`), [
        "2:4 yaml: control characters are not allowed",
      ]);
    assert.deepEqual(problemsOf("\x01"), ["1:1 yaml: control characters are not allowed"]);
    assert.deepEqual(read("a: '\x85\xa0\ufffd\t'"), [{ a: "\x85\xa0\ufffd\t" }]);
  });

  it("have only numbers that JSON has", () => {
    for (const [text, name] of [
      [".nan", "NaN"],
      ["-.inf", "-Infinity"],
      ["+.INF", "Infinity"],
      [".NaN", "NaN"],
    ] as const)
      assert.deepEqual(problemsOf(`a: ${text}`), [`1:4 yaml: unsupported value: ${name}`]);
  });

  it("take a hundred lists in lists, one a line or all in one", () => {
    assert.deepEqual(problemsOf(`${"- ".repeat(100)}a`), []);
    assert.match(problemsOf(`${"- ".repeat(101)}a`).join(), /^1:\d+ yaml: nested more than 100 levels$/);
  });

  it("are not repeated in messages about them", () => {
    const [problem, ...more] = problemsOf(`a: !${"x".repeat(1000)} b`);
    assert.deepEqual(more, []);
    assert.ok(problem !== undefined && /Unresolved tag/.test(problem) && problem.length < 220);
  });
});
