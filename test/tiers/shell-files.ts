import { closeSync, openSync, readSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** Shell is what begins with one of these: a shebang, or the word to shellcheck in files that others read in. */
const SHELL = /^(?:#!\s*\/\S*(?:\/|\s)(?:sh|dash|bash)\b|# shellcheck shell=)/;

/** All shell scripts of the project, relative to `root`: found by their first line, so that none is forgotten. */
export function shellFiles(root: string): string[] {
  return execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  })
    .split("\0")
    .filter((file) => file !== "" && SHELL.test(beginning(join(root, file))));
}

function beginning(file: string): string {
  const buffer = Buffer.alloc(80);
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch {
    // Deleted and not committed yet.
    return "";
  }
  try {
    return buffer.toString("latin1", 0, readSync(handle, buffer));
  } finally {
    closeSync(handle);
  }
}
