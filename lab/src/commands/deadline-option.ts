import { InvalidArgumentError, Option } from "commander";

/** `--deadline`, seconds; the commands get milliseconds. */
export function deadlineOption(what: string, seconds: number): Option {
  return new Option("--deadline <seconds>", what).argParser(milliseconds).default(seconds * 1000, String(seconds));
}

function milliseconds(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && Number.isFinite(seconds)))
    throw new InvalidArgumentError("It must be a number of seconds above 0");
  return seconds * 1000;
}
