import { deepStrictEqual, rejects, strictEqual } from "node:assert";
import { Account, FabricError } from "../../../lab/src/ec2/engine/account";
import type { ResourceRecord } from "../../../lab/src/state/record";
import { MemoryBackend } from "./account-in-memory";

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
    deepStrictEqual(values, [0, 1, 2]);
    strictEqual(backend.events.filter((event) => event === "reconcile").length, 1);
    strictEqual(backend.events.filter((event) => event === "lock").length, 1);
  });

  it("leave the fabric alone when it does not matter to it", async () => {
    await account.change("a", () => ({ value: 1, put: [record("a")], fabric: false }));
    deepStrictEqual(backend.events, ["lock", "put a"]);
  });

  it("that are refused change nothing, and keep no other from its turn", async () => {
    const refused = account.change("a", () => {
      throw new Error("refused");
    });
    const fine = account.change("b", () => ({ value: "fine", put: [record("b")], fabric: true }));
    await rejects(refused, /^Error: refused$/);
    strictEqual(await fine, "fine");
    deepStrictEqual([...backend.records.keys()], ["b"]);
  });

  it("fail with what was written when the fabric fails, and removals are taken back", async () => {
    backend.put(record("old"));
    backend.failures.set("reconcile", "no veth");
    const made = account.change("a", () => ({ value: "made", put: [record("new")], fabric: true }));
    const removed = account.change("b", () => ({ value: "removed", remove: ["old"], fabric: true }));
    await rejects(
      made,
      (error: unknown) => error instanceof FabricError && error.value === "made" && /no veth$/.test(error.message),
    );
    await rejects(removed, FabricError);
    deepStrictEqual([...backend.records.keys()].sort(), ["new", "old"]);
    strictEqual(await account.change("b", () => ({ value: "removed", remove: ["old"], fabric: true })), "removed");
  });

  it("fail when there is no lock, and the next ones go on", async () => {
    backend.failures.set("locked", "still locked by process 1");
    await rejects(
      account.change("a", () => ({ value: 1, fabric: false })),
      /still locked by process 1/,
    );
    strictEqual(await account.change("b", () => ({ value: 2, fabric: false })), 2);
  });
});

function record(id: string): ResourceRecord {
  return { type: "aws:ec2/keyPair:KeyPair", id, urn: "", inputs: {}, outputs: {}, internal: {}, created: 0 };
}
