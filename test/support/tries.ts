import fc from "fast-check";

/** How much longer random tests are in `npm run test:full`, which sets OVERLAYNET_LONG. */
const FACTOR = process.env["OVERLAYNET_LONG"] === undefined ? 1 : 10;

/** How often a random test tries: `usual` times, in long runs ten times as often. */
export function tries(usual: number): number {
  return usual * FACTOR;
}

/** For properties that name no number of runs: fast-check's own default. Loaded by every run of mocha. */
fc.configureGlobal({ numRuns: tries(100) });
