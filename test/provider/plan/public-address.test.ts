import assert from "node:assert/strict";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import type { NodePlan } from "../../../provider/src/plan/node-plan";
import { planTopology } from "../../../provider/src/plan/plan";
import type { Topology } from "../../../provider/src/plan/topology";
import type { IpPool } from "../../../provider/src/ippool/ippool";
import { topology } from "../../support/topologies";

/** Where c1, alone in network green, is reached from network blue. */
const THERE = "198.51.100.9";

function withPublicAddress(changes: Partial<IpPool>): Topology {
  const given = topology(changes);
  return { ...given, nodes: given.nodes.map((node) => (node.name === "c1" ? { ...node, publicIp: THERE } : node)) };
}

function planOf(given: Topology, node: string): NodePlan {
  return planTopology(given).nodes.get(node) ?? assert.fail();
}

describe("a public address", () => {
  it("is where hosts of other networks send IP in IP, and take it from", () => {
    const plan = planOf(withPublicAddress({ ipipMode: "Always" }), "a1");
    const route = plan.routes.find(({ dst }) => dst === "192.168.0.192/26");
    assert.deepEqual([route?.dev, route?.via], ["tunl0", THERE]);
    assert.ok(plan.ipipMembers.includes(THERE) && !plan.ipipMembers.includes("10.2.0.4"));
    const state = renderTunnel(plan, "IPIP").files.find(({ name }) => name === "state")?.content ?? "";
    assert.match(state, new RegExp(`^source ${THERE} 192\\.168\\.0\\.192/26$`, "m"));
  });

  it("is where they send VXLAN, and take it from", () => {
    const plan = planOf(withPublicAddress({ ipipMode: "Never", vxlanMode: "Always" }), "a1");
    assert.ok(plan.fdb.some(({ dst }) => dst === THERE));
    assert.ok(plan.vxlanMembers.includes(THERE) && !plan.vxlanMembers.includes("10.2.0.4"));
  });

  it("is nothing to hosts of its own network, nor to the host itself", () => {
    const given = withPublicAddress({ ipipMode: "Always" });
    const moved = { ...given, nodes: given.nodes.map((node) => ({ ...node, network: "one" })) };
    for (const node of ["a1", "c1"]) {
      const plan = planOf(moved, node);
      assert.ok(!JSON.stringify(plan).includes(THERE), node);
    }
    assert.equal(planOf(given, "c1").ip, "10.2.0.4");
  });

  it("shows in the paths as the outer destination, and the way back as it leaves", () => {
    const paths = [...planTopology(withPublicAddress({ ipipMode: "Always" })).paths];
    const between = (from: string, to: string) => paths.find((path) => path.from === from && path.to === to)?.outer;
    assert.deepEqual(between("a1", "c1"), { source: "10.1.0.4", destination: THERE });
    assert.deepEqual(between("c1", "a1"), { source: "10.2.0.4", destination: "10.1.0.4" });
  });
});
