/**
 * Runs tests by tier: `tsx test/tiers/main.ts TIER... [test file | mocha's option]...`. Ends with one plain line, `N
 * passed, N failed`, over all that ran; each check of the unit tier counts as one. Exits non-zero where anything failed
 * or nothing ran.
 */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { shellFiles } from "./shell-files";
import { handOnSignals, type Outcome, runStep, runSteps, type Step, wasStopped } from "./step";
import {
  ALONE,
  type Asked,
  closingLine,
  type Count,
  countTests,
  exitCode,
  largestFirst,
  readArguments,
  readClosingLine,
  shards,
  sum,
  testFiles,
  type Tier,
  tierOf,
} from "./tier";

const ROOT = resolve(__dirname, "../..");
/** Runs of mocha that share the unit tests: more than processors, so that none waits long for the other. */
const UNIT_SHARDS = 6;
const BUILD = "tsc";
const NODE = process.execPath;
const bin = (path: string): string => join(ROOT, "node_modules", path);
/** Where V8 keeps what it compiled, as cli/bin/overlaynet has it. */
const ENV = { NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(ROOT, ".overlaynet", "compile-cache") };

/** Random tests take ten times as long in long runs (test/support/tries.ts), and may. */
const LONG = process.env["OVERLAYNET_LONG"] === undefined ? [] : ["--timeout", "200000"];

const mocha = (name: string, files: readonly string[], options: readonly string[] = [], after?: string): Step => ({
  name,
  command: [NODE, bin("mocha/bin/mocha.js"), ...LONG, ...options, ...files],
  env: ENV,
  tests: true,
  after,
});
const BUILD_STEP: Step = {
  name: BUILD,
  command: ["sh", "-c", `"$0" "$1" -p sdk/nodejs && "$0" "$1" -p .`, NODE, bin("typescript/bin/tsc")],
};

/**
 * Checks of form beside the tests in shards, which wait for the build, as some start the project's own programs. One
 * more at a time than there are processors: some tests wait for time to pass.
 */
function unitSteps(): Step[] {
  return [
    BUILD_STEP,
    { name: "eslint", command: [NODE, bin("eslint/bin/eslint.js"), "."] },
    // The last of them wait longest, those of ssh among them: they begin first.
    ...shards(ROOT, testFiles(ROOT, "unit"), UNIT_SHARDS)
      .map((files, index) => mocha(`mocha ${index + 1}/${UNIT_SHARDS}`, files, [], BUILD))
      .toReversed(),
    { name: "prettier", command: [NODE, bin("prettier/bin/prettier.cjs"), "--check", "--log-level", "warn", "."] },
    { name: "shellcheck", command: ["shellcheck", ...shellFiles(ROOT)], install: "sudo apt-get install shellcheck" },
  ];
}

/** A run of mocha for each file, the largest first; what must be alone comes after all else, one at a time. */
async function runFiles(tier: Tier): Promise<Outcome[]> {
  const files = largestFirst(ROOT, testFiles(ROOT, tier));
  const steps = (alone: boolean): Step[] =>
    files.filter((file) => file in ALONE === alone).map((file) => mocha(file, [file]));
  return [...(await runSteps(ROOT, steps(false), tell, 2)), ...(await runSteps(ROOT, steps(true), tell, 1))];
}

/** What a step came to: tests by mocha's word, a check as one. */
const countOf = ({ step, code, printed }: Outcome): Count =>
  step.tests === true
    ? countTests(printed, code)
    : { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };

function tell(outcome: Outcome): void {
  const { step, code, printed, seconds } = outcome;
  const count = step.tests === true ? `, ${closingLine(countOf(outcome))}` : "";
  console.log(`${code === 0 ? "✔" : "✘"} ${step.name}: ${seconds.toFixed(1)} s${count}`);
  if (code === 0) return;
  // Of a run of mocha, what failed.
  const from = step.tests === true ? printed.search(/^ +\d+ passing/m) : 0;
  console.log(printed.slice(Math.max(0, from)).trimEnd().replace(/^/gm, "  "));
}

async function runTier(tier: Tier, { files, options }: Asked): Promise<Count[]> {
  console.log(`\n== ${tier}`);
  if (files.length === 0 && options.length === 0) {
    const outcomes =
      tier === "unit" ? await runSteps(ROOT, unitSteps(), tell, availableParallelism() + 1) : await runFiles(tier);
    return outcomes.map(countOf);
  }
  // What starts the project's own programs needs them as they are now.
  const built = await runStep(ROOT, BUILD_STEP);
  if (built.code !== 0) {
    tell(built);
    return [countOf(built)];
  }
  const chosen = files.length > 0 ? files.filter((file) => tierOf(file) === tier) : testFiles(ROOT, tier);
  if (chosen.length === 0) return [];
  const outcome = await runStep(ROOT, mocha("mocha", chosen, options), { show: true });
  // A title may be of another tier.
  const said = readClosingLine(outcome.printed);
  return [outcome.code === 0 && said !== undefined ? said : countOf(outcome)];
}

async function main(): Promise<void> {
  let asked: Asked;
  try {
    asked = readArguments(process.argv.slice(2));
    for (const file of asked.files) if (!existsSync(join(ROOT, file))) throw new Error(`there is no ${file}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 2;
    return;
  }
  handOnSignals();
  const counts: Count[] = [];
  for (const tier of asked.tiers) counts.push(...(await runTier(tier, asked)));
  const count = sum(counts);
  console.log(`\n${closingLine(count)}`);
  process.exitCode = wasStopped() ? 1 : exitCode(count);
}

void main();
