import { Command } from "commander";
import { type FormatOptions, printResult, withFormat } from "../../../terminal/format";
import { withHelp } from "../../../terminal/help";
import { openLab } from "../state/paths";
import { checkMachine, type CheckResult } from "./check-machine";

/** `overlaynet lab check` */
export function checkCommand(): Command {
  const command = new Command("check")
    .description("try everything that the lab needs of this machine, and say in words what is missing")
    .action(async ({ format }: FormatOptions) => {
      const results = await checkMachine(openLab());
      printResult(format, results, () => checkText(results));
      if (results.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
    });
  return withHelp(withFormat(command), {
    examples: [
      ["overlaynet lab check", "what this machine has and lacks"],
      ["overlaynet lab check --format json", "the same for a program"],
    ],
    exitCodes: { 0: "nothing is missing", 1: "something is missing" },
    schema: "docs/schema/lab-check.schema.json",
  });
}

/** One line for each thing that was tried. */
export function checkText(results: readonly CheckResult[]): string {
  return results
    .map(({ name, problem }) => (problem === undefined ? `ok       ${name}\n` : `MISSING  ${name}: ${problem}\n`))
    .join("");
}
