import { Option } from "commander";

/** `-C`: the Pulumi project that a command asks about. */
export const CWD = new Option("-C, --cwd <dir>", "directory of the Pulumi project").default(".");

/** `-s`: its stack. */
export const STACK = new Option("-s, --stack <name>", "stack; default: the selected one");

export interface ProjectOptions {
  readonly cwd: string;
  readonly stack?: string;
}
