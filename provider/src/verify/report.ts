import { table, tableLines } from "../../../terminal/table";
import type { Path } from "../plan/paths";
import type { VerifyReport } from "./verify";

/** The path table: which way each pair of nodes goes and why. */
export function pathTableLines(paths: Iterable<Path>): Iterable<string> {
  const rows: Iterable<readonly string[]> = {
    *[Symbol.iterator]() {
      for (const p of paths) yield [p.from, p.to, p.encapsulation, p.nextHop, String(p.mtu), p.reason];
    },
  };
  return tableLines(["FROM", "TO", "ENCAPSULATION", "NEXT HOP", "MTU", "REASON"], rows, { underline: true });
}

/** The connectivity matrix and, below it, one line per failed pair. */
export function reportText(report: VerifyReport): string {
  const rows = report.pairs.map((p) => [
    p.from,
    p.to,
    p.encapsulation,
    String(p.mtu),
    p.verdict === "passed" ? "passed" : "FAILED",
    p.wire.join(", ") || "-",
  ]);
  const failures = report.pairs.filter((p) => p.verdict === "failed").map((p) => `${p.from} -> ${p.to}: ${p.reason}`);
  return [
    table(["FROM", "TO", "ENCAPSULATION", "MTU", "VERDICT", "ON THE WIRE AT THE SENDER"], rows, {
      underline: true,
    }).trimEnd(),
    ...(failures.length > 0 ? ["", ...failures] : []),
    ...(report.notes.length > 0 ? ["", ...report.notes.map((note) => `note: ${note}`)] : []),
    "",
    `${report.passed} pairs passed, ${report.failed} failed`,
  ].join("\n");
}

/** 0 all passed, 1 some failed, 2 nothing was tested. */
export function exitCode(report: VerifyReport): 0 | 1 | 2 {
  if (report.failed > 0) return 1;
  return report.passed > 0 ? 0 : 2;
}
