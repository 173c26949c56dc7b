import assert from "node:assert/strict";
import { formatOwner, parseOwner } from "../../../provider/src/node/owner";

describe("the owner of a node", () => {
  it("is a name for people and an id, which is the last word", () => {
    assert.deepEqual(parseOwner("dev/joined 3f9a1c2b"), { name: "dev/joined", id: "3f9a1c2b" });
    assert.deepEqual(parseOwner(`a b $(id) "x"; ${"0".repeat(64)}`), { name: 'a b $(id) "x";', id: "0".repeat(64) });
    for (const text of ["dev/joined 3f9a1c2b", "a b 3f9a1c2b"]) assert.equal(formatOwner(parseOwner(text)), text);
  });

  it("is one line of printable ASCII: anything else is refused", () => {
    for (const text of [
      "",
      "3f9a1c2b",
      " 3f9a1c2b",
      "dev ",
      "dev 3f9a1c2",
      `dev ${"0".repeat(65)}`,
      "dev 3F9A1C2B",
      "dev 3f9a-1c2b",
      " dev 3f9a1c2b",
      "dev  3f9a1c2b",
      "dev 3f9a1c2b ",
      "dev 3f9a1c2b\n",
      "dev\n3f9a1c2b 3f9a1c2b",
      "d\u001b[2J 3f9a1c2b",
      "dév 3f9a1c2b",
      `${"x".repeat(201)} 3f9a1c2b`,
    ])
      assert.throws(() => parseOwner(text), /^RangeError: owner ".*" must be a name/s, JSON.stringify(text));
    assert.equal(parseOwner(`${"x".repeat(200)} 3f9a1c2b`).name.length, 200);
  });

  it("keeps of a stack's name what can be printed", () => {
    assert.equal(formatOwner({ name: "dév/jöined\n", id: "3f9a1c2b" }), "d?v/j?ined? 3f9a1c2b");
    assert.equal(formatOwner({ name: "x".repeat(300), id: "3f9a1c2b" }), `${"x".repeat(200)} 3f9a1c2b`);
    assert.throws(() => formatOwner({ name: "dev", id: "x" }), RangeError);
    assert.throws(() => formatOwner({ name: "", id: "3f9a1c2b" }), RangeError);
  });
});
