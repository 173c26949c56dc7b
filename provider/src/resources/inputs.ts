import type { IpPool } from "../ippool/ippool";
import type { Path, Warning } from "../plan/path";
import type { Block } from "../plan/topology";
import type { SshTarget } from "../ssh/target";

/**
 * Inputs and outputs of the custom resources, as schema.json spells them: the seam between Cluster and the CRUD code.
 */

export interface SshKeyOutputs {
  /** OpenSSH format, secret. */
  readonly privateKey: string;
  /** `ssh-ed25519 AAAA…`, no comment. */
  readonly publicKey: string;
  /** `SHA256:…`. */
  readonly fingerprint: string;
}

export interface IpPoolsInputs {
  /** Calico v3 manifests, YAML or JSON, one or many documents. */
  readonly manifests: string;
  /** Name of the file that the text came from, for messages. */
  readonly source?: string;
}
export interface IpPoolsOutputs extends IpPoolsInputs {
  readonly pools: readonly IpPool[];
}

export interface TopologyInputs {
  readonly pools: readonly IpPool[];
  readonly nodes: readonly TopologyNodeInputs[];
  readonly workloads: readonly { readonly name: string; readonly node: string; readonly pool?: string }[];
  /** MTU of the interfaces, bytes. Default 9001. */
  readonly hostMtu?: number;
  /** VXLAN network identifier. Default 4096. */
  readonly vxlanVni?: number;
  /** UDP port of VXLAN. Default 4789. */
  readonly vxlanPort?: number;
  /** Within a network, packets of pools without encapsulation go to other subnets by way of the VPC's router. */
  readonly viaVpcRouter?: boolean;
  readonly networkMtus?: readonly { readonly networks: readonly [string, string]; readonly mtu: number }[];
}
export interface TopologyNodeInputs {
  readonly name: string;
  readonly network: string;
  readonly subnet: string;
  readonly subnetCidrBlock: string;
  readonly availabilityZone: string;
  readonly region: string;
  readonly privateIp: string;
  readonly labels?: Readonly<Record<string, string>>;
}
export interface TopologyOutputs extends TopologyInputs {
  readonly blocks: readonly (Block & { readonly pool: string })[];
  readonly assignedWorkloads: readonly AssignedWorkload[];
  readonly paths: readonly Path[];
  readonly warnings: readonly Warning[];
  /** Node name -> its NodePlan, JSON, gzip, base64: compact, and nobody's to read in a diff. */
  readonly nodePlans: Readonly<Record<string, string>>;
  /** Node name -> encapsulations it needs a tunnel device for. */
  readonly encapsulations: Readonly<Record<string, readonly ("IPIP" | "VXLAN")[]>>;
}
export interface AssignedWorkload {
  readonly name: string;
  readonly node: string;
  readonly pool: string;
  readonly address: string;
  readonly mtu: number;
}

/**
 * What every resource on a node has. With a new instanceId all is brought there: what was pushed went with the former
 * instance.
 */
export interface OnNodeInputs {
  readonly node: string;
  readonly instanceId: string;
  readonly connection: SshTarget;
}
export interface TunnelInputs extends OnNodeInputs {
  readonly encapsulation: "IPIP" | "VXLAN";
  readonly plan: string;
}
export interface TunnelsReadyInputs {
  /** Digests of all tunnels: their being there is the barrier. */
  readonly tunnels: readonly string[];
}
export interface RoutesInputs extends OnNodeInputs {
  readonly plan: string;
  readonly tunnelsReady: string;
}
export interface WorkloadInputs extends OnNodeInputs {
  readonly name: string;
  readonly pool: string;
  readonly address: string;
  readonly mtu: number;
  /** Digest of the node's Routes, so that the workload is attached after them. */
  readonly routes: string;
}
export interface PartOutputs {
  /** sha256 of what stands on the node. */
  readonly digest: string;
}
export interface WorkloadOutputs extends PartOutputs {
  /** Its network namespace on the node. */
  readonly namespace: string;
}
