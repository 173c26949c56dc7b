import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { generateKey } from "../provider/src/ssh/key";
import { pulumiPath } from "../test/support/pulumi-path";
import type { Mode } from "./up/topology";
import { World } from "./up/world";

/**
 * What a cluster costs Pulumi by its number of nodes: `npm run build && npx tsx bench/up.ts [--without-checkpoints]
 * [SIZE…]`, as root; default 6 30 100. For each size: preview, up, up again, a switch of modes, destroy, beside the AWS
 * part of the same program alone; with Pulumi's checkpoints and without, or without alone. `aws` answers at once and nodes are ssh servers in this process
 * (bench/up/world.ts), so what is measured is Pulumi and the provider. It runs in a network namespace of its own in
 * which every address is local. Exit code 1 when a bar is missed.
 */
const SIZES = [6, 30, 100];
/** Most kB of state for each further node; `up` at most this many times the AWS part alone (docs/scale.md). */
const STATE_BAR_KB = 18;
const UP_BAR = 3;
/** No step grows by more than this from 100 to 300 nodes, without checkpoints; resources for each further node. */
const GROWTH_BAR = 4;
const RESOURCES_BAR = 5;
const ROOT = resolve(__dirname, "..");

interface Run {
  readonly seconds: number;
  /** Of the provider's process, its peak, MiB; 0 where none ran. */
  readonly memory: number;
}

interface Measured {
  readonly size: number;
  readonly steps: Readonly<Record<string, Run>>;
  readonly stateKb: number;
  readonly resources: number;
  readonly connections: number;
  readonly execs: number;
  readonly megabytes: number;
}

async function main(sizes: readonly number[], kinds: readonly boolean[]): Promise<void> {
  console.log(
    `${new Date().toISOString()}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}`,
  );
  let missed = false;
  for (const checkpoints of kinds) {
    const rows: Measured[] = [];
    for (const size of sizes) {
      const aws = await measured(size, "awsPart", checkpoints);
      const whole = await measured(size, "cluster", checkpoints);
      rows.push(whole);
      console.log(`${checkpoints ? "with" : "without"} checkpoints, ${size} nodes`);
      for (const row of [aws, whole]) console.log(`  ${row === aws ? "AWS part" : "cluster "}  ${lineOf(row)}`);
      const ratio = (whole.steps["up"]?.seconds ?? 0) / (aws.steps["up"]?.seconds ?? 1);
      console.log(`  up is ${ratio.toFixed(2)} times the AWS part's`);
      if (!checkpoints && size >= 300 && ratio > UP_BAR) missed = true;
    }
    for (const [i, row] of rows.entries()) {
      const before = rows[i - 1];
      if (before === undefined || before.size < 30) continue;
      const each = (row.stateKb - before.stateKb) / (row.size - before.size);
      const resources = (row.resources - before.resources) / (row.size - before.size);
      const growths = Object.entries(row.steps).map(
        ([step, { seconds }]) => [step, seconds / (before.steps[step]?.seconds ?? seconds)] as const,
      );
      console.log(
        `  from ${before.size} to ${row.size} nodes each takes ${each.toFixed(1)} kB of state and ${resources.toFixed(1)} resources; steps grow ${growths.map(([step, growth]) => `${step} ${growth.toFixed(1)}`).join(", ")} times`,
      );
      if (each > STATE_BAR_KB || resources > RESOURCES_BAR) missed = true;
      const bounded = !checkpoints && before.size === 100 && row.size === 300;
      if (bounded && growths.some(([, growth]) => growth > GROWTH_BAR)) missed = true;
    }
  }
  process.exitCode = missed ? 1 : 0;
}

function lineOf({ steps, stateKb, size, resources, connections, execs, megabytes }: Measured): string {
  const times = Object.entries(steps).map(([step, { seconds }]) => `${step} ${seconds.toFixed(1)} s`);
  const memory = Math.max(...Object.values(steps).map((run) => run.memory));
  return [
    ...times,
    `${resources} resources`,
    `state ${(stateKb / 1000).toFixed(2)} MB, ${(stateKb / size).toFixed(1)} kB a node`,
    ...(execs > 0 ? [`${connections} connections, ${execs} execs, ${megabytes.toFixed(1)} MB pushed`] : []),
    ...(memory > 0 ? [`provider ${memory} MiB`] : []),
  ].join(", ");
}

