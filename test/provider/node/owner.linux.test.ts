import assert from "node:assert/strict";
import { cpSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "../../../provider/src/node/part";
import { renderRoutes } from "../../../provider/src/node/routes";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import { closeConnections, isPartial, pushPart, readParts, removePart } from "../../../provider/src/ssh/push";
import { OwnedNodeError } from "../../../provider/src/ssh/ssh-error";
import { A, B, planOf } from "../../support/node-plans";
import { type Outcome, TestNode } from "../../support/test-node";
import { running, SshServer } from "../ssh/ssh-server";
import { held } from "./held";

const TUNNEL = renderTunnel(planOf("VXLAN CrossSubnet"), "VXLAN");
const ROUTES = renderRoutes(planOf("VXLAN CrossSubnet"));
const OTHER_ROUTES = renderRoutes(planOf("VXLAN Always"));
const DEV = "dev/joined 3f9a1c2b";
const PROD = "prod/joined 77777777";

describe("a node's owner", function () {
  this.timeout(60_000);
  let node: TestNode;

  beforeEach(async () => {
    node = await TestNode.start(A.ip);
  });
  afterEach(() => node.remove());

  /** The words of a command of one that pushes, with what came with it in a folder of its own. */
  function from(owner: string | undefined, ...words: string[]): string[] {
    const folder = join(node.dir, `from ${owner ?? "nobody"}`);
    if (!existsSync(folder)) cpSync(join(node.dir, "from", "node"), join(folder, "node"), { recursive: true });
    if (owner !== undefined) writeFileSync(join(folder, "owner"), `${owner}\n`);
    return ["sh", join(folder, "node", "overlaynet-apply"), "--from", folder, ...words];
  }
  const install = (owner: string | undefined, part: Part): Outcome =>
    node.run(from(owner, "install-part", part.name, part.digest, node.write(part)));
  const remove = (owner: string | undefined, part: Part): Outcome => node.run(from(owner, "remove-part", part.name));
  const owner = (): string => node.sh("cat /etc/overlaynet/owner 2>/dev/null || true").trim();
  const done = ({ code, stderr }: Outcome): void => assert.equal(code, 0, stderr);
  const refused = ({ code, stderr }: Outcome, asker: string): void => {
    assert.equal(code, 5, stderr);
    assert.ok(
      stderr.startsWith(
        `overlaynet: this node is owned by "${DEV}", and was asked for by ${asker}; nothing was changed`,
      ),
      stderr,
    );
    assert.match(stderr, /run "\/usr\/local\/lib\/overlaynet\/overlaynet-apply uninstall" as root on this node/);
  };

  it("is the first to push, and nobody else changes anything until its last part is removed", () => {
    done(install(DEV, TUNNEL));
    assert.equal(owner(), DEV);
    done(install(DEV, ROUTES));
    const before = held(node);
    for (const [asker, words] of [
      [PROD, `"${PROD}"`],
      [undefined, "who names no owner"],
    ] as const) {
      refused(install(asker, OTHER_ROUTES), words);
      refused(install(asker, ROUTES), words);
      refused(remove(asker, ROUTES), words);
      refused(remove(asker, { ...ROUTES, name: "workload-web" }), words);
    }
    assert.equal(held(node), before);
    assert.equal(owner(), DEV);
    // Looking is free.
    assert.ok(node.run(from(PROD, "digests")).stdout.includes(ROUTES.digest));
    done(remove(DEV, ROUTES));
    refused(install(PROD, ROUTES), `"${PROD}"`);
    done(remove(DEV, TUNNEL));
    assert.equal(owner(), "");
    done(install(PROD, TUNNEL));
    assert.equal(owner(), PROD);
  });

  it("is known by the id: with another name it is the same, and with the next push the node has that name", () => {
    done(install(DEV, TUNNEL));
    const renamed = "staging/joined 3f9a1c2b";
    done(install(renamed, TUNNEL));
    assert.equal(owner(), renamed);
    done(install("dev/joined other 3f9a1c2b", ROUTES));
    assert.equal(owner(), "dev/joined other 3f9a1c2b");
    // The twin: the same name with another id is somebody else.
    assert.equal(install("dev/joined other 3f9a1c2c", ROUTES).code, 5);
  });

  it("survives a reboot", async () => {
    done(install(DEV, TUNNEL));
    await node.reboot();
    done(node.run(["/usr/local/lib/overlaynet/overlaynet-apply", "boot"]));
    refused(install(PROD, TUNNEL), `"${PROD}"`);
  });

  it("is none as long as no part is there, so that a push that failed or was cut off claims nothing", () => {
    const torn = node.run(from(DEV, "install-part", ROUTES.name, OTHER_ROUTES.digest, node.write(ROUTES)));
    assert.equal(torn.code, 1);
    node.sh(`mkdir -p /etc/overlaynet; echo '${DEV}' >/etc/overlaynet/owner`);
    done(install(PROD, TUNNEL));
    assert.equal(owner(), PROD);
  });

  it("may be nobody: a part that came without an owner is taken over with the first push that has one", () => {
    done(install(undefined, TUNNEL));
    done(install(undefined, ROUTES));
    done(install(DEV, ROUTES));
    assert.equal(owner(), DEV);
    refused(remove(undefined, TUNNEL), "who names no owner");
  });

  it("whose state is lost is got rid of on the node, with everything of ours", () => {
    const before = held(node);
    done(install(DEV, TUNNEL));
    done(install(DEV, ROUTES));
    done(node.run(["/usr/local/lib/overlaynet/overlaynet-apply", "uninstall"]));
    // Forwarding stays on.
    assert.equal(held(node).replace("ip_forward:1", "ip_forward:0"), before.replace("ip_forward:1", "ip_forward:0"));
    done(install(PROD, TUNNEL));
    assert.equal(owner(), PROD);
  });

  it("is not what a push says that is no name and id", () => {
    for (const words of ["a\tb 3f9a1c2b", "x\u001b[2J 3f9a1c2b", " 3f9a1c2b", "dev "]) {
      const folder = join(node.dir, "from hostile");
      cpSync(join(node.dir, "from", "node"), join(folder, "node"), { recursive: true });
      writeFileSync(join(folder, "owner"), `${words}\n`);
      const { code, stderr } = node.run([
        ...["sh", node.program, "--from", folder, "install-part", TUNNEL.name, TUNNEL.digest, node.write(TUNNEL)],
      ]);
      assert.equal(code, 1, words);
      assert.match(stderr, /owner that the push names is not of the form NAME ID\n$/);
    }
    assert.equal(owner(), "");
  });

  it("is exactly one where two come to a fresh node at once, or as a third one leaves it", async () => {
    const parts = { [DEV]: TUNNEL, [PROD]: ROUTES } as const;
    const winners = new Set<string>();
    for (let round = 0; round < 12; round++) {
      const leaving = round % 2 === 1;
      if (leaving) done(install("old/joined 00000000", TUNNEL));
      const words = [
        ...(leaving ? [from("old/joined 00000000", "remove-part", TUNNEL.name)] : []),
        ...Object.entries(parts).map(([who, part]) =>
          from(who, "install-part", part.name, part.digest, node.write(part)),
        ),
      ];
      const codes = await Promise.all(
        // In another order each time.
        words
          .map((command, index) => ({ command, index }))
          .sort((a, b) => ((a.index + round) % 3) - ((b.index + round) % 3))
          .map(
            ({ command, index }) =>
              new Promise<readonly [number, number | null]>((resolve) => {
                node.start(command).once("exit", (code) => resolve([index, code]));
              }),
          ),
      );
      const pushed = codes
        .toSorted(([a], [b]) => a - b)
        .slice(leaving ? 1 : 0)
        .map(([, code]) => code);
      const there = node.sh("ls /etc/overlaynet/parts 2>/dev/null || true").trim();
      const won = Object.entries(parts)
        .filter(([, part]) => part.name === there)
        .map(([who]) => who);
      // As the third one leaves, both may have come too early.
      if (leaving && there === "") assert.deepEqual(pushed, [5, 5]);
      else {
        assert.deepEqual(won, [owner()], `${there}, ${codes.join(" ")}`);
        const winner = won[0] === DEV ? 0 : 1;
        // The routes' tunnel is not there: they are there, and not all in force.
        assert.ok(pushed[winner] === 0 || (winner === 1 && pushed[winner] === 4), pushed.join(" "));
        assert.equal(pushed[1 - winner], 5);
        winners.add(owner());
      }
      done(node.run(from(undefined, "uninstall")));
    }
    assert.ok(winners.size > 0);
  });

  it("is named to who pushes over ssh, with the node, and nothing is sent to a shell for it", async () => {
    const sshd = new SshServer({ answer: running((command) => node.enter(command)) });
    await sshd.listen();
    try {
      const hostile = `dev/$(touch /run/hacked)'; touch /run/hacked; ' 3f9a1c2b`;
      await pushPart(sshd.target, TUNNEL, { owner: hostile });
      assert.equal(owner(), hostile);
      assert.equal(node.sh("ls /run/hacked 2>/dev/null || true"), "");
      assert.ok(sshd.commands.every((command) => !command.includes("3f9a1c2b")));
      for (const context of [{ owner: PROD }, {}])
        for (const change of [
          () => pushPart(sshd.target, ROUTES, context),
          () => removePart(sshd.target, TUNNEL.name, context),
        ])
          await assert.rejects(change(), (error: unknown) => {
            assert.ok(error instanceof OwnedNodeError);
            assert.match(
              error.message,
              /^root@127\.0\.0\.1:\d+: (?:bringing|removing) .* failed \(exit code 5\)\n {2}overlaynet: this node is owned by "dev\/\$\(touch/,
            );
            return !isPartial(error);
          });
      assert.deepEqual([...(await readParts(sshd.target)).keys()], [TUNNEL.name]);
      assert.equal(node.sh(`ip route show ${B.block}`), "");
      await removePart(sshd.target, TUNNEL.name, { owner: hostile });
      const sent = sshd.commands.length;
      await assert.rejects(pushPart(sshd.target, TUNNEL, { owner: "3f9a1c2b" }), RangeError);
      assert.equal(sshd.commands.length, sent);
    } finally {
      closeConnections();
      await sshd.close();
    }
  });
});
