import { connect as connectTcp, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import PQueue from "p-queue";
import { Client, type ServerHostKeyAlgorithm, utils } from "ssh2";
import { Bastions } from "./bastion";
import { blobFingerprint, fingerprint, publicKeyBlob } from "./key";
import { orAborted } from "./or-aborted";
import { startProxyCommand } from "./proxy-command";
import { HostKeyError, keyType, SshError, UnreachableError } from "./ssh-error";
import type { SshBastion, SshTarget } from "./target";

export interface NodeContext {
  readonly signal?: AbortSignal;
  /** Milliseconds from now on in which a node that does not answer is tried again. Default 5 minutes. */
  readonly deadlineMs?: number;
  /** What is going on, for people who wait. */
  status?(message: string): void;
}

export const DEFAULT_DEADLINE_MS = 300_000;
/** One attempt, until the TCP connection stands and again until the key is accepted. */
const ATTEMPT_MS = 15_000;
/** What the last one gets at least: else its only cause would be the deadline. */
const SHORTEST_ATTEMPT_MS = 2_000;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;
/** A peer that is gone without a word is noticed after three of these. */
const KEEPALIVE_MS = 10_000;
/** Handshakes are all arithmetic: more at a time only makes each one slower, up to its time limit. */
const handshakes = new PQueue({ concurrency: 16 });

const bastions = new Bastions();

/** A time limit that attempts share. */
export class Deadline {
  private readonly end: number;

  constructor(
    readonly milliseconds: number,
    now = performance.now(),
  ) {
    this.end = now + milliseconds;
  }

  left(): number {
    return Math.max(0, this.end - performance.now());
  }
}

/**
 * Waits between attempts: doubling, and spread, so that a thousand nodes do not come back at once.
 * @returns whether there is time for another attempt
 * @throws the signal's reason
 */
export async function backOff(attempt: number, deadline: Deadline, signal?: AbortSignal): Promise<boolean> {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
  try {
    await sleep(Math.min(deadline.left(), longest * (0.75 + Math.random() / 2)), undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  return deadline.left() > 0;
}

/**
 * Connects and logs in, trying again until the deadline what a booting node answers with: refused, no answer, closed,
 * key not accepted yet. A wrong host key ends it at once.
 * @throws HostKeyError, UnreachableError with the attempts and the last cause, RangeError for a target that is none,
 * the signal's reason
 */
export async function connect(target: SshTarget, context: NodeContext = {}): Promise<Client> {
  checkTarget(target);
  if (target.bastion !== undefined) checkTarget(target.bastion);
  const deadline = new Deadline(context.deadlineMs ?? DEFAULT_DEADLINE_MS);
  for (let attempt = 1; ; attempt++) {
    context.signal?.throwIfAborted();
    try {
      return await connectOnce(
        target,
        Math.max(SHORTEST_ATTEMPT_MS, Math.min(ATTEMPT_MS, deadline.left())),
        context.signal,
      );
    } catch (error) {
      context.signal?.throwIfAborted();
      if (error instanceof HostKeyError) throw error;
      const cause = describe(error);
      context.status?.(`connecting to ${target.host}: ${cause} (attempt ${attempt})`);
      if (!(await backOff(attempt, deadline, context.signal))) {
        const attempts = attempt === 1 ? "1 attempt" : `${attempt} attempts`;
        throw new UnreachableError(
          target,
          `could not connect within ${Math.round(deadline.milliseconds / 1000)} s and ${attempts}; last cause: ${cause}. ${advise(error)}`,
          { cause: error },
        );
      }
    }
  }
}

/** @throws RangeError naming the property; never its value where that is a key */
function checkTarget({ host, port, user, privateKey, hostKey }: SshTarget): void {
  if (host === "" || host.startsWith("-") || /[\s\0]/.test(host))
    throw new RangeError(`host "${host}" is not a host name or address`);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new RangeError(`port ${port} is not 1 to 65535`);
  if (user === "" || /[\s\0]/.test(user)) throw new RangeError(`user "${user}" is not a user name`);
  publicKeyBlob(hostKey);
  const parsed = utils.parseKey(privateKey);
  if (parsed instanceof Error || !parsed.isPrivateKey())
    throw new RangeError(
      `${user}@${host}: the private key is not one that can be used: give an unencrypted key in OpenSSH or PEM format`,
    );
}

/** A message of a failed attempt that had a proxy command. */
class ProxyError extends Error {}

/** A message of a failed attempt that had a bastion, about the bastion. */
class BastionError extends Error {}

async function connectOnce(target: SshTarget, timeoutMs: number, signal?: AbortSignal): Promise<Client> {
  if (target.bastion !== undefined) return connectThrough(target.bastion, target, timeoutMs, signal);
  if (target.proxyCommand === undefined) {
    const socket = await openSocket(target, timeoutMs, signal);
    return handshakes
      .add(() => handshake(target, socket, timeoutMs, signal), { signal })
      .catch((error: unknown) => {
        socket.destroy();
        throw error;
      });
  }
  const proxy = startProxyCommand(target.proxyCommand, target);
  try {
    return await handshakes.add(() => handshake(target, proxy.stream, timeoutMs, signal), { signal });
  } catch (error) {
    proxy.stream.destroy();
    await proxy.end();
    if (error instanceof SshError || proxy.said() === "") throw error;
    throw new ProxyError(`${describe(error)} (the proxy command says: ${proxy.said()})`, { cause: error });
  }
}

async function connectThrough(
  bastion: SshBastion,
  target: SshTarget,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Client> {
  // The bastion's connection is shared, so the signal of one who waits for it does not end it.
  const logIn = (): Promise<Client> => connectOnce({ ...bastion, proxyCommand: target.proxyCommand }, timeoutMs);
  const { stream, release } = await orAborted(bastions.tunnel(target, bastion, logIn), signal, (late) =>
    late.release(),
  ).catch((error: unknown) => {
    signal?.throwIfAborted();
    if (error instanceof HostKeyError) throw error;
    throw new BastionError(`the bastion ${bastion.user}@${bastion.host}: ${describe(error)}`, { cause: error });
  });
  try {
    const client = await handshakes.add(() => handshake(target, stream, timeoutMs, signal), { signal });
    client.once("close", release);
    return client;
  } catch (error) {
    stream.destroy();
    release();
    throw error;
  }
}

function openSocket({ host, port }: SshTarget, timeoutMs: number, signal?: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port, noDelay: true });
    const fail = (error: unknown): void => {
      settle();
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${Math.ceil(timeoutMs / 1000)} s`)), timeoutMs);
    const abort = (): void => fail(signal?.reason);
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      socket.off("error", fail);
      // Until the handshake listens: an unheard error would end the process.
      socket.on("error", () => undefined);
    };
    signal?.addEventListener("abort", abort, { once: true });
    socket.once("error", fail);
    socket.once("connect", () => {
      settle();
      resolve(socket);
    });
  });
}

function handshake(target: SshTarget, sock: Duplex, timeoutMs: number, signal?: AbortSignal): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    const expected = publicKeyBlob(target.hostKey);
    let refused: HostKeyError | undefined;
    const fail = (error: unknown): void => {
      signal?.removeEventListener("abort", abort);
      client.on("error", () => undefined);
      client.destroy();
      sock.destroy();
      reject(refused ?? error);
    };
    const abort = (): void => fail(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    const onError = (error: Error): void =>
      fail(
        /no matching host key/i.test(error.message)
          ? new HostKeyError(target, fingerprint(target.hostKey), undefined, { cause: error })
          : error,
      );
    const onClose = (): void => fail(new Error("the connection was closed"));
    client.once("error", onError);
    client.once("close", onClose);
    client.once("ready", () => {
      signal?.removeEventListener("abort", abort);
      client.off("error", onError);
      client.off("close", onClose);
      // Whoever uses the connection sees it close; an unheard error would end the process.
      client.on("error", () => undefined);
      resolve(client);
    });
    client.connect({
      sock,
      username: target.user,
      privateKey: target.privateKey,
      readyTimeout: timeoutMs,
      keepaliveInterval: KEEPALIVE_MS,
      // Servers choose by this list, so it holds the pinned key's type only.
      algorithms: { serverHostKey: hostKeyAlgorithms(keyType(target.hostKey)) },
      authHandler: ["publickey"],
      hostVerifier: (key: Buffer): boolean => {
        if (key.equals(expected)) return true;
        refused = new HostKeyError(target, fingerprint(target.hostKey), blobFingerprint(key));
        return false;
      },
    });
  });
}

function hostKeyAlgorithms(type: string): ServerHostKeyAlgorithm[] {
  switch (type) {
    case "ssh-rsa":
      return ["rsa-sha2-512", "rsa-sha2-256"];
    case "ecdsa-sha2-nistp256":
    case "ecdsa-sha2-nistp384":
    case "ecdsa-sha2-nistp521":
    case "ssh-ed25519":
      return [type];
    default:
      throw new RangeError(`a host key of type "${type}" is not supported: give an ssh-ed25519, ecdsa or ssh-rsa key`);
  }
}

function isUnauthorised(error: unknown): boolean {
  return error instanceof Error && "level" in error && error.level === "client-authentication";
}

/** The cause in words; system errors by their meaning. */
export function describe(error: unknown): string {
  if (isUnauthorised(error)) return "it does not accept the user's key";
  if (error instanceof AggregateError && error.errors.length > 0) return describe(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  switch ("code" in error ? error.code : undefined) {
    case "ECONNREFUSED":
      return "connection refused";
    case "ETIMEDOUT":
      return "no answer";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "no route to it";
    case "ECONNRESET":
    case "EPIPE":
    case "ERR_STREAM_PREMATURE_CLOSE":
      return "the connection was closed";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "its name is not known";
    default:
      return error.message;
  }
}

function advise(error: unknown): string {
  if (isUnauthorised(error)) return "Check the user name, and that its authorized_keys hold the key's public half.";
  if (error instanceof BastionError)
    return "Check the bastion's address, user and key, that the nodes' security groups let ssh in from it, and that it may forward (sshd_config, AllowTcpForwarding).";
  if (error instanceof ProxyError) return "Check the proxy command by running it.";
  return "Check that the node runs, that its security group lets ssh in from here, and that the address is right.";
}
