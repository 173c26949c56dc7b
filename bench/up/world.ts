import { once } from "node:events";
import { createServer, type Server as TcpServer } from "node:net";
import { type Connection, Server, type ServerChannel, utils } from "ssh2";
import { gunzipSync } from "node:zlib";
import type { Backend } from "../../lab/src/ec2/engine/backend";
import { parseUserData } from "../../lab/src/node/user-data";
import { serve } from "../../lab/src/serve";
import type { ResourceRecord } from "../../lab/src/state/record";
import { DEBIAN } from "../../provider/src/aws/distribution";

/** What the servers were asked for since the last reset. */
export interface Traffic {
  connections: number;
  execs: number;
  /** Of standard input, as it came. */
  bytes: number;
}

/**
 * An `aws` that answers at once, and nodes that are ssh servers in this process: everything of EC2 that the lab's
 * plugin knows, nothing of Linux. Every address is this machine's own, in the network namespace that the bench runs in,
 * so one listener on port 22 serves all nodes: the address that a connection came to tells which one is meant.
 */
export class World {
  readonly traffic: Traffic = { connections: 0, execs: 0, bytes: 0 };
  private readonly records = new Map<string, ResourceRecord>();
  private readonly running = new Map<string, { readonly address: string; readonly server: Server }>();
  private readonly byAddress = new Map<string, Server>();
  private readonly listener: TcpServer;
  private turn: Promise<unknown> = Promise.resolve();

  constructor() {
    this.listener = createServer((socket) => {
      socket.on("error", () => undefined);
      const server = this.byAddress.get(socket.localAddress ?? "");
      if (server === undefined) socket.destroy();
      else {
        this.traffic.connections++;
        server.injectSocket(socket);
      }
    });
  }

  async open(): Promise<void> {
    this.listener.listen(22, "0.0.0.0");
    await once(this.listener, "listening");
  }

  close(): void {
    this.listener.close();
  }

  /** Serves `aws` for one run of Pulumi. @returns the port, and how to stop */
  aws(): Promise<{ readonly port: number; stop(): void }> {
    return serve(this.backend(), "");
  }

  private backend(): Backend {
    return {
      place: "the bench",
      locked: (_what, action) => {
        const mine = this.turn.then(action);
        this.turn = mine.catch(() => undefined);
        return mine;
      },
      list: () => [...this.records.values()],
      put: (record) => void this.records.set(record.id, record),
      remove: (id) => void this.records.delete(id),
      reconcile: async () => undefined,
      cardOf: ({ id }) => ({ namespace: "bench", tap: id.slice(0, 12) }),
      startNode: async ({ instanceId, userDataBase64, authorizedKeys }) => {
        const address = String(this.records.get(instanceId)?.outputs["publicIp"]);
        const { hostKey } = parseUserData(userDataBase64, new Set(DEBIAN.packages));
        if (hostKey === undefined) throw new Error(`${instanceId} has no host key in its user data`);
        const server = this.node(hostKey.privateKey, authorizedKeys[0] ?? "");
        this.running.set(instanceId, { address, server });
        this.byAddress.set(address, server);
      },
      stopNode: async () => undefined,
      destroyNode: async (instanceId) => {
        this.byAddress.delete(this.running.get(instanceId)?.address ?? "");
        this.running.delete(instanceId);
      },
      plugInterface: async () => undefined,
      unplugInterface: async () => undefined,
      nodeState: (instanceId) => (this.running.has(instanceId) ? "running" : "absent"),
    };
  }

  /** An ssh server that takes every part and keeps its name and digest. */
  private node(hostKey: string, authorizedKey: string): Server {
    const parts = new Map<string, string>();
    const allowed = utils.parseKey(authorizedKey);
    if (allowed instanceof Error) throw allowed;
    return new Server({ hostKeys: [hostKey] }, (connection: Connection) => {
      connection.on("error", () => undefined);
      connection.on("authentication", (context) => {
        if (context.method !== "publickey") return context.reject(["publickey"]);
        if (!context.key.data.equals(allowed.getPublicSSH())) return context.reject(["publickey"]);
        context.accept();
      });
      connection.on("session", (accept) =>
        accept().on("exec", (acceptExec, _reject, { command }) => void this.exec(acceptExec(), command, parts)),
      );
    });
  }

  private async exec(channel: ServerChannel, command: string, parts: Map<string, string>): Promise<void> {
    const input: Buffer[] = [];
    channel.on("data", (data: Buffer) => input.push(data));
    await once(channel, "end");
    this.traffic.execs++;
    this.traffic.bytes += input.reduce((sum, { length }) => sum + length, 0);
    const [operation = "", name = "", digest = ""] = (/ overlaynet (.*)$/.exec(command)?.[1] ?? "").split(" ");
    if (operation === "install-part") {
      // A node unpacks what it is sent: that is not the provider's work, and still part of a push.
      gunzipSync(Buffer.concat(input));
      parts.set(name, digest);
    } else if (operation === "remove-part") parts.delete(name);
    else if (operation === "digests") channel.write([...parts].map((part) => `part ${part.join(" ")}\n`).join(""));
    channel.exit(["install-part", "remove-part", "digests"].includes(operation) ? 0 : 64);
    channel.end();
  }
}
