import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** How long to wait for a lock by default, milliseconds. */
const PATIENCE = 120_000;

/** The last holder or waiter of each lock in this process: they take turns without a process each. */
const queues = new Map<string, Promise<void>>();

/**
 * Does something while no other process, and nothing else in this one, holds the lock of that file. The lock goes with
 * its holder, however that ends: a child `flock` (util-linux) holds it for as long as its standard input is open. Not
 * reentrant.
 *
 * @param file e.g. `lab.lock`; made when it is not there. What it says is for people: who holds it.
 * @param what what the holder does, for the message to those who wait in vain: "creating vpc-1"
 * @param timeout milliseconds
 * @throws Error naming the holder when the lock is not free in time, and whatever the action throws
 */
export async function withLock<T>(
  file: string,
  what: string,
  action: () => Promise<T>,
  timeout: number = PATIENCE,
): Promise<T> {
  const deadline = Date.now() + timeout;
  const before = queues.get(file);
  let leave: () => void = () => undefined;
  const turn = new Promise<void>((resolve) => (leave = resolve));
  const tail = (before ?? Promise.resolve()).then(() => turn);
  queues.set(file, tail);
  try {
    if (before !== undefined) await inTime(before, file, deadline);
    const release = await hold(file, what, deadline);
    try {
      return await action();
    } finally {
      await release();
    }
  } finally {
    leave();
    if (queues.get(file) === tail) queues.delete(file);
  }
}

/** Who holds a lock now, and what for; undefined when nobody does. */
export async function lockHolder(file: string): Promise<string | undefined> {
  if (!existsSync(file)) return undefined;
  return new Promise((resolve, reject) => {
    const child = spawn("flock", ["--nonblock", "--conflict-exit-code", "11", file, "true"], { stdio: "ignore" });
    child.once("error", (error) =>
      reject(new Error(`flock (package util-linux) could not be started: ${error.message}`)),
    );
    child.once("close", (code) => resolve(code === 11 ? holder(file) : undefined));
  });
}

async function hold(file: string, what: string, deadline: number): Promise<() => Promise<void>> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // cat starts once flock has the lock, so its echo tells that. A session of its own: Ctrl-C must not release what
  // still works.
  const child = spawn("flock", ["--no-fork", "--exclusive", file, "cat"], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
  child.stdin.on("error", () => undefined);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const locked = new Promise<void>((resolve, reject) => {
    child.once("error", (error) =>
      reject(new Error(`flock (package util-linux) could not be started: ${error.message}`)),
    );
    child.once("close", (code) => reject(new Error(`flock ${file} failed with exit code ${code}: ${stderr.trim()}`)));
    child.stdout.once("data", () => resolve());
  });
  child.stdin.write("locked\n");
  try {
    await inTime(locked, file, deadline);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
  writeFileSync(file, `process ${process.pid}, ${what}, since ${new Date().toISOString()}\n`);
  return async () => {
    child.stdin.end();
    await ended;
  };
}

async function inTime(step: Promise<void>, file: string, deadline: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${file} is still locked by ${holder(file)}. Let it finish, or end that process`)),
      Math.max(0, deadline - Date.now()),
    );
  });
  try {
    await Promise.race([step, late]);
  } finally {
    clearTimeout(timer);
  }
}

function holder(file: string): string {
  try {
    return readFileSync(file, "utf8").trim() || "a process that has not said its name";
  } catch {
    return "a process that has not said its name";
  }
}
