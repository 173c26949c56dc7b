import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { labStateDirectory, openLab, projectRoot } from "../../../lab/src/state/paths";

describe("lab paths", () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "lab-paths-"))));
  afterEach(() => rmSync(dir, { recursive: true }));

  it("follow OVERLAYNET_LAB_STATE, then XDG_STATE_HOME", () => {
    assert.equal(labStateDirectory({ OVERLAYNET_LAB_STATE: "/a/b", XDG_STATE_HOME: "/s" }), "/a/b");
    assert.equal(labStateDirectory({ XDG_STATE_HOME: "/s" }), "/s/overlaynet/lab");
    assert.match(labStateDirectory({}), /\/\.local\/state\/overlaynet\/lab$/);
  });

  it("make a lab at first use, for its owner only, and keep its id", () => {
    const lab = openLab(join(dir, "lab"));
    assert.match(lab.id, /^[0-9a-f]{8}$/);
    assert.equal(statSync(lab.state).mode & 0o777, 0o700);
    assert.ok(existsSync(lab.resources));
    assert.equal(openLab(join(dir, "lab")).id, lab.id);
    assert.notEqual(openLab(join(dir, "other")).id, lab.id);
    assert.equal(lab.image("bookworm"), join(projectRoot(), ".overlaynet", "image"));
    assert.equal(lab.image("trixie"), join(projectRoot(), ".overlaynet", "image-trixie"));
  });

  it("agree on one id when processes open a new lab at the same moment", async () => {
    const open = `console.log(require(${JSON.stringify(join(projectRoot(), "lab/src/state/paths.ts"))}).openLab(${JSON.stringify(join(dir, "lab"))}).id)`;
    const ids = await Promise.all(
      Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, ["--import", "tsx", "-e", open])),
    );
    assert.deepEqual(new Set(ids.map(({ stdout }) => stdout)), new Set([readFileSync(join(dir, "lab", "id"), "utf8")]));
  });

  it("refuse an id that cannot name a namespace, and instance ids that are paths", () => {
    const lab = openLab(dir);
    for (const id of ["", "..", "../x", "a/b", "-rf"]) assert.throws(() => lab.nodeDir(id), /is not an instance id/);
    assert.equal(lab.nodeDir("i-1"), join(dir, "nodes", "i-1"));
    writeFileSync(join(dir, "id"), "; reboot\n");
    assert.throws(() => openLab(dir), /holds no lab id/);
  });
});
