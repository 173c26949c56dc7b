import { createHash } from "node:crypto";
import type { Part, PartFile } from "./part";

const PART_NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/**
 * sha256, hex, over names and contents of a part's files: that of the listing `sha256sum *` prints in the part's
 * folder, which the node works out with two commands.
 */
export function partDigest(files: readonly PartFile[]): string {
  const listing = [...files]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, content }) => `${fileDigest(content)}  ${name}\n`)
    .join("");
  return fileDigest(listing);
}

/** A part with its digest. @throws RangeError for names that a shell or a file system would not take as they are */
export function newPart(name: string, files: readonly PartFile[]): Part {
  if (!isPartName(name)) throw new RangeError(`"${name}" is not the name of a part: up to 40 of a-z, 0-9 and -`);
  for (const file of files) {
    if (!FILE_NAME.test(file.name))
      throw new RangeError(`"${file.name}" is not a file name in part ${name}: letters, digits, ".", "_" and "-"`);
  }
  return { name, files, digest: partDigest(files) };
}

export function isPartName(name: string): boolean {
  return PART_NAME.test(name);
}

/** sha256, hex, as `sha256sum` has it. */
export function fileDigest(content: string): string {
  return createHash("sha256").update(content).digest("hex");
}
