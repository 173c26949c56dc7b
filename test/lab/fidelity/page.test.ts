import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fidelityPage, pageFile, REGENERATE, rowId, testTitles, titlesIn } from "./page";
import { type Row, rows } from "./rows";

/** Rows that say enforced without a test. */
function unproved(of: readonly Row[]): string[] {
  const proved = new Set(testTitles().flatMap((title) => title.rows));
  return of.filter(({ status, number }) => status === "enforced" && !proved.has(number)).map(rowId);
}

describe("the table of AWS' rules", () => {
  it("has each of the 43 rows once, in order", () => {
    assert.deepEqual(
      rows.map(({ number }) => number),
      Array.from({ length: 43 }, (_, i) => i + 1),
    );
  });

  it("calls nothing enforced that has no test", () => {
    assert.deepEqual(unproved(rows), []);
    assert.deepEqual(unproved([{ number: 99, status: "enforced", rule: "", page: "" }]), ["AWS-99"]);
  });

  it("is the page in docs", () => {
    const page = fidelityPage(rows, testTitles());
    assert.ok(
      readFileSync(pageFile, "utf8") === page,
      `docs/lab-fidelity.md is not what the rows and tests say: run ${REGENERATE}`,
    );
    // A status that is another is seen.
    assert.ok(
      fidelityPage(
        rows.map((row) => ({ ...row, status: "recorded only" as const })),
        [],
      ) !== page,
    );
  });

  it("finds ids in titles of tests and of groups of tests, and nowhere else", () => {
    // Not with ids as they are: this is a test file, too.
    const text = `
      // it is about ID-1
      describe("source/dest check (ID-22)", () => {
        it("ID-9 and ID-09, \\"quoted\\" (ID-5)", async () => ok("ID-3"));
        it(\`takes \${what} (ID-16)\`, () => undefined);
        it("nothing", () => undefined);
      });`.replaceAll("ID-", "AWS-");
    assert.deepEqual(titlesIn(text), [
      { title: "source/dest check (AWS-22)", rows: [22] },
      { title: 'AWS-9 and AWS-09, "quoted" (AWS-5)', rows: [9, 5] },
      { title: "takes ${what} (AWS-16)", rows: [16] },
    ]);
    assert.equal(titlesIn(text).length, 3);
  });
});
