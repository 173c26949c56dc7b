import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "../../../provider/src/ssh/connect";
import { readHostKey } from "../../../provider/src/ssh/host-key";
import { generateKey } from "../../../provider/src/ssh/key";
import { HostKeyError, UnreachableError } from "../../../provider/src/ssh/ssh-error";
import type { SshTarget } from "../../../provider/src/ssh/target";
import { SshServer } from "./ssh-server";

describe("ssh, the host key at first use", () => {
  const servers: SshServer[] = [];
  async function server(...options: ConstructorParameters<typeof SshServer>): Promise<SshServer> {
    const made = new SshServer(...options);
    servers.push(made);
    await made.listen();
    return made;
  }
  afterEach(async () => {
    for (const each of servers.splice(0)) await each.close();
  });

  /** Without what is not known before. */
  const addressOf = ({ host, port, user }: SshTarget): Pick<SshTarget, "host" | "port" | "user"> => ({
    host,
    port,
    user,
  });
  /** Until a server has seen its connections close: that they do is what is waited for. */
  const left = async (sshd: SshServer): Promise<void> => {
    while (sshd.open > 0) await new Promise((resolve) => setImmediate(resolve));
  };

  function ecdsaKey(): { privateKey: string; publicKey: string } {
    const dir = mkdtempSync(join(tmpdir(), "overlaynet-ssh-"));
    execFileSync("ssh-keygen", ["-q", "-t", "ecdsa", "-N", "", "-C", "", "-f", join(dir, "key")]);
    const key = {
      privateKey: readFileSync(join(dir, "key"), "utf8"),
      publicKey: readFileSync(join(dir, "key.pub"), "utf8").trim(),
    };
    rmSync(dir, { recursive: true });
    return key;
  }

  it("is the one that the server has, in the form that can be pinned, and nobody logs in for it", async () => {
    let asked = 0;
    const sshd = await server({ authorised: () => ++asked > 0 });
    const hostKey = await readHostKey(addressOf(sshd.target), { deadlineMs: 5000 });
    assert.equal(hostKey, sshd.hostKey.publicKey);
    await left(sshd);
    assert.deepEqual([sshd.connections, asked, sshd.handshakes], [1, 0, 0]);
    (await connect({ ...sshd.target, hostKey }, { deadlineMs: 5000 })).destroy();
  });

  it("is an ed25519 key where the server has one, else the one that it has", async () => {
    const ecdsa = ecdsaKey();
    const both = await server({ moreHostKeys: [ecdsa.privateKey] });
    assert.equal(await readHostKey(addressOf(both.target), { deadlineMs: 5000 }), both.hostKey.publicKey);
    const one = await server({ hostKey: { ...ecdsa, fingerprint: "" } });
    assert.equal(await readHostKey(addressOf(one.target), { deadlineMs: 5000 }), ecdsa.publicKey);
  });

  it("is read through a bastion, whose own key is held against the one given", async () => {
    const bastion = await server({ forwards: true });
    const node = await server();
    const behind = { ...addressOf(node.target), bastion: bastion.target };
    assert.equal(await readHostKey(behind, { deadlineMs: 5000 }), node.hostKey.publicKey);
    assert.deepEqual([bastion.forwarded, node.handshakes], [[node.target.port], 0]);
    await left(bastion);
    const other = { ...behind, bastion: { ...bastion.target, hostKey: generateKey().publicKey } };
    await assert.rejects(readHostKey(other, { deadlineMs: 5000 }), HostKeyError);
  });

  it("is read by a proxy command", async () => {
    const sshd = await server();
    const relay = `exec ${process.execPath} -e 'const s = require("net").connect(${sshd.target.port}, "127.0.0.1"); process.stdin.pipe(s); s.pipe(process.stdout)'`;
    const far = { host: "node.example", port: 22, user: "admin", proxyCommand: relay };
    assert.equal(await readHostKey(far, { deadlineMs: 10_000 }), sshd.hostKey.publicKey);
  });

  it("waits for a server that comes late, and gives up at the deadline with the last cause", async () => {
    const late = new SshServer();
    servers.push(late);
    await late.reserve();
    await assert.rejects(readHostKey(addressOf(late.target), { deadlineMs: 300 }), (error: unknown) => {
      assert.ok(error instanceof UnreachableError);
      assert.match(error.message, /^root@127\.0\.0\.1:\d+: could not connect .*; last cause: connection refused\. /);
      return true;
    });
    const key = readHostKey(addressOf(late.target), {
      deadlineMs: 20_000,
      status: () => void late.listen().catch(() => undefined),
    });
    assert.equal(await key, late.hostKey.publicKey);
    const mute = await server();
    const stop = new AbortController();
    stop.abort(new Error("cancelled"));
    await assert.rejects(readHostKey(addressOf(mute.target), { signal: stop.signal }), /cancelled/);
    await assert.rejects(readHostKey({ host: "-x", port: 22, user: "root" }), RangeError);
  });
});
