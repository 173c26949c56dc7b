import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { existingNamespaces, removalCommands } from "../../lab/src/fabric/apply";
import { destroyAll } from "../../lab/src/fabric/destroy";
import { namespacePrefix } from "../../lab/src/fabric/names";
import { bootingNodes, bootsAtOnce } from "../../lab/src/node/boot-turns";
import { cutPower, hasSettled, listNodes, nodeStatus } from "../../lab/src/node/node";
import { type Lab, openLab } from "../../lab/src/state/paths";
import { run } from "../../lab/src/state/privileged";
import { PluginProcess, smallStack } from "./plugin-process";

/** One node more than may boot at once. */
describe("nodes on their way up", function () {
  this.timeout(60_000);
  const count = bootsAtOnce + 1;
  let lab: Lab;
  let most = 0;

  before(async () => {
    lab = openLab(mkdtempSync(join(tmpdir(), "overlaynet-readiness-")));
    const plugin = await PluginProcess.start(lab.state, "with nodes");
    const watch = setInterval(() => (most = Math.max(most, bootingNodes(lab).length)), 20);
    await smallStack(plugin, count);
    clearInterval(watch);
    await plugin.stop();
  });
  after(async () => {
    await destroyAll(lab);
  });

  function command(
    ...args: string[]
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
    const program = `require(${JSON.stringify(resolve(__dirname, "../../lab/src/commands/lab"))}).labCommand().parseAsync(["node", ...process.argv.slice(1)]).catch((error) => { console.error(error.message); process.exitCode = 1; })`;
    const env = { ...process.env, OVERLAYNET_LAB_STATE: lab.state };
    return new Promise((done) => {
      const child = execFile(
        process.execPath,
        ["--require", "tsx/cjs", "-e", program, "--", "lab", ...args],
        { env },
        (_, stdout, stderr) => done({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });
  }

  it("are never more than may boot at once, and all come up", async () => {
    assert.ok(most > 1 && most <= bootsAtOnce, `${most} booted at once`);
    for (const id of listNodes(lab)) assert.equal((await command("wait", id)).code, 0);
    assert.equal(listNodes(lab).filter((id) => hasSettled(lab, id)).length, count);
  });

  it("are ready when lab start returns: those that lost their power with their networks, and no others", async () => {
    const [first = "", second = "", ...others] = listNodes(lab);
    const pids = others.map((id) => nodeStatus(lab, id).pid);
    for (const id of [first, second]) await cutPower(lab, id);
    assert.match(
      (await command("start")).stdout,
      new RegExp(`^Started 2 nodes: (?:${first}, ${second}|${second}, ${first})\\.$`, "m"),
    );
    assert.deepEqual(
      [first, second].map((id) => hasSettled(lab, id)),
      [true, true],
    );
    assert.equal((await command("exec", first, "--", "systemctl", "is-system-running")).stdout, "running\n");
    assert.deepEqual(
      others.map((id) => nodeStatus(lab, id).pid),
      pids,
    );
  });

  it("come back as after a reboot of this machine, when nothing runs and no namespace is there", async () => {
    for (const id of listNodes(lab)) await cutPower(lab, id);
    await run(["sh", "-s"], {
      stdin: [
        "set -eu",
        ...existingNamespaces(namespacePrefix(lab))
          .filter((name) => /-(?:eni|vpc|igw)-/.test(name))
          .flatMap(removalCommands),
        "",
      ].join("\n"),
    });
    assert.match((await command("start")).stdout, new RegExp(`^Started ${count} nodes: `));
    assert.deepEqual(
      listNodes(lab).filter((id) => !hasSettled(lab, id)),
      [],
    );
    assert.match((await command("start")).stdout, /^Started 0 nodes\.$/m);
  });

  it("are told of with the end of their console when they are not ready in time", async () => {
    const [first = ""] = listNodes(lab);
    await cutPower(lab, first);
    const { code, stderr } = await command("start", "--deadline", "0.3");
    assert.equal(code, 1);
    assert.match(
      stderr,
      new RegExp(
        `^${first} was not ready within 0\\.3 s: .*\\. (?:The end of its console:\\n {2}|Its console has said nothing)`,
      ),
    );
  });
});
