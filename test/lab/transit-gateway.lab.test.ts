import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unpackTopology } from "../../provider/src/plan/packed-topology";
import { planTopology } from "../../provider/src/plan/plan";
import { QuickStart, type Step } from "./quick-start";
import { stopAfterFailure } from "./steps";

/**
 * A cluster of three nodes on real nodes, first over a peering and then over a transit gateway; the steps build on each
 * other.
 */
describe("Cluster over a transit gateway in the lab", function () {
  this.timeout(240_000);
  stopAfterFailure();
  const quickStart = new QuickStart();
  const program = join(quickStart.dir, "index.ts");

  before(async () => {
    const small = readFileSync(program, "utf8").replaceAll("nodes: 2", "nodes: 1");
    writeFileSync(program, small);
    const outcome = await quickStart.pulumi("stack", "init", "test");
    assert.equal(outcome.code, 0, outcome.stderr);
  });
  after(async () => quickStart.remove());

  const up = async (...args: string[]) => {
    const outcome = await quickStart.steps("up", ...args);
    assert.equal(outcome.code, 0, `${outcome.stdout}\n${outcome.stderr}`);
    return outcome.steps.filter((step) => step.op !== "same" && step.op !== "read");
  };
  const mtus = (
    pairs: readonly { readonly from: string; readonly to: string; readonly mtu: number }[],
  ): Record<string, number> => Object.fromEntries(pairs.map(({ from, to, mtu }) => [`${from} ${to}`, mtu]));

  it("comes up over a peering, with its MTU", async () => {
    const steps = await up();
    assert.equal(pathOf(steps)?.mtu, 8981);
  });

  it("changes to a transit gateway, its routes turned around in place, and previews the paths' new MTU", async () => {
    writeFileSync(
      program,
      readFileSync(program, "utf8").replace(`interconnect: "Peering"`, `interconnect: "TransitGateway"`),
    );
    const preview = await quickStart.steps("preview");
    assert.equal(preview.code, 0, preview.stdout + preview.stderr);
    const path = pathOf(preview.steps);
    assert.equal(path?.mtu, 8480);
    assert.match(path.reason, /10\.2\.0\.4 is outside 10\.1\.0\.0\/24; 8500 bytes between blue and green$/);

    const steps = await up();
    const ops = (type: string): string[] =>
      steps
        .filter((step) => step.type === type)
        .map(({ op, name }) => `${op} ${name}`)
        .sort();
    assert.deepEqual(ops("aws:ec2/route:Route"), ["update test-blue-10.2.0.0-16", "update test-green-10.1.0.0-16"]);
    assert.deepEqual(ops("aws:ec2/vpcPeeringConnection:VpcPeeringConnection"), ["delete test-blue-green"]);
    assert.deepEqual(ops("aws:ec2transitgateway/vpcAttachment:VpcAttachment"), [
      "create test-blue",
      "create test-green",
    ]);
    assert.deepEqual(ops("aws:ec2/instance:Instance"), []);
  });

  it("carries every pair, with exactly the bytes that the path table says", async () => {
    const { code, report } = await quickStart.verify();
    assert.deepEqual(
      report.pairs.filter((p) => p.verdict !== "passed"),
      [],
    );
    assert.equal(report.passed, 6);
    assert.equal(code, 0);
    // The workloads' own MTU fits the worst path; between the zones of one VPC more would pass, and the table says so.
    const found = mtus(report.pairs);
    assert.equal(found["blue-a0-w0 green-a0-w0"], 8480);
    assert.equal(found["green-a0-w0 blue-b0-w0"], 8480);
  });

  it("has nothing to change afterwards, nor after a refresh", async () => {
    assert.deepEqual(await up(), []);
    const refresh = await quickStart.steps("refresh");
    assert.equal(refresh.code, 0, refresh.stdout + refresh.stderr);
    assert.deepEqual(await up(), []);
  });

  it("is taken away whole", async () => {
    const { code, stdout, stderr } = await quickStart.steps("destroy");
    assert.equal(code, 0, stdout + stderr);
  });
});

/** The path between the networks, from the topology's outputs. */
function pathOf(steps: readonly Step[]): { readonly mtu: number; readonly reason: string } | undefined {
  const packed = steps.find((step) => step.type === "overlaynet:index:Topology")?.outputs["packed"];
  const { paths } = planTopology(unpackTopology(String(packed)));
  return [...paths].find(({ from, to }) => from === "blue-a0" && to === "green-a0");
}