async function measured(size: number, program: "awsPart" | "cluster", checkpoints: boolean): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "overlaynet-bench-"));
  const world = new World();
  await world.open();
  try {
    mkdirSync(join(folder, "backend"));
    const key = generateKey();
    const environment = (mode: Mode, port: number): NodeJS.ProcessEnv => ({
      ...process.env,
      PATH: pulumiPath(),
      BENCH_NODES: String(size),
      BENCH_MODE: mode,
      BENCH_PUBLIC_KEY: key.publicKey,
      BENCH_PRIVATE_KEY: key.privateKey,
      PULUMI_DEBUG_PROVIDERS: `aws:${port}`,
      PULUMI_BACKEND_URL: `file://${join(folder, "backend")}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: "bench",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      ...(checkpoints ? {} : { PULUMI_EXPERIMENTAL: "true", PULUMI_SKIP_CHECKPOINTS: "true" }),
    });
    writeFileSync(
      join(folder, "Pulumi.yaml"),
      `name: bench\nruntime: {name: nodejs, options: {typescript: false}}\nmain: index.js\nplugins: {providers: [{name: overlaynet, path: ${join(ROOT, "provider")}}]}\n`,
    );
    writeFileSync(join(folder, "package.json"), "{}");
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    const programs = JSON.stringify(join(ROOT, "out/bench/up/programs.js"));
    writeFileSync(join(folder, "index.js"), `require(${programs}).${program}();\n`);
    const pulumi = async (mode: Mode, ...args: string[]): Promise<Run> => {
      const aws = await world.aws();
      try {
        return await timed(args, folder, environment(mode, aws.port));
      } finally {
        aws.stop();
      }
    };
    const steps: Record<string, Run> = {};
    const before: Mode = "ipipMode: CrossSubnet";
    await pulumi(before, "stack", "init", "bench");
    steps["preview"] = await pulumi(before, "preview", "--stack", "bench");
    steps["up"] = await pulumi(before, "up", "--yes", "--skip-preview", "--stack", "bench");
    const state = join(folder, "backend/.pulumi/stacks/bench/bench.json");
    const stateKb = statSync(state).size / 1000;
    const { checkpoint } = JSON.parse(readFileSync(state, "utf8")) as {
      checkpoint: { latest: { resources: unknown[] } };
    };
    const { connections, execs, bytes } = world.traffic;
    steps["again"] = await pulumi(before, "up", "--yes", "--skip-preview", "--stack", "bench");
    if (program === "cluster")
      steps["switch"] = await pulumi("vxlanMode: Always", "up", "--yes", "--skip-preview", "--stack", "bench");
    steps["destroy"] = await pulumi(before, "destroy", "--yes", "--skip-preview", "--stack", "bench");
    const resources = checkpoint.latest.resources.length;
    return { size, steps, stateKb, resources, connections, execs, megabytes: bytes / 1e6 };
  } finally {
    world.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the CLI, and looks at the provider's process while it does. */
async function timed(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Run> {
  const start = process.hrtime.bigint();
  const child = spawn("pulumi", ["--non-interactive", ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: Buffer) => (output += data.toString()));
  let memory = 0;
  const watch = setInterval(() => (memory = Math.max(memory, peakOf(join(ROOT, "out/provider/src/main.js")))), 200);
  const code = await new Promise<number | null>((done) => child.once("close", done));
  clearInterval(watch);
  if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${output.slice(-4000)}`);
  return { seconds: Number(process.hrtime.bigint() - start) / 1e9, memory };
}

/** Peak of resident memory of the process of a program in this bench, MiB. */
function peakOf(program: string): number {
  const peaks = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(program)) return 0;
        return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
      } catch {
        return 0;
      }
    });
  return Math.round(Math.max(...peaks));
}

const INSIDE = "OVERLAYNET_BENCH_NAMESPACE";
if (process.env[INSIDE] === undefined) {
  if (!existsSync(join(ROOT, "out/bench/up/programs.js"))) throw new Error("run npm run build first");
  const { status } = spawnSync(
    "unshare",
    ["--net", "--mount", process.execPath, ...process.execArgv, __filename, ...process.argv.slice(2)],
    { stdio: "inherit", env: { ...process.env, [INSIDE]: "yes" } },
  );
  process.exitCode = status ?? 1;
} else {
  for (const args of ["link set lo up", "route add local 0.0.0.0/0 dev lo"]) execFileSync("ip", args.split(" "));
  const words = process.argv.slice(2);
  const sizes = words.filter((word) => !word.startsWith("--")).map(Number);
  const kinds = words.includes("--without-checkpoints") ? [false] : [true, false];
  main(sizes.length > 0 ? sizes : SIZES, kinds).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 2;
  });
}
