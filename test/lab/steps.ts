/**
 * For a suite whose tests build on each other: after one that failed, the next one says so and the others are not run.
 * mocha's own `bail` would leave the whole suite out, without a word, when a test anywhere before it had failed.
 */
export function stopAfterFailure(): void {
  let failed: string | undefined;
  beforeEach(() => {
    if (failed !== undefined) throw new Error(`"${failed}" failed, and what follows builds on it: not run`);
  });
  afterEach(function () {
    if (this.currentTest?.state === "failed") failed ??= this.currentTest.title;
  });
}
