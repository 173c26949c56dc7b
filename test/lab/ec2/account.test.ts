import assert from "node:assert/strict";
import { Account, FabricFailed } from "../../../lab/src/ec2/engine/account";
import type { ResourceRecord } from "../../../lab/src/state/record";
import { MemoryBackend } from "../../support/account-in-memory";

describe("changes of an account", () => {
  let backend: MemoryBackend;
  let account: Account;
  beforeEach(() => {
    backend = new MemoryBackend();
    account = new Account(backend);
  });

  it("share the lock and the pass over the fabric when they come together", async () => {
    const values = await Promise.all(
      ["a", "b", "c"].map((id) =>
        account.change(id, (records) => ({ value: records.length, put: [record(id)], fabric: true })),
      ),
    );
    // Each sees what those before it did.
    assert.deepEqual(values, [0, 1, 2]);
    assert.equal(backend.events.filter((event) => event === "reconcile").length, 1);
    assert.equal(backend.events.filter((event) => event === "lock").length, 1);
  });

  it("leave the fabric alone when it does not matter to it", async () => {
    await account.change("a", () => ({ value: 1, put: [record("a")], fabric: false }));
    assert.deepEqual(backend.events, ["lock", "put a"]);
  });

  it("that are refused change nothing, and keep no other from its turn", async () => {
    const refused = account.change("a", () => {
      throw new Error("refused");
    });
    const fine = account.change("b", () => ({ value: "fine", put: [record("b")], fabric: true }));
    await assert.rejects(refused, /^Error: refused$/);
    assert.equal(await fine, "fine");
    assert.deepEqual([...backend.records.keys()], ["b"]);
  });

  it("fail with what was written when the fabric fails, and removals are taken back", async () => {
    backend.put(record("old"));
    backend.failures.set("reconcile", "no veth");
    const made = account.change("a", () => ({ value: "made", put: [record("new")], fabric: true }));
    const removed = account.change("b", () => ({ value: "removed", remove: ["old"], fabric: true }));
    await assert.rejects(
      made,
      (error: unknown) => error instanceof FabricFailed && error.value === "made" && /no veth$/.test(error.message),
    );
    await assert.rejects(removed, FabricFailed);
    assert.deepEqual([...backend.records.keys()].sort(), ["new", "old"]);
    assert.equal(await account.change("b", () => ({ value: "removed", remove: ["old"], fabric: true })), "removed");
  });

  it("fail when there is no lock, and the next ones go on", async () => {
    backend.failures.set("locked", "still locked by process 1");
    await assert.rejects(
      account.change("a", () => ({ value: 1, fabric: false })),
      /still locked by process 1/,
    );
    assert.equal(await account.change("b", () => ({ value: 2, fabric: false })), 2);
  });
});

function record(id: string): ResourceRecord {
  return {
    type: "aws:ec2/keyPair:KeyPair",
    id,
    urn: "",
    inputs: {},
    outputs: {},
    internal: {},
    created: 0,
    fabric: false,
  };
}
