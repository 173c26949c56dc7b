import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { SshPool } from "../../../provider/src/ssh/pool";
import {
  closeConnections,
  isPartial,
  type PartState,
  pushPart,
  readParts,
  removePart,
} from "../../../provider/src/ssh/push";
import { ConnectionLostError, RemoteCommandError, UnreachableError } from "../../../provider/src/ssh/ssh-error";
import { fileDigest } from "../../../provider/src/node/digest";
import type { Part } from "../../../provider/src/node/part";
import { renderRoutes } from "../../../provider/src/node/routes";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import { A, B, planOf } from "../node/plans";
import { TestNode } from "../node/test-node";
import { type Answer, exit, running, SshServer } from "./ssh-server";

/** A part that is on the node as it was brought there. */
const whole = ({ digest, files }: Part): PartState => ({
  digest,
  files: new Map(files.map(({ name, content }) => [name, fileDigest(content)])),
  deviations: [],
});
const TUNNEL = renderTunnel(planOf("VXLAN CrossSubnet"), "VXLAN");
const ROUTES = renderRoutes(planOf("VXLAN CrossSubnet"));

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

  describe("to a node", function () {
    this.timeout(30_000);
    let node: TestNode;
    let sshd: SshServer;
    before(async () => (node = await TestNode.start(A.ip)));
    after(() => node.remove());
    beforeEach(async () => (sshd = await server(running((command) => node.enter(command)))));
    afterEach(() => void node.apply("uninstall"));

    it("brings parts into force, one command each over one connection, and reads them back", async () => {
      const { target } = sshd;
      const changed = await pushPart(target, TUNNEL, { deadlineMs: 20_000 });
      assert.ok(changed.some((line) => line.startsWith("bridge fdb replace")));
      await pushPart(target, ROUTES);
      assert.match(node.sh(`ip route show ${B.block}`), /via 10\.1\.0\.11 dev ens5 proto 80 onlink/);
      assert.equal(sshd.commands.length, 2);
      assert.equal(sshd.connections, 1);
      assert.deepEqual(await readParts(target), new Map([TUNNEL, ROUTES].map((part) => [part.name, whole(part)])));
      // The same again is one round trip in which nothing happens.
      assert.deepEqual(await pushPart(target, ROUTES), []);
      assert.equal(node.sh("ls /run | grep push || true"), "");
    });

    it("tells apart what the files say and what Linux holds", async () => {
      const { target } = sshd;
      await pushPart(target, TUNNEL);
      await pushPart(target, ROUTES);
      node.sh(`ip route del ${B.block}; echo '# mine' >/etc/overlaynet/parts/tunnel-vxlan/notes`);
      const states = await readParts(target);
      assert.deepEqual(states.get("routes"), {
        ...whole(ROUTES),
        deviations: ["ip route add 192.168.0.64/26 via 10.1.0.11 dev ens5 proto 80 onlink"],
      });
      assert.notEqual(states.get("tunnel-vxlan")?.digest, TUNNEL.digest);
      assert.equal(node.sh(`ip route show ${B.block}`), "", "reading mended it");
      assert.deepEqual(await pushPart(target, ROUTES), [
        "ip route add 192.168.0.64/26 via 10.1.0.11 dev ens5 proto 80 onlink",
      ]);
    });

    it("tells files of its own that were changed with the first part, whose push mends them", async () => {
      const { target } = sshd;
      await pushPart(target, TUNNEL);
      await pushPart(target, ROUTES);
      for (const [meddle, words] of [
        ["echo '# by hand' >>/etc/systemd/system/overlaynet.timer", "/etc/systemd/system/overlaynet.timer: FAILED"],
        [
          "rm /usr/local/lib/overlaynet/overlaynet.awk",
          "/usr/local/lib/overlaynet/overlaynet.awk: FAILED open or read",
        ],
        ["rm -r /usr/local/lib/overlaynet", "not installed"],
      ] as const) {
        node.sh(meddle);
        const states = await readParts(target);
        assert.deepEqual(states.get("routes"), { ...whole(ROUTES), deviations: [`overlaynet's own files: ${words}`] });
        assert.deepEqual(states.get("tunnel-vxlan"), whole(TUNNEL));
        assert.deepEqual(await pushPart(target, ROUTES), []);
        assert.deepEqual((await readParts(target)).get("routes"), whole(ROUTES));
      }
    });

    it("removes parts, the last one with everything, and what is not there at once", async () => {
      const { target } = sshd;
      await pushPart(target, ROUTES).catch(() => undefined);
      await pushPart(target, TUNNEL);
      await removePart(target, "routes");
      assert.equal(node.sh(`ip route show ${B.block}`), "");
      assert.deepEqual([...(await readParts(target)).keys()], ["tunnel-vxlan"]);
      await removePart(target, "tunnel-vxlan");
      assert.equal(node.sh("ls -d /etc/overlaynet /usr/local/lib/overlaynet 2>/dev/null || true"), "");
      assert.deepEqual(await removePart(target, "tunnel-vxlan"), []);
      assert.deepEqual(await readParts(target), new Map());
    });

    it("says what is in the way, and that the node was changed", async () => {
      node.sh(`ip route add ${B.block} via 10.1.0.1 dev ens5 proto static`);
      await pushPart(sshd.target, TUNNEL);
      await assert.rejects(pushPart(sshd.target, ROUTES), (error: unknown) => {
        assert.ok(error instanceof RemoteCommandError);
        assert.match(
          error.message,
          /^root@127\.0\.0\.1:\d+: bringing routes into force failed \(exit code 4\)\n.*there is a route to 192\.168\.0\.64\/26 that is not ours/s,
        );
        return isPartial(error);
      });
      node.sh(`ip route del ${B.block}`);
    });

    it("goes on when the connection is cut in the middle of it", async () => {
      const { target } = sshd;
      const status: string[] = [];
      const pushed = pushPart(target, TUNNEL, { deadlineMs: 20_000, status: (message) => void status.push(message) });
      while (sshd.commands.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      sshd.drop();
      await pushed;
      assert.ok(
        status.some((message) => /connection was closed while a command ran; trying again/.test(message)),
        status.join("\n"),
      );
      assert.deepEqual(await readParts(target), new Map([[TUNNEL.name, whole(TUNNEL)]]));
      assert.equal(sshd.handshakes, 2);
    });

    it("changes nothing when the archive does not come whole", async () => {
      // The server hands only the first half on.
      const torn = await server((command, channel) => {
        const input: Buffer[] = [];
        channel.on("data", (data: Buffer) => input.push(data));
        channel.once("end", () => {
          const whole = Buffer.concat(input);
          const { code, stderr } = node.run(["sh", "-c", command], whole.subarray(0, whole.length / 2));
          channel.stderr.write(stderr);
          exit(channel, code ?? 255);
        });
      });
      await assert.rejects(
        pushPart(torn.target, TUNNEL, { deadlineMs: 5000 }),
        (error: unknown) => error instanceof RemoteCommandError && !isPartial(error) && /gzip|tar/.test(error.message),
      );
      assert.equal(node.sh("ls -d /etc/overlaynet /run/overlaynet* 2>/dev/null || true"), "");
    });
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
    assert.ok(!sent.includes("PRIVATE KEY") && !sent.includes(sshd.userKey.privateKey.split("\n")[2] ?? "?"));
  });

  it("says what sudo wants", async () => {
    const sshd = await server(answering(1, "sudo: a password is required\n"));
    await assert.rejects(
      pushPart({ ...sshd.target, user: "admin" }, TUNNEL),
      /user admin needs sudo without a password, or connect as root\n {2}sudo: a password is required/,
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
