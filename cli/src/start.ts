import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { Command } from "commander";
import { openLab, projectRoot } from "../../lab/src/state/paths";
import { parseInventory } from "../../provider/src/verify/inventory";
import { verifyOverSsh } from "../../provider/src/verify/over-ssh";
import { exitCode, pathTableLines, reportText } from "../../provider/src/verify/report";
import { writeReport } from "../../provider/src/verify/report-writer";
import { stackOutputs } from "../../provider/src/verify/stack-outputs";
import { withHelp } from "../../terminal/help";
import { quickStartEnvironment, quote, STACK } from "./quick-start";

/** `overlaynet start`: the quick start in the lab, from nothing to verified. Its exit code is verify's. */
export function startCommand(): Command {
  const command = new Command("start")
    .description(
      "bring the quick-start program up in the lab, print its path table, and verify every pair of workloads",
    )
    .option("--preview", "show the preview before the update", false)
    .action(async (options: { preview: boolean }) => {
      const root = projectRoot();
      const env: NodeJS.ProcessEnv = {
        ...process.env,
        ...quickStartEnvironment(),
        PATH: [join(root, "node_modules", ".bin"), process.env["PATH"] ?? ""].join(delimiter),
      };
      const began = Date.now();
      // Without a terminal every status line would be printed for itself.
      const quiet = process.stdout.isTTY ? [] : ["--non-interactive"];
      const pulumi = (...args: string[]): Promise<void> =>
        runInherited("pulumi", ["-C", join(root, "lab"), ...quiet, ...args], env);
      await pulumi("stack", "select", "--create", STACK);
      await pulumi(
        "up",
        "--yes",
        "--stack",
        STACK,
        "--suppress-outputs",
        ...(process.stdout.isTTY ? [] : ["--suppress-progress"]),
        ...(options.preview ? [] : ["--skip-preview"]),
      );
      const up = Date.now();

      const inventory = parseInventory(await stackOutputs(join(root, "lab"), { stack: STACK, env }));
      process.stdout.write(`\nPaths between the nodes\n${[...pathTableLines(inventory.paths)].join("")}\n`);
      const report = await verifyOverSsh(inventory, {
        flushCommand: `${quote(join(root, "cli", "bin", "overlaynet"))} lab flush`,
        environment: env,
        progress: (message) => process.stdout.write(`verify: ${message}\n`),
      });
      process.stdout.write(`\nWorkload to workload\n${reportText(report)}\n`);
      const page = join(openLab().state, "report.html");
      writeReport(page, inventory, report);
      process.stdout.write(
        `\nThe report as a page: ${page}\n\nup in ${seconds(up - began)} s, verified in ${seconds(Date.now() - up)} s. Next:\n` +
          `  npx overlaynet lab list                 the nodes and their addresses\n` +
          `  npx overlaynet lab exec blue-a0 -- ip route    look inside one\n` +
          `  edit pools.yaml, then npm start         change the encapsulation\n` +
          `  eval "$(npx overlaynet env)"            then pulumi -C lab preview | up | destroy by hand\n` +
          `  npx overlaynet lab destroy --all        remove everything\n`,
      );
      process.exitCode = exitCode(report);
    });
  return withHelp(command, {
    examples: [
      ["overlaynet start", "the quick start, as npm start runs it"],
      ["overlaynet start --preview", "after an edit of pools.yaml: first what will change"],
    ],
    exitCodes: { 0: "all pairs passed", 1: "a pair failed, or something before", 2: "there was no pair to test" },
  });
}

function runInherited(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", (error) => reject(new Error(`${program} could not be started: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(
            `${program} ${args.join(" ")} ${code === null ? `was ended by ${signal}` : `failed with exit code ${code}`}`,
          ),
        );
    });
  });
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(0);
}
