import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(__dirname, "..");
const TITLE = "Where a behaviour lives";

/** What GitHub makes of a heading. */
function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, "")
    .replaceAll(" ", "-");
}

describe("docs/architecture.md", () => {
  const page = readFileSync(join(ROOT, "docs/architecture.md"), "utf8");
  const section = page.split(/^## /m).find((each) => each.startsWith(`${TITLE}\n`)) ?? "";
  const rows = [...section.matchAll(/^\| (.+) \| (.+) \|$/gm)].map(([, behaviour = "", folder = ""]) => ({
    behaviour,
    folder,
  }));
  const named = rows.filter(({ folder }) => folder !== "folder");

  it("says of ten behaviours where they are", () => assert.equal(named.length, 10));

  for (const { behaviour, folder } of named)
    it(`names one folder, which is there: ${behaviour}`, () => {
      const [, path = ""] = /^`([^`]+)`$/.exec(folder) ?? [];
      assert.ok(path !== "" && statSync(join(ROOT, path)).isDirectory(), folder);
    });

  it("is one step away from the README", () => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    assert.ok(readme.includes(`](docs/architecture.md#${anchorOf(TITLE)})`));
  });
});
