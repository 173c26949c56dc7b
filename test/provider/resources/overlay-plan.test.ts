import assert from "node:assert/strict";
import { planOverlay } from "../../../provider/src/resources/overlay-plan";
import { manifest } from "../../support/ip-pool";

function planned(name: string, workloadsPerNode: number) {
  return planOverlay({
    ipPools: manifest(),
    hosts: [{ name, address: "10.1.0.4", subnetCidrBlock: "10.1.0.0/24", ssh: { privateKey: "key", hostKey: "key" } }],
    workloadsPerNode,
  });
}

describe("the test workloads of an Overlay's hosts", () => {
  it("are named after the host and numbered", () =>
    assert.deepEqual(planned("green-a1", 12).workloads.at(-1), { name: "green-a1-w11", node: "green-a1" }));

  it("may be as many as their names can be told apart by", () => {
    const paths = (name: string, count: number): string[] => planned(name, count).problems.map(({ path }) => path);
    const [longest, dotted] = ["a".repeat(28), "a.example"];
    assert.deepEqual([...paths(longest, 10), ...paths("a", 40), ...paths(dotted, 0)], []);
    assert.deepEqual([...paths(longest, 11), ...paths(dotted, 1)], ["hosts[0].name", "hosts[0].name"]);
  });
});
