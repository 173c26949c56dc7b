import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Command, Option } from "commander";
import { type PlanReport, planReport } from "../plan/plan-report";
import { planReportJson } from "../plan/plan-report-json";
import { planReportTable } from "./plan-report-table";
import { readTopologies } from "../plan/topology-text";

interface PlanCommandOptions {
  readonly output: "table" | "json";
}

/**
 * `overlaynet plan`: what every node of a topology has to hold, and who reaches whom how. Exit code 1 when some
 * topology cannot be planned.
 */
export function planCommand(): Command {
  return new Command("plan")
    .description(
      "plan topologies without touching anything: routes, neighbours and FDB entries of every node, and the paths between them",
    )
    .argument("<file>", "a topology, a list of them, or several documents, JSON or YAML; - for standard input")
    .addOption(new Option("--output <form>", "form of the result").choices(["table", "json"]).default("table"))
    .addHelpText("after", "\nBoth forms are described in docs/schema/plan.schema.json.")
    .action(async (file: string, { output }: PlanCommandOptions) => {
      const read = readTopologies(readFileSync(file === "-" ? 0 : file, "utf8"));
      let failed = read.length === 0;
      if (failed) process.stderr.write(`overlaynet: ${file} holds no topology\n`);
      function* reports(): Generator<PlanReport> {
        for (const [index, topology] of read.entries()) {
          const report = planReport(topology, index);
          failed ||= report.errors.length > 0;
          yield report;
        }
      }
      await print(output === "json" ? planReportJson(reports()) : planReportTable(reports()));
      if (failed) process.exitCode = 1;
    });
}

const WRITE_CHARACTERS = 64 * 1024;

/** A plan of thousands of nodes is longer than a string can be, so it goes out as it is made. */
async function print(pieces: Iterable<string>): Promise<void> {
  let pending = "";
  const flush = async (): Promise<void> => {
    if (!process.stdout.write(pending)) await once(process.stdout, "drain");
    pending = "";
  };
  for (const piece of pieces) {
    pending += piece;
    if (pending.length >= WRITE_CHARACTERS) await flush();
  }
  await flush();
}
