"use strict";
const { reporters } = require("mocha");

/** mocha's own report, and a last line that a pipeline reads: `N passed, N failed`, with `, N skipped` when there are some. */
module.exports = class SummaryReporter extends reporters.Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed${pending > 0 ? `, ${pending} skipped` : ""}`);
  }
};
