import assert from "node:assert/strict";
import { type PlanReport, planReport } from "../../../provider/src/plan/plan-report";
import { planReportJson } from "../../../provider/src/plan/plan-report-json";
import { readTopologies } from "../../../provider/src/plan/topology-text";

const TWO_NODES = {
  name: "two",
  nodes: [
    { name: "a", ip: "10.0.0.4", subnetPrefixLen: 24 },
    { name: "b", ip: "10.0.0.5", subnetPrefixLen: 24 },
  ],
  pools: [{ cidr: "192.168.0.0/16", ipipMode: "Always" }],
  assign: true,
};

function reportsOf(...topologies: readonly object[]): PlanReport[] {
  return readTopologies(JSON.stringify(topologies)).map(planReport);
}

function jsonOf(reports: readonly PlanReport[]): string {
  return [...planReportJson(reports)].join("");
}

describe("reports of plans as JSON", () => {
  it("are an array, of none, one or several", () => {
    assert.equal(jsonOf([]), "[]\n");
    for (const count of [1, 2, 3]) {
      const reports = reportsOf(...Array.from({ length: count }, () => TWO_NODES));
      assert.equal((JSON.parse(jsonOf(reports)) as readonly unknown[]).length, count);
    }
  });

  it("hold name, nodes, paths and warnings, and errors only where there are some", () => {
    const reports = reportsOf(TWO_NODES, { ...TWO_NODES, name: undefined, hostMtu: 1 });
    const [good, bad] = JSON.parse(jsonOf(reports)) as readonly Readonly<Record<string, unknown>>[];
    const [report, refused] = reports;
    assert.ok(report && refused);
    assert.deepEqual(good, {
      name: "two",
      nodes: JSON.parse(JSON.stringify(Object.fromEntries(report.nodes))),
      paths: JSON.parse(JSON.stringify([...report.paths])),
      warnings: [],
    });
    assert.equal([...report.paths].length, 2);
    assert.deepEqual(bad, {
      name: "topology-2",
      nodes: {},
      paths: [],
      warnings: [],
      errors: JSON.parse(JSON.stringify(refused.errors)),
    });
    assert.equal(refused.errors.length, 1);
  });

  it("have a line for each node and each path", () => {
    const lines = jsonOf(reportsOf(TWO_NODES)).split("\n");
    for (const beginning of ['"a":{', '"b":{', '{"from":"a"', '{"from":"b"'])
      assert.equal(lines.filter((line) => line.startsWith(beginning)).length, 1, beginning);
  });
});
