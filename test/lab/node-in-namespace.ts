import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { consoleTail, destroyNode, listNodes, nodeStatus } from "../../lab/src/node/node";
import type { NodeSpec } from "../../lab/src/node/node-spec";
import { openLab, type Lab } from "../../lab/src/state/paths";
import { privileged, run } from "../../lab/src/state/privileged";

export interface SshOptions {
  readonly user?: string;
  /** File of the private key, in the lab's folder. */
  readonly identity?: string;
  readonly knownHosts?: string;
  /** Takes the host key that it sees first. */
  readonly learn?: boolean;
  /** Keeps one connection for all commands that say so: quick, and for nodes that do not restart meanwhile. */
  readonly keep?: boolean;
  /**
   * Seconds until the TCP connection stands and again until keys are exchanged, which takes a node with other work
   * longer than one.
   */
  readonly connectTimeout?: number;
}

/** A lab of its own whose nodes hang on a tap in a bare namespace each: what a node does without the fabric. */
export class NodesInNamespaces {
  readonly dir = mkdtempSync(join(tmpdir(), "overlaynet-node-"));
  readonly lab: Lab = openLab(join(this.dir, "state"));
  private readonly namespaces: string[] = [];
  /** Sockets of the kept connections. */
  private readonly kept = new Set<string>();

  constructor() {
    for (const name of ["host", "user", "other"])
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", join(this.dir, name)]);
    this.pin("known_hosts", "host");
    this.pin("wrong_hosts", "other");
  }

  /** User data with the host key that `ssh` expects, and more lines of cloud-config. */
  userData(more = ""): string {
    const indented = this.key("host").replaceAll(/^/gm, "    ");
    const text = `#cloud-config\nssh_deletekeys: true\nssh_keys:\n  ed25519_private: |\n${indented}\n  ed25519_public: ${this.key("host.pub")}\n${more}`;
    return Buffer.from(text).toString("base64");
  }

  /** A namespace with a tap whose other end is the node's gateway, and the spec of a node on it. */
  async attach(index: number, more: Partial<NodeSpec> = {}): Promise<NodeSpec> {
    const namespace = `lab-${this.lab.id}-test-${index}`;
    this.namespaces.push(namespace);
    await run(["ip", "netns", "add", namespace]);
    await run(["ip", "-n", namespace, "link", "set", "dev", "lo", "up"]);
    await run(["ip", "-n", namespace, "tuntap", "add", "dev", "tap0", "mode", "tap"]);
    await run(["ip", "-n", namespace, "link", "set", "dev", "tap0", "mtu", "9001", "up"]);
    await run(["ip", "-n", namespace, "address", "add", "10.1.0.1/24", "dev", "tap0"]);
    return {
      instanceId: `i-${index}`,
      namespace,
      tap: "tap0",
      mac: `0a:58:0a:01:00:${(10 + index).toString(16).padStart(2, "0")}`,
      address: "10.1.0.10",
      prefixLen: 24,
      gateway: "10.1.0.1",
      mtu: 9001,
      hostname: `ip-10-1-0-10`,
      authorizedKeys: [this.key("user.pub")],
      userDataBase64: this.userData(),
      ...more,
    };
  }

  /** One command over OpenSSH from the node's gateway, host key pinned unless `learn`. Rejects with what ssh said. */
  async ssh(spec: NodeSpec, command: string, options: SshOptions = {}): Promise<string> {
    const {
      user = "admin",
      identity = "user",
      knownHosts = "known_hosts",
      learn = false,
      keep = false,
      connectTimeout = 10,
    } = options;
    const socket = join(this.dir, `${spec.instanceId}.ssh`);
    if (keep) this.kept.add(socket);
    const [program = "", ...args] = privileged([
      "ip",
      "netns",
      "exec",
      spec.namespace,
      "ssh",
      "-F",
      "none",
      "-o",
      "BatchMode=yes",
      "-o",
      `ConnectTimeout=${connectTimeout}`,
      "-o",
      "LogLevel=ERROR",
      "-o",
      `StrictHostKeyChecking=${learn ? "accept-new" : "yes"}`,
      "-o",
      `UserKnownHostsFile=${join(this.dir, knownHosts)}`,
      "-o",
      "HostKeyAlias=node",
      "-o",
      "IdentitiesOnly=yes",
      "-i",
      join(this.dir, identity),
      // Ends by itself when a killed test has not ended it.
      ...(keep ? ["-o", "ControlMaster=auto", "-o", `ControlPath=${socket}`, "-o", "ControlPersist=30"] : []),
      `${user}@${spec.address}`,
      command,
    ]);
    return (await promisify(execFile)(program, args)).stdout;
  }

  /** The first answer of a node that boots; after 30 s what its console says instead. */
  async untilSsh(spec: NodeSpec, command = "true", options: SshOptions = {}): Promise<string> {
    for (const deadline = Date.now() + 30_000; ;) {
      try {
        // One that does not listen yet says nothing: asked again every second, it is heard soon after it does.
        return await this.ssh(spec, command, { connectTimeout: 1, ...options });
      } catch (error) {
        if (Date.now() > deadline)
          throw new Error(
            `no ssh to ${spec.instanceId}: ${String(error)}\n${consoleTail(this.lab, spec.instanceId, 20)}`,
            { cause: error },
          );
        await sleep(100);
      }
    }
  }

  async untilStopped(spec: NodeSpec): Promise<void> {
    for (const deadline = Date.now() + 15_000; nodeStatus(this.lab, spec.instanceId).state !== "stopped";) {
      if (Date.now() > deadline)
        throw new Error(`${spec.instanceId} does not stop:\n${consoleTail(this.lab, spec.instanceId, 20)}`);
      await sleep(50);
    }
  }

  /** Process ids in the node's namespace: kernel, its user processes, nothing else. */
  async processes(spec: NodeSpec): Promise<number[]> {
    return (await run(["ip", "netns", "pids", spec.namespace])).trim().split("\n").filter(Boolean).map(Number);
  }

  async remove(): Promise<void> {
    for (const socket of this.kept) {
      const [program = "", ...args] = privileged([
        "ssh",
        "-F",
        "none",
        "-o",
        `ControlPath=${socket}`,
        "-O",
        "exit",
        "node",
      ]);
      // It may have ended by itself.
      await promisify(execFile)(program, args).catch(() => undefined);
    }
    for (const id of listNodes(this.lab)) await destroyNode(this.lab, id);
    for (const namespace of this.namespaces) await run(["ip", "netns", "delete", namespace]);
    rmSync(this.dir, { recursive: true });
  }

  private key(name: string): string {
    return readFileSync(join(this.dir, name), "utf8").trim();
  }

  private pin(file: string, key: string): void {
    writeFileSync(join(this.dir, file), `node ${this.key(`${key}.pub`)}\n`);
  }
}
