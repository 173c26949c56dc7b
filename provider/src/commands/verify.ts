import { Command } from "commander";
import { type FormatOptions, printResult, withFormat } from "../../../terminal/format";
import { withHelp } from "../../../terminal/help";
import { parseInventory } from "../verify/inventory";
import { verifyOverSsh } from "../verify/over-ssh";
import { exitCode, reportText } from "../verify/report";
import { writeReport } from "../verify/report-writer";
import { stackOutputs } from "../verify/stack-outputs";
import { OR_STANDARD_INPUT, readInput } from "./input-file";
import { CWD, type ProjectOptions, STACK } from "./project-options";

interface VerifyCommandOptions extends ProjectOptions, FormatOptions {
  readonly outputs?: string;
  readonly flush?: string;
  readonly report: readonly string[];
}

/** `overlaynet verify`: packets between every ordered pair of workloads of a stack. */
export function verifyCommand(): Command {
  const command = new Command("verify")
    .description("prove by packets that every pair of workloads talks as the plan says")
    .addOption(CWD)
    .addOption(STACK)
    .option(
      "--outputs <file>",
      `read the stack's outputs (JSON, secrets shown) from a file, ${OR_STANDARD_INPUT}, instead of asking pulumi`,
    )
    .option(
      "--flush <command>",
      "shell command that makes the cloud forget tracked flows; in the lab: overlaynet lab flush",
    )
    .option(
      "--report <file...>",
      "also write the report to files, by their ending: .html, .xml (JUnit), .md, .json",
      [],
    )
    .action(async (options: VerifyCommandOptions) => {
      const outputs =
        options.outputs === undefined
          ? await stackOutputs(options.cwd, { stack: options.stack })
          : (JSON.parse(readInput(options.outputs)) as unknown);
      const inventory = parseInventory(outputs);
      const report = await verifyOverSsh(inventory, {
        flushCommand: options.flush,
        progress: (message) => process.stderr.write(`verify: ${message}\n`),
      });
      for (const file of options.report) writeReport(file, inventory, report);
      printResult(options.format, report, () => `${reportText(report)}\n`);
      process.exitCode = exitCode(report);
    });
  return withHelp(withFormat(command), {
    examples: [
      ["overlaynet verify", "the selected stack of the project here"],
      ['overlaynet verify -C lab --flush "overlaynet lab flush"', "the quick start in the lab"],
      ["overlaynet verify --report report.html --report report.xml", "with reports for people and for CI"],
    ],
    exitCodes: { 0: "all pairs passed", 1: "a pair failed, or verify could not run", 2: "there was no pair to test" },
    schema: "docs/schema/verify.schema.json",
  });
}
