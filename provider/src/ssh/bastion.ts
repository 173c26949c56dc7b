import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Client } from "ssh2";
import type { SshBastion, SshTarget } from "./target";

/** A way to a node through a bastion, as OpenSSH's ProxyJump. */
export interface Tunnel {
  readonly stream: Duplex;
  /** To be called once, when the stream is no longer used: the last one to leave ends the connection to the bastion. */
  release(): void;
}

interface Entry {
  readonly client: Promise<Client>;
  users: number;
}

/**
 * Connections to bastions, one for all nodes behind each: an sshd drops some of many connections that log in at once
 * (sshd_config, MaxStartups), and carries any number of tunnels over one.
 */
export class Bastions {
  private readonly entries = new Map<string, Entry>();

  /**
   * A connection of the target's host and port that the bastion makes.
   * @param connect logs in to the bastion
   * @throws what `connect` throws; Error with the bastion's words where it cannot reach the target
   */
  async tunnel(
    target: Pick<SshTarget, "host" | "port" | "proxyCommand">,
    bastion: SshBastion,
    connect: () => Promise<Client>,
  ): Promise<Tunnel> {
    const key = keyOf(target, bastion);
    let entry = this.entries.get(key);
    if (entry === undefined) {
      entry = { client: connect(), users: 0 };
      this.entries.set(key, entry);
      const made = entry;
      const drop = (): void => this.forget(key, made);
      // Each tunnel that is being opened listens.
      made.client.then((client) => client.setMaxListeners(0).once("close", drop), drop);
    }
    const own = entry;
    own.users++;
    const release = (): void => {
      if (--own.users > 0) return;
      this.forget(key, own);
      own.client.then(
        (client) => client.end(),
        () => undefined,
      );
    };
    try {
      return { stream: await forward(await own.client, target), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  private forget(key: string, entry: Entry): void {
    if (this.entries.get(key) === entry) this.entries.delete(key);
  }
}

function forward(client: Client, { host, port }: Pick<SshTarget, "host" | "port">): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const lost = (): void => reject(new Error("its connection was closed"));
    client.once("close", lost);
    // Where it comes from is for the bastion's log only (RFC 4254, 7.2).
    client.forwardOut("127.0.0.1", 0, host, port, (error, channel) => {
      client.off("close", lost);
      if (error === undefined) resolve(channel);
      else reject(new Error(`it cannot reach ${host}:${port}: ${error.message}`, { cause: error }));
    });
  });
}

/** What a connection to a bastion depends on; the key's secret only as a digest. */
function keyOf(
  { proxyCommand }: Pick<SshTarget, "proxyCommand">,
  { host, port, user, hostKey, privateKey }: SshBastion,
): string {
  return JSON.stringify([
    host,
    port,
    user,
    hostKey,
    proxyCommand,
    createHash("sha256").update(privateKey).digest("hex"),
  ]);
}
