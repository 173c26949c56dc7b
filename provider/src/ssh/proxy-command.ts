import { type ChildProcess, spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { SshTarget } from "./target";

/** A connection through a command's stdin and stdout, as ssh_config's ProxyCommand. */
export interface ProxyConnection {
  readonly stream: Duplex;
  /** What the command said on stderr last, for the message when it fails. */
  said(): string;
  /** Ends the command and what it started, and waits until it has said all, for a moment at most. */
  end(): Promise<void>;
}

const STDERR_KEPT = 2048;
const LAST_WORDS_MS = 500;

/**
 * The command with %h, %p and %r replaced and %% for a percent sign. What is put in goes to a shell, so it must be of
 * letters that mean nothing there; OpenSSH asks the same of host and user names.
 * @throws RangeError
 */
export function expandProxyCommand(
  command: string,
  { host, port, user }: Pick<SshTarget, "host" | "port" | "user">,
): string {
  if (!/^[A-Za-z0-9_[][A-Za-z0-9._:%\]-]*$/.test(host))
    throw new RangeError(
      `host "${host}" cannot be put into a proxy command: letters, digits, ".", "_", ":" and "-" can`,
    );
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(user))
    throw new RangeError(`user "${user}" cannot be put into a proxy command: letters, digits, ".", "_" and "-" can`);
  return command.replaceAll(/%(.?)/g, (token, letter: string) => {
    switch (letter) {
      case "h":
        return host;
      case "p":
        return String(port);
      case "r":
        return user;
      case "%":
        return "%";
      default:
        throw new RangeError(`proxy command has "${token}": there are %h, %p, %r and %%`);
    }
  });
}

export function startProxyCommand(command: string, target: Pick<SshTarget, "host" | "port" | "user">): ProxyConnection {
  // A group of its own, so that whatever the shell starts ends with it.
  const child = spawn("/bin/sh", ["-c", expandProxyCommand(command, target)], { stdio: "pipe", detached: true });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr = (stderr + text).slice(-STDERR_KEPT)));
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  child.on("error", (error) => stream.destroy(error));
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const end = async (): Promise<void> => {
    endGroup(child);
    const timer = new AbortController();
    await Promise.race([closed, sleep(LAST_WORDS_MS, undefined, { signal: timer.signal }).catch(() => undefined)]);
    timer.abort();
  };
  stream.on("close", () => endGroup(child));
  return { stream, end, said: () => stderr.trim() };
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGTERM");
  } catch {
    // It has just ended.
  }
}
