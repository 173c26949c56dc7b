import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootingNodes, inBootTurn } from "../../../lab/src/node/boot-turns";
import { consoleLog, hasSettled } from "../../../lab/src/node/node";
import { type Lab, openLab } from "../../../lab/src/state/paths";

describe("a node's turn to boot", () => {
  let lab: Lab;
  const supervisors: ChildProcess[] = [];
  beforeEach(() => (lab = openLab(mkdtempSync(join(tmpdir(), "overlaynet-boot-")))));
  afterEach(async () => {
    await Promise.all(
      supervisors.splice(0).map((child) => new Promise((done) => child.once("close", done).kill("SIGKILL"))),
    );
    rmSync(lab.state, { recursive: true, force: true });
  });

  /** A node as far as its files and its supervisor tell of it. */
  function boots(id: string): void {
    const dir = lab.nodeDir(id);
    mkdirSync(dir, { recursive: true });
    const child = spawn("sh", ["-c", "read line", dir, `uml-${lab.id}-${id}`], { stdio: ["pipe", "ignore", "ignore"] });
    supervisors.push(child);
    writeFileSync(join(dir, "supervisor.pid"), `${child.pid}\n`);
    appendFileSync(consoleLog(lab, id), "supervise: the node starts\n");
  }

  function settles(id: string): void {
    appendFileSync(
      consoleLog(lab, id),
      "[\u001b[0;32m  OK  \u001b[0m] Reached target \u001b[0;1;39mmulti-user.target\u001b[0m - Multi-User System.\r\n",
    );
  }

  it("comes when fewer boot than may at once", async () => {
    boots("i-1");
    boots("i-2");
    assert.deepEqual(bootingNodes(lab), ["i-1", "i-2"]);
    const events: string[] = [];
    const third = inBootTurn(lab, "i-3", async () => void events.push("third"), 2);
    // Who asks later comes later.
    const fourth = inBootTurn(lab, "i-4", async () => void events.push("fourth"), 2);
    await new Promise((done) => setTimeout(done, 200));
    assert.deepEqual(events, []);
    settles("i-1");
    await Promise.all([third, fourth]);
    assert.deepEqual(events, ["third", "fourth"]);
  });

  it("comes at once where there is room", async () => {
    boots("i-1");
    assert.equal(await inBootTurn(lab, "i-2", async () => "started", 2), "started");
  });

  it("goes to the next when a start fails", async () => {
    await assert.rejects(
      inBootTurn(lab, "i-1", () => Promise.reject(new Error("no tap")), 1),
      /no tap/,
    );
    assert.equal(await inBootTurn(lab, "i-2", async () => "started", 1), "started");
  });

  it("is over when the console says so of this boot, not of an earlier one", () => {
    boots("i-1");
    settles("i-1");
    assert.equal(hasSettled(lab, "i-1"), true);
    appendFileSync(consoleLog(lab, "i-1"), "supervise: the node ended with status 0\nsupervise: the node starts\n");
    assert.equal(hasSettled(lab, "i-1"), false);
  });
});
