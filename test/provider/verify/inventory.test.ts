import assert from "node:assert/strict";
import { InventoryError, parseInventory } from "../../../provider/src/verify/inventory";
import { packTopology } from "../../../provider/src/plan/packed-topology";
import { topology } from "../../support/topologies";
import { smallInventory } from "./inventories";

const TOPOLOGY = topology();

/** As a Cluster gives them; what a node has of its own for ssh is in its row. */
function copy(): Record<string, unknown> {
  const { workloads } = smallInventory();
  const outputs = {
    nodes: TOPOLOGY.nodes.map(({ name }) => ({ name, host: `${name}.example`, hostKey: "ssh-ed25519 AAAA" })),
    workloads: workloads.map((workload, i) => ({ ...workload, node: TOPOLOGY.nodes[i]?.name })),
    topology: packTopology(TOPOLOGY),
    ssh: { user: "admin", port: 22, privateKey: "a key" },
  };
  return JSON.parse(JSON.stringify(outputs)) as Record<string, unknown>;
}

describe("parseInventory", () => {
  it("takes a Cluster's outputs, and works out the paths", () => {
    const { nodes, workloads, paths } = parseInventory(copy());
    assert.deepEqual(nodes[3], {
      name: "c1",
      network: "green",
      subnet: "10.2.0.4/24",
      privateIp: "10.2.0.4",
      target: { host: "c1.example", hostKey: "ssh-ed25519 AAAA", user: "admin", port: 22, privateKey: "a key" },
    });
    assert.deepEqual(JSON.parse(JSON.stringify(workloads)), copy()["workloads"]);
    assert.deepEqual(
      [...paths].filter(({ from, to }) => from === "a1" && to === "c1").map(({ encapsulation }) => encapsulation),
      ["IPIP"],
    );
  });

  it("takes an Overlay's outputs: each host's own ssh, and the overlay's for the rest", () => {
    const outputs = copy();
    outputs["nodes"] = TOPOLOGY.nodes.map(({ name }, i) => ({
      name,
      network: "blue",
      address: "10.0.0.1",
      ssh: {
        host: `${name}.example`,
        hostKey: "ecdsa-sha2-nistp256 AAAA",
        ...(i === 0 && { user: "ubuntu", port: 2222, privateKey: "its own key", sudoPassword: "sesame" }),
      },
    }));
    const [first, second] = parseInventory(outputs).nodes;
    const hostKey = "ecdsa-sha2-nistp256 AAAA";
    assert.deepEqual(
      [first?.target, second?.target],
      [
        { host: "a1.example", hostKey, user: "ubuntu", port: 2222, privateKey: "its own key", sudoPassword: "sesame" },
        { host: "a2.example", hostKey, user: "admin", port: 22, privateKey: "a key" },
      ],
    );
  });

  it("names everything amiss at once, by property path", () => {
    const outputs = copy();
    outputs["workloads"] = [
      { name: "w; reboot", node: "nowhere", pool: "p", address: "1.2.3.4; rm", mtu: "big", namespace: "$(id)" },
    ];
    outputs["topology"] = undefined;
    assert.throws(
      () => parseInventory(outputs),
      (error: unknown) => {
        assert.ok(error instanceof InventoryError);
        const text = error.message;
        for (const expected of [
          "workloads[0].name",
          "workloads[0].address",
          "workloads[0].namespace",
          "workloads[0].mtu",
          "workloads[0].node: there is no node nowhere",
          "topology: must be a string, not nothing",
        ])
          assert.ok(text.includes(expected), `${expected} in ${text}`);
        return true;
      },
    );
  });

  it("never shows a private key, whatever its form", () => {
    const outputs = copy();
    outputs["ssh"] = { user: "bad user", port: 22, privateKey: "SECRET-KEY" };
    assert.throws(
      () => parseInventory(outputs),
      (error: unknown) =>
        error instanceof Error && error.message.includes("ssh.user") && !error.message.includes("SECRET"),
    );
  });

  it("never shows the password for sudo either", () => {
    const outputs = copy();
    outputs["ssh"] = { user: "bad user", port: 22, privateKey: "a key", sudoPassword: "SECRET" };
    assert.throws(
      () => parseInventory(outputs),
      (error: unknown) => error instanceof Error && !error.message.includes("SECRET"),
    );
  });

  it("says how to get a key that Pulumi withheld", () => {
    const outputs = copy();
    outputs["ssh"] = { user: "admin", port: 22 };
    assert.throws(() => parseInventory(outputs), /--show-secrets/);
  });
});
