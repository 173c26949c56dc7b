import { readdirSync, statSync } from "node:fs";
import { join, relative } from "node:path";

/**
 * What a test needs, said by its file's name: `x.test.ts` nothing (unit), `x.linux.test.ts` root and network namespaces,
 * `x.lab.test.ts` nodes of the lab.
 */
export const TIERS = ["unit", "linux", "lab"] as const;
export type Tier = (typeof TIERS)[number];

/** The tier that a test file's name says. */
export function tierOf(file: string): Tier {
  return (["linux", "lab"] as const).find((tier) => file.endsWith(`.${tier}.test.ts`)) ?? "unit";
}

/** All test files of a tier under `root`/test, relative to `root`, sorted. */
export function testFiles(root: string, tier: Tier): string[] {
  return readdirSync(join(root, "test"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => tierOf(file) === tier)
    .sort();
}

/** Files that nothing else may run beside, and why. Others of the linux and lab tiers run two at a time. */
export const ALONE: Readonly<Record<string, string>> = {
  "test/lab/fabric-life.linux.test.ts": "has time limits, and compares the machine's own network",
  "test/lab/leaks.lab.test.ts": "compares the machine's own network, and memory",
  "test/lab/many-interfaces.linux.test.ts": "has time limits",
  "test/lab/overlay.lab.test.ts": "counts lost packets among thousands a second",
  "test/lab/switching.lab.test.ts": "counts lost packets among thousands a second",
  "test/provider/node/neighbours.linux.test.ts": "counts lost packets among thousands a second",
  "test/provider/node/packets.linux.test.ts": "counts lost packets among thousands a second",
  "test/provider/node/steady-state.linux.test.ts": "measures processor time",
};

/** Files in the order in which they are best begun: the large ones, which take longest, first. */
export function largestFirst(root: string, files: readonly string[]): string[] {
  const size = (file: string): number => statSync(join(root, file)).size;
  return files.toSorted((a, b) => size(b) - size(a));
}

/** Cuts a list of files into `count` lists of about the same size in bytes; neighbours stay together. */
export function shards(root: string, files: readonly string[], count: number): string[][] {
  const sizes = files.map((file) => statSync(join(root, file)).size);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const cut: string[][] = Array.from({ length: count }, () => []);
  let passed = 0;
  for (const [index, file] of files.entries()) {
    const size = sizes[index] ?? 0;
    cut[Math.min(count - 1, Math.floor(((passed + size / 2) / total) * count))]?.push(file);
    passed += size;
  }
  return cut.filter((shard) => shard.length > 0);
}

/** What a run of tests came to. */
export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const sum = (counts: readonly Count[]): Count => ({
  passed: counts.reduce((total, { passed }) => total + passed, 0),
  failed: counts.reduce((total, { failed }) => total + failed, 0),
  skipped: counts.reduce((total, { skipped }) => total + skipped, 0),
});

/** The last line that a pipeline reads; test/summary-reporter.cjs writes the same for one run of mocha. */
export const closingLine = ({ passed, failed, skipped }: Count): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;

/** Of the run: 0 where something ran and nothing failed. */
export const exitCode = ({ passed, failed }: Count): number => (failed > 0 || passed === 0 ? 1 : 0);

/** Reads the closing line of what mocha printed; undefined where there is none, as after a crash. */
export function readClosingLine(printed: string): Count | undefined {
  const found = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(printed.trimEnd().split("\n").at(-1) ?? "");
  if (found === null) return undefined;
  const [, passed, failed, skipped = "0"] = found;
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

/**
 * What a run of mocha came to, by what it printed and its exit code (null: ended by a signal). One without a closing
 * line, that ran nothing, or that ended badly after it, failed whatever it says.
 */
export function countTests(printed: string, code: number | null): Count {
  const said = readClosingLine(printed);
  if (said === undefined || said.passed + said.failed === 0) return { passed: 0, failed: 1, skipped: 0 };
  return code === 0 ? said : { ...said, failed: Math.max(1, said.failed) };
}

/** What the command line asks for: whole tiers, or what its arguments narrow them to. */
export interface Asked {
  readonly tiers: readonly Tier[];
  /** Test files named; none means all of the tiers. */
  readonly files: readonly string[];
  /** For mocha, such as `-g` and a title. */
  readonly options: readonly string[];
}

/**
 * Reads `TIER... [test file | mocha's option]...`.
 * @throws Error where no tier is named, or a file is of a tier that was not asked for
 */
export function readArguments(args: readonly string[]): Asked {
  const isTier = (arg: string): arg is Tier => (TIERS as readonly string[]).includes(arg);
  const first = args.findIndex((arg) => !isTier(arg));
  const tiers = (first === -1 ? args : args.slice(0, first)).filter(isTier);
  const rest = first === -1 ? [] : args.slice(first);
  if (tiers.length === 0) throw new Error(`name a tier: ${TIERS.join(", ")}`);
  const files = rest.filter((arg) => arg.endsWith(".test.ts")).map((file) => relative(".", file));
  for (const file of files) {
    const tier = tierOf(file);
    if (!tiers.includes(tier)) throw new Error(`${file} is of another tier, run: npm run test:${tier} -- ${file}`);
  }
  return { tiers, files, options: rest.filter((arg) => !arg.endsWith(".test.ts")) };
}
