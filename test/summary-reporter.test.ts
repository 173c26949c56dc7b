import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "..");

describe("the test run's last line", () => {
  let dir: string;
  before(() => (dir = mkdtempSync(join(tmpdir(), "summary-"))));
  after(() => rmSync(dir, { recursive: true }));

  function lastLine(tests: string): { code: number | null; line: string | undefined } {
    writeFileSync(join(dir, "a.test.cjs"), tests);
    const args = [
      join(root, "node_modules/mocha/bin/mocha.js"),
      "--reporter",
      join(__dirname, "summary-reporter.cjs"),
      join(dir, "a.test.cjs"),
    ];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    return { code: status, line: stdout.trimEnd().split("\n").at(-1) };
  }

  it("counts what passed", () => {
    assert.deepEqual(lastLine('it("a", () => {}); it("b", () => {});'), { code: 0, line: "2 passed, 0 failed" });
  });

  it("counts failures of tests and hooks, and what was skipped, and the exit code tells", () => {
    const tests =
      'it("a", () => {}); it("b"); it("c", () => { throw 1; }); describe("d", () => { before(() => { throw 1; }); it("e", () => {}); });';
    assert.deepEqual(lastLine(tests), { code: 2, line: "1 passed, 2 failed, 1 skipped" });
  });
});
