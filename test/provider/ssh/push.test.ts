import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { SshPool } from "../../../provider/src/ssh/pool";
import { closeConnections, isPartial, pushPart, readParts, removePart } from "../../../provider/src/ssh/push";
import { ConnectionLostError, RemoteCommandError, UnreachableError } from "../../../provider/src/ssh/ssh-error";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import { planOf } from "../../support/node-plans";
import { type Answer, exit, SshServer } from "./ssh-server";

const TUNNEL = renderTunnel(planOf("VXLAN CrossSubnet"), "VXLAN");

/** Takes the input, then answers. */
function answering(code: number, stderr = "", stdout = ""): Answer {
  return (_command, channel) => {
    channel.resume().once("end", () => {
      channel.write(stdout);
      channel.stderr.write(stderr, () => exit(channel, code));
    });
  };
}

describe("push", () => {
  const servers: SshServer[] = [];
  async function server(answer?: Answer): Promise<SshServer> {
    const made = new SshServer({ answer });
    servers.push(made);
    await made.listen();
    return made;
  }
  afterEach(async () => {
    closeConnections();
    for (const each of servers.splice(0)) await each.close();
  });

  it("uses sudo for other users, and one fixed script", async () => {
    const sshd = await server(answering(0));
    const asAdmin = { ...sshd.target, user: "admin" };
    await pushPart(asAdmin, TUNNEL);
    await removePart(sshd.target, "workload-web");
    await readParts(sshd.target);
    const [push = "", remove = "", read = ""] = sshd.commands;
    assert.match(push, new RegExp(`^sudo -n sh -c '[^']+' overlaynet install-part tunnel-vxlan ${TUNNEL.digest}$`));
    assert.match(remove, /^sh -c '[^']+' overlaynet remove-part workload-web$/);
    assert.match(read, /^sh -c '[^']+' overlaynet digests$/);
    const script = (command: string): string | undefined => /'([^']+)'/.exec(command)?.[1];
    assert.equal(new Set([push, remove, read].map(script)).size, 1);
  });

  it("takes no name or digest that a shell could misread", async () => {
    const sshd = await server();
    for (const name of ["a b", "a;b", "$(id)", "../x", "", "-x", "A", "x".repeat(41)]) {
      await assert.rejects(pushPart(sshd.target, { ...TUNNEL, name }), /is not the name of a part/, name);
      await assert.rejects(removePart(sshd.target, name), /is not the name of a part/, name);
    }
    await assert.rejects(pushPart(sshd.target, { ...TUNNEL, digest: "0; reboot" }), /not 64 hex digits/);
    assert.equal(sshd.connections, 0);
  });

  it("puts no secret into what it sends", async () => {
    const inputs: Buffer[] = [];
    const sshd = await server((_command, channel) => {
      channel.on("data", (data: Buffer) => inputs.push(data));
      channel.once("end", () => exit(channel, 0));
    });
    await pushPart(sshd.target, TUNNEL);
    const sent = gunzipSync(Buffer.concat(inputs)).toString() + sshd.commands.join("");
    assert.ok(sent.includes("vxlan.calico"));
    inputs.length = 0;
    await pushPart({ ...sshd.target, user: "admin", sudoPassword: "the password" }, TUNNEL);
    // Its first line is sudo's; what comes after that is the same archive.
    const first = Buffer.from("the password\n");
    assert.deepEqual(Buffer.concat(inputs).subarray(0, first.length), first);
    assert.ok(gunzipSync(Buffer.concat(inputs).subarray(first.length)).includes("vxlan.calico"));
    assert.ok(!sshd.commands.join("").includes("the password"));
    assert.ok(!sent.includes("PRIVATE KEY") && !sent.includes(sshd.userKey.privateKey.split("\n")[2] ?? "?"));
  });

  it("says what sudo wants", async () => {
    const sshd = await server(answering(1, "sudo: a password is required\n"));
    await assert.rejects(
      pushPart({ ...sshd.target, user: "admin" }, TUNNEL),
      /user admin needs sudo without a password, or its password in sudoPassword; or connect as root\n {2}sudo: a password is required/,
    );
  });

  it("keeps the end of a long complaint, and is not held up by it", async () => {
    const line = `${"complaint ".repeat(20)}\n`;
    const sshd = await server(answering(1, line.repeat(20_000) + "the last word\n"));
    await assert.rejects(pushPart(sshd.target, TUNNEL, { deadlineMs: 15_000 }), (error: unknown) => {
      assert.ok(error instanceof RemoteCommandError);
      assert.ok(error.message.endsWith("the last word"));
      assert.ok(error.message.length < 5000 && error.stderr.length <= 65536);
      return !isPartial(error);
    });
  });

  it("waits for a node that is still installing, and tells why when that takes too long", async () => {
    let asked = 0;
    const sshd = await server((command, channel, connection) =>
      answering(++asked < 3 ? 75 : 0, asked < 3 ? "overlaynet: not installed yet: nftables\n" : "")(
        command,
        channel,
        connection,
      ),
    );
    const status: string[] = [];
    await pushPart(sshd.target, TUNNEL, { deadlineMs: 20_000, status: (message) => void status.push(message) });
    assert.equal(asked, 3);
    assert.ok(
      status.some((message) => message.includes("not installed yet: nftables (attempt 1)")),
      status.join("\n"),
    );
    const never = await server(answering(75, "overlaynet: not installed yet: nftables\n"));
    await assert.rejects(
      pushPart(never.target, TUNNEL, { deadlineMs: 1000 }),
      /the node was not ready within 1 s\n {2}overlaynet: not installed yet: nftables/,
    );
  });

  it("gives up at the deadline: nobody there, and somebody who does not answer", async () => {
    const gone = new SshServer();
    await gone.reserve();
    await assert.rejects(
      pushPart(gone.target, TUNNEL, { deadlineMs: 300 }),
      (error: unknown) => error instanceof UnreachableError && !isPartial(error),
    );
    const mute = await server(() => undefined);
    await assert.rejects(
      pushPart(mute.target, TUNNEL, { deadlineMs: 500 }),
      (error: unknown) => error instanceof ConnectionLostError && isPartial(error),
    );
  });

  it("ends a command when it is told to", async () => {
    const sshd = await server(() => undefined);
    const stop = new AbortController();
    const reason = new Error("cancelled");
    const pushed = pushPart(sshd.target, TUNNEL, { signal: stop.signal });
    while (sshd.commands.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    stop.abort(reason);
    await assert.rejects(pushed, reason);
  });

  describe("pool", () => {
    it("keeps one connection per target for all that comes together, and closes it when idle", async () => {
      const sshd = await server();
      const pool = new SshPool({ idleMs: 50 });
      await Promise.all(Array.from({ length: 12 }, () => pool.run(sshd.target, "true")));
      assert.equal(sshd.connections, 1);
      assert.equal(pool.size, 1);
      while (sshd.open > 0) await new Promise((resolve) => setTimeout(resolve, 10));
      assert.equal(pool.size, 0);
      await pool.run(sshd.target, "true");
      assert.equal(sshd.connections, 2);
      pool.close();
    });

    it("does not let one caller's patience or end decide for another", async () => {
      const late = new SshServer();
      servers.push(late);
      await late.reserve();
      const pool = new SshPool();
      const stop = new AbortController();
      const impatient = pool.run(late.target, "true", { deadlineMs: 200 });
      const cancelled = pool.run(late.target, "true", { signal: stop.signal });
      const patient = pool.run(late.target, "true", { deadlineMs: 20_000 });
      stop.abort(new Error("cancelled"));
      await assert.rejects(cancelled, /cancelled/);
      await assert.rejects(impatient, UnreachableError);
      await late.listen();
      assert.equal((await patient).code, 0);
      pool.close();
    });

    it("brings 200 nodes the same in one go", async function () {
      this.timeout(30_000);
      const nodes = await Promise.all(Array.from({ length: 200 }, () => server(answering(0))));
      const pushed = await Promise.allSettled(nodes.map(({ target }) => pushPart(target, TUNNEL)));
      assert.deepEqual(
        pushed.filter(({ status }) => status === "rejected"),
        [],
      );
      assert.ok(nodes.every(({ connections, commands }) => connections === 1 && commands.length === 1));
    });
  });
});
