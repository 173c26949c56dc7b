import assert from "node:assert/strict";
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

  it("JUnit counts tests and failures", () => {
    const text = reportJunit(report);
    assert.match(text, /tests="2" failures="1"/);
    assert.match(text, /<failure message="lost &lt;b&gt;/);
  });

  it("Markdown keeps a cell a cell", () => {
    assert.match(reportMarkdown(report), /\| lost <b>"here"<\/b> \\\| there \|/);
  });
});
