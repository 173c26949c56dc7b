/**
 * Runs tests by tier: `tsx test/tiers/main.ts TIER... [test file | mocha's option]...`. Ends with one plain line, `N
 * passed, N failed`, over all that ran; each check of the unit tier counts as one. Exits non-zero where anything failed
 * or nothing ran.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { shellFiles } from "./shell-files";
import { type Outcome, runStep, runSteps, type Step } from "./step";
import { type Asked, closingLine, type Count, readArguments, readClosingLine, shards, sum, testFiles } from "./tier";

const ROOT = resolve(__dirname, "../..");
/** Runs of mocha that share the unit tests: more than processors, so that none waits long for the other. */
const UNIT_SHARDS = 4;
const BUILD = "tsc";
const NODE = process.execPath;
const bin = (path: string): string => join(ROOT, "node_modules", path);
/** Where V8 keeps what it compiled, as cli/bin/overlaynet has it. */
const ENV = { NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(ROOT, ".overlaynet", "compile-cache") };

const mocha = (name: string, files: readonly string[], options: readonly string[] = [], after?: string): Step => ({
  name,
  command: [NODE, bin("mocha/bin/mocha.js"), ...options, ...files],
  env: ENV,
  after,
});
const BUILD_STEP: Step = {
  name: BUILD,
  command: ["sh", "-c", `"$0" "$1" -p sdk/nodejs && "$0" "$1" -p .`, NODE, bin("typescript/bin/tsc")],
};

/** Checks of form, then the tests in shards; what starts the project's own programs needs them built. */
function unitSteps(): Step[] {
  return [
    BUILD_STEP,
    { name: "eslint", command: [NODE, bin("eslint/bin/eslint.js"), "."] },
    ...shards(ROOT, testFiles(ROOT, "unit"), UNIT_SHARDS).map((files, index) =>
      mocha(`mocha ${index + 1}/${UNIT_SHARDS}`, files, [], BUILD),
    ),
    { name: "prettier", command: [NODE, bin("prettier/bin/prettier.cjs"), "--check", "--log-level", "warn", "."] },
    { name: "shellcheck", command: ["shellcheck", ...shellFiles(ROOT)] },
  ];
}

/** What a step came to: tests by mocha's word, a check as one. */
function countOf({ name, code, printed }: Outcome): Count {
  const said = name.startsWith("mocha") ? readClosingLine(printed) : undefined;
  if (said !== undefined && (code === 0 || said.failed > 0)) return said;
  const failed = code === 0 && !name.startsWith("mocha") ? 0 : 1;
  return { passed: (said?.passed ?? 0) + (failed === 0 ? 1 : 0), failed, skipped: said?.skipped ?? 0 };
}

function tell(outcome: Outcome): void {
  const { name, code, printed, seconds } = outcome;
  const count = countOf(outcome);
  const what = name.startsWith("mocha") ? `, ${closingLine(count)}` : "";
  console.log(`${code === 0 ? "✔" : "✘"} ${name}: ${seconds.toFixed(1)} s${what}`);
  if (code === 0) return;
  // Of a run of mocha, what failed.
  const from = printed.search(/^ +\d+ passing/m);
  console.log(printed.slice(Math.max(0, from)).trimEnd().replace(/^/gm, "  "));
  if (name === "shellcheck" && printed.includes("could not be started"))
    console.log("  shellcheck is not installed. Run: sudo apt-get install shellcheck");
}

async function runTiers({ tiers, files, options }: Asked): Promise<Count> {
  const narrowed = files.length > 0 || options.length > 0;
  const counts: Count[] = [];
  for (const tier of tiers) {
    console.log(`\n== ${tier}`);
    if (tier === "unit" && !narrowed) {
      counts.push(...(await runSteps(ROOT, unitSteps(), tell)).map(countOf));
      continue;
    }
    if (tier === "unit") {
      const built = await runStep(ROOT, BUILD_STEP);
      if (built.code !== 0) tell(built);
    }
    const chosen = files.length > 0 ? files : testFiles(ROOT, tier);
    const outcome = await runStep(ROOT, mocha("mocha", chosen, options), { show: true });
    counts.push(countOf(outcome));
  }
  return sum(counts);
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
  const count = await runTiers(asked);
  console.log(`\n${closingLine(count)}`);
  if (count.failed > 0 || count.passed === 0) process.exitCode = 1;
}

void main();
