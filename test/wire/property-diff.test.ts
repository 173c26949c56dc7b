import assert from "node:assert/strict";
import { diffProperties, sameProperties } from "../../wire/property-diff";
import { UNKNOWN } from "../../wire/property-value";

describe("property diffs", () => {
  it("names each place that differs, as deep as the form is the same", () => {
    const before = { nodes: [{ name: "a", ip: "10.1.0.4" }, { name: "b" }], mtu: 9001, gone: true };
    const after = { nodes: [{ name: "a", ip: "10.1.0.5" }], mtu: 9001, come: { x: 1 } };
    assert.deepEqual(
      diffProperties(before, after),
      new Map([
        ["nodes[0].ip", "update"],
        ["nodes[1]", "delete"],
        ["gone", "delete"],
        ["come", "add"],
      ]),
    );
  });

  it("takes another form for an update of the whole", () => {
    assert.deepEqual(diffProperties({ a: [1] }, { a: { b: 1 } }), new Map([["a", "update"]]));
  });

  it("takes the unknown for a change", () => {
    assert.deepEqual(
      diffProperties({ a: "x" }, { a: UNKNOWN, b: UNKNOWN }),
      new Map([
        ["a", "update"],
        ["b", "add"],
      ]),
    );
    assert.equal(sameProperties({ a: UNKNOWN }, { a: UNKNOWN }), false);
  });

  it("finds nothing where nothing differs", () => {
    assert.equal(sameProperties({ a: [{ b: null }] }, { a: [{ b: null }] }), true);
  });

  it("takes the order of keys for no difference, and a key more for one", () => {
    assert.equal(sameProperties({ a: 1, b: [null] }, { b: [null], a: 1 }), true);
    assert.equal(sameProperties({ a: 1 }, { a: 1, b: null }), false);
    assert.equal(sameProperties([1], [1, null]), false);
    assert.equal(sameProperties(UNKNOWN, UNKNOWN), false);
    assert.equal(sameProperties(UNKNOWN, "x"), false);
  });
});
