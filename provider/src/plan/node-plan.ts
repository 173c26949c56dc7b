import type { IpPool } from "../ippool/ippool";

/**
 * What one node has to hold, in Linux' terms and nothing else: the seam between the plan (who reaches whom and how) and
 * the node (files and batches). `eth0` stands for the interface that owns the node's address, whatever it is called
 * there. Source of every form: reference behaviour of
 * felix/dataplane/linux/{route_mgr,ipip_mgr,vxlan_mgr,noencap_mgr,masq_mgr}.go.
 */
export const PARENT_DEVICE = "eth0";
export const IPIP_DEVICE = "tunl0";
export const VXLAN_DEVICE = "vxlan.calico";
export const VXLAN_DEVICE_V6 = "vxlan-v6.calico";

/** Felix' defaults of vxlanVNI and vxlanPort; the port is IANA's. */
export const VXLAN_VNI = 4096;
export const VXLAN_PORT = 4789;

export type Encapsulation = "None" | "IPIP" | "VXLAN";

export interface Route {
  /** CIDR; a single address carries no prefix length, as `ip route` prints it (IPv4), e.g. `10.65.1.0`. */
  readonly dst: string;
  readonly type: "unicast" | "blackhole";
  readonly via?: string;
  /** Address of the node that has the destination, where `via` is a router on the way. */
  readonly host?: string;
  readonly dev?: string;
  /** 80 = Felix' DefaultRouteProto; 3 = boot, as Felix gives VXLAN tunnel routes. */
  readonly proto: number;
  readonly onlink: boolean;
  readonly scope?: "link";
  /** Bytes; absent = not set on the route. */
  readonly mtu?: number;
  readonly metric?: number;
}

export interface Neighbour {
  readonly ip: string;
  readonly mac: string;
  readonly dev: string;
}

export interface FdbEntry {
  readonly mac: string;
  readonly dev: string;
  /** Address of the remote node. */
  readonly dst: string;
}

export interface IpipDevice {
  readonly address: string;
  readonly mtu: number;
}

export interface VxlanDevice {
  readonly name: string;
  readonly vni: number;
  readonly port: number;
  /** The node's own address, the tunnel's outer source. */
  readonly local: string;
  /** The VTEP's address, a /32 (/128). */
  readonly address: string;
  readonly mac: string;
  readonly mtu: number;
}

export interface NodePlan {
  readonly node: string;
  readonly ip?: string;
  readonly ipip?: IpipDevice;
  readonly vxlan?: VxlanDevice;
  readonly vxlan6?: VxlanDevice;
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  readonly fdb: readonly FdbEntry[];
  /** Addresses that may send us protocol 4 (absent device: nobody may) and UDP to the VXLAN port (IPv4 and IPv6). */
  readonly ipipMembers: readonly string[];
  readonly vxlanMembers: readonly string[];
  /**
   * CIDRs of all pools (disabled ones too, LoadBalancer-only ones not), and of those with natOutgoing (those too). Both
   * families.
   */
  readonly allPools: readonly string[];
  readonly masqueradePools: readonly string[];
  /** Own blocks that workloads may get addresses from, with the pool that each is of. */
  readonly workloadBlocks: readonly { readonly cidr: string; readonly pool: string; readonly mtu: number }[];
  /** All pools as Calico has them, kept on the node for people who look there. */
  readonly pools?: readonly IpPool[];
}
