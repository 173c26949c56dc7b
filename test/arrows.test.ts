import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** The arrows of docs/architecture.md, held against what the files import. */
const ROOT = resolve(__dirname, "..");
const PURE = ["ippool", "ipam", "plan", "node"];
/** What each pure room may import of the others. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  ippool: [],
  ipam: ["ippool", "plan"],
  plan: ["ippool", "ipam"],
  node: ["ippool", "ipam", "plan"],
};
const PURE_PACKAGES = new Set(["ip-num", "yaml", "node:crypto", "node:net", "node:zlib"]);
/** Files without Pulumi or I/O that pure rooms may import as well. */
const PURE_FILES = new Set(["provider/src/generated/resource-types", "wire/input-words"]);

interface Import {
  readonly file: string;
  readonly target: string;
}

function importsIn(folder: string): Import[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .flatMap((entry) => {
      const file = join(entry.parentPath, entry.name);
      const text = readFileSync(file, "utf8");
      return [...text.matchAll(/(?:from|import|require\()\s*\(?["']([^"']+)["']/g)].map((match) => {
        const target = match[1] ?? "";
        return {
          file: relative(ROOT, file),
          target: target.startsWith(".") ? relative(ROOT, resolve(dirname(file), target)) : target,
        };
      });
    });
}

describe("arrows between the rooms", () => {
  it("sees imports at all", () => {
    assert.ok(
      importsIn("provider/src").some(
        (i) => i.file === "provider/src/ippool/parse.ts" || i.target.startsWith("provider/src/ippool/"),
      ),
    );
  });

  for (const room of PURE) {
    it(`${room} is pure: no Pulumi, ssh2 or file system, nothing of the rooms above it`, () => {
      const allowed = [room, ...(BELOW[room] ?? [])].map((name) => `provider/src/${name}/`);
      const wrong = importsIn(`provider/src/${room}`).filter(
        ({ target }) =>
          !PURE_PACKAGES.has(target) && !PURE_FILES.has(target) && !allowed.some((prefix) => target.startsWith(prefix)),
      );
      assert.deepEqual(wrong, []);
    });
  }

  it("the lab and the provider never import each other", () => {
    assert.deepEqual(
      [
        ...importsIn("lab/src").filter((i) => i.target.startsWith("provider/")),
        ...importsIn("provider/src").filter((i) => i.target.startsWith("lab/")),
      ],
      [],
    );
  });

  it("only the command joins both", () => {
    const joined = importsIn("cli/src").map((i) => i.target);
    assert.ok(joined.some((t) => t.startsWith("lab/")) && joined.some((t) => t.startsWith("provider/")));
  });

  it("what the commands print with knows nothing of what they print", () => {
    const targets = importsIn("terminal").map((i) => i.target);
    assert.ok(targets.includes("commander"));
    assert.deepEqual(
      targets.filter((target) => target !== "commander" && !target.startsWith("terminal/")),
      [],
    );
  });
});
