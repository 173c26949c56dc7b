import type { Encapsulation } from "./node-plan";

/** How packets of a pool's workloads get from one node to another, and why. The row of the path table. */
export interface Path {
  readonly from: string;
  readonly to: string;
  readonly pool: string;
  readonly encapsulation: Encapsulation;
  /** Where the sender's route points: the remote node's address, its VTEP's for VXLAN, or the VPC's router. */
  readonly nextHop: string;
  /** The outer header on the wire; absent without encapsulation. */
  readonly outer?: OuterHeader;
  /** Largest inner packet, bytes. */
  readonly mtu: number;
  /** In words, naming pool, mode and subnets, e.g. "CrossSubnet: 10.1.1.5 is outside 10.1.0.0/24". */
  readonly reason: string;
  /** The hops in order, in words of the field: node, device, next node. */
  readonly hops: readonly string[];
}

export interface OuterHeader {
  /** Addresses of the two nodes. */
  readonly source: string;
  readonly destination: string;
  /** Of VXLAN, where the topology says so: its UDP port and network identifier. */
  readonly port?: number;
  readonly vni?: number;
}

export interface Warning {
  readonly code: string;
  readonly message: string;
}
