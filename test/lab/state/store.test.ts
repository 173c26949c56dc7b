import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLab, type Lab } from "../../../lab/src/state/paths";
import type { ResourceRecord } from "../../../lab/src/state/record";
import { RecordStore } from "../../../lab/src/state/store";

describe("RecordStore", () => {
  let lab: Lab;
  let store: RecordStore;
  beforeEach(() => {
    lab = openLab(mkdtempSync(join(tmpdir(), "overlaynet-store-")));
    store = new RecordStore(lab);
  });
  afterEach(() => rmSync(lab.state, { recursive: true, force: true }));

  const record = (id: string, outputs: Record<string, unknown> = {}, type = "aws:ec2/vpc:Vpc"): ResourceRecord => ({
    type,
    id,
    urn: `urn:pulumi:s::p::${type}::${id}`,
    inputs: {},
    outputs,
    internal: {},
    created: 1,
  });

  it("gives back what was put, in the order of the ids, and forgets what was removed", () => {
    store.put(record("vpc-2"));
    store.put(record("vpc-1", { cidrBlock: "10.1.0.0/16" }));
    store.put(record("vpc-1", { cidrBlock: "10.2.0.0/16" }));
    assert.deepEqual(store.list(), [record("vpc-1", { cidrBlock: "10.2.0.0/16" }), record("vpc-2")]);
    store.remove("vpc-1");
    store.remove("vpc-1");
    assert.equal(store.get("vpc-1"), undefined);
    assert.deepEqual(store.get("vpc-2"), record("vpc-2"));
  });

  it("keeps that the fabric passes a record over", () => {
    store.put({ ...record("key-1"), fabric: false });
    assert.deepEqual(store.get("key-1"), { ...record("key-1"), fabric: false });
  });

  it("keeps ids that are no file names inside its directory", () => {
    for (const id of ["../../escape", "..", ".", "key with blanks/und *", "ключ"]) {
      store.put(record(id));
      assert.deepEqual(store.get(id), record(id));
    }
    assert.equal(store.list().length, 5);
    assert.equal(readdirSync(lab.resources).length, 5);
  });

  it("writes for its owner alone and leaves no drafts", () => {
    store.put(record("vpc-1"));
    assert.deepEqual(readdirSync(lab.resources), ["vpc-1.json"]);
    assert.equal(statSync(join(lab.resources, "vpc-1.json")).mode & 0o777, 0o600);
  });

  it("does not read the draft of a killed writer", () => {
    writeFileSync(join(lab.resources, ".123-abc"), "{");
    assert.deepEqual(store.list(), []);
  });

  it("refuses an id that a resource of another type has", () => {
    store.put(record("x"));
    assert.throws(() => store.put(record("x", {}, "aws:ec2/keyPair:KeyPair")), /x is a aws:ec2\/vpc:Vpc/);
  });

  it("names the file that is no record", () => {
    writeFileSync(join(lab.resources, "bad.json"), "{ half");
    assert.throws(() => store.list(), /bad\.json is not JSON/);
    writeFileSync(join(lab.resources, "bad.json"), `{"id":"bad"}`);
    assert.throws(() => store.list(), /bad\.json is not a record/);
  });
});
