import { Command } from "commander";
import { type FormatOptions, withFormat } from "../../../terminal/format";
import { withHelp } from "../../../terminal/help";
import { type PlanReport, planReport } from "../plan/plan-report";
import { planReportJson } from "../plan/plan-report-json";
import { readTopologies } from "../plan/topology-text";
import { OR_STANDARD_INPUT, readInput } from "./input-file";
import { planReportTable } from "./plan-report-table";
import { printPieces } from "./print-pieces";

/** `overlaynet plan`: what every node of a topology has to hold, and who reaches whom how. */
export function planCommand(): Command {
  const command = new Command("plan")
    .description(
      "plan topologies without touching anything: routes, neighbours and FDB entries of every node, and the paths between them",
    )
    .argument("<file>", `a topology, a list of them, or several documents, JSON or YAML; ${OR_STANDARD_INPUT}`)
    .action(async (file: string, { format }: FormatOptions) => {
      const read = readTopologies(readInput(file));
      let failed = read.length === 0;
      if (failed) process.stderr.write(`overlaynet: ${file} holds no topology\n`);
      function* reports(): Generator<PlanReport> {
        for (const [index, topology] of read.entries()) {
          const report = planReport(topology, index);
          failed ||= report.errors.length > 0;
          yield report;
        }
      }
      await printPieces(format === "json" ? planReportJson(reports()) : planReportTable(reports()));
      if (failed) process.exitCode = 1;
    });
  return withHelp(withFormat(command), {
    examples: [
      ["overlaynet plan topology.yaml", "a table of the paths, then each node"],
      ["overlaynet plan topology.yaml --format json", "the same for a program"],
    ],
    exitCodes: { 0: "all topologies are planned", 1: "one cannot be planned, or there is none" },
    schema: "docs/schema/plan.schema.json, and so is the file",
  });
}
