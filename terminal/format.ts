import { type Command, InvalidArgumentError, Option } from "commander";

/** The forms in which a command prints its result: for people, or for programs. */
const FORMATS = ["text", "json"] as const;
export type Format = (typeof FORMATS)[number];

/** The options of every command that prints data. */
export interface FormatOptions {
  readonly format: Format;
}

/** `--output`, as the option was called at first, with `table` for the lists. It stays, and help is silent about it. */
class FormerFormatOption extends Option {
  constructor() {
    super("--output <format>");
    this.hideHelp().argParser((word: string): Format => {
      if (word === "json") return "json";
      if (word === "text" || word === "table") return "text";
      throw new InvalidArgumentError("Allowed choices are text, json");
    });
  }

  override attributeName(): string {
    return "format";
  }
}

/** Gives a command `--format`: text for people (the default), or JSON. Of several on a command line the last counts. */
export function withFormat(command: Command): Command {
  return command
    .addOption(new Option("--format <format>", "form of the result").choices(FORMATS).default("text"))
    .addOption(new FormerFormatOption());
}

/**
 * Prints a result on standard output: as JSON, or in words.
 *
 * @param text makes the words, each line with its end
 */
export function printResult(format: Format, result: unknown, text: () => string): void {
  process.stdout.write(format === "json" ? `${JSON.stringify(result, null, 2)}\n` : text());
}
