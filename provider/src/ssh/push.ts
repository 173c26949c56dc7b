import { gzipSync } from "node:zlib";
import { isPartName } from "../node/digest";
import { parseOwner } from "../node/owner";
import type { Part } from "../node/part";
import { backOff, Deadline, DEFAULT_DEADLINE_MS, type NodeContext } from "./connect";
import type { ExecResult } from "./exec";
import { nodeFiles } from "./node-files";
import { SshPool } from "./pool";
import { asRoot, sudoAdvice } from "./root-shell";
import { ConnectionLostError, OwnedNodeError, RemoteCommandError, SshError } from "./ssh-error";
import { tar, TAR_END, type TarEntry } from "./tar";
import type { SshTarget } from "./target";

export type { NodeContext } from "./connect";

export interface PartState {
  /** Worked out on the node from the files that are there. */
  readonly digest: string;
  /** sha256, hex, of its files by name. */
  readonly files: ReadonlyMap<string, string>;
  /** What Linux on the node holds otherwise than the part says, in the words of `ip`, `bridge` and `nft`. */
  readonly deviations: readonly string[];
}

/** What changes a node names who it is for. */
export interface PushContext extends NodeContext {
  /**
   * `dev/joined 3f9a1c2b`, see Owner: the node takes nothing from another one. Absent: only a node that has no owner is
   * changed.
   */
  readonly owner?: string;
}

/** Exit codes of overlaynet-apply. */
const NOT_IN_FORCE = 4;
const OWNED = 5;
const NOT_READY = 75;

/**
 * Fixed, so that nothing of an input gets into a shell but three words that are checked. The archive is complete before
 * anything in it runs; a connection that breaks leaves nothing.
 */
const BOOTSTRAP =
  'set -eu; umask 077; d=$(mktemp -d /run/overlaynet-push.XXXXXX); trap "rm -rf $d" EXIT; trap "" HUP PIPE; ' +
  'tar -xzf - -C "$d" --no-same-owner; sh "$d/node/overlaynet-apply" --from "$d" "$@"';

const shared = new SshPool();

/**
 * Brings a part to a node and into force, in one command; the part as a whole or not at all. Nothing happens on a node
 * that has it already. With its first part, a node gets its owner; the name that is kept there follows the id's.
 * @returns what changed on the node, in the words of `ip`, `bridge` and `nft`
 * @throws OwnedNodeError for a node of another owner; SshError; `isPartial` tells whether the node may have been changed
 */
export async function pushPart(target: SshTarget, part: Part, context: PushContext = {}): Promise<readonly string[]> {
  checkName(part.name);
  if (!/^[0-9a-f]{64}$/.test(part.digest)) throw new RangeError(`the digest of part ${part.name} is not 64 hex digits`);
  const files = part.files.map(({ name, content }): TarEntry => ({ path: `part/${name}`, content }));
  const { stdout } = await apply(
    target,
    ["install-part", part.name, part.digest],
    `bringing ${part.name} into force`,
    context,
    files,
  );
  return lines(stdout);
}

/**
 * Takes a part and what came of it off a node; the last one takes overlaynet itself along. A part that is not there is
 * removed already.
 * @throws OwnedNodeError for a node of another owner; SshError
 */
export async function removePart(
  target: SshTarget,
  name: string,
  context: PushContext = {},
): Promise<readonly string[]> {
  checkName(name);
  return lines((await apply(target, ["remove-part", name], `removing ${name}`, context)).stdout);
}

/** What parts are on a node, by name, and whether they are in force. Changes nothing there. */
export async function readParts(target: SshTarget, context: NodeContext = {}): Promise<ReadonlyMap<string, PartState>> {
  const { stdout } = await apply(target, ["digests"], "reading its parts", context);
  const states = new Map<string, { digest: string; files: Map<string, string>; deviations: string[] }>();
  for (const line of lines(stdout)) {
    const [, keyword, name = "", rest = ""] = /^(\S+) (\S+) (.*)$/.exec(line) ?? [];
    if (keyword === "part" && /^[0-9a-f]{64}$/.test(rest))
      states.set(name, { digest: rest, files: new Map(), deviations: [] });
    const state = states.get(name);
    const [, sum, file] = /^([0-9a-f]{64}) (.+)$/.exec(rest) ?? [];
    if (keyword === "file" && sum !== undefined && file !== undefined) state?.files.set(file, sum);
    if (keyword === "deviates") state?.deviations.push(rest);
  }
  return states;
}

/** Whether the node may have been changed before the error. */
export function isPartial(error: unknown): boolean {
  return error instanceof ConnectionLostError || (error instanceof RemoteCommandError && error.code === NOT_IN_FORCE);
}

/** Ends all connections at once, for the end of a process. */
export function closeConnections(): void {
  shared.close();
}

async function apply(
  target: SshTarget,
  words: readonly string[],
  operation: string,
  context: PushContext,
  files: readonly TarEntry[] = [],
): Promise<ExecResult> {
  if (context.owner !== undefined) parseOwner(context.owner);
  // In the archive, and not among the words: a name may hold what means something to a shell.
  const owner = context.owner === undefined ? [] : [{ path: "owner", content: `${context.owner}\n` }];
  const { command, stdin } = asRoot(
    target,
    `sh -c '${BOOTSTRAP}' overlaynet ${words.join(" ")}`,
    archive([...owner, ...files]),
  );
  const deadline = new Deadline(context.deadlineMs ?? DEFAULT_DEADLINE_MS);
  for (let attempt = 1; ; attempt++) {
    context.status?.(`${operation} on ${target.host}`);
    const result = await shared.run(target, command, { ...context, deadlineMs: Math.max(1, deadline.left()), stdin });
    if (result.code === 0) return result;
    // A node that boots for the first time is still installing what it needs.
    if (result.code !== NOT_READY) throw failure(target, operation, result, deadline);
    context.status?.(
      `${operation} on ${target.host}: ${lines(result.stderr).at(-1) ?? "not ready"} (attempt ${attempt})`,
    );
    if (!(await backOff(attempt, deadline, context.signal))) throw failure(target, operation, result, deadline);
  }
}

let nodeArchive: Buffer | undefined;

/** What comes to every node is packed once: an archive in pieces is one archive, to gzip as to tar. */
function archive(files: readonly TarEntry[]): Buffer {
  nodeArchive ??= gzipSync(tar(nodeFiles()));
  return Buffer.concat([nodeArchive, gzipSync(Buffer.concat([tar(files), TAR_END]))]);
}

function failure(target: SshTarget, operation: string, { code, stderr }: ExecResult, deadline: Deadline): SshError {
  if (code === OWNED) return new OwnedNodeError(target, operation, code, stderr);
  let advice = sudoAdvice(target, code, stderr);
  if (code === NOT_READY) advice = `the node was not ready within ${Math.round(deadline.milliseconds / 1000)} s`;
  return new RemoteCommandError(target, operation, code, stderr, advice);
}

function checkName(name: string): void {
  if (!isPartName(name)) throw new RangeError(`"${name}" is not the name of a part`);
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
