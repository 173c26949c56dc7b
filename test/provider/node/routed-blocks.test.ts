import assert from "node:assert/strict";
import { renderRoutes } from "../../../provider/src/node/routes";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import type { NodePlan } from "../../../provider/src/plan/node-plan";
import { A, C, planOf } from "../../support/node-plans";

/** A block of C's that a router leads to, beside the tunnel to C. */
const plan: NodePlan = (() => {
  const base = planOf("IPIP Always");
  return {
    ...base,
    routes: [
      ...base.routes,
      { dst: "172.20.0.0/26", type: "unicast", via: "10.1.0.1", host: C.ip, dev: "eth0", proto: 80, onlink: true },
    ],
  };
})();

describe("a block that a router leads to", () => {
  it("is routed by way of the router", () => {
    const state = renderRoutes(plan).files[0]?.content ?? "";
    assert.match(state, /^route unicast 172\.20\.0\.0\/26 via 10\.1\.0\.1 dev eth0 proto 80 onlink$/m);
  });

  it("is its node's, so that its workloads may send through the tunnel to pools that have one", () => {
    const state = renderTunnel(plan, "IPIP").files[0]?.content ?? "";
    assert.match(state, new RegExp(`^source ${C.ip.replaceAll(".", "\\.")} 172\\.20\\.0\\.0/26$`, "m"));
    assert.doesNotMatch(state, /^source 10\.1\.0\.1 /m);
    assert.match(state, new RegExp(`^address ${A.ip.replaceAll(".", "\\.")}$`, "m"));
  });
});
