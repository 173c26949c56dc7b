import { escapeMarkup } from "./markup";
import type { VerifyReport } from "./verify";

/** The report as JUnit XML (one test case a pair), for pipelines that show tests. */
export function reportJunit(report: VerifyReport): string {
  const cases = report.pairs.map((p) => {
    const name = `${p.from} -> ${p.to} ${p.encapsulation} MTU ${p.mtu}`;
    return p.verdict === "passed"
      ? `  <testcase classname="overlaynet.verify" name="${escapeMarkup(name)}"/>`
      : `  <testcase classname="overlaynet.verify" name="${escapeMarkup(name)}"><failure message="${escapeMarkup(p.reason)}"/></testcase>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="overlaynet verify" tests="${report.pairs.length}" failures="${report.failed}">\n${cases.join("\n")}\n</testsuite>\n`;
}

/** The report as Markdown, for the summary page of a pipeline. */
export function reportMarkdown(report: VerifyReport): string {
  const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
  const rows = report.pairs.map(
    (p) => `| ${[p.from, p.to, p.encapsulation, String(p.mtu), p.verdict, p.reason].map(cell).join(" | ")} |`,
  );
  return `**${report.passed} pairs passed, ${report.failed} failed**\n\n| from | to | encapsulation | MTU | verdict | reason |\n|---|---|---|---|---|---|\n${rows.join("\n")}\n${report.notes.map((n) => `\n> ${n}\n`).join("")}`;
}
