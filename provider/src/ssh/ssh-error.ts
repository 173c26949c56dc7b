import type { SshTarget } from "./target";

/** Something went wrong with a node; the message names it as `user@host`. No message holds a key. */
export class SshError extends Error {
  constructor(
    readonly target: Pick<SshTarget, "host" | "port" | "user">,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${displayTarget(target)}: ${message}`, options);
    this.name = new.target.name;
  }
}

/** No connection was made, so the node is as it was. */
export class UnreachableError extends SshError {}

/**
 * The node showed another host key than the pinned one: it is another machine, or someone is in between. Never tried
 * again.
 */
export class HostKeyError extends SshError {
  constructor(
    target: SshTarget,
    readonly expected: string,
    /** Absent: it has no key of the pinned one's type. */
    readonly seen: string | undefined,
    options?: ErrorOptions,
  ) {
    super(
      target,
      `refused its host key: expected ${expected}, ${seen === undefined ? `but it has none of type ${keyType(target.hostKey)}` : `saw ${seen}`}. ` +
        "If the node was made anew on purpose, give its new host key; if not, this is another machine.",
      options,
    );
  }
}

/** The connection went away while a command ran: whether it finished is not known. */
export class ConnectionLostError extends SshError {}

/** A command ended otherwise than with exit code 0. */
export class RemoteCommandError extends SshError {
  constructor(
    target: SshTarget,
    readonly operation: string,
    readonly code: number | undefined,
    readonly stderr: string,
    advice = "",
  ) {
    const said = stderr.trim().split("\n").slice(-12).join("\n  ");
    super(
      target,
      `${operation} failed (${code === undefined ? "ended by a signal" : `exit code ${code}`})${advice === "" ? "" : `: ${advice}`}${said === "" ? "" : `\n  ${said}`}`,
    );
  }
}

/** The node has another owner, and is as it was; what it said names both owners and the way out. */
export class OwnedNodeError extends RemoteCommandError {}

export function displayTarget({ host, port, user }: Pick<SshTarget, "host" | "port" | "user">): string {
  return `${user}@${host}${port === 22 ? "" : `:${port}`}`;
}

/** `ssh-ed25519` of `ssh-ed25519 AAAA…`. */
export function keyType(publicKey: string): string {
  return publicKey.trim().split(/\s+/)[0] ?? "";
}
