/** What one network namespace of the fabric has to hold, in full: what is not here does not belong there. */
export interface Namespace {
  readonly name: string;
  /** Paths under /proc/sys/net and their values, set when the namespace is made. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Rulesets for nft, one table each; a table is replaced as a whole, and tracked connections stay tracked. */
  readonly tables: readonly NftTable[];
  /** Devices that this namespace makes. Both ends of a veth belong to the namespace that lists it. */
  readonly links: readonly Link[];
  readonly addresses: readonly Address[];
  readonly neighbours: readonly Neighbour[];
  readonly rules: readonly Rule[];
  readonly routes: readonly Route[];
}

export interface NftTable {
  readonly family: "ip" | "bridge";
  readonly name: string;
  /** Everything between the braces, one statement a line; empty: the table is not to be there. */
  readonly body: readonly string[];
}

export type Link = Bridge | Veth | Tap;

interface Device {
  readonly name: string;
  /** Bytes. */
  readonly mtu: number;
}

export interface Bridge extends Device {
  readonly kind: "bridge";
  readonly mac: string;
}

export interface Tap extends Device {
  readonly kind: "tap";
  readonly master: string;
}

export interface Veth extends Device, VethEnd {
  readonly kind: "veth";
  readonly peer: VethEnd & { readonly namespace: string };
}

export interface VethEnd {
  readonly name: string;
  readonly mac: string;
  /** Bridge in the end's namespace. */
  readonly master?: string;
}

export interface Address {
  readonly dev: string;
  /** `10.1.0.1/24` */
  readonly address: string;
}

export interface Neighbour {
  readonly dev: string;
  readonly address: string;
  readonly mac: string;
}

/** Packets that come in by a device are routed by a table. */
export interface Rule {
  readonly iif: string;
  readonly table: number;
}

export interface Route {
  readonly table: number;
  /** A CIDR; 0.0.0.0/0 is the default route. */
  readonly destination: string;
  readonly via: Blackhole | NextHop;
}

/** Dropped without a word. */
export type Blackhole = "blackhole";

export interface NextHop {
  readonly dev: string;
  /** Absent: the destination is on the link. */
  readonly gateway?: string;
  /** Source of packets that begin here. */
  readonly source?: string;
  /** Bytes; absent: the device's. */
  readonly mtu?: number;
}

/** The kernel's own main table. */
export const MAIN_TABLE = 254;
