import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { shellFiles } from "./shell-files";
import { runStep, runSteps } from "./step";
import {
  ALONE,
  closingLine,
  countTests,
  exitCode,
  largestFirst,
  readArguments,
  readClosingLine,
  shards,
  sum,
  testFiles,
  tierOf,
  TIERS,
} from "./tier";

const ROOT = resolve(__dirname, "../..");

describe("the tiers of tests", () => {
  it("are told by a file's name", () => {
    assert.deepEqual(["a/x.test.ts", "a/x.linux.test.ts", "a/x.lab.test.ts"].map(tierOf), ["unit", "linux", "lab"]);
  });

  it("have every test file of the project in one of them", () => {
    const files = TIERS.map((tier) => testFiles(ROOT, tier));
    assert.ok(files.every((each) => each.length > 10));
    assert.equal(new Set(files.flat()).size, files.flat().length);
    assert.ok(files[0]?.includes("test/tiers/tier.test.ts"));
  });

  it("name the files that run alone as they are", () => {
    const files = (["linux", "lab"] as const).flatMap((tier) => testFiles(ROOT, tier));
    assert.deepEqual(
      Object.keys(ALONE).filter((file) => !files.includes(file)),
      [],
    );
  });

  describe("cut into shards", () => {
    let root: string;
    before(() => {
      root = mkdtempSync(join(tmpdir(), "overlaynet-shards-"));
      mkdirSync(join(root, "test"));
      for (const [name, size] of Object.entries({ a: 100, b: 100, c: 200, d: 10, e: 390 }))
        writeFileSync(join(root, "test", `${name}.test.ts`), "x".repeat(size));
    });
    after(() => rmSync(root, { recursive: true }));

    it("hold each file once, in order, about the same size each", () => {
      const files = testFiles(root, "unit");
      const cut = shards(root, files, 2);
      assert.deepEqual(cut, [
        ["a", "b", "c"].map((name) => `test/${name}.test.ts`),
        ["d", "e"].map((name) => `test/${name}.test.ts`),
      ]);
    });

    it("begin with the largest where one takes the other's place", () => {
      assert.deepEqual(
        largestFirst(root, testFiles(root, "unit")).map((file) => file.charAt(5)),
        ["e", "c", "a", "b", "d"],
      );
    });

    it("are no more than there are files", () => {
      assert.deepEqual(shards(root, ["test/a.test.ts"], 4), [["test/a.test.ts"]]);
    });
  });

  describe("on the command line", () => {
    it("are run whole, or narrowed to files and to titles", () => {
      assert.deepEqual(readArguments(["unit", "linux", "lab"]), { tiers: TIERS, files: [], options: [] });
      assert.deepEqual(readArguments(["lab", "test/lab/x.lab.test.ts", "-g", "loses nothing"]), {
        tiers: ["lab"],
        files: ["test/lab/x.lab.test.ts"],
        options: ["-g", "loses nothing"],
      });
      assert.deepEqual(readArguments(["unit", "./test/x.test.ts"]).files, ["test/x.test.ts"]);
    });

    it("take a title that is a tier's name for a title", () => {
      assert.deepEqual(readArguments(["unit", "-g", "lab"]), { tiers: ["unit"], files: [], options: ["-g", "lab"] });
    });

    it("refuse no tier, and a file of another tier, with the command for it", () => {
      assert.throws(() => readArguments(["-g", "x"]), /name a tier: unit, linux, lab/);
      assert.throws(
        () => readArguments(["unit", "test/lab/x.lab.test.ts"]),
        /x\.lab\.test\.ts is of another tier, run: npm run test:lab -- test\/lab\/x\.lab\.test\.ts$/,
      );
    });
  });
});

