import assert from "node:assert/strict";
import { InventoryError, parseInventory } from "../../../provider/src/verify/inventory";
import { smallInventory } from "./inventories";

const copy = (): Record<string, unknown> => JSON.parse(JSON.stringify(smallInventory())) as Record<string, unknown>;

describe("parseInventory", () => {
  it("takes a Cluster's outputs", () => {
    const parsed = parseInventory(copy());
    assert.deepEqual(JSON.parse(JSON.stringify(parsed)), copy());
  });

  it("names everything amiss at once, by property path", () => {
    const outputs = copy();
    outputs["workloads"] = [
      { name: "w; reboot", node: "nowhere", pool: "p", address: "1.2.3.4; rm", mtu: "big", namespace: "$(id)" },
    ];
    outputs["paths"] = undefined;
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
          "paths: must be a list, not nothing",
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

  it("says how to get a key that Pulumi withheld", () => {
    const outputs = copy();
    outputs["ssh"] = { user: "admin", port: 22 };
    assert.throws(() => parseInventory(outputs), /--show-secrets/);
  });
});
