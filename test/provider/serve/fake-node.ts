import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { Server, type ServerChannel, utils } from "ssh2";
import { partDigest } from "../../../provider/src/node/digest";
import type { PartFile } from "../../../provider/src/node/part";
import { wellFormedKey } from "../../../provider/src/resources/ssh-key";
import { type KeyPair, publicKeyBlob } from "../../../provider/src/ssh/key";
import type { SshTarget } from "../../../provider/src/ssh/target";

/** A node as far as the provider sees it: an ssh server that holds parts, and says what it was asked for. */
export class FakeNode {
  readonly parts = new Map<string, readonly PartFile[]>();
  /** What deviates in Linux from a part, as a refresh shows it. */
  readonly deviations = new Map<string, string>();
  /** Commands run, e.g. `install-part routes`. */
  readonly commands: string[] = [];
  connections = 0;
  /** Exit code of the next commands, instead of doing them. */
  failWith: number | undefined;
  /** Called when a command has arrived, before it is done. */
  onCommand: () => Promise<void> = async () => undefined;
  private server: Server;
  private port = 0;

  constructor(
    readonly userKey: KeyPair = wellFormedKey(),
    readonly hostKey: KeyPair = wellFormedKey(),
  ) {
    this.server = this.listen();
  }

  async start(): Promise<this> {
    // The same port again after a stop: a node that comes back is where it was.
    this.server.listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
    this.port = (this.server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    for (const client of this.clients) client.end();
    await closed;
    this.server = this.listen();
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

  private readonly clients = new Set<{ end(): void }>();

  private listen(): Server {
    return new Server({ hostKeys: [this.hostKey.privateKey] }, (client) => {
      this.connections++;
      this.clients.add(client);
      client.on("error", () => undefined);
      client.on("close", () => this.clients.delete(client));
      client.on("authentication", (context) => {
        if (context.method !== "publickey" || !context.key.data.equals(publicKeyBlob(this.userKey.publicKey)))
          return context.reject(["publickey"]);
        if (context.signature === undefined || context.blob === undefined) return context.accept();
        const key = utils.parseKey(this.userKey.publicKey);
        if (key instanceof Error || key.verify(context.blob, context.signature, context.hashAlgo) !== true)
          return context.reject();
        context.accept();
      });
      client.on("session", (accept) =>
        accept().on("exec", (acceptExec, _reject, { command }) => void this.exec(acceptExec(), command)),
      );
    });
  }

  private async exec(channel: ServerChannel, command: string): Promise<void> {
    const input: Buffer[] = [];
    channel.on("data", (data: Buffer) => input.push(data));
    await once(channel, "end");
    const [operation = "", name = "", digest = ""] = (/ overlaynet (.*)$/.exec(command)?.[1] ?? "").split(" ");
    this.commands.push(`${operation} ${name}`.trim());
    await this.onCommand();
    const { code, stdout } =
      this.failWith === undefined
        ? this.apply(operation, name, digest, Buffer.concat(input))
        : { code: this.failWith, stdout: "" };
    if (code !== 0) channel.stderr.write(`overlaynet-apply: exit code ${code}\n`);
    channel.write(stdout);
    channel.exit(code);
    channel.end();
  }

  private apply(
    operation: string,
    name: string,
    digest: string,
    input: Buffer,
  ): { readonly code: number; readonly stdout: string } {
    switch (operation) {
      case "install-part": {
        let archive: Buffer;
        try {
          archive = gunzipSync(input);
        } catch {
          // Cut off on its way: on a node, tar fails and nothing has happened.
          return { code: 3, stdout: "" };
        }
        const files = untar(archive).flatMap(({ path, content }) =>
          path.startsWith("part/") ? [{ name: path.slice(5), content }] : [],
        );
        if (partDigest(files) !== digest) return { code: 3, stdout: "" };
        this.parts.set(name, files);
        this.deviations.delete(name);
        return { code: 0, stdout: "" };
      }
      case "remove-part":
        this.parts.delete(name);
        return { code: 0, stdout: "" };
      case "digests": {
        const lines = [...this.parts].flatMap(([part, files]) => {
          const deviation = this.deviations.get(part);
          return [
            `part ${part} ${partDigest(files)}\n`,
            ...(deviation === undefined ? [] : [`deviates ${part} ${deviation}\n`]),
          ];
        });
        return { code: 0, stdout: lines.join("") };
      }
      default:
        return { code: 64, stdout: "" };
    }
  }
}

/** The files of an ustar archive. */
function untar(archive: Buffer): { readonly path: string; readonly content: string }[] {
  const files: { path: string; content: string }[] = [];
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const text = (from: number, length: number): string =>
      archive.toString("latin1", at + from, at + from + length).replace(/\0.*$/s, "");
    const size = Number.parseInt(text(124, 12), 8);
    files.push({ path: text(0, 100), content: archive.toString("utf8", at + 512, at + 512 + size) });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
