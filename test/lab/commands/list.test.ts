import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labNodes } from "../../../lab/src/commands/find-node";
import { nodeTable } from "../../../lab/src/commands/list";
import { type Lab, openLab } from "../../../lab/src/state/paths";
import { RecordStore } from "../../../lab/src/state/store";
import { assertFits } from "../../support/json-schema";
import { CloudRecords } from "../../support/cloud-records";

describe("lab list", () => {
  let lab: Lab;
  beforeEach(() => (lab = openLab(mkdtempSync(join(tmpdir(), "overlaynet-list-")))));
  afterEach(() => rmSync(lab.state, { recursive: true }));

  it("shows each node with its VPC, zone and addresses, and fits docs/schema/lab-list.schema.json", () => {
    const store = new RecordStore(lab);
    const records = new CloudRecords()
      .vpc("a", "10.1.0.0/16")
      .subnet("a", "a", "10.1.1.0/24")
      .instance("a1", "a", "a", "10.1.1.11", { publicIp: "203.0.113.11" })
      .instance("a2", "a", "a", "10.1.1.12");
    for (const record of records.list()) store.put(record);
    const nodes = labNodes(lab);
    assertFits("lab-list.schema.json", nodes);
    assert.match(
      nodeTable(nodes),
      /^NAME +INSTANCE +VPC +ZONE +PRIVATE +PUBLIC +STATE\ntest-a1 +i-a1 +\S+ +us-east-1a +10\.1\.1\.11 +203\.0\.113\.11 +absent\ntest-a2 +i-a2 +\S+ +us-east-1a +10\.1\.1\.12 +- +absent\n$/,
    );
  });

  it("says that there are none", () => {
    assert.deepEqual(labNodes(lab), []);
    assert.equal(nodeTable([]), "The lab has no nodes.\n");
  });
});
