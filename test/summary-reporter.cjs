"use strict";
const { relative } = require("node:path");
const { reporters } = require("mocha");

/**
 * mocha's own report, the files that took longest, hooks included, and a last line that a pipeline reads: `N passed, N
 * failed`, with `, N skipped` when there are some.
 */
module.exports = class SummaryReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    this.files = new Map();
    const begun = new Map();
    const isOutermost = (suite) => suite.parent !== undefined && suite.parent.root;
    runner.on("suite", (suite) => {
      if (isOutermost(suite)) begun.set(suite, Date.now());
    });
    runner.on("suite end", (suite) => {
      if (isOutermost(suite))
        this.files.set(suite.file, (this.files.get(suite.file) ?? 0) + Date.now() - begun.get(suite));
    });
  }

  epilogue() {
    super.epilogue();
    const slow = [...this.files].filter(([, ms]) => ms >= 10_000).sort(([, a], [, b]) => b - a);
    if (slow.length > 0)
      console.log(
        `Seconds by file, from 10 on: ${slow.map(([file, ms]) => `${relative(process.cwd(), file ?? "")} ${Math.round(ms / 1000)}`).join(", ")}\n`,
      );
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ""}`);
  }
};
