import assert from "node:assert/strict";
import fc from "fast-check";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import {
  formatPath,
  isKnown,
  type PropertyMap,
  propertyMap,
  type PropertyPath,
  propertyValue,
  topProperty,
  UNKNOWN,
  unwrapProperties,
  wrapProperties,
} from "../../wire/property-value";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const secret = (value: unknown): object => ({ [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", value });
const output = (rest: object): object => ({ [SIGNATURE]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", ...rest });
const struct = (value: object): Struct => Struct.fromJavaScript(value as PropertyMap);

describe("property values", () => {
  it("takes secret envelopes off and remembers where they were", () => {
    const { values, secrets } = unwrapProperties(
      struct({ connection: { host: "10.1.0.4", privateKey: secret("key") }, list: [1, secret({ a: secret(2) })] }),
    );
    assert.deepEqual(values, { connection: { host: "10.1.0.4", privateKey: "key" }, list: [1, { a: 2 }] });
    assert.deepEqual(secrets, [
      ["connection", "privateKey"],
      ["list", 1],
      ["list", 1, "a"],
    ]);
  });

  it("reads output envelopes: without a value they are unknown", () => {
    const { values, secrets } = unwrapProperties(
      struct({ a: output({ value: "x" }), b: output({ dependencies: [] }), c: output({ value: 1, secret: true }) }),
    );
    assert.deepEqual(values, { a: "x", b: UNKNOWN, c: 1 });
    assert.deepEqual(secrets, [["c"]]);
  });

  it("reads envelopes at any depth, whatever is beside them", () => {
    const { values, secrets } = unwrapProperties(
      struct({
        plain: "a",
        hidden: secret("b"),
        nested: { inner: [secret("c")] },
        output: output({ value: "d", secret: true, dependencies: ["urn"] }),
        later: output({}),
      }),
    );
    assert.deepEqual(values, { plain: "a", hidden: "b", nested: { inner: ["c"] }, output: "d", later: UNKNOWN });
    assert.deepEqual(secrets.map(formatPath), ["hidden", "nested.inner[0]", "output"]);
  });

  it("puts a whole map into one envelope where the path ends there", () => {
    assert.deepEqual(wrapProperties({ a: "1", b: { c: 2 } }, [["b"], ["absent"]]).toJavaScript(), {
      a: "1",
      b: secret({ c: 2 }),
    });
  });

  it("puts secrets into envelopes, once per place, and passes over paths that lead nowhere", () => {
    const wrapped = wrapProperties({ connection: { privateKey: "key" }, digest: "d" }, [
      ["connection", "privateKey"],
      ["connection", "privateKey"],
      ["elsewhere", "deep"],
    ]);
    assert.deepEqual(wrapped.toJavaScript(), { connection: { privateKey: secret("key") }, digest: "d" });
  });

  it("leaves undefined properties out, and refuses what is no property", () => {
    assert.deepEqual(wrapProperties({ a: undefined, b: null }, []).toJavaScript(), { b: null });
    assert.throws(() => wrapProperties({ f: () => 1 }, []), /a function cannot be a property/);
  });

  it("gives back what it was given, for any tree and any secrets in it", () => {
    const key = fc.stringMatching(/^[a-z.]{1,5}$/);
    const { tree } = fc.letrec<{ tree: Record<string, unknown>; node: unknown }>((tie) => ({
      tree: fc.dictionary(key, tie("node"), { maxKeys: 4 }),
      node: fc.oneof(
        { maxDepth: 3 },
        fc.string(),
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("node"), { maxLength: 3 }),
        tie("tree"),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.array(fc.nat()), (value, picks) => {
        const plain = JSON.parse(JSON.stringify(value)) as PropertyMap;
        const paths = pathsIn(plain);
        const chosen = [
          ...new Set(picks.map((pick) => paths[pick % Math.max(1, paths.length)]).filter((path) => path !== undefined)),
        ];
        const { values, secrets } = unwrapProperties(wrapProperties(plain, chosen));
        assert.deepEqual(values, plain);
        assert.deepEqual(new Set(secrets.map(formatPath)), new Set(chosen.map(formatPath)));
      }),
    );
  });

  it("knows what is unknown, however deep", () => {
    assert.equal(isKnown({ a: [{ b: UNKNOWN }] }), false);
    assert.equal(isKnown({ a: [{ b: "x" }], c: null }), true);
    assert.deepEqual([{ a: [1, { b: "x" }] }, { a: [1, { b: UNKNOWN }] }, UNKNOWN, null].map(isKnown), [
      true,
      false,
      false,
      true,
    ]);
  });

  it("takes values of programs and records, without what is undefined, and refuses what no property can be", () => {
    assert.deepEqual(propertyValue({ a: [1, undefined], b: undefined, c: { d: true } }), {
      a: [1, null],
      c: { d: true },
    });
    assert.equal(propertyValue(undefined), null);
    assert.throws(() => propertyValue([() => 1]), /a function cannot be a property/);
    for (const value of [[], "text", null]) assert.throws(() => propertyMap(value), /not a map of properties/);
  });

  it("knows the top property of a path", () => {
    for (const [path, top] of [
      ["nodes[3].labels.rack", "nodes"],
      ['labels["kubernetes.io/hostname"]', "labels"],
      ["digest", "digest"],
    ] as const)
      assert.equal(topProperty(path), top);
  });

  it("writes paths as the engine does", () => {
    assert.equal(
      formatPath(["nodes", 3, "labels", "kubernetes.io/hostname"]),
      'nodes[3].labels["kubernetes.io/hostname"]',
    );
    assert.equal(formatPath(["digest"]), "digest");
  });
});

function pathsIn(value: unknown, path: PropertyPath = []): PropertyPath[] {
  const below = Array.isArray(value)
    ? value.flatMap((entry: unknown, index) => pathsIn(entry, [...path, index]))
    : typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, entry]) => pathsIn(entry, [...path, key]))
      : [];
  return path.length === 0 ? below : [path, ...below];
}
