import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { TarEntry } from "./tar";

let cached: readonly TarEntry[] | undefined;

/** What lands on every node unchanged: the files of provider/node, and `version`, a digest of them all. */
export function nodeFiles(): readonly TarEntry[] {
  return (cached ??= readNodeFiles());
}

function readNodeFiles(): TarEntry[] {
  const folder = nodeFolder();
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file): TarEntry => {
      const content = readFileSync(file);
      return {
        path: `node/${relative(folder, file)}`,
        content,
        executable: content.subarray(0, 2).toString() === "#!",
      };
    });
  const digest = createHash("sha256");
  for (const { path, content } of entries) digest.update(`${path} ${content.length}\n`).update(content);
  return [...entries, { path: "node/version", content: `${digest.digest("hex")}\n` }];
}

/** Compiled code stands elsewhere than its source: the folder is looked for upwards. */
function nodeFolder(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const found = join(folder, "provider", "node");
    if (existsSync(join(found, "overlaynet-apply"))) return found;
    if (folder === dirname(folder))
      throw new Error(`provider/node/overlaynet-apply is in no folder above ${__dirname}`);
  }
}
