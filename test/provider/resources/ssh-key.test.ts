import assert from "node:assert/strict";
import { utils } from "ssh2";
import { sshKey, wellFormedKey } from "../../../provider/src/resources/ssh-key";
import { fingerprint } from "../../../provider/src/ssh/key";
import { UNKNOWN } from "../../../wire/property-value";
import { contextOf } from "../../support/context";

describe("SshKey", () => {
  it("is made when created, and not in preview", async () => {
    assert.deepEqual((await sshKey.create({}, contextOf({ preview: true }))).outputs, {
      privateKey: UNKNOWN,
      publicKey: UNKNOWN,
      fingerprint: UNKNOWN,
    });
    const { id, outputs } = await sshKey.create({}, contextOf());
    assert.equal(outputs.fingerprint, fingerprint(outputs.publicKey));
    assert.equal(id, outputs.fingerprint);
    assert.notEqual((await sshKey.create({}, contextOf())).id, id);
  });

  it("stays the same", async () => {
    const { id, outputs } = await sshKey.create({}, contextOf());
    const old = { id, inputs: {}, outputs };
    assert.equal((await sshKey.diff(old, {}, contextOf())).changes.size, 0);
    assert.deepEqual(await sshKey.read(old, contextOf()), outputs);
  });

  it("is one that can be used, every time: the public half begins with a zero in one of 256", () => {
    for (let i = 0; i < 2000; i++) {
      const { privateKey, publicKey } = wellFormedKey();
      const parsed = utils.parseKey(privateKey);
      assert.ok(!(parsed instanceof Error), "a private key cannot be parsed");
      assert.equal(`ssh-ed25519 ${parsed.getPublicSSH().toString("base64")}`, publicKey);
    }
  });
});
