import type { Part } from "../node/part";
import type { SshTarget } from "../ssh/target";

export interface NodeAccessOptions {
  readonly signal: AbortSignal;
  /** Until then a node that does not answer is tried again. */
  readonly deadlineMs: number;
  status(message: string): void;
}

/** What resources do on nodes: the seam between them and ssh. */
export interface NodeAccess {
  push(target: SshTarget, part: Part, options: NodeAccessOptions): Promise<void>;
  /** A part that is not there is removed already. */
  remove(target: SshTarget, part: string, options: NodeAccessOptions): Promise<void>;
  /** Digests of the parts on the node, by name; of one that is not in force any more, what is amiss. */
  read(target: SshTarget, options: NodeAccessOptions): Promise<ReadonlyMap<string, string>>;
  /** Whether the node was changed before the error. */
  isPartial(error: unknown): boolean;
  /** Whether the node could not be reached at all. */
  isUnreachable(error: unknown): boolean;
}
