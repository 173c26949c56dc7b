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
  return tryUntilDeadline(target, context, (timeoutMs) => connectOnce(target, timeoutMs, context.signal));
}

/** Where a server is, and the way there: a target as long as none of its own keys is known. */
export type SshAddress = Pick<SshTarget, "host" | "port" | "user" | "proxyCommand" | "bastion">;

/**
 * What connects, again and again until it succeeds, but for a host key that is another.
 * @param once one attempt, within its time limit in milliseconds
 * @throws HostKeyError, UnreachableError with the attempts and the last cause, RangeError for an address that is none,
 * the signal's reason
 */
export async function tryUntilDeadline<T>(
  target: SshAddress,
  context: NodeContext,
  once: (timeoutMs: number) => Promise<T>,
): Promise<T> {
  checkAddress(target);
  if (target.bastion !== undefined) checkTarget(target.bastion);
  const deadline = new Deadline(context.deadlineMs ?? DEFAULT_DEADLINE_MS);
  for (let attempt = 1; ; attempt++) {
    context.signal?.throwIfAborted();
    try {
      return await once(Math.max(SHORTEST_ATTEMPT_MS, Math.min(ATTEMPT_MS, deadline.left())));
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
function checkTarget(target: SshTarget): void {
  checkAddress(target);
  const { host, user, privateKey, hostKey } = target;
  publicKeyBlob(hostKey);
  const parsed = utils.parseKey(privateKey);
  if (parsed instanceof Error || !parsed.isPrivateKey())
    throw new RangeError(
      `${user}@${host}: the private key is not one that can be used: give an unencrypted key in OpenSSH or PEM format`,
    );
}

function checkAddress({ host, port, user }: SshAddress): void {
  if (host === "" || host.startsWith("-") || /[\s\0]/.test(host))
    throw new RangeError(`host "${host}" is not a host name or address`);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new RangeError(`port ${port} is not 1 to 65535`);
  if (user === "" || /[\s\0]/.test(user)) throw new RangeError(`user "${user}" is not a user name`);
}

/** A message of a failed attempt that had a proxy command. */
class ProxyError extends Error {}

/** A message of a failed attempt that had a bastion, about the bastion. */
class BastionError extends Error {}

async function connectOnce(target: SshTarget, timeoutMs: number, signal?: AbortSignal): Promise<Client> {
  const way = await openWay(target, timeoutMs, signal);
  try {
    const client = await inTurn(() => handshake(target, way.stream, timeoutMs, signal), signal);
    client.once("close", way.release);
    return client;
  } catch (error) {
    throw await way.fail(error);
  }
}

/** A handshake, once not too many others are being made. */
export function inTurn<T>(shake: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  return handshakes.add(shake, { signal });
}

/** What carries a connection to a server: bytes both ways, before ssh is spoken over them. */
export interface Way {
  readonly stream: Duplex;
  /** To be called once when the connection over it has ended, unless `fail` was. */
  release(): void;
  /** Closes it. @returns the error with what is known of the way */
  fail(error: unknown): Promise<unknown>;
}

/** The way to a server: direct, by its proxy command, or through its bastion. */
export async function openWay(target: SshAddress, timeoutMs: number, signal?: AbortSignal): Promise<Way> {
  const way = await newWay(target, timeoutMs, signal);
  // Until a handshake listens, and where none begins any more: an unheard error would end the process.
  way.stream.on("error", () => undefined);
  return way;
}

async function newWay(target: SshAddress, timeoutMs: number, signal?: AbortSignal): Promise<Way> {
  if (target.bastion !== undefined) return throughBastion(target.bastion, target, timeoutMs, signal);
  if (target.proxyCommand === undefined) {
    const stream = await openSocket(target, timeoutMs, signal);
    const fail = (error: unknown): Promise<unknown> => {
      stream.destroy();
      return Promise.resolve(error);
    };
    return { stream, release: () => undefined, fail };
  }
  const proxy = startProxyCommand(target.proxyCommand, target);
  const fail = async (error: unknown): Promise<unknown> => {
    proxy.stream.destroy();
    await proxy.end();
    if (error instanceof SshError || proxy.said() === "") return error;
    return new ProxyError(`${describe(error)} (the proxy command says: ${proxy.said()})`, { cause: error });
  };
  return { stream: proxy.stream, release: () => undefined, fail };
}

async function throughBastion(
  bastion: SshBastion,
  target: SshAddress,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Way> {
  // The bastion's connection is shared, so the signal of one who waits for it does not end it.
  const logIn = (): Promise<Client> => connectOnce({ ...bastion, proxyCommand: target.proxyCommand }, timeoutMs);
  const { stream, release } = await orAborted(bastions.tunnel(target, bastion, logIn), signal, (late) =>
    late.release(),
  ).catch((error: unknown) => {
    signal?.throwIfAborted();
    if (error instanceof HostKeyError) throw error;
    throw new BastionError(`the bastion ${bastion.user}@${bastion.host}: ${describe(error)}`, { cause: error });
  });
  const fail = (error: unknown): Promise<unknown> => {
    stream.destroy();
    release();
    return Promise.resolve(error);
  };
  return { stream, release, fail };
}

function openSocket({ host, port }: SshAddress, timeoutMs: number, signal?: AbortSignal): Promise<Socket> {
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
