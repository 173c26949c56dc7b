import type { IpPool } from "../ippool/ippool";

/**
 * What the plan is made from: who is where, and which addresses belong to whom. IPv4 and IPv6 in CIDR or plain form.
 */
export interface Topology {
  readonly nodes: readonly TopologyNode[];
  readonly pools: readonly IpPool[];
  readonly blocks: readonly Block[];
  readonly workloads?: readonly TopologyWorkload[];
  /** MTU of the nodes' interfaces, bytes; the paths' own MTU may be lower. Default 9001 (EC2). */
  readonly hostMtu?: number;
  /**
   * Worst MTU between two networks, bytes, where it is lower than hostMtu (8500 over a transit gateway, 1500 over the
   * internet).
   */
  readonly networkMtus?: readonly NetworkMtu[];
  /** VXLAN network identifier of all nodes' VXLAN devices, 1 to 16777215. Default 4096, as Felix' vxlanVNI. */
  readonly vxlanVni?: number;
  /** Their UDP port. Default 4789, as Felix' vxlanPort. */
  readonly vxlanPort?: number;
  /**
   * Within a network, packets of pools without encapsulation go to other subnets by way of the network's router, which
   * has routes to the blocks. Calico knows of no such router: it takes the other node for the next hop, off the link as
   * it is.
   */
  readonly viaVpcRouter?: boolean;
  /** What is known of the networks, for warnings. */
  readonly networks?: readonly TopologyNetwork[];
}

export interface TopologyNetwork {
  readonly name: string;
  /** The network's own CIDRs, such as a VPC's. */
  readonly cidrBlocks?: readonly string[];
  /** IP protocol numbers that do not get through here: 4 (IP in IP) on Azure, for one. */
  readonly blockedProtocols?: readonly number[];
}

export interface NetworkMtu {
  readonly networks: readonly [string, string];
  readonly mtu: number;
}

export interface TopologyNode {
  readonly name: string;
  /** Address of the node's interface; absent = Calico has no BGP address for it. */
  readonly ip?: string;
  /** Prefix of the subnet that owns `ip`; absent with an ip = recorded as a bare address. */
  readonly subnetPrefixLen?: number;
  readonly ip6?: string;
  readonly subnetPrefixLen6?: number;
  readonly ipipTunnelAddr?: string;
  readonly vxlanTunnelAddr?: string;
  readonly vxlanTunnelAddr6?: string;
  /** Overrides of the MAC that Calico derives from the node's name. */
  readonly vxlanMac?: string;
  readonly vxlanMac6?: string;
  /** The network (VPC) and subnet that the node stands in; used for MTU and warnings. */
  readonly network?: string;
  readonly subnet?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Block {
  readonly cidr: string;
  /** Name of the node that the block is affine to; absent = no affinity. */
  readonly node?: string;
  /** Addresses of the block that another node owns: address -> node. */
  readonly borrowed?: Readonly<Record<string, string>>;
}

export interface TopologyWorkload {
  readonly ip: string;
  readonly node: string;
}
