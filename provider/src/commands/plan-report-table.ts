import { tableLines } from "../../../terminal/table";
import type { Path } from "../plan/paths";
import type { PlanReport } from "../plan/plan-report";

const COLUMNS: readonly (readonly [string, (path: Path) => string])[] = [
  ["FROM", ({ from }) => from],
  ["TO", ({ to }) => to],
  ["POOL", ({ pool }) => pool],
  ["ENCAPSULATION", ({ encapsulation }) => encapsulation],
  ["NEXT HOP", ({ nextHop }) => nextHop],
  ["MTU", ({ mtu }) => String(mtu)],
  ["REASON", ({ reason }) => reason],
];

/** The reports for people, in pieces: the paths under a header, then what each node holds, then what to look at. */
export function* planReportTable(reports: Iterable<PlanReport>): Generator<string, undefined> {
  for (const { name, nodes, paths, warnings, errors } of reports) {
    yield `== ${name}\n`;
    for (const { path, message, line, column } of errors) {
      yield `error: ${line === undefined ? "" : `line ${line}, column ${column}: `}${path === "" ? "" : `${path}: `}${message}\n`;
    }
    if (errors.length === 0) {
      yield* tableLines(
        COLUMNS.map(([title]) => title),
        {
          *[Symbol.iterator]() {
            for (const path of paths) yield COLUMNS.map(([, cell]) => cell(path));
          },
        },
      );
      for (const [node, { routes, neighbours, fdb }] of nodes) {
        yield `\n-- ${node}\n`;
        for (const [title, lines] of [
          ["route", routes],
          ["neighbour", neighbours],
          ["fdb", fdb],
        ] as const) {
          for (const line of lines) yield `${title.padEnd("neighbour".length)}  ${line}\n`;
        }
      }
    }
    if (warnings.length > 0) yield "\n";
    for (const { code, message } of warnings) yield `warning: ${code}: ${message}\n`;
    yield "\n";
  }
}
