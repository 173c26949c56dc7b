import type { Duplex } from "node:stream";
import { Client, type ServerHostKeyAlgorithm } from "ssh2";
import { inTurn, type NodeContext, openWay, type SshAddress, tryUntilDeadline } from "./connect";
import { keyOfBlob } from "./key";

/** The kinds that can be pinned, the best liked first: servers choose the first one that they have. */
const ALGORITHMS: ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

/**
 * The host key that a server shows and proves to hold, `ssh-ed25519 AAAA…`: an ed25519 key where it has one. Nothing
 * logs in there; on a bastion on the way, its user does, and its own host key is held against the one given. Who is in
 * between at this first time is believed: whoever has the key by another way should give that.
 * @throws UnreachableError with the attempts and the last cause, HostKeyError of a bastion, RangeError for an address
 * that is none, the signal's reason
 */
export function readHostKey(target: SshAddress, context: NodeContext = {}): Promise<string> {
  return tryUntilDeadline(target, context, async (timeoutMs) => {
    const way = await openWay(target, timeoutMs, context.signal);
    let key: string;
    try {
      key = await inTurn(() => exchangeKeys(target, way.stream, timeoutMs, context.signal), context.signal);
    } catch (error) {
      throw await way.fail(error);
    }
    way.release();
    return key;
  });
}

function exchangeKeys({ user }: SshAddress, sock: Duplex, timeoutMs: number, signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    let key: string | undefined;
    const settle = (): void => {
      signal?.removeEventListener("abort", abort);
      client.on("error", () => undefined);
      client.destroy();
      sock.destroy();
    };
    const fail = (error: unknown): void => {
      settle();
      reject(error);
    };
    const abort = (): void => fail(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    client.once("error", fail);
    client.once("close", () => fail(new Error("the connection was closed")));
    // Comes when the server has signed with the key, and before anyone logs in.
    client.once("handshake", () => {
      if (key === undefined) return fail(new Error("it showed no host key"));
      settle();
      resolve(key);
    });
    client.connect({
      sock,
      username: user,
      readyTimeout: timeoutMs,
      algorithms: { serverHostKey: ALGORITHMS },
      authHandler: () => false,
      hostVerifier: (blob: Buffer): boolean => {
        key = keyOfBlob(blob);
        return true;
      },
    });
  });
}
