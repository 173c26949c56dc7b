import { writeFileSync } from "node:fs";
import { extname } from "node:path";
import type { Inventory } from "./inventory";
import { reportJunit, reportMarkdown } from "./report-files";
import { reportHtml } from "./report-html";
import type { VerifyReport } from "./verify";

/**
 * Writes the report in the form that the file's ending asks for: .html, .xml (JUnit), .md or .json.
 * @throws Error naming the endings there are
 */
export function writeReport(file: string, inventory: Inventory, report: VerifyReport): void {
  const forms: Readonly<Record<string, () => string>> = {
    ".html": () => reportHtml(inventory, report),
    ".xml": () => reportJunit(report),
    ".md": () => reportMarkdown(report),
    ".json": () => `${JSON.stringify(report, null, 2)}\n`,
  };
  const form = forms[extname(file)];
  if (!form) throw new Error(`${file}: a report ends in ${Object.keys(forms).join(", ")}`);
  writeFileSync(file, form());
}
