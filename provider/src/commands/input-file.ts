import { readFileSync } from "node:fs";

/** What a file argument says about standard input. */
export const OR_STANDARD_INPUT = "- for standard input";

/** The content of a file, or of standard input for `-`. */
export function readInput(file: string): string {
  return readFileSync(file === "-" ? 0 : file, "utf8");
}

/** The file as messages name it. */
export function inputName(file: string): string {
  return file === "-" ? "<stdin>" : file;
}
