import { spawn } from "node:child_process";
import { type AddressInfo, connect as connectTcp, createServer, type Server as TcpServer, type Socket } from "node:net";
import { type Connection, Server, type ServerChannel, utils } from "ssh2";
import { generateKey, type KeyPair } from "../../../provider/src/ssh/key";
import type { SshTarget } from "../../../provider/src/ssh/target";

/** What the server does with a command: answers by itself, or ends the connection. */
export type Answer = (command: string, channel: ServerChannel, connection: Connection) => void;

export interface ServerOptions {
  /** Absent: every command succeeds and says nothing. */
  readonly answer?: Answer;
  /** Whether the user's key is accepted now. */
  readonly authorised?: () => boolean;
  readonly hostKey?: KeyPair;
  /** Private halves of others that it has besides. */
  readonly moreHostKeys?: readonly string[];
  /** Whether it makes connections for its clients, as a bastion. */
  readonly forwards?: boolean;
}

/** An sshd of this process on a port of 127.0.0.1. */
export class SshServer {
  readonly userKey = generateKey();
  readonly hostKey: KeyPair;
  /** Connections that came and stood, and commands as they came. */
  connections = 0;
  handshakes = 0;
  readonly commands: string[] = [];
  readonly inputs: Buffer[] = [];
  /** Ports that connections were made to for clients. */
  readonly forwarded: number[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly opened = new Set<Connection>();
  private readonly ssh: Server;
  private readonly tcp: TcpServer;
  private port = 0;

  constructor(options: ServerOptions = {}) {
    this.hostKey = options.hostKey ?? generateKey();
    const allowed = utils.parseKey(this.userKey.publicKey);
    if (allowed instanceof Error) throw allowed;
    this.ssh = new Server({ hostKeys: [...(options.moreHostKeys ?? []), this.hostKey.privateKey] }, (connection) => {
      this.opened.add(connection);
      connection.on("close", () => this.opened.delete(connection));
      connection.on("error", () => undefined);
      connection.on("authentication", (context) => {
        if (
          context.method !== "publickey" ||
          !context.key.data.equals(allowed.getPublicSSH()) ||
          options.authorised?.() === false
        )
          return context.reject(["publickey"]);
        if (
          context.signature !== undefined &&
          context.blob !== undefined &&
          allowed.verify(context.blob, context.signature, context.hashAlgo) !== true
        )
          return context.reject();
        context.accept();
      });
      connection.on("ready", () => {
        this.handshakes++;
        connection.on("tcpip", (accept, reject, { destIP, destPort }) => {
          if (options.forwards !== true) return reject();
          this.forwarded.push(destPort);
          const socket = connectTcp(destPort, destIP);
          socket.once("error", reject);
          socket.once("connect", () => {
            socket.off("error", reject);
            const channel = accept();
            socket.on("error", () => channel.destroy());
            channel.on("error", () => socket.destroy());
            channel.on("close", () => socket.destroy());
            socket.pipe(channel).pipe(socket);
          });
        });
        connection.on("session", (accept) => {
          accept().on("exec", (acceptExec, _reject, { command }) => {
            this.commands.push(command);
            const channel = acceptExec();
            channel.on("error", () => undefined);
            if (options.answer !== undefined) return options.answer(command, channel, connection);
            channel.resume().once("end", () => exit(channel, 0));
          });
        });
      });
    });
    this.tcp = createServer((socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.sockets.delete(socket));
      this.ssh.injectSocket(socket);
    });
  }

  /** Listens; on the port it had before, if it had one. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.tcp.listen(this.port, "127.0.0.1", resolve));
    const { port } = this.tcp.address() as AddressInfo;
    this.port = port;
  }

  /** A port on which nothing listens until `listen`. */
  async reserve(): Promise<void> {
    await this.listen();
    await this.close();
  }

  /** As when the node is cut off in the middle of something. */
  drop(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.drop();
    if (this.tcp.listening) await new Promise((resolve) => this.tcp.close(resolve));
  }

  get open(): number {
    return this.opened.size;
  }

  get target(): SshTarget {
    return {
      host: "127.0.0.1",
      port: this.port,
      user: "root",
      privateKey: this.userKey.privateKey,
      hostKey: this.hostKey.publicKey,
    };
  }
}

export function exit(channel: ServerChannel, code: number): void {
  channel.exit(code);
  channel.end();
}

/** Runs every command for real, where `enter` says. */
export function running(enter: (command: readonly string[]) => readonly string[]): Answer {
  return (command, channel) => {
    const [program = "sh", ...args] = enter(["sh", "-c", command]);
    const child = spawn(program, args, { stdio: "pipe" });
    channel.pipe(child.stdin);
    child.stdin.on("error", () => undefined);
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    child.on("close", (code) => exit(channel, code ?? 255));
  };
}
