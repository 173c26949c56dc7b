import type { Part } from "../node/part";
import type { SshTarget } from "../ssh/target";

export interface NodeAccessOptions {
  /** Whom the node belongs to; a node of another owner is refused. */
  readonly owner?: string;
  readonly signal: AbortSignal;
  /** Until then a node that does not answer is tried again. */
  readonly deadlineMs: number;
  status(message: string): void;
}

/** A part as it is on a node. */
export interface SeenPart {
  /** Worked out on the node from the files that are there. */
  readonly digest: string;
  /** sha256, hex, by name. */
  readonly files: ReadonlyMap<string, string>;
  /** What Linux holds otherwise than the part says, in the words of `ip`, `bridge` and `nft`. */
  readonly deviations: readonly string[];
}

/** What resources do on nodes: the seam between them and ssh. */
export interface NodeAccess {
  push(target: SshTarget, part: Part, options: NodeAccessOptions): Promise<void>;
  /** A part that is not there is removed already. */
  remove(target: SshTarget, part: string, options: NodeAccessOptions): Promise<void>;
  /** The parts on the node, by name. */
  read(target: SshTarget, options: NodeAccessOptions): Promise<ReadonlyMap<string, SeenPart>>;
  /** The host key that its ssh server shows; nobody logs in. */
  readHostKey(target: Omit<SshTarget, "privateKey" | "hostKey">, options: NodeAccessOptions): Promise<string>;
  /** Whether the node was changed before the error. */
  isPartial(error: unknown): boolean;
  /** Whether the node belongs to somebody else, and was left as it is. */
  isOwnedByOther(error: unknown): boolean;
  /** Whether the node could not be reached at all. */
  isUnreachable(error: unknown): boolean;
}
