import type { NodeStatus } from "../../node/node";
import type { Fault } from "../../state/faults";

/** What Linux says, beside the records. */
export interface Seen {
  node(instanceId: string): NodeStatus & { readonly settled: boolean };
  /** Names of the lab's network namespaces. */
  readonly namespaces: readonly string[];
  /** What `lab fault` has made. */
  readonly faults: readonly Fault[];
  /** Packets that a fault has caught. */
  caught?(fault: Fault): number | undefined;
  /** Who changes the lab now. */
  readonly holder?: string;
}
