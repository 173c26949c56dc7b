import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Command } from "commander";
import { openLab, projectRoot } from "../../lab/src/state/paths";
import { parseInventory } from "../../provider/src/verify/inventory";
import { exitCode, pathTable, reportText } from "../../provider/src/verify/report";
import { writeReport } from "../../provider/src/verify/report-writer";
import { stackOutputs } from "../../provider/src/verify/stack-outputs";
import { verifyOverSsh } from "../../provider/src/verify/over-ssh";

/** Name of the quick start's stack in its own backend. */
export const STACK = "quickstart";

/**
 * A directory as Pulumi's backend, without files of attributes (`.attrs`) beside the state: Pulumi writes those in
 * place, and an empty one, left when it was killed there, keeps it from reading the state (gocloud.dev/blob/fileblob,
 * "metadata").
 */
export function backendUrl(directory: string): string {
  return `file://${directory}?metadata=skip`;
}

/**
 * The environment in which Pulumi keeps the quick start's state beside the lab's: its own backend directory and
 * passphrase file, nothing of the user's.
 */
export function quickStartEnvironment(): Record<string, string> {
  const lab = openLab();
  const backend = join(lab.state, "pulumi");
  mkdirSync(backend, { recursive: true, mode: 0o700 });
  const passphrase = join(lab.state, "passphrase");
  if (!existsSync(passphrase)) {
    const draft = `${passphrase}.${process.pid}`;
    writeFileSync(draft, randomBytes(24).toString("hex"), { mode: 0o600 });
    try {
      linkSync(draft, passphrase);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    } finally {
      rmSync(draft);
    }
  }
  return {
    PULUMI_BACKEND_URL: backendUrl(backend),
    PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Types are checked when the project is built, not at every run: 2 s less.
    PULUMI_NODEJS_TRANSPILE_ONLY: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    OVERLAYNET_LAB_STATE: lab.state,
  };
}

/** `overlaynet start`: the quick start in the lab, from nothing to verified. Its exit code is verify's. */
export function startCommand(): Command {
  return new Command("start")
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

      const inventory = parseInventory(await stackOutputs(join(root, "lab"), STACK, env));
      process.stdout.write(`\nPaths between the nodes\n${pathTable(inventory.paths)}\n\n`);
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
}

/** `overlaynet env`: what a shell needs to run pulumi on the quick start's stack by hand. */
export function envCommand(): Command {
  return new Command("env")
    .description("print the shell lines that point pulumi at the quick start's stack in the lab")
    .action(() => {
      const lines = Object.entries(quickStartEnvironment()).map(([name, value]) => `export ${name}=${quote(value)}`);
      process.stdout.write(
        `${lines.join("\n")}\nexport PATH=${quote(join(projectRoot(), "node_modules", ".bin"))}:"$PATH"\n`,
      );
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

function quote(word: string): string {
  return /^[A-Za-z0-9_./:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
