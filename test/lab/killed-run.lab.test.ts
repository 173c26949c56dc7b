import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processesOf } from "../support/processes";
import { QuickStart } from "./quick-start";

describe("lab destroy --all after a killed run", function () {
  this.timeout(180_000);
  const quickStart = new QuickStart();
  after(async () => quickStart.remove());

  it("leaves no namespace, process or record, although nobody told the lab to end", async () => {
    const { lab, env, dir } = quickStart;
    assert.equal((await quickStart.pulumi("stack", "init", "test")).code, 0);
    const up = spawn(
      "pulumi",
      ["-C", join(dir, "lab"), "--non-interactive", "up", "--yes", "--skip-preview", "--stack", "test"],
      { env, stdio: "ignore" },
    );
    const ended = new Promise((resolve) => up.once("close", resolve));
    const nodes = join(lab.state, "nodes");
    while (!(existsSync(nodes) && readdirSync(nodes).length >= 2) && up.exitCode === null) await sleep(50);
    assert.equal(up.exitCode, null, "it was to be killed in the middle");
    // The CLI first, so that it starts nothing more; then its plugins and the program. The nodes are left to the lab.
    up.kill("SIGKILL");
    for (const { pid } of processesOf(lab.state).filter(({ commandLine }) =>
      /pulumi|out\/(?:lab|provider)\/src\/main\.js/.test(commandLine),
    ))
      process.kill(pid, "SIGKILL");
    await ended;

    const namespaces = async () =>
      (await quickStart.command("ip", ["netns", "list"])).stdout
        .split("\n")
        .filter((line) => line.startsWith(`lab-${lab.id}-`));
    assert.notDeepEqual(await namespaces(), [], "there is something to remove");
    assert.ok(
      processesOf(lab.state).some(({ commandLine }) => commandLine.includes("uml")),
      "nodes run on",
    );

    const outcome = await quickStart.overlaynet("lab", "destroy", "--all");
    assert.equal(outcome.code, 0, outcome.stderr);
    assert.deepEqual(await namespaces(), []);
    assert.deepEqual(processesOf(lab.state), []);
    assert.deepEqual(existsSync(lab.resources) ? readdirSync(lab.resources) : [], []);
    assert.deepEqual(existsSync(nodes) ? readdirSync(nodes) : [], []);
  });
});
