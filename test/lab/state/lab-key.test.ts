import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labKeyFile, labPublicKey } from "../../../lab/src/state/lab-key";
import { openLab } from "../../../lab/src/state/paths";

describe("the lab's own key", () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "overlaynet-key-"))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it("is one key, however many nodes are made at the same moment", async () => {
    const lab = openLab(dir);
    const keys = new Set(await Promise.all(Array.from({ length: 6 }, () => labPublicKey(lab))));
    assert.equal(keys.size, 1);
    assert.match([...keys][0] ?? "", /^ssh-ed25519 \S+/);
    assert.equal(statSync(labKeyFile(lab)).mode & 0o777, 0o600);
    assert.deepEqual(
      readdirSync(dir).filter((name) => name.startsWith("lab_key")),
      ["lab_key"],
      "no drafts are left",
    );
  });
});
