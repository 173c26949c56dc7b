import { spawn, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";

export interface RunOptions {
  /** Written to the command's standard input, which is empty otherwise. */
  readonly stdin?: string | Uint8Array;
  /** Ends the command (SIGTERM) and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * A command that could not be started, or ended with anything but exit code 0. The message never holds standard input.
 */
export class CommandError extends Error {
  constructor(
    readonly argv: readonly string[],
    /** undefined when it did not start or was ended by a signal */
    readonly exitCode: number | undefined,
    readonly stderr: string,
    how: string,
  ) {
    super(`${argv[0]} ${how}${stderr.trim() === "" ? "" : `: ${stderr.trim()}`}`);
    this.name = "CommandError";
  }
}

/** The same command with `sudo -n` before it when this process is not root's. */
export function privileged(argv: readonly string[]): string[] {
  return process.getuid?.() === 0 ? [...argv] : ["sudo", "-n", "--", ...argv];
}

/**
 * Runs a command as root and returns its standard output. No shell is involved: arguments arrive as given.
 *
 * @param argv the program and its arguments
 * @throws CommandError naming argv[0], its exit code and what it wrote to standard error
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  options.signal?.throwIfAborted();
  const [program, ...args] = privileged(argv);
  if (program === undefined) throw new Error("run: no command given");
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const abort = (): void => terminate(child);
    options.signal?.addEventListener("abort", abort, { once: true });
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    // A command that ends without reading its input closes the pipe: its exit code tells the story, not EPIPE.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.stdin ?? "");
    child.on("error", (error) => {
      options.signal?.removeEventListener("abort", abort);
      reject(new CommandError(argv, undefined, error.message, "could not be started"));
    });
    child.on("close", (code, signal) => {
      options.signal?.removeEventListener("abort", abort);
      if (options.signal?.aborted) reject(options.signal.reason);
      else if (code === 0) resolve(Buffer.concat(stdout).toString("utf8"));
      else {
        const how = code === null ? `was ended by ${signal}` : `failed with exit code ${code}`;
        reject(new CommandError(argv, code ?? undefined, Buffer.concat(stderr).toString("utf8"), how));
      }
    });
  });
}

/**
 * sudo is root's, and hands on no signal from its own process group: the command under it is ended, once sudo has
 * started it.
 */
function terminate(child: ChildProcess): void {
  if (process.getuid?.() === 0) {
    child.kill("SIGTERM");
    return;
  }
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const commands = childrenOf(child.pid);
  if (commands.length === 0) setTimeout(() => terminate(child), 20);
  // A command that ended in between needs no end, and its exit is reported as any.
  else run(["kill", "-TERM", ...commands]).catch(() => undefined);
}

function childrenOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
      .split(" ")
      .filter((word) => word !== "");
  } catch {
    return []; // It ended while this looked.
  }
}
