import type { Client } from "ssh2";
import { ConnectionLostError } from "./ssh-error";
import type { SshTarget } from "./target";

export interface ExecOptions {
  readonly stdin?: Buffer;
  readonly signal?: AbortSignal;
  /** Milliseconds; the connection is dropped then. */
  readonly timeoutMs?: number;
}

export interface ExecResult {
  readonly stdout: string;
  /** Its end, where it is longer than what is kept. */
  readonly stderr: string;
  /** Absent: the command was ended by a signal. */
  readonly code?: number;
}

/** Bytes kept of what a command says; the rest is read, so that it does not block, and forgotten. */
const STDOUT_KEPT = 4 * 1024 * 1024;
const STDERR_KEPT = 64 * 1024;

/**
 * Runs a command on a connection, with `stdin` as its input.
 * @throws ConnectionLostError when the connection ends first or time is up; the signal's reason
 */
export function exec(
  client: Client,
  target: SshTarget,
  command: string,
  { stdin, signal, timeoutMs }: ExecOptions = {},
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      client.off("close", onClose);
    };
    const fail = (error: unknown): void => {
      settle();
      reject(error);
    };
    // A channel cannot be taken back, the command would go on with its output unread: the connection goes.
    const drop = (error: unknown): void => {
      fail(error);
      client.destroy();
    };
    const abort = (): void => drop(signal?.reason);
    const onClose = (): void => fail(new ConnectionLostError(target, "the connection was closed while a command ran"));
    if (signal?.aborted === true) return void reject(signal.reason);
    signal?.addEventListener("abort", abort, { once: true });
    client.once("close", onClose);
    if (timeoutMs !== undefined)
      timer = setTimeout(
        () => drop(new ConnectionLostError(target, `a command did not end within ${Math.ceil(timeoutMs / 1000)} s`)),
        timeoutMs,
      );

    try {
      client.exec(command, (error, channel) => {
        if (error !== undefined)
          return fail(new ConnectionLostError(target, `it opens no channel: ${error.message}`, { cause: error }));
        const stdout: Buffer[] = [];
        let stdoutLength = 0;
        let stderr = Buffer.alloc(0);
        let ended = false;
        let code: number | undefined;
        channel.on("data", (data: Buffer) => {
          if (stdoutLength < STDOUT_KEPT) stdout.push(data.subarray(0, STDOUT_KEPT - stdoutLength));
          stdoutLength += data.length;
        });
        channel.stderr.on("data", (data: Buffer) => (stderr = Buffer.concat([stderr, data]).subarray(-STDERR_KEPT)));
        channel.on("exit", (exitCode: number | null) => {
          ended = true;
          code = exitCode ?? undefined;
        });
        // A command that ends without reading its input closes it; its exit code tells the rest.
        channel.on("error", () => undefined);
        channel.on("close", () => {
          if (!ended) return onClose();
          settle();
          resolve({ stdout: Buffer.concat(stdout).toString("utf8"), stderr: stderr.toString("utf8"), code });
        });
        channel.end(stdin);
      });
    } catch (error) {
      fail(new ConnectionLostError(target, "the connection is closed", { cause: error }));
    }
  });
}
