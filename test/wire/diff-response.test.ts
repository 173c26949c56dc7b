import assert from "node:assert/strict";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { diffResponse, type PathChange } from "../../wire/diff-response";

const { Kind } = rpc.PropertyDiff;
const { DIFF_NONE, DIFF_SOME } = rpc.DiffResponse.DiffChanges;

describe("the engine's form of a difference", () => {
  it("is none when no path changes", () => {
    const response = diffResponse(new Map());
    assert.equal(response.getChanges(), DIFF_NONE);
    assert.deepEqual([response.getDiffsList(), response.getReplacesList()], [[], []]);
    assert.deepEqual([response.getHasdetaileddiff(), response.getDeletebeforereplace()], [true, false]);
  });

  it("lists top properties once, and those that replace", () => {
    const response = diffResponse(
      new Map<string, PathChange>([
        ["nodes[0].name", { kind: "update", replace: false }],
        ["nodes[1]", { kind: "delete", replace: false }],
        ["cidrBlock", { kind: "update", replace: true }],
      ]),
      { deleteBeforeReplace: true },
    );
    assert.equal(response.getChanges(), DIFF_SOME);
    assert.deepEqual(response.getDiffsList(), ["nodes", "cidrBlock"]);
    assert.deepEqual(response.getReplacesList(), ["cidrBlock"]);
    assert.equal(response.getDeletebeforereplace(), true);
  });

  for (const [kind, updates, replaces] of [
    ["add", Kind.ADD, Kind.ADD_REPLACE],
    ["delete", Kind.DELETE, Kind.DELETE_REPLACE],
    ["update", Kind.UPDATE, Kind.UPDATE_REPLACE],
  ] as const)
    it(`tells of a path that it is to ${kind}, whether that replaces, and whose it is`, () => {
      const details = diffResponse(
        new Map<string, PathChange>([
          ["a.b", { kind, replace: false, ofInputs: true }],
          ["c", { kind, replace: true }],
        ]),
      ).getDetaileddiffMap();
      assert.deepEqual([details.get("a.b")?.getKind(), details.get("a.b")?.getInputdiff()], [updates, true]);
      assert.deepEqual([details.get("c")?.getKind(), details.get("c")?.getInputdiff()], [replaces, false]);
    });

  it("tells no paths where it is to tell none", () => {
    const response = diffResponse(new Map([["a.b", { kind: "update", replace: false }]]), { detailed: false });
    assert.equal(response.getHasdetaileddiff(), false);
    assert.deepEqual(response.getDiffsList(), ["a"]);
    assert.equal(response.getDetaileddiffMap().getLength(), 0);
  });
});
