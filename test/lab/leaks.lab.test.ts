import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { existingNamespaces } from "../../lab/src/fabric/apply";
import { destroyAll } from "../../lab/src/fabric/destroy";
import { namespacePrefix } from "../../lab/src/fabric/names";
import { type Lab, openLab } from "../../lab/src/state/paths";
import { run } from "../../lab/src/state/privileged";
import { EC2 } from "../../lab/src/cloud/tokens";
import { PluginProcess, remove, smallStack } from "./plugin-process";
import { processesOf } from "../support/processes";

describe("the lab's plugin, over and over", function () {
  this.timeout(180_000);
  let lab: Lab;
  let plugin: PluginProcess;
  beforeEach(() => (lab = openLab(mkdtempSync(join(tmpdir(), "overlaynet-leaks-")))));
  afterEach(async () => {
    await plugin.stop();
    await destroyAll(lab);
  });

  /** Everything of the lab that is to be counted. */
  function held(): object {
    const files = readdirSync(lab.state, { recursive: true }).map(String).sort();
    const processes = processesOf(lab.state)
      .filter(({ pid }) => pid !== plugin.process.pid)
      .map(({ commandLine }) => commandLine)
      .sort();
    const marked = existsSync(join("/run/overlaynet/labs", lab.id));
    return {
      marked,
      files,
      processes,
      namespaces: existingNamespaces(namespacePrefix(lab)),
      descriptors: plugin.descriptors,
    };
  }

  const hostDevices = async (): Promise<string> => (await run(["ip", "-br", "link"])).replaceAll(/ .*$/gm, "");

  it("holds after 50 rounds of a VPC with two instances what it held before: files, processes, namespaces, descriptors, memory", async () => {
    plugin = await PluginProcess.start(lab.state, "without nodes");
    const devices = await hostDevices();
    const memory: { readonly heapUsed: number; readonly rss: number }[] = [];
    let first: object | undefined;
    for (let round = 1; round <= 50; round++) {
      const made = await smallStack(plugin, 2);
      // While it stands there is something to leave behind.
      if (round === 1) assert.equal(existingNamespaces(namespacePrefix(lab)).length, 5);
      await remove(plugin, made);
      // What is made once is there after the first rounds.
      if (round === 3) first = { ...held(), marked: false };
      if (round % 5 === 0) memory.push(await plugin.memory());
    }
    assert.deepEqual(held(), first);
    assert.equal(await hostDevices(), devices);
    // The first rounds fill caches and compile what is hot; a leak of one record of a round would be seen in the heap,
    // one of its stack beside it.
    const mebibytes = (of: "heapUsed" | "rss"): number[] =>
      memory.map((each) => Math.round(each[of] / 1024 / 102.4) / 10);
    const growth = (of: "heapUsed" | "rss"): number =>
      Math.min(...mebibytes(of).slice(-3)) - Math.min(...mebibytes(of).slice(1, 4));
    assert.ok(
      growth("heapUsed") < 2 && growth("rss") < 64,
      `MiB after every fifth round: heap ${mebibytes("heapUsed").join(" ")}, resident ${mebibytes("rss").join(" ")}`,
    );
  });

  it("holds after rounds with nodes what it held before, kernels and memory files too", async () => {
    plugin = await PluginProcess.start(lab.state, "with nodes");
    const memoryFiles = async (): Promise<string> =>
      run(["sh", "-c", 'ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c "$1" || :', "sh", `${lab.state}.*vm_file`]);
    await remove(plugin, await smallStack(plugin, 1));
    const before = { ...held(), memory: await memoryFiles() };
    for (let round = 0; round < 3; round++) {
      const made = await smallStack(plugin, 1);
      const instance = made[2]?.find(({ type }) => type === EC2.instance);
      assert.ok(
        processesOf(lab.state).some(({ commandLine }) => commandLine.includes(`uml-${lab.id}-${instance?.id}`)),
        "its kernel runs",
      );
      await remove(plugin, made);
    }
    assert.deepEqual({ ...held(), memory: await memoryFiles() }, before);
  });
});
