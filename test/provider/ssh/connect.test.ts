import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "ssh2";
import { connect } from "../../../provider/src/ssh/connect";
import { exec } from "../../../provider/src/ssh/exec";
import { fingerprint, generateKey } from "../../../provider/src/ssh/key";
import { HostKeyError, UnreachableError } from "../../../provider/src/ssh/ssh-error";
import { exit, SshServer } from "./ssh-server";

/** A small netcat. */
const RELAY = `const [host, port] = process.argv.slice(2);
       require("fs").writeFileSync(__dirname + "/pid", String(process.pid));
       const socket = require("net").connect(Number(port), host);
       socket.on("error", (e) => { console.error("relay: " + e.message); process.exit(1); });
       process.stdin.pipe(socket); socket.pipe(process.stdout);`;

describe("ssh connect", () => {
  const servers: SshServer[] = [];
  const clients: Client[] = [];

  async function server(...options: ConstructorParameters<typeof SshServer>): Promise<SshServer> {
    const made = new SshServer(...options);
    servers.push(made);
    await made.listen();
    return made;
  }
  async function connected(...args: Parameters<typeof connect>): Promise<Client> {
    const client = await connect(...args);
    clients.push(client);
    return client;
  }

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    for (const each of servers.splice(0)) await each.close();
  });

  it("logs in where host key and user key are right", async () => {
    const { target } = await server();
    const { code } = await exec(await connected(target, { deadlineMs: 2000 }), target, "true");
    assert.equal(code, 0);
  });

  it("refuses another host key, with the fingerprint expected and the one seen, at once and once", async () => {
    const made = await server();
    const other = generateKey();
    const status: string[] = [];
    const wrong = { ...made.target, hostKey: other.publicKey };
    await assert.rejects(
      connect(wrong, { deadlineMs: 60_000, status: (message) => void status.push(message) }),
      (error: unknown) => {
        assert.ok(error instanceof HostKeyError);
        assert.ok(
          error.message.includes(`expected ${other.fingerprint}, saw ${made.hostKey.fingerprint}`),
          error.message,
        );
        assert.ok(error.message.includes(`root@127.0.0.1:${wrong.port}`));
        return true;
      },
    );
    assert.deepEqual(status, []);
    assert.equal(made.connections, 1);
    assert.equal(made.handshakes, 0);
  });

  it("refuses a host that has no key of the pinned type", async () => {
    const made = await server();
    const dir = mkdtempSync(join(tmpdir(), "overlaynet-ssh-"));
    execFileSync("ssh-keygen", ["-q", "-t", "ecdsa", "-N", "", "-C", "", "-f", join(dir, "key")]);
    const ecdsa = readFileSync(join(dir, "key.pub"), "utf8").trim();
    rmSync(dir, { recursive: true });
    await assert.rejects(connect({ ...made.target, hostKey: ecdsa }, { deadlineMs: 60_000 }), (error: unknown) => {
      assert.ok(error instanceof HostKeyError);
      assert.match(error.message, /expected SHA256:\S+, but it has none of type ecdsa-sha2-nistp256/);
      return true;
    });
  });

  it("waits for an sshd that comes late", async () => {
    const made = new SshServer();
    servers.push(made);
    await made.reserve();
    const status: string[] = [];
    const client = connected(made.target, {
      deadlineMs: 20_000,
      status: (message) => {
        status.push(message);
        if (status.length === 2) void made.listen();
      },
    });
    await client;
    assert.ok(status.length >= 2);
    assert.match(status[0] ?? "", /connecting to 127\.0\.0\.1: connection refused \(attempt 1\)/);
  });

  it("says host, attempts and last cause when nobody listens until the deadline", async () => {
    const made = new SshServer();
    await made.reserve();
    const begun = performance.now();
    await assert.rejects(connect(made.target, { deadlineMs: 1000 }), (error: unknown) => {
      assert.ok(error instanceof UnreachableError);
      assert.match(
        error.message,
        /^root@127\.0\.0\.1:\d+: could not connect within 1 s and \d+ attempts; last cause: connection refused\. Check that the node runs/,
      );
      return true;
    });
    const took = performance.now() - begun;
    assert.ok(took >= 950 && took < 4000, `${took} ms`);
  });

  it("tries again while its key is not accepted yet", async () => {
    let asked = 0;
    const made = await server({ authorised: () => ++asked > 4 });
    const status: string[] = [];
    await connected(made.target, { deadlineMs: 20_000, status: (message) => void status.push(message) });
    assert.match(status[0] ?? "", /it does not accept the user's key/);
    assert.ok(made.connections > 1);
  });

  it("says who is not accepted in the end", async () => {
    const made = await server({ authorised: () => false });
    await assert.rejects(
      connect(made.target, { deadlineMs: 300 }),
      /last cause: it does not accept the user's key\. Check the user name, and that its authorized_keys/,
    );
  });

  it("tries again when the connection is closed before or within the handshake", async () => {
    const made = await server();
    let first = true;
    const tcp = createServer((socket) => {
      socket.resume().on("error", () => undefined);
      if (first) socket.end("SSH-2.0-none\r\n");
      else socket.destroy();
      first = false;
    });
    await new Promise<void>((resolve) => tcp.listen(0, "127.0.0.1", resolve));
    const address = tcp.address();
    assert.ok(address !== null && typeof address === "object");
    await assert.rejects(
      connect({ ...made.target, port: address.port }, { deadlineMs: 1000 }),
      /[2-9] attempts; last cause: .*(closed|handshake|ended)/i,
    );
    await new Promise((resolve) => tcp.close(resolve));
  });

  it("ends when it is told to, while it connects and while it waits", async () => {
    const made = new SshServer();
    await made.reserve();
    const waiting = new AbortController();
    const reason = new Error("cancelled");
    await assert.rejects(connect(made.target, { signal: waiting.signal, status: () => waiting.abort(reason) }), reason);

    const mute = createServer(() => undefined);
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    const address = mute.address();
    assert.ok(address !== null && typeof address === "object");
    const connecting = new AbortController();
    mute.once("connection", (socket) => {
      socket.on("error", () => undefined);
      connecting.abort(reason);
    });
    await assert.rejects(connect({ ...made.target, port: address.port }, { signal: connecting.signal }), reason);
    await new Promise((resolve) => mute.close(resolve));

    const already = AbortSignal.abort(reason);
    await assert.rejects(connect(made.target, { signal: already }), reason);
  });

  it("tells what is wrong with a target, and never a key", async () => {
    const { target } = await server();
    const cases: [object, RegExp][] = [
      [{ host: "" }, /host "" is not a host name/],
      [{ host: "-oProxyCommand=x" }, /host "-oProxyCommand=x" is not/],
      [{ host: "a b" }, /host "a b" is not/],
      [{ port: 0 }, /port 0 is not 1 to 65535/],
      [{ port: 70000 }, /port 70000/],
      [{ user: "" }, /user "" is not a user name/],
      [{ hostKey: "AAAA" }, /not of the form `ssh-ed25519 AAAA…`/],
      [{ hostKey: "ssh-ed25519 c2VjcmV0" }, /not of the form/],
      [{ privateKey: target.privateKey.slice(0, 200) }, /the private key is not one that can be used/],
      [{ privateKey: "" }, /the private key is not one that can be used/],
    ];
    for (const [wrong, message] of cases) {
      await assert.rejects(connect({ ...target, ...wrong }, { deadlineMs: 60_000 }), (error: unknown) => {
        assert.ok(error instanceof RangeError, String(error));
        assert.match(error.message, message);
        assert.ok(!inspectDeep(error).includes(target.privateKey.split("\n")[2] ?? "?"));
        return true;
      });
    }
  });

  describe("through a proxy command", () => {
    let dir: string;
    let command: string;
    before(() => {
      dir = mkdtempSync(join(tmpdir(), "overlaynet-proxy-"));
      writeFileSync(join(dir, "relay.cjs"), RELAY);
      command = `'${process.execPath}' '${join(dir, "relay.cjs")}' %h %p`;
    });
    after(() => rmSync(dir, { recursive: true }));

    it("connects, runs commands, and leaves no process", async () => {
      const made = await server({
        answer: (_command, channel) => void channel.once("end", () => exit(channel, 0)).pipe(channel, { end: false }),
      });
      const target = { ...made.target, proxyCommand: command };
      const client = await connected(target, { deadlineMs: 5000 });
      const stdin = Buffer.alloc(3_000_000, "payload ");
      const { stdout, code } = await exec(client, target, "cat", { stdin });
      assert.equal(code, 0);
      assert.equal(stdout, stdin.toString());
      const pid = readFileSync(join(dir, "pid"), "utf8");
      assert.ok(existsSync(`/proc/${pid}`));
      const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
      client.end();
      await closed;
      for (let i = 0; existsSync(`/proc/${pid}`) && i < 100; i++)
        await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(!existsSync(`/proc/${pid}`), "the proxy command runs on");
    });

    it("pins the host key there, too", async () => {
      const made = await server();
      await assert.rejects(
        connect({ ...made.target, proxyCommand: command, hostKey: generateKey().publicKey }, { deadlineMs: 60_000 }),
        HostKeyError,
      );
    });

    it("says what the command said when it fails", async () => {
      const made = await server();
      await assert.rejects(
        connect({ ...made.target, proxyCommand: "echo no such door >&2; exit 3" }, { deadlineMs: 300 }),
        /the proxy command says: no such door\)\. Check the proxy command by running it/,
      );
    });

    it("ends the command when told to", async () => {
      const made = await server();
      const stop = new AbortController();
      const reason = new Error("cancelled");
      const file = join(dir, "sleeper");
      const pending = connect(
        { ...made.target, proxyCommand: `echo $$ >'${file}'; sleep 600` },
        { signal: stop.signal },
      );
      while (!existsSync(file) || readFileSync(file, "utf8") === "")
        await new Promise((resolve) => setTimeout(resolve, 10));
      stop.abort(reason);
      await assert.rejects(pending, reason);
      const pid = readFileSync(file, "utf8").trim();
      for (let i = 0; existsSync(`/proc/${pid}`) && i < 100; i++)
        await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(!existsSync(`/proc/${pid}`));
    });

    it("ends without a word when told to before the handshake began", async () => {
      const made = await server();
      const stop = new AbortController();
      const reason = new Error("cancelled");
      const pending = connect({ ...made.target, proxyCommand: "sleep 600" }, { signal: stop.signal });
      stop.abort(reason);
      await assert.rejects(pending, reason);
      // An error that nobody hears comes a turn later, and would end the process.
      await new Promise(setImmediate);
    });

    it("puts nothing into the shell but names", async () => {
      const { target } = await server();
      for (const wrong of [{ host: "a;touch x" }, { host: "$(id)" }, { user: "a'b" }, { user: "a`b`" }]) {
        await assert.rejects(
          connect({ ...target, ...wrong, proxyCommand: "echo %h %r" }, { deadlineMs: 200 }),
          /cannot be put into a proxy command|is not a/,
        );
      }
      await assert.rejects(
        connect({ ...target, proxyCommand: "echo %x" }, { deadlineMs: 200 }),
        /proxy command has "%x": there are %h, %p, %r and %%/,
      );
    });
  });
});

describe("a new key", () => {
  it("is one that OpenSSH reads, with the fingerprint it prints", () => {
    const dir = mkdtempSync(join(tmpdir(), "overlaynet-key-"));
    for (let i = 0; i < 8; i++) {
      const { privateKey, publicKey, fingerprint: print } = generateKey();
      const file = join(dir, `key${i}`);
      writeFileSync(file, privateKey, { mode: 0o600 });
      assert.equal(
        execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" }).trim().split(" ").slice(0, 2).join(" "),
        publicKey,
      );
      assert.ok(execFileSync("ssh-keygen", ["-l", "-f", file], { encoding: "utf8" }).includes(` ${print} `));
      assert.equal(fingerprint(`${publicKey} a comment`), print);
    }
    rmSync(dir, { recursive: true });
  });
});

/** All that a log could show of an error. */
function inspectDeep(error: Error): string {
  return `${error.stack ?? ""} ${JSON.stringify(error)} ${error.cause instanceof Error ? inspectDeep(error.cause) : ""}`;
}
