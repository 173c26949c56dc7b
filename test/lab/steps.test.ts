import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

describe("steps that build on each other", function () {
  this.timeout(20_000);

  /** What mocha says of a suite of three steps, and of a failure elsewhere before it. */
  function outcome(second: string, elsewhere: string): string {
    const dir = mkdtempSync(join(tmpdir(), "overlaynet-steps-"));
    try {
      const file = join(dir, "steps.js");
      writeFileSync(
        file,
        `
        const { stopAfterFailure } = require(${JSON.stringify(resolve(__dirname, "steps.ts"))});
        it("elsewhere", () => { ${elsewhere} });
        describe("steps", () => {
          stopAfterFailure();
          it("first", () => {});
          it("second", () => { ${second} });
          it("third", () => {});
        });`,
      );
      const mocha = resolve(__dirname, "../../node_modules/mocha/bin/mocha.js");
      return spawnSync(process.execPath, ["--import", "tsx", mocha, "--no-config", "--reporter", "spec", file], {
        encoding: "utf8",
      }).stdout;
    } finally {
      rmSync(dir, { recursive: true });
    }
  }

  it("are all made, also after a failure elsewhere", () => {
    assert.match(outcome("", ""), /4 passing/);
    assert.match(outcome("", "throw new Error('elsewhere')"), /3 passing.*1 failing/s);
  });

  it("end with one that fails, and it is said that more is not run", () => {
    const said = outcome("throw new Error('second')", "");
    assert.match(said, /2 passing.*2 failing/s);
    assert.match(said, /"before each" hook .*"second" failed, and what follows builds on it: not run/s);
    assert.equal(said.includes("✔ third"), false);
  });
});
