import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../state/paths";
import { run } from "../state/privileged";

/** A file per lab that has namespaces on this machine, named after its id: like them it is gone after a reboot. */
const DIRECTORY = "/run/overlaynet/labs";

/**
 * Notes whose the namespaces of this lab are: of its state directory. To be called before the first of them is made.
 */
export async function markOwnership({ id, state }: Lab): Promise<void> {
  const file = join(DIRECTORY, id);
  if (existsSync(file) && readFileSync(file, "utf8") === state) return;
  await run(
    [
      "sh",
      "-c",
      'mkdir -p -m 755 "$1" && umask 022 && cat >"$1/$2.draft" && mv "$1/$2.draft" "$1/$2"',
      "sh",
      DIRECTORY,
      id,
    ],
    { stdin: state },
  );
}

/**
 * The lab's id, and those that its state directory had when namespaces were made: its files may have been removed by
 * hand since.
 */
export function ownedIds({ id, state }: Lab): string[] {
  const marks = existsSync(DIRECTORY) ? readdirSync(DIRECTORY).filter((name) => /^[0-9a-f]{8}$/.test(name)) : [];
  return [...new Set([id, ...marks.filter((name) => isOf(name, state))])];
}

/** Forgets them, when their namespaces are gone. */
export async function removeMarks(ids: readonly string[]): Promise<void> {
  const files = ids.map((id) => join(DIRECTORY, id)).filter((file) => existsSync(file));
  if (files.length > 0) await run(["rm", "-f", "--", ...files]);
}

function isOf(id: string, state: string): boolean {
  try {
    return readFileSync(join(DIRECTORY, id), "utf8") === state;
  } catch {
    return false; // Another process has just removed it.
  }
}
