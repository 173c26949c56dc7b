import assert from "node:assert/strict";
import { fileDigest } from "../../../provider/src/node/digest";
import type { Part } from "../../../provider/src/node/part";
import { renderRoutes } from "../../../provider/src/node/routes";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import {
  closeConnections,
  isPartial,
  type PartState,
  pushPart,
  readParts,
  removePart,
} from "../../../provider/src/ssh/push";
import { RemoteCommandError } from "../../../provider/src/ssh/ssh-error";
import { A, B, planOf } from "../../support/node-plans";
import { TestNode } from "../../support/test-node";
import { type Answer, exit, running, SshServer } from "./ssh-server";

/** A part that is on the node as it was brought there. */
const whole = ({ digest, files }: Part): PartState => ({
  digest,
  files: new Map(files.map(({ name, content }) => [name, fileDigest(content)])),
  deviations: [],
});
const TUNNEL = renderTunnel(planOf("VXLAN CrossSubnet"), "VXLAN");
const ROUTES = renderRoutes(planOf("VXLAN CrossSubnet"));

describe("push to a node", function () {
  this.timeout(30_000);
  let node: TestNode;
  let sshd: SshServer;
  const servers: SshServer[] = [];
  async function server(answer: Answer): Promise<SshServer> {
    const made = new SshServer({ answer });
    servers.push(made);
    await made.listen();
    return made;
  }
  before(async () => (node = await TestNode.start(A.ip)));
  after(() => node.remove());
  beforeEach(async () => (sshd = await server(running((command) => node.enter(command)))));
  afterEach(async () => {
    closeConnections();
    for (const each of servers.splice(0)) await each.close();
    node.apply("uninstall");
  });

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
      ["rm /usr/local/lib/overlaynet/overlaynet.awk", "/usr/local/lib/overlaynet/overlaynet.awk: FAILED open or read"],
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
