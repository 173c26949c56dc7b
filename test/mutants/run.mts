import { availableParallelism } from "node:os";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Stryker } from "@stryker-mutator/core";
import "./mocha-12.cjs";

// For the processes that Stryker starts.
process.env["NODE_OPTIONS"] = `--require ${join(import.meta.dirname, "mocha-12.cjs")}`;
process.env["OVERLAYNET_SHORT"] = "1";

/**
 * `npm run test:mutants [-- FOLDER… --files FILE… --incremental]`: changes the pure folders one slip at a time and runs the unit tests of that
 * folder's mirror against each change. A change that no test notices is a survivor. Prints a line for each folder and
 * fails where less than BAR percent died. The report of each folder, with every survivor in its place, is
 * out/mutants/FOLDER.html (and .json).
 *
 * `--files`, once for each file, changes these files of the folders only. `--incremental` keeps results in
 * out/mutants/FOLDER.incremental.json and tries again what changed and what a new title may notice: for the work on one
 * folder, file by file. It does not see that the body of a test changed, so a number that counts comes without it.
 *
 * A folder's survivors that no test can notice carry `// Stryker disable next-line MUTATOR: reason` in the source.
 */
const BAR = 85;
const ROOT = resolve(import.meta.dirname, "../..");
const REPORTS = join("out", "mutants");

interface Folder {
  /** The sources that are changed. */
  readonly sources: readonly string[];
  /** The unit tests that must notice. */
  readonly tests: readonly string[];
  /** Full titles of tests that are left out: each takes seconds, and would for every mutant. */
  readonly without?: RegExp;
  /** What runs only while files are loaded is left out: each such change needs a process of its own. */
  readonly ignoreStatic?: true;
}

const provider = (name: string): Folder => ({
  sources: [`provider/src/${name}/**/*.ts`],
  tests: [`test/provider/${name}/**/*.test.ts`],
});

const lab = (name: string): Folder => ({
  sources: [`lab/src/${name}/**/*.ts`],
  tests: [`test/lab/${name}/**/*.test.ts`],
});

const FOLDERS: Readonly<Record<string, Folder>> = {
  // What thousands of pools or megabytes of a manifest are for is time.
  ippool: {
    ...provider("ippool"),
    without: /stay fast|10 MB|a million tokens|(sequences|parentheses) without end/,
    ignoreStatic: true,
  },
  ipam: provider("ipam"),
  plan: {
    ...provider("plan"),
    // "has them of every kind" does the same with topologies that are the same each time.
    without: /has exactly the routes of the model/,
    ignoreStatic: true,
  },
  node: provider("node"),
  aws: {
    // The others make Pulumi resources of what these say.
    sources: [
      "arrivals",
      "distribution",
      "layout",
      "never-across-subnets",
      "security-rules",
      "transit-layout",
      "user-data",
    ].map((name) => `provider/src/aws/${name}.ts`),
    tests: ["test/provider/aws/**/*.test.ts"],
  },
  verify: {
    sources: ["capture", "pair", "report", "verdict"].map((name) => `provider/src/verify/${name}.ts`),
    tests: ["test/provider/verify/**/*.test.ts"],
  },
  cloud: {
    sources: lab("cloud").sources,
    tests: [...lab("cloud").tests, "test/lab/fabric/*.test.ts"],
  },
  reach: lab("reach"),
  wire: { sources: ["wire/**/*.ts"], tests: ["test/wire/**/*.test.ts"] },
};

interface Result {
  readonly folder: string;
  readonly mutants: number;
  readonly killed: number;
}

interface Narrowed {
  /** The files that are changed, from the project's root; all of the folder where there are none. */
  readonly files: readonly string[];
  readonly incremental: boolean;
}

async function run(
  folder: string,
  { sources, tests, without, ignoreStatic }: Folder,
  { files, incremental }: Narrowed,
): Promise<Result> {
  const results = await new Stryker({
    mutate: files.length === 0 ? [...sources] : [...files],
    incremental,
    incrementalFile: join(REPORTS, `${folder}.incremental.json`),
    testRunner: "mocha",
    plugins: ["@stryker-mutator/mocha-runner"],
    mochaOptions: {
      spec: [...tests],
      ignore: ["**/*.linux.test.ts", "**/*.lab.test.ts"],
      ...(without && { grep: `^(?!.*(?:${without.source}))` }),
    },
    testRunnerNodeArgs: ["--import", "tsx"],
    coverageAnalysis: "perTest",
    ignoreStatic: ignoreStatic ?? false,
    concurrency: Number(process.env["OVERLAYNET_MUTANTS_AT_ONCE"] ?? availableParallelism()),
    // A machine that does other work besides must not make a slow test a killed mutant.
    timeoutMS: 20_000,
    tempDirName: join(REPORTS, "sandbox"),
    // What no unit test of these folders reads.
    ignorePatterns: ["/out", "/bench", "/.overlaynet"],
    reporters: ["progress-append-only", "clear-text", "html", "json"],
    clearTextReporter: {
      allowColor: false,
      logTests: false,
      reportTests: false,
      reportMutants: true,
      reportScoreTable: true,
    },
    htmlReporter: { fileName: join(REPORTS, `${folder}.html`) },
    jsonReporter: { fileName: join(REPORTS, `${folder}.json`) },
    allowConsoleColors: false,
  }).runMutationTest();
  const counted = results.filter(({ status }) => status !== "Ignored" && status !== "CompileError");
  return {
    folder,
    mutants: counted.length,
    killed: counted.filter(({ status }) => status === "Killed" || status === "Timeout").length,
  };
}

async function main(): Promise<void> {
  const { positionals: names, values } = parseArgs({
    allowPositionals: true,
    options: {
      files: { type: "string", multiple: true, default: [] },
      incremental: { type: "boolean", default: false },
    },
  });
  const narrowed = { ...values, files: values.files.map((file) => relative(ROOT, resolve(file))) };
  process.chdir(ROOT);
  const unknown = names.filter((name) => FOLDERS[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`No folder ${unknown.join(", ")}; must be one of ${Object.keys(FOLDERS).join(", ")}`);
  const lines: string[] = [];
  for (const [name, folder] of Object.entries(FOLDERS)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const { mutants, killed } = await run(name, folder, narrowed);
    const percent = (100 * killed) / mutants;
    if (percent < BAR) process.exitCode = 1;
    lines.push(`${name.padEnd(8)} ${String(mutants).padStart(5)} mutants, ${percent.toFixed(1)} % killed`);
  }
  console.log(lines.join("\n"));
}

await main();
