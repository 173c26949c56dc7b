import type { PlanReport } from "./plan-report";

/** A JSON array of the reports, in pieces: one node and one path a line. */
export function* planReportJson(reports: Iterable<PlanReport>): Generator<string, undefined> {
  let separator = "[";
  for (const { name, nodes, paths, warnings, errors } of reports) {
    yield `${separator}{"name":${JSON.stringify(name)},\n"nodes":{`;
    yield* joined(nodes, ([node, report]) => `${JSON.stringify(node)}:${JSON.stringify(report)}`);
    yield `},\n"paths":[`;
    yield* joined(paths, (path) => JSON.stringify(path));
    yield `],\n"warnings":${JSON.stringify(warnings)}`;
    if (errors.length > 0) yield `,\n"errors":${JSON.stringify(errors)}`;
    yield "}";
    separator = ",\n";
  }
  yield separator === "[" ? "[]\n" : "]\n";
}

function* joined<T>(items: Iterable<T>, print: (item: T) => string): Generator<string, undefined> {
  let separator = "\n";
  for (const item of items) {
    yield `${separator}${print(item)}`;
    separator = ",\n";
  }
}
