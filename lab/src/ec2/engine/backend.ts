import type { NodeSpec } from "../../node/node-spec";
import type { ResourceRecord } from "../../state/record";

/** Where the card of an instance is, for its node. */
export interface Card {
  readonly namespace: string;
  readonly tap: string;
}

/** What stands behind the API: the records, the fabric that makes them real, and the nodes. */
export interface Backend {
  /** The state directory, for people. */
  readonly place: string;
  /** Does something while nobody else changes the lab. */
  locked<T>(what: string, action: () => Promise<T>): Promise<T>;
  list(): ResourceRecord[];
  put(record: ResourceRecord): void;
  remove(id: string): void;
  /** Makes Linux hold what the records say. */
  reconcile(records: readonly ResourceRecord[]): Promise<void>;
  cardOf(instance: ResourceRecord): Card;
  /** Returns when the node's kernel runs; does nothing for a running node. Throws with the end of its console. */
  startNode(spec: NodeSpec): Promise<void>;
  /** Shuts down; the disk stays. */
  stopNode(instanceId: string): Promise<void>;
  /** Ends a node and removes its disk. */
  destroyNode(instanceId: string): Promise<void>;
  /** Gives a running node another network device, and every later start of it too. */
  plugInterface(instanceId: string, device: { readonly deviceIndex: number; readonly mac: string }): Promise<void>;
  /**
   * Takes it away; a device that is in use stays in the guest, without a wire, until it is taken down or the node
   * starts anew.
   */
  unplugInterface(instanceId: string, deviceIndex: number): Promise<void>;
  nodeState(instanceId: string): "running" | "stopped" | "absent";
}
