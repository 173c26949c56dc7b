import assert from "node:assert/strict";
import { FabricError, readCloud } from "../../../lab/src/cloud/cloud";
import { ApiError } from "../../../lab/src/ec2/engine/api-error";
import { Records } from "../../../lab/src/ec2/engine/records";
import { goingWith, refuseHeld } from "../../../lab/src/ec2/engine/references";
import type { ResourceType } from "../../../lab/src/ec2/engine/resource-type";
import { resourceTypes } from "../../../lab/src/ec2/types-by-token";
import type { ResourceRecord } from "../../../lab/src/state/record";

function typeOf(token: string, more: Partial<ResourceType> = {}): ResourceType {
  return {
    token,
    title: token,
    actions: { create: "Create", update: "Update", delete: "Delete" },
    idPrefix: token,
    inputs: {},
    computed: [],
    create: () => ({ outputs: {} }),
    ...more,
  };
}

function record(
  type: string,
  id: string,
  outputs: Record<string, unknown> = {},
  internal: Record<string, unknown> = {},
): ResourceRecord {
  return { type, id, urn: "", inputs: {}, outputs: { region: "us-east-1", ...outputs }, internal, created: 0 };
}

const recordsOf = (...all: ResourceRecord[]): Records => new Records(all, "us-east-1");

describe("references between resources", () => {
  const box = typeOf("box");
  const lid = typeOf("lid", { holds: [{ to: "box", by: "boxId", when: ({ outputs }) => outputs["loose"] !== true }] });
  const rope = typeOf("rope", { holds: [{ to: "box", by: "boxIds" }] });
  const refuse = (type: ResourceType, ...others: ResourceRecord[]): void =>
    refuseHeld(type, record(type.token, "box-1"), recordsOf(record(type.token, "box-1"), ...others), [type, lid, rope]);

  it("keep what is held from being deleted, by one id or by one of several", () => {
    assert.doesNotThrow(() => refuse(box));
    assert.throws(
      () => refuse(box, record("lid", "lid-1", { boxId: "box-1" })),
      (error) =>
        error instanceof ApiError &&
        error.code === "DependencyViolation" &&
        error.message === "resource box-1 has a dependent object",
    );
    assert.throws(() => refuse(box, record("rope", "rope-1", { boxIds: ["box-2", "box-1"] })), ApiError);
  });

  it("hold neither others, nor what they came with, nor where the type says that they do not", () => {
    assert.doesNotThrow(() =>
      refuse(
        box,
        record("lid", "lid-1", { boxId: "box-2" }),
        record("lid", "lid-2", { boxId: "box-1" }, { companionOf: "box-1" }),
        record("lid", "lid-3", { boxId: "box-1", loose: true }),
        record("rope", "rope-1", { boxIds: ["box-2"] }),
        record("bag", "bag-1", { boxId: "box-1" }),
      ),
    );
  });

  it("are told in the type's own words, which know the holders", () => {
    const stubborn = typeOf("box", {
      inUse: ({ id }, holders) => new ApiError("InUse", `${id}: ${holders.map((holder) => holder.id).join(", ")}`),
    });
    assert.throws(
      () =>
        refuse(stubborn, record("rope", "rope-1", { boxIds: ["box-1"] }), record("lid", "lid-1", { boxId: "box-1" })),
      (error) => error instanceof ApiError && error.code === "InUse" && error.message === "box-1: lid-1, rope-1",
    );
  });

  it("take along what goes with something, and what goes with that, but nothing of another type or region", () => {
    const tag = typeOf("tag", { goesWith: [{ to: "lid", by: "of" }] });
    const strap = typeOf("strap", {
      goesWith: [{ to: "box", by: "of", when: ({ outputs }) => outputs["tied"] === true }],
    });
    const all = [
      record("box", "box-1"),
      record("lid", "lid-1", {}, { companionOf: "box-1" }),
      record("lid", "lid-2"),
      record("tag", "tag-1", { of: "lid-1" }),
      record("tag", "tag-2", { of: "lid-2" }),
      record("tag", "tag-3", { of: "box-1" }),
      record("tag", "tag-4", { of: "lid-1", region: "eu-west-1" }),
      record("strap", "strap-1", { of: "box-1", tied: true }),
      record("strap", "strap-2", { of: "box-1" }),
    ];
    assert.deepEqual(goingWith(record("box", "box-1"), recordsOf(...all), [box, lid, tag, strap]), [
      "box-1",
      "lid-1",
      "strap-1",
      "tag-1",
    ]);
  });
});

describe("what the types declare", () => {
  const types = [...resourceTypes.values()];

  for (const type of types)
    it(`of ${type.token} names types and outputs that there are`, () => {
      for (const { to, by } of [...(type.holds ?? []), ...(type.goesWith ?? [])]) {
        assert.ok(resourceTypes.has(to), to);
        assert.ok(by in type.inputs || type.computed.includes(by), by);
      }
    });

  it("of the fabric is what the fabric reads, no more and no less", () => {
    const unread = (fabric?: false): string[] => {
      try {
        readCloud(types.map(({ token }) => ({ ...record(token, token), ...(fabric === false && { fabric }) })));
        return [];
      } catch (error) {
        if (!(error instanceof FabricError)) throw error;
        return types.map(({ token }) => token).filter((token) => error.problems.includes(problemOf(token)));
      }
    };
    const problemOf = (token: string): string =>
      `${token} (${token}) is of a type that the lab's fabric does not know, as of another version. Run "overlaynet lab destroy --all" and bring the lab up anew.`;
    assert.deepEqual(
      unread(),
      types.filter(({ fabric }) => fabric === false).map(({ token }) => token),
    );
    assert.deepEqual(unread(false), []);
  });
});
