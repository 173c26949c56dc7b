import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, extname, join, relative } from "node:path";

/** What is a program or a page; anything else below test/ was recorded. */
const CODE = new Set([".ts", ".mts", ".cjs", ".pl", ".md"]);
/** What a reader has to know of a recorded file. */
const ROWS = ["Holds", "Made by", "Version", "Make again", "Older than claimed"];

const files = readdirSync(__dirname, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !CODE.has(extname(entry.name)))
  .map((entry) => relative(__dirname, join(entry.parentPath, entry.name)));

/** The section of a README below a heading of the file's name. */
function sectionOf(readme: string, name: string): string {
  return readme.split(/^## /m).find((section) => section.startsWith(`${name}\n`)) ?? "";
}

describe("recorded data", () => {
  it("is found at all", () =>
    assert.deepEqual(
      ["cases/routes.json", "lab/ec2/recorded-states.json"].filter((file) => !files.includes(file)),
      [],
    ));

  for (const file of files) {
    it(`has its origin beside it: ${file}`, () => {
      const page = join(__dirname, dirname(file), "README.md");
      assert.ok(existsSync(page), `${page} names what made ${file}`);
      const section = sectionOf(readFileSync(page, "utf8"), file.split("/").at(-1) ?? "");
      for (const row of ROWS) assert.match(section, new RegExp(`^\\| ${row} \\| \\S.{3,} \\|$`, "m"), row);
    });
  }

  it("names no file that is gone", () => {
    const pages = [...new Set(files.map((file) => join(__dirname, dirname(file), "README.md")))];
    for (const page of pages)
      for (const [, name = ""] of readFileSync(page, "utf8").matchAll(/^## (\S+\.(?:json|txt))$/gm))
        assert.ok(existsSync(join(dirname(page), name)), `${page}: ${name}`);
  });
});
