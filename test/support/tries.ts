import fc from "fast-check";

/**
 * How much longer random tests are in `npm run test:full`, which sets OVERLAYNET_LONG, and how much shorter in `npm run
 * test:mutants`, which sets OVERLAYNET_SHORT: there each runs for every change of what it goes through.
 */
const FACTOR =
  process.env["OVERLAYNET_SHORT"] !== undefined ? 0.1 : process.env["OVERLAYNET_LONG"] === undefined ? 1 : 10;

/** How often a random test tries: `usual` times, in long runs ten times as often, in short ones a tenth. */
export function tries(usual: number): number {
  return Math.ceil(usual * FACTOR);
}

/**
 * For properties that name no number of runs: fast-check's own default. Loaded by every run of mocha. Short runs try the
 * same each time, so that a mutant that died once dies again.
 */
fc.configureGlobal({ numRuns: tries(100), ...(process.env["OVERLAYNET_SHORT"] !== undefined && { seed: 1 }) });
