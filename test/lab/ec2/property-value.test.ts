import assert from "node:assert/strict";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { isKnown, isSame, UNKNOWN, unwrap, wrap } from "../../../lab/src/ec2/property-value";

const SIGNATURE = "4dabf18193072939515e22adb298388d";
const secret = (value: string): Record<string, string> => ({ [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", value });

describe("properties", () => {
  it("come out of their envelopes, and it is known which were secret", () => {
    const struct = Struct.fromJavaScript({
      plain: "a",
      hidden: secret("b"),
      nested: { inner: [secret("c")] },
      output: { [SIGNATURE]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", value: "d", secret: true, dependencies: ["urn"] },
      later: { [SIGNATURE]: "d0e6a833031e9bbcd3f4e8bde6ca49a4" },
    });
    const { values, secrets } = unwrap(struct);
    assert.deepEqual(values, { plain: "a", hidden: "b", nested: { inner: ["c"] }, output: "d", later: UNKNOWN });
    assert.deepEqual([...secrets].sort(), ["hidden", "nested", "output"]);
  });

  it("go into envelopes whole", () => {
    assert.deepEqual(wrap({ a: "1", b: { c: 2 } }, new Set(["b", "absent"])).toJavaScript(), {
      a: "1",
      b: { [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", value: { c: 2 } },
    });
  });

  it("are known when all of them is", () => {
    assert.deepEqual([{ a: [1, { b: "x" }] }, { a: [1, { b: UNKNOWN }] }, UNKNOWN, null].map(isKnown), [
      true,
      false,
      false,
      true,
    ]);
  });

  it("are the same whatever the order of keys, and never when unknown", () => {
    assert.equal(isSame({ a: 1, b: [null] }, { b: [null], a: 1 }), true);
    assert.equal(isSame({ a: 1 }, { a: 1, b: null }), false);
    assert.equal(isSame(UNKNOWN, UNKNOWN), false);
  });
});
