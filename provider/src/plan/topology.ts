import type { TopologyInputs } from "../generated/resource-types";
import type { Block } from "../ipam/blocks";
import type { IpPool } from "../ippool/ippool";

export type { NetworkMtu } from "../generated/resource-types";

/**
 * What holds for all nodes alike, such as the UDP port of VXLAN: whatever the resource of this name takes besides what
 * is where.
 */
export type PlanOptions = Omit<
  TopologyInputs,
  "pools" | "hosts" | "networks" | "workloads" | "blocks" | "tunnelAddresses" | "workloadAddresses"
>;

/**
 * What the plan is made from: who is where, and which addresses belong to whom. IPv4 and IPv6 in CIDR or plain form.
 */
export interface Topology extends PlanOptions {
  readonly nodes: readonly TopologyNode[];
  readonly pools: readonly IpPool[];
  readonly blocks: readonly Block[];
  readonly workloads?: readonly TopologyWorkload[];
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

export interface TopologyNode {
  readonly name: string;
  /** Address of the node's interface; absent = Calico has no BGP address for it. */
  readonly ip?: string;
  /** Prefix of the subnet that owns `ip`; absent with an ip = recorded as a bare address. */
  readonly subnetPrefixLen?: number;
  /** Where nodes of other networks send tunnel packets for it, translated one to one to `ip`. Default: `ip`. */
  readonly publicIp?: string;
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

export interface TopologyWorkload {
  /** Of a test workload. */
  readonly name?: string;
  readonly ip: string;
  readonly node: string;
}
