import { deepStrictEqual, strictEqual } from "node:assert";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { isKnown, isSame, UNKNOWN, unwrap, wrap } from "../../../lab/src/ec2/property-value";

const signature = "4dabf18193072939515e22adb298388d";
const secret = (value: string): Record<string, string> => ({ [signature]: "1b47061264138c4ac30d75fd1eb44270", value });

describe("properties", () => {
  it("come out of their envelopes, and it is known which were secret", () => {
    const struct = Struct.fromJavaScript({
      plain: "a",
      hidden: secret("b"),
      nested: { inner: [secret("c")] },
      output: { [signature]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", value: "d", secret: true, dependencies: ["urn"] },
      later: { [signature]: "d0e6a833031e9bbcd3f4e8bde6ca49a4" },
    });
    const { values, secrets } = unwrap(struct);
    deepStrictEqual(values, { plain: "a", hidden: "b", nested: { inner: ["c"] }, output: "d", later: UNKNOWN });
    deepStrictEqual([...secrets].sort(), ["hidden", "nested", "output"]);
  });

  it("go into envelopes whole", () => {
    deepStrictEqual(wrap({ a: "1", b: { c: 2 } }, new Set(["b", "absent"])).toJavaScript(), {
      a: "1",
      b: { [signature]: "1b47061264138c4ac30d75fd1eb44270", value: { c: 2 } },
    });
  });

  it("are known when all of them is", () => {
    deepStrictEqual([{ a: [1, { b: "x" }] }, { a: [1, { b: UNKNOWN }] }, UNKNOWN, null].map(isKnown), [
      true,
      false,
      false,
      true,
    ]);
  });

  it("are the same whatever the order of keys, and never when unknown", () => {
    strictEqual(isSame({ a: 1, b: [null] }, { b: [null], a: 1 }), true);
    strictEqual(isSame({ a: 1 }, { a: 1, b: null }), false);
    strictEqual(isSame(UNKNOWN, UNKNOWN), false);
  });
});