describe("the closing line", () => {
  it("is read as it is written, and sums the runs", () => {
    const counts = ["  noise\n2 passed, 0 failed\n", "3 passed, 1 failed, 4 skipped"].map(readClosingLine);
    assert.deepEqual(counts, [
      { passed: 2, failed: 0, skipped: 0 },
      { passed: 3, failed: 1, skipped: 4 },
    ]);
    const total = sum(counts.filter((count) => count !== undefined));
    assert.equal(closingLine(total), "5 passed, 1 failed, 4 skipped");
    assert.equal(closingLine({ ...total, skipped: 0 }), "5 passed, 1 failed");
  });

  it("goes with exit code 0 where something ran and nothing failed", () => {
    const ran = { passed: 2, failed: 0, skipped: 0 };
    assert.deepEqual([ran, { ...ran, failed: 1 }, { ...ran, passed: 0 }].map(exitCode), [0, 1, 1]);
  });

  it("is believed where the exit code agrees", () => {
    const counted = (printed: string, code: number | null) => {
      const { passed, failed } = countTests(printed, code);
      return [passed, failed];
    };
    assert.deepEqual(counted("2 passed, 0 failed", 0), [2, 0]);
    assert.deepEqual(counted("2 passed, 3 failed", 3), [2, 3]);
    assert.deepEqual(counted("2 passed, 0 failed", 7), [2, 1]);
    assert.deepEqual(counted("2 passed, 0 failed", null), [2, 1]);
    assert.deepEqual(counted("it ended before", 0), [0, 1]);
    assert.deepEqual(counted("0 passed, 0 failed", 0), [0, 1]);
  });

  it("is missing after a crash", () => {
    assert.equal(readClosingLine("2 passed, 0 failed\nSegmentation fault"), undefined);
    assert.equal(readClosingLine(""), undefined);
  });
});

describe("the steps of a tier", () => {
  const sh = (name: string, script: string, after?: string) => ({ name, command: ["sh", "-c", script], after });
  let mark: string;
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "overlaynet-steps-"));
    mark = join(folder, "mark");
  });
  after(() => rmSync(folder, { recursive: true }));

  it("end with what they printed and their exit code", async () => {
    const { code, printed } = await runStep(ROOT, sh("a", "echo out; echo err >&2; exit 3"));
    assert.equal(code, 3);
    assert.deepEqual(printed.trim().split("\n").sort(), ["err", "out"]);
  });

  it("end with their program, also where it leaves one behind that holds its output", async () => {
    const { code, printed } = await runStep(ROOT, sh("a", "sleep 300 & echo $!"));
    assert.equal(code, 0);
    // It still runs.
    process.kill(Number(printed), "SIGKILL");
  });

  it("say which program is not there, and how it is installed", async () => {
    const install = "sudo apt-get install it";
    const { code, printed } = await runStep(ROOT, { name: "a", command: ["no-such-program"], install });
    assert.equal(code, null);
    assert.match(printed, /^no-such-program is not installed\. Run: sudo apt-get install it$/m);
  });

  it("run beside each other, but not more at once than asked", async () => {
    const order: string[] = [];
    const quick = [sh("b", "true"), sh("c", "true")];
    // The slow one ends once the others have, which it could not see if they waited for it.
    const slow = sh("slow", `until [ -e "${mark}" ]; do sleep 0.01; done`);
    await runSteps(
      ROOT,
      [slow, ...quick],
      ({ step }) => {
        order.push(step.name);
        if (step.name === "c") writeFileSync(mark, "");
      },
      2,
    );
    assert.deepEqual(order, ["b", "c", "slow"]);
    order.length = 0;
    await runSteps(ROOT, [sh("a", "sleep 0.1"), sh("b", "true")], ({ step }) => order.push(step.name), 1);
    assert.deepEqual(order, ["a", "b"]);
  });

  it("wait for the one that they come after, and are not run when it fails", async () => {
    const order: string[] = [];
    const steps = [sh("tests", "true", "build"), sh("build", "true")];
    await runSteps(ROOT, steps, ({ step }) => order.push(step.name), 2);
    assert.deepEqual(order, ["build", "tests"]);
    const broken = await runSteps(ROOT, [sh("build", "exit 1"), sh("tests", "true", "build")], () => undefined, 2);
    assert.deepEqual(
      broken.map(({ step, code, printed }) => [step.name, code, printed]),
      [
        ["build", 1, ""],
        ["tests", null, "not run: build failed\n"],
      ],
    );
  });
});

describe("the project's shell scripts", () => {
  it("are found by their first line, wherever they are", () => {
    const found = shellFiles(ROOT);
    for (const file of [
      ".ci/run",
      "scripts/setup",
      "provider/node/overlaynet-apply",
      "lab/image/debian",
      "lab/ssh-proxy",
    ])
      assert.ok(found.includes(file), file);
    assert.deepEqual(
      found.filter((file) => /\.(?:ts|md|pl|awk|json)$/.test(file)),
      [],
    );
  });
});
