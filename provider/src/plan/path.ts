import type { Encapsulation } from "./node-plan";

/** How packets of a pool's workloads get from one node to another, and why. The row of the path table. */
export interface Path {
  readonly from: string;
  readonly to: string;
  readonly pool: string;
  readonly encapsulation: Encapsulation;
  /** Where the sender's route points: the remote node's address, or its VTEP's for VXLAN. */
  readonly nextHop: string;
  /** Outer addresses on the wire; absent without encapsulation. */
  readonly outer?: { readonly source: string; readonly destination: string };
  /** Largest inner packet, bytes. */
  readonly mtu: number;
  /** In words, naming pool, mode and subnets, e.g. "CrossSubnet: 10.1.1.5 is outside 10.1.0.0/24". */
  readonly reason: string;
  /** The hops in order, in words of the field: node, device, next node. */
  readonly hops: readonly string[];
}

export interface Warning {
  readonly code: string;
  readonly message: string;
}
