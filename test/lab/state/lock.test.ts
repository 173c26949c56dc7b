import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { lockHolder, withLock } from "../../../lab/src/state/lock";

const lockModule = resolve(__dirname, "../../../lab/src/state/lock");

describe("withLock", () => {
  let dir: string;
  let file: string;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "overlaynet-lock-"));
    file = join(dir, "lock");
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    rmSync(dir, { recursive: true, force: true });
  });

  /** Another process that takes the lock and keeps it until it is killed. */
  async function otherHolder(): Promise<ChildProcess> {
    const program = `require(${JSON.stringify(lockModule)}).withLock(process.argv[1], "holding on", () => new Promise(() => { console.log("held"); setInterval(() => 0, 1000); }))`;
    const child = spawn(process.execPath, ["--require", "tsx/cjs", "-e", program, file], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    await new Promise((done) => child.stdout?.once("data", done));
    return child;
  }

  it("lets one action in at a time, in the order of asking", async () => {
    const events: string[] = [];
    const action = (name: string) => async () => {
      events.push(`${name} in`);
      await new Promise((done) => setImmediate(done));
      events.push(`${name} out`);
      return name;
    };
    const results = await Promise.all(["a", "b", "c"].map((name) => withLock(file, name, action(name))));
    assert.deepEqual(results, ["a", "b", "c"]);
    assert.deepEqual(events, ["a in", "a out", "b in", "b out", "c in", "c out"]);
  });

  it("is free again after an action that throws", async () => {
    await assert.rejects(
      withLock(file, "failing", () => Promise.reject(new Error("broken"))),
      /broken/,
    );
    assert.equal(await withLock(file, "next", () => Promise.resolve(1)), 1);
  });

  it("gives up at the deadline and names the holder in another process", async () => {
    const holder = await otherHolder();
    await assert.rejects(
      withLock(file, "waiting", () => Promise.resolve(), 200),
      (error: Error) => {
        assert.match(error.message, new RegExp(`still locked by process ${holder.pid}, holding on, since `));
        return true;
      },
    );
  });

  it("gives up at the deadline within one process too, and those behind it are served", async () => {
    let finish: () => void = () => undefined;
    let first: Promise<void> = Promise.resolve();
    // The others come once it holds the lock: on a busy machine that takes longer than their patience.
    await new Promise<void>((held) => {
      first = withLock(file, "first", () => {
        held();
        return new Promise<void>((done) => (finish = done));
      });
    });
    const impatient = withLock(file, "impatient", () => Promise.resolve("never"), 100);
    const patient = withLock(file, "patient", () => Promise.resolve("served"));
    await assert.rejects(impatient, /first, since/);
    finish();
    await first;
    assert.equal(await patient, "served");
  });

  it("is free once its holder was killed", async () => {
    const holder = await otherHolder();
    const waiting = withLock(file, "heir", () => Promise.resolve("mine"));
    holder.kill("SIGKILL");
    assert.equal(await waiting, "mine");
  });

  it("tells who holds it, and nobody when its holder was killed", async () => {
    assert.equal(await lockHolder(file), undefined);
    const other = await otherHolder();
    assert.match((await lockHolder(file)) ?? "", new RegExp(`^process ${other.pid}, holding on, since `));
    const ended = new Promise((done) => other.once("close", done));
    other.kill("SIGKILL");
    await ended;
    // The child that holds it for the other one hears of its end.
    while ((await lockHolder(file)) !== undefined) await new Promise((done) => setImmediate(done));
  });
});
