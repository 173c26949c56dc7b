import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { ServerChannel } from "ssh2";
import { generateKey } from "../../../provider/src/ssh/key";
import { SshPool } from "../../../provider/src/ssh/pool";
import { HostKeyError } from "../../../provider/src/ssh/ssh-error";
import { exit, SshServer } from "./ssh-server";

/** Commands that stay, by what was run, until the test ends them. */
class Held {
  readonly channels = new Map<string, ServerChannel>();
  private readonly awaited = new Map<string, () => void>();

  readonly answer = (command: string, channel: ServerChannel): void => {
    channel.resume();
    this.channels.set(command, channel);
    this.awaited.get(command)?.();
  };

  /** Resolves once the command runs on the server. */
  async runs(command: string): Promise<void> {
    if (!this.channels.has(command)) await new Promise<void>((resolve) => this.awaited.set(command, resolve));
  }

  end(command: string): void {
    const channel = this.channels.get(command);
    assert.ok(channel !== undefined, `${command} does not run`);
    exit(channel, 0);
  }
}

describe("the pool of ssh connections", () => {
  const pools: SshPool[] = [];
  const servers: SshServer[] = [];
  function pool(): SshPool {
    const made = new SshPool();
    pools.push(made);
    return made;
  }
  async function server(...options: ConstructorParameters<typeof SshServer>): Promise<SshServer> {
    const made = new SshServer(...options);
    servers.push(made);
    await made.listen();
    return made;
  }
  afterEach(async () => {
    for (const each of pools.splice(0)) each.close();
    for (const each of servers.splice(0)) await each.close();
  });

  it("opens another connection for the same host with another host key pinned, and that one is refused", async () => {
    const sshd = await server();
    const shared = pool();
    assert.equal((await shared.run(sshd.target, "true")).code, 0);
    const other = { ...sshd.target, hostKey: generateKey().publicKey };
    await assert.rejects(shared.run(other, "true", { deadlineMs: 2000 }), HostKeyError);
    assert.deepEqual([sshd.connections, sshd.commands.length], [2, 1]);
  });

  it("opens another connection for another user, port or key", async () => {
    const sshd = await server();
    const shared = pool();
    await shared.run(sshd.target, "true");
    await shared.run({ ...sshd.target, user: "admin" }, "true");
    assert.equal(sshd.connections, 2);
    const stranger = { ...sshd.target, privateKey: generateKey().privateKey };
    await assert.rejects(shared.run(stranger, "true", { deadlineMs: 500 }), /does not accept the user's key/);
    assert.ok(sshd.connections > 2);
    assert.deepEqual(sshd.commands, ["true", "true"]);
  });

  it("runs four commands at a time over a connection, the others in the order of their coming", async () => {
    const held = new Held();
    const sshd = await server({ answer: held.answer });
    const shared = pool();
    const names = ["a", "b", "c", "d", "e", "f"];
    const runs = names.map((name) => shared.run(sshd.target, name));
    await Promise.all(["a", "b", "c", "d"].map((name) => held.runs(name)));
    assert.deepEqual([...held.channels.keys()], ["a", "b", "c", "d"]);
    held.end("b");
    await held.runs("e");
    assert.ok(!held.channels.has("f"));
    held.end("a");
    await held.runs("f");
    for (const name of ["c", "d", "e", "f"]) held.end(name);
    assert.deepEqual(
      (await Promise.all(runs)).map(({ code }) => code),
      [0, 0, 0, 0, 0, 0],
    );
  });

  it("lets one that is aborted while it waits go at once, and keeps no place for it", async () => {
    const held = new Held();
    const sshd = await server({ answer: held.answer });
    const shared = pool();
    const running = ["a", "b", "c", "d"].map((name) => shared.run(sshd.target, name));
    await Promise.all(["a", "b", "c", "d"].map((name) => held.runs(name)));
    const stop = new AbortController();
    const reason = new Error("cancelled");
    const aborted = shared.run(sshd.target, "aborted", { signal: stop.signal });
    const next = shared.run(sshd.target, "next");
    // By then both wait behind the four.
    await setImmediate();
    stop.abort(reason);
    await assert.rejects(aborted, reason);
    held.end("a");
    await held.runs("next");
    for (const name of ["b", "c", "d", "next"]) held.end(name);
    await Promise.all([...running, next]);
    assert.deepEqual(sshd.commands, ["a", "b", "c", "d", "next"]);
    assert.equal(sshd.connections, 1);
  });
});
