import assert from "node:assert/strict";
import { hostKey } from "../../../provider/src/resources/host-key";
import type { NodeAccess } from "../../../provider/src/resources/node-access";
import type { HostKeyInputs } from "../../../provider/src/generated/resource-types";
import { UNKNOWN } from "../../../wire/property-value";
import { contextOf } from "../../support/context";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA";
const INPUTS: HostKeyInputs = { host: "10.1.0.4", port: 22, user: "root", incarnation: "i-1" };

/** A host that shows a key, and how it was asked for it. */
function access(): { readonly asked: unknown[]; readonly nodes: NodeAccess } {
  const asked: unknown[] = [];
  const never = (): never => assert.fail("nothing else is done");
  return {
    asked,
    nodes: {
      push: never,
      remove: never,
      read: never,
      isPartial: never,
      isOwnedByOther: never,
      isUnreachable: never,
      readHostKey: async (target, { deadlineMs }) => {
        asked.push({ ...target, deadlineMs });
        return KEY;
      },
    },
  };
}

describe("HostKey", () => {
  it("takes the key that is shown, and says so; a preview asks nobody", async () => {
    const { asked, nodes } = access();
    assert.deepEqual((await hostKey(nodes).create(INPUTS, contextOf({ preview: true }))).outputs, { hostKey: UNKNOWN });
    assert.deepEqual(asked, []);
    const config = { sshDeadline: 5, deleteUnreachable: false, proxyCommand: "nc %h %p" };
    const context = contextOf({ config });
    assert.deepEqual((await hostKey(nodes).create(INPUTS, context)).outputs, { hostKey: KEY });
    assert.deepEqual(asked, [{ host: "10.1.0.4", port: 22, user: "root", proxyCommand: "nc %h %p", deadlineMs: 5000 }]);
    assert.match(
      context.logs.join(),
      new RegExp(`^info: 10\\.1\\.0\\.4 shows host key ${KEY}; it is trusted from now on`),
    );
  });

  it("stays pinned, whatever the way there, until it is another machine", async () => {
    const resource = hostKey(access().nodes);
    const old = { id: "AAAA", inputs: INPUTS, outputs: { hostKey: KEY } };
    const elsewhere = { ...INPUTS, host: "10.9.9.9", port: 2222 };
    assert.equal((await resource.diff(old, elsewhere, contextOf())).changes.size, 0);
    assert.deepEqual(await resource.read(old, contextOf()), old.outputs);
    assert.deepEqual(await resource.update(old, elsewhere, contextOf()), old.outputs);
    for (const incarnation of ["i-2", UNKNOWN])
      assert.deepEqual((await resource.diff(old, { ...INPUTS, incarnation }, contextOf())).replaces, ["incarnation"]);
  });
});
