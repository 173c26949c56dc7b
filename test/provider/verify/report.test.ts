import assert from "node:assert/strict";
import { exitCode, pathTableLines, reportText } from "../../../provider/src/verify/report";
import { reportJunit, reportMarkdown } from "../../../provider/src/verify/report-files";
import { reportHtml } from "../../../provider/src/verify/report-html";
import type { VerifyReport } from "../../../provider/src/verify/verify";
import { smallInventory } from "./inventories";

const report: VerifyReport = {
  passed: 1,
  failed: 1,
  pairs: [
    {
      from: "wa",
      to: "wb",
      encapsulation: "None",
      mtu: 8981,
      verdict: "passed",
      reason: "same subnet",
      wire: ["IP 192.168.0.1 > 192.168.0.65"],
    },
    {
      from: "wa",
      to: "wc",
      encapsulation: "IPIP",
      mtu: 8981,
      verdict: "failed",
      reason: 'lost <b>"here"</b> | there',
      wire: [],
    },
  ],
  notes: ["a note & more"],
};

describe("reports", () => {
  it("HTML holds every node, path and verdict, asks nobody for anything, and escapes what it shows", () => {
    const page = reportHtml(smallInventory(), report);
    assert.equal(page, reportHtml(smallInventory(), report), "equal input, equal bytes");
    for (const node of smallInventory().nodes) assert.ok(page.includes(`<h5>${node.name}</h5>`));
    assert.ok(page.includes("1 pairs passed, 1 failed"));
    assert.ok(!/(?:src|href|url\()\s*=?\s*["']?https?:/.test(page) && !page.includes("<script"));
    assert.ok(page.includes("lost &lt;b&gt;&quot;here&quot;&lt;/b&gt;") && !page.includes("<b>"));
    assert.ok(!page.includes("a key"), "the private key stays out");
  });

  it("text has a row for each pair, what failed below it with the reason, then the notes and the sum", () => {
    const plain = { ...report, pairs: report.pairs.map((pair) => ({ ...pair, reason: pair.reason.slice(0, 4) })) };
    assert.equal(
      reportText(plain),
      [
        "FROM  TO  ENCAPSULATION  MTU   VERDICT  ON THE WIRE AT THE SENDER",
        "----  --  -------------  ----  -------  -----------------------------",
        "wa    wb  None           8981  passed   IP 192.168.0.1 > 192.168.0.65",
        "wa    wc  IPIP           8981  FAILED   -",
        "",
        "wa -> wc: lost",
        "",
        "note: a note & more",
        "",
        "1 pairs passed, 1 failed",
      ].join("\n"),
    );
    const [passed] = report.pairs;
    assert.ok(passed);
    const short = reportText({ passed: 1, failed: 0, pairs: [{ ...passed, wire: ["one", "two"] }], notes: [] });
    assert.match(short, /^FROM .*\n-.*\nwa .* one, two\n\n1 pairs passed, 0 failed$/);
  });

  it("the table of paths says which way each pair goes and why", () => {
    const [path] = smallInventory().paths;
    assert.ok(path);
    assert.equal(
      [...pathTableLines([path])].join("").trimEnd(),
      [
        "FROM  TO  ENCAPSULATION  NEXT HOP  MTU   REASON",
        "----  --  -------------  --------  ----  ------------------------",
        "a     b   None           10.1.0.5  9001  CrossSubnet: same subnet",
      ].join("\n"),
    );
  });

  it("exit with 0 when all passed, 1 when some failed, 2 when nothing was tested", () => {
    const code = (passed: number, failed: number): number => exitCode({ ...report, passed, failed });
    assert.deepEqual([code(2, 0), code(1, 1), code(0, 1), code(0, 0)], [0, 1, 1, 2]);
  });

  it("JUnit counts tests and failures", () => {
    const text = reportJunit(report);
    assert.match(text, /tests="2" failures="1"/);
    assert.match(text, /<failure message="lost &lt;b&gt;/);
  });

  it("Markdown keeps a cell a cell", () => {
    assert.match(reportMarkdown(report), /\| lost <b>"here"<\/b> \\\| there \|/);
  });
});
