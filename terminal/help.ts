import type { Command } from "commander";
import { tableLines } from "./table";

/** What the help of a command says below its options. */
export interface Help {
  /** Command lines as typed, and what each does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** What each exit code means; default: 0 done, 1 failed. */
  readonly exitCodes?: Readonly<Record<string, string>>;
  /** File that describes what `--format json` prints. */
  readonly schema?: string;
}

const EXIT_CODES = { 0: "done", 1: "failed; standard error says why" };

/** Adds examples, exit codes and the schema of the JSON form to a command's `--help`. */
export function withHelp(command: Command, { examples, exitCodes = EXIT_CODES, schema }: Help): Command {
  return command.addHelpText(
    "after",
    [
      section("Examples", examples),
      section("Exit codes", Object.entries(exitCodes)),
      ...(schema === undefined ? [] : [`\n--format json is described in ${schema}.`]),
    ].join(""),
  );
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  const [first = [], ...rest] = rows;
  return `\n${title}:\n${[...tableLines(first, rest, { indent: "  " })].join("")}`;
}
