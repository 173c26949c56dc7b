import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { parseInventory } from "../verify/inventory";
import { verifyOverSsh } from "../verify/over-ssh";
import { exitCode, reportText } from "../verify/report";
import { writeReport } from "../verify/report-writer";
import { stackOutputs } from "../verify/stack-outputs";

interface VerifyCommandOptions {
  readonly cwd: string;
  readonly stack?: string;
  readonly outputs?: string;
  readonly output: "table" | "json";
  readonly flush?: string;
  readonly report: readonly string[];
}

/**
 * `overlaynet verify`: packets between every ordered pair of workloads of a stack. Exit code 0 passed, 1 failed, 2
 * nothing tested.
 */
export function verifyCommand(): Command {
  return new Command("verify")
    .description(
      "prove by packets that every pair of workloads talks as the plan says; exit code 0 passed, 1 failed, 2 nothing tested",
    )
    .option("-C, --cwd <dir>", "directory of the Pulumi project", ".")
    .option("-s, --stack <name>", "stack; default: the selected one")
    .option(
      "--outputs <file>",
      "read the stack's outputs (JSON, secrets shown) from a file, - for standard input, instead of asking pulumi",
    )
    .addOption(new Option("--output <form>", "form of the result").choices(["table", "json"]).default("table"))
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
          ? await stackOutputs(options.cwd, options.stack)
          : (JSON.parse(readFileSync(options.outputs === "-" ? 0 : options.outputs, "utf8")) as unknown);
      const inventory = parseInventory(outputs);
      const report = await verifyOverSsh(inventory, {
        flushCommand: options.flush,
        progress: (message) => process.stderr.write(`verify: ${message}\n`),
      });
      for (const file of options.report) writeReport(file, inventory, report);
      process.stdout.write(
        options.output === "json" ? `${JSON.stringify(report, null, 2)}\n` : `${reportText(report)}\n`,
      );
      process.exitCode = exitCode(report);
    });
}
