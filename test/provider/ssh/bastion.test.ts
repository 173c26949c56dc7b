import assert from "node:assert/strict";
import type { Client } from "ssh2";
import { connect } from "../../../provider/src/ssh/connect";
import { exec } from "../../../provider/src/ssh/exec";
import { generateKey } from "../../../provider/src/ssh/key";
import { HostKeyError, UnreachableError } from "../../../provider/src/ssh/ssh-error";
import type { SshTarget } from "../../../provider/src/ssh/target";
import { SshServer } from "./ssh-server";

describe("ssh through a bastion", () => {
  let bastion: SshServer;
  let nodes: SshServer[];
  const clients: Client[] = [];

  beforeEach(async () => {
    bastion = new SshServer({ forwards: true });
    nodes = [new SshServer(), new SshServer()];
    for (const server of [bastion, ...nodes]) await server.listen();
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    for (const server of [bastion, ...nodes]) await server.close();
  });

  const behind = (index: number, changes: Partial<SshTarget["bastion"]> = {}): SshTarget => ({
    ...(nodes[index] ?? assert.fail()).target,
    bastion: { ...bastion.target, ...changes },
  });
  const connected = async (target: SshTarget): Promise<Client> => {
    const client = await connect(target, { deadlineMs: 5000 });
    clients.push(client);
    return client;
  };
  const ended = (client: Client): Promise<void> =>
    new Promise((resolve) => void client.once("close", () => resolve()).end());
  /** Until the bastion has seen its connection close: that it does so is what is waited for. */
  const left = async (): Promise<void> => {
    while (bastion.open > 0) await new Promise((resolve) => setImmediate(resolve));
  };

  it("reaches the node, with its own key and the bastion's", async () => {
    const target = behind(0);
    const { code } = await exec(await connected(target), target, "true");
    assert.equal(code, 0);
    assert.deepEqual([bastion.forwarded, nodes[0]?.commands, bastion.commands], [[target.port], ["true"], []]);
  });

  it("goes over one connection to all nodes, which ends with the last", async () => {
    const [one, other, again] = await Promise.all([connected(behind(0)), connected(behind(1)), connected(behind(1))]);
    assert.ok(one && other && again);
    assert.equal(bastion.connections, 1);
    await ended(one);
    await ended(again);
    const target = behind(1);
    assert.equal((await exec(other, target, "true")).code, 0);
    await ended(other);
    await left();
    await connected(behind(0));
    assert.equal(bastion.connections, 2);
  });

  it("comes again after the bastion's connection was lost", async () => {
    const client = await connected(behind(0));
    const lost = new Promise<void>((resolve) => client.once("close", () => resolve()));
    bastion.drop();
    await lost;
    const target = behind(0);
    assert.equal((await exec(await connected(target), target, "true")).code, 0);
  });

  it("refuses another host key of the bastion's, and of the node's, each by name", async () => {
    const other = generateKey().publicKey;
    await assert.rejects(
      connect(behind(0, { hostKey: other }), { deadlineMs: 60_000 }),
      (error: unknown) =>
        error instanceof HostKeyError &&
        error.message.includes(`:${bastion.target.port}`) &&
        error.message.includes(bastion.hostKey.fingerprint),
    );
    await assert.rejects(
      connect({ ...behind(0), hostKey: other }, { deadlineMs: 60_000 }),
      (error: unknown) => error instanceof HostKeyError && error.message.includes(`:${nodes[0]?.target.port}`),
    );
    assert.equal(nodes[0]?.handshakes, 0);
  });

  it("says whether it is the bastion that does not answer, or the node behind it, and shows no key", async () => {
    const failure = async (target: SshTarget): Promise<string> => {
      const error = await connect(target, { deadlineMs: 300 }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof UnreachableError, String(error));
      assert.doesNotMatch(error.message, /PRIVATE KEY/);
      return error.message;
    };
    await nodes[0]?.close();
    assert.match(
      await failure(behind(0)),
      /the bastion root@127\.0\.0\.1: it cannot reach 127\.0\.0\.1:\d+: .*Check the bastion's address/,
    );
    assert.match(
      await failure(behind(1, { privateKey: generateKey().privateKey })),
      /the bastion root@127\.0\.0\.1: it does not accept the user's key/,
    );
    await bastion.close();
    assert.match(await failure(behind(1)), /the bastion root@127\.0\.0\.1: connection refused/);
  });

  it("has the proxy command carry the connection to the bastion", async () => {
    const script = `process.stdin.pipe(require("net").connect(${bastion.target.port}, "%h")).pipe(process.stdout)`;
    const target = { ...behind(0), proxyCommand: `exec ${process.execPath} -e '${script}'` };
    assert.equal((await exec(await connected(target), target, "true")).code, 0);
    assert.equal(bastion.connections, 1);
  });
});
