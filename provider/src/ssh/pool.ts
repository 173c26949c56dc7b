import { createHash } from "node:crypto";
import PQueue from "p-queue";
import type { Client } from "ssh2";
import { backOff, connect, Deadline, DEFAULT_DEADLINE_MS, type NodeContext } from "./connect";
import { exec, type ExecResult } from "./exec";
import { orAborted } from "./or-aborted";
import { ConnectionLostError, UnreachableError } from "./ssh-error";
import type { SshTarget } from "./target";

/** Below sshd's MaxSessions of 10. */
const COMMANDS_PER_CONNECTION = 4;
const IDLE_MS = 20_000;
/** What a command gets at least that was begun before the deadline. */
const SHORTEST_COMMAND_MS = 5_000;

interface Entry {
  readonly client: Promise<Client>;
  readonly places: PQueue;
  users: number;
  idle?: NodeJS.Timeout;
  /** Ends the connecting that several callers wait for. */
  readonly stop: AbortController;
}

/** One connection per target, shared by all commands to it and closed when none has come for a while. */
export class SshPool {
  private readonly entries = new Map<string, Entry>();
  private readonly idleMs: number;

  constructor({ idleMs = IDLE_MS }: { readonly idleMs?: number } = {}) {
    this.idleMs = idleMs;
  }

  /**
   * Runs a command that may be run again: one whose connection is lost is, on a new connection, until the deadline.
   * @throws what `connect` and `exec` throw
   */
  async run(
    target: SshTarget,
    command: string,
    context: NodeContext & { readonly stdin?: Buffer } = {},
  ): Promise<ExecResult> {
    const { signal, stdin } = context;
    const deadline = new Deadline(context.deadlineMs ?? DEFAULT_DEADLINE_MS);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.runOnce(target, command, { ...context, stdin, deadlineMs: Math.max(1, deadline.left()) });
      } catch (error) {
        // Another caller may have begun to connect, with less time than there is here.
        const again = error instanceof ConnectionLostError || error instanceof UnreachableError;
        if (!again || signal?.aborted === true || deadline.left() === 0) throw error;
        context.status?.(`${error.message}; trying again`);
        if (!(await backOff(attempt, deadline, signal))) throw error;
      }
    }
  }

  /** Closes every connection; commands on them fail. */
  close(): void {
    for (const key of [...this.entries.keys()]) this.forget(key);
  }

  /** Connections held or being made. */
  get size(): number {
    return this.entries.size;
  }

  private async runOnce(
    target: SshTarget,
    command: string,
    context: NodeContext & { readonly stdin?: Buffer },
  ): Promise<ExecResult> {
    const deadline = new Deadline(context.deadlineMs ?? DEFAULT_DEADLINE_MS);
    const key = keyOf(target);
    const entry = this.entry(key, target, context);
    clearTimeout(entry.idle);
    entry.users++;
    try {
      const client = await orAborted(entry.client, context.signal);
      return await entry.places.add(
        () =>
          exec(client, target, command, {
            stdin: context.stdin,
            signal: context.signal,
            timeoutMs: Math.max(SHORTEST_COMMAND_MS, deadline.left()),
          }),
        { signal: context.signal },
      );
    } finally {
      entry.users--;
      if (entry.users === 0 && this.entries.get(key) === entry) {
        // Nobody waits for a connection that is still being made.
        if (context.signal?.aborted === true) this.forget(key);
        else entry.idle = setTimeout(() => this.forget(key), this.idleMs).unref();
      }
    }
  }

  private entry(key: string, target: SshTarget, context: NodeContext): Entry {
    const known = this.entries.get(key);
    if (known !== undefined) return known;
    const stop = new AbortController();
    const client = connect(target, { ...context, signal: stop.signal });
    const entry: Entry = { client, places: new PQueue({ concurrency: COMMANDS_PER_CONNECTION }), users: 0, stop };
    this.entries.set(key, entry);
    const drop = (): void => {
      if (this.entries.get(key) === entry) this.forget(key);
    };
    client.then((connected) => connected.once("close", drop), drop);
    return entry;
  }

  private forget(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    clearTimeout(entry.idle);
    entry.stop.abort(new Error("the connection is no longer wanted"));
    entry.client.then(
      (client) => client.end(),
      () => undefined,
    );
  }
}

/** What a connection depends on; the key's secret only as a digest. */
function keyOf({ host, port, user, hostKey, proxyCommand, privateKey, bastion }: SshTarget): string {
  const way =
    bastion === undefined
      ? []
      : [
          bastion.host,
          bastion.port,
          bastion.user,
          bastion.hostKey,
          createHash("sha256").update(bastion.privateKey).digest("hex"),
        ];
  return JSON.stringify([
    host,
    port,
    user,
    hostKey,
    proxyCommand,
    createHash("sha256").update(privateKey).digest("hex"),
    ...way,
  ]);
}
