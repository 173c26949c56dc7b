// Made from provider/schema.json by scripts/generate-types.ts: change the schema, not this.

/** When packets between nodes are encapsulated, as Calico spells it. */
export type EncapsulationMode = "Never" | "Always" | "CrossSubnet";

/** What a pool's addresses may be given to. */
export type AllowedUse = "Workload" | "Tunnel" | "LoadBalancer";

/** When addresses of a pool are given. */
export type AssignmentMode = "Automatic" | "Manual";

/** What a packet wears on the wire. */
export type Encapsulation = "None" | "IPIP" | "VXLAN";

/** The encapsulation that a tunnel device is for. */
export type TunnelEncapsulation = "IPIP" | "VXLAN";

/** A host on the way to the nodes. */
export interface Bastion {
  /** Address or name to connect to. */
  readonly host: string;
  /** TCP port of its ssh server, 1 to 65535. */
  readonly port: number;
  /** User to log in as. */
  readonly user: string;
  /** Private key of the user, OpenSSH or PEM format. */
  readonly privateKey: string;
  /** Host key to expect (`ssh-ed25519 AAAA…`); any other is refused. */
  readonly hostKey: string;
}

/** How the nodes are reached. */
export interface SshAccess {
  /** User to log in as. */
  readonly user: string;
  /** TCP port of the nodes' ssh server, 1 to 65535. */
  readonly port: number;
  /** Private key of the user, OpenSSH format. */
  readonly privateKey: string;
  /** Command that carries the connections, with `%h`, `%p` and `%r` for host, port and user. */
  readonly proxyCommand?: string;
  /** Host that the connections go through. */
  readonly bastion?: Bastion;
}

/** A node of a cluster. */
export interface ClusterNode {
  /** Name of the node, unique in the cluster. */
  readonly name: string;
  /** Name of the network that it stands in. */
  readonly network: string;
  /** Name of the subnet that it stands in. */
  readonly subnet: string;
  /** Its availability zone. */
  readonly availabilityZone: string;
  /** Its IPv4 address in the subnet, assigned by overlaynet and so known in preview. */
  readonly privateIp: string;
  /** Its public IPv4 address, where it has one. */
  readonly publicIp?: string;
  /** Id of its EC2 instance. */
  readonly instanceId: string;
  /** Where ssh connects to: the public address, or the private one where it has none or there is a bastion. */
  readonly host: string;
  /** Its ssh host key (`ssh-ed25519 AAAA…`); any other is refused. */
  readonly hostKey: string;
}

/** A test workload of a cluster. */
export interface ClusterWorkload {
  /** Name of the workload, unique in the cluster. */
  readonly name: string;
  /** Name of the node that it runs on. */
  readonly node: string;
  /** Name of the IP pool that its address is from. */
  readonly pool: string;
  /** Its address, a single one (/32). */
  readonly address: string;
  /** MTU of its interface, bytes. */
  readonly mtu: number;
  /** Its network namespace on the node. */
  readonly namespace: string;
}

/** How packets of a pool's workloads get from one node to another, and why. */
export interface Path {
  /** Name of the sending node. */
  readonly from: string;
  /** Name of the receiving node. */
  readonly to: string;
  /** Name of the IP pool. */
  readonly pool: string;
  /** What the packets wear on the wire. */
  readonly encapsulation: Encapsulation;
  /** Where the sender's route points: the receiving node's address, its VTEP's for VXLAN, or the VPC's router. */
  readonly nextHop: string;
  /** The outer header on the wire; absent without encapsulation. */
  readonly outer?: OuterHeader;
  /** Largest inner packet, bytes. */
  readonly mtu: number;
  /** Why so, in words, naming pool, mode and subnets. */
  readonly reason: string;
  /** The hops in order: node, device, next node. */
  readonly hops: readonly string[];
}

/** The outer header of an encapsulated packet. */
export interface OuterHeader {
  /** Address of the sending node. */
  readonly source: string;
  /** Address of the receiving node. */
  readonly destination: string;
  /** UDP port, of VXLAN only. Default: 4789. */
  readonly port?: number;
  /** VXLAN network identifier, of VXLAN only. Default: 4096. */
  readonly vni?: number;
}

/** Something that works otherwise than one might think. */
export interface Warning {
  /** Which warning it is; stays the same when the words change. */
  readonly code: string;
  /** What is to be known, and what may be done. */
  readonly message: string;
}

/** Calico's IPPool after parsing and validation: every field present, in Calico's spelling. */
export interface IpPool {
  /** Name of the pool (`metadata.name`). */
  readonly name: string;
  /** The addresses of the pool, strictly masked. */
  readonly cidr: string;
  /** When packets are encapsulated by IP in IP. Calico's default: Never. */
  readonly ipipMode: EncapsulationMode;
  /** When packets are encapsulated by VXLAN. Calico's default: Never. */
  readonly vxlanMode: EncapsulationMode;
  /** Whether packets of the pool's workloads to addresses outside all pools leave with the node's address. */
  readonly natOutgoing: boolean;
  /** Whether the pool gives no new addresses. */
  readonly disabled: boolean;
  /** Whether the pool's blocks are not announced over BGP. */
  readonly disableBGPExport: boolean;
  /** Prefix length of a block: 20 to 32 for IPv4, 116 to 128 for IPv6. */
  readonly blockSize: number;
  /** Calico selector of the nodes that get blocks of the pool. */
  readonly nodeSelector: string;
  /** Calico selector of the namespaces whose workloads get addresses of the pool. */
  readonly namespaceSelector: string;
  /** What its addresses may be given to. */
  readonly allowedUses: readonly AllowedUse[];
  /** When its addresses are given. */
  readonly assignmentMode: AssignmentMode;
}

/** A part of a pool, routed to one node. */
export interface Block {
  /** The addresses of the block. */
  readonly cidr: string;
  /** Name of the pool that it is a part of. */
  readonly pool: string;
  /** Name of the node that it is routed to. */
  readonly node?: string;
  /** Single addresses of the block that another node has: address to name of the node. */
  readonly borrowed?: Readonly<Record<string, string>>;
}

/** Addresses of a node's tunnel devices. */
export interface TunnelAddresses {
  /** Address of `tunl0`. */
  readonly ipipTunnelAddr?: string;
  /** IPv4 address of `vxlan.calico`. */
  readonly vxlanTunnelAddr?: string;
  /** IPv6 address of `vxlan-v6.calico`. */
  readonly vxlanTunnelAddr6?: string;
}

/** A node and where it stands. */
export interface TopologyNode {
  /** Name of the node, unique: lower-case letters, digits, `-` and `.`, at most 63. */
  readonly name: string;
  /** Name of the network that it stands in; also the label `overlaynet/network`. */
  readonly network: string;
  /** Name of the subnet that it stands in; also the label `overlaynet/subnet`. */
  readonly subnet: string;
  /** CIDR of the subnet: what CrossSubnet is decided by. */
  readonly subnetCidrBlock: string;
  /** Its availability zone; also the label `topology.kubernetes.io/zone`. */
  readonly availabilityZone: string;
  /** Its region; also the label `topology.kubernetes.io/region`. */
  readonly region: string;
  /** Its IPv4 address in the subnet: outer address of what it encapsulates, next hop of what it does not. */
  readonly privateIp: string;
  /**
   * Labels that the pools' nodeSelectors are matched against, besides those of name, network, subnet, zone and
   * region.
   */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A workload that is to get an address. */
export interface TopologyWorkload {
  /** Name of the workload, unique. */
  readonly name: string;
  /** Name of the node that it runs on. A change gives it another address. */
  readonly node: string;
  /**
   * Name of the pool that its address is from. Default: the first that serves the node. A change gives it another
   * address.
   */
  readonly pool?: string;
}

/** A workload and the address that it was given. */
export interface WorkloadAddress {
  /** Name of the workload. */
  readonly name: string;
  /** Name of the node that it runs on. */
  readonly node: string;
  /** Name of the pool that its address is from. */
  readonly pool: string;
  /** Its address. */
  readonly address: string;
}

/** A workload with its address and MTU. */
export interface AssignedWorkload {
  /** Name of the workload. */
  readonly name: string;
  /** Name of the node that it runs on. */
  readonly node: string;
  /** Name of the pool that its address is from. */
  readonly pool: string;
  /** Its address, a single one (/32). */
  readonly address: string;
  /** MTU of its interface, bytes: the smallest of its node's paths in the pool. */
  readonly mtu: number;
}

/** The largest packet that two networks can exchange. */
export interface NetworkMtu {
  /** Names of the two networks. */
  readonly networks: readonly [string, string];
  /** Bytes, 68 to 65535. */
  readonly mtu: number;
}

/** Where and as whom to connect by ssh, and the host key to expect there. */
export interface Connection {
  /** Address or name to connect to. */
  readonly host: string;
  /** TCP port, 1 to 65535. */
  readonly port: number;
  /** User to log in as; root, or one who may use sudo without a password. */
  readonly user: string;
  /** Private key of the user, OpenSSH format. */
  readonly privateKey: string;
  /** Host key to expect (`ssh-ed25519 AAAA…`); any other is refused. */
  readonly hostKey: string;
  /**
   * Command that carries the connection: run by `/bin/sh` with `%h`, `%p` and `%r` replaced by host, port and
   * user. With a `bastion`, the connection to it. Default: that of the provider, else a direct connection.
   */
  readonly proxyCommand?: string;
  /** Host that the connection goes through. Default: none. */
  readonly bastion?: Bastion;
}

export interface ClusterOutputs {
  /** The nodes, in the order of networks and subnets. */
  readonly nodes: readonly ClusterNode[];
  /** Private IPv4 addresses by name of the node: known in preview, unlike `nodes` as a whole. */
  readonly privateIps: Readonly<Record<string, string>>;
  /** The test workloads. */
  readonly workloads: readonly ClusterWorkload[];
  /** The path table: for every ordered pair of nodes and every pool, how packets go and why. */
  readonly paths: readonly Path[];
  /** The blocks of the pools and the nodes they are routed to. */
  readonly blocks: readonly Block[];
  /** What works otherwise than one might think. */
  readonly warnings: readonly Warning[];
  /** How the nodes are reached. */
  readonly ssh: SshAccess;
  /** Ids of the VPCs by name of the network. */
  readonly vpcIds: Readonly<Record<string, string>>;
  /** Ids of the nodes' security groups by name of the network. */
  readonly securityGroupIds: Readonly<Record<string, string>>;
}

export interface SshKeyOutputs {
  /** Private key, OpenSSH format, without a passphrase. */
  readonly privateKey: string;
  /** Public key, `ssh-ed25519 AAAA…`, without a comment. */
  readonly publicKey: string;
  /** Fingerprint of the public key, `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string;
}

export interface IpPoolsInputs {
  /** Calico v3 IPPool manifests, YAML or JSON, one or many documents. A change is applied in place. */
  readonly manifests: string;
  /** Name of the file that the text came from, for messages. Default: `ipPools`. */
  readonly source?: string;
}

export interface IpPoolsOutputs {
  /** The text of the manifests. */
  readonly manifests: string;
  /** Name of the file that the text came from. */
  readonly source?: string;
  /** The pools with every field present, in the order of the text. Known in preview. */
  readonly pools: readonly IpPool[];
}

export interface TopologyInputs {
  /** The IP pools, as `IpPools` gives them. */
  readonly pools: readonly IpPool[];
  /** The nodes. */
  readonly nodes: readonly TopologyNode[];
  /** The workloads that are to get an address. */
  readonly workloads: readonly TopologyWorkload[];
  /** MTU of the nodes' interfaces, bytes, 68 to 65535. Default: 9001. */
  readonly hostMtu?: number;
  /**
   * VXLAN network identifier, 1 to 16777215. Default: 4096. A change makes the nodes' VXLAN devices anew, and a
   * warning says what that interrupts.
   */
  readonly vxlanVni?: number;
  /**
   * UDP port of VXLAN, 1 to 65535. Default: 4789. A change makes the nodes' VXLAN devices anew, and a warning says
   * what that interrupts.
   */
  readonly vxlanPort?: number;
  /**
   * Within a network, packets of pools without encapsulation go to other subnets by way of the VPC's router, the
   * first address of the sender's subnet, whose route tables have to lead to the blocks. Default: false, as in
   * Calico: the next hop is the other node.
   */
  readonly viaVpcRouter?: boolean;
  /**
   * Where two networks exchange smaller packets than `hostMtu`: 8500 over a transit gateway or between regions,
   * 1500 over the internet. Default: nowhere.
   */
  readonly networkMtus?: readonly NetworkMtu[];
  /** Blocks that nodes are to have. Default: what they have, else the lowest free ones of each pool. */
  readonly blocks?: readonly Block[];
  /**
   * Addresses of the tunnel devices by name of the node. Default: what they have, else the first address of the
   * node's first block.
   */
  readonly tunnelAddresses?: Readonly<Record<string, TunnelAddresses>>;
  /**
   * Addresses that workloads are to have. Default: what they have, else the lowest free ones of their node's
   * blocks.
   */
  readonly workloadAddresses?: readonly WorkloadAddress[];
}

export interface TopologyOutputs {
  /** The blocks and the nodes they are routed to. */
  readonly blocks: readonly Block[];
  /** Addresses of the tunnel devices by name of the node. */
  readonly tunnelAddresses: Readonly<Record<string, TunnelAddresses>>;
  /** The workloads with their addresses. */
  readonly assignedWorkloads: readonly AssignedWorkload[];
  /** For every ordered pair of nodes and every pool, how packets go and why. */
  readonly paths: readonly Path[];
  /** What works otherwise than one might think. */
  readonly warnings: readonly Warning[];
  /** What each node has to hold, by name of the node: JSON, gzip, base64. */
  readonly nodePlans: Readonly<Record<string, string>>;
  /** Encapsulations that each node needs a tunnel device for, by name of the node. */
  readonly encapsulations: Readonly<Record<string, readonly TunnelEncapsulation[]>>;
}

export interface TunnelInputs {
  /** Name of the node. A change replaces the resource. */
  readonly node: string;
  /**
   * Id of the node's instance. A change brings everything to the new instance: what was pushed to the former one
   * went with it.
   */
  readonly instanceId: string;
  /** How to reach the node. A change alone pushes nothing again. */
  readonly connection: Connection;
  /** The encapsulation. A change replaces the resource. */
  readonly encapsulation: TunnelEncapsulation;
  /**
   * What the node has to hold: its entry of `nodePlans` of a Topology. Pushed when what it says of the tunnel
   * changes.
   */
  readonly plan: string;
}

export interface TunnelOutputs {
  /**
   * sha256, hex, of what stands on the node. Known in preview; `none` when the node needs none, `files: …` or
   * `deviates: …` when a refresh found files changed or something else in force, empty when it is not known what
   * stands there.
   */
  readonly digest: string;
}

export interface TunnelsReadyInputs {
  /** Digests of all tunnels. */
  readonly tunnels: readonly string[];
}

export interface TunnelsReadyOutputs {
  /** sha256, hex, over the digests of all tunnels. */
  readonly digest: string;
}

export interface RoutesInputs {
  /** Name of the node. A change replaces the resource. */
  readonly node: string;
  /**
   * Id of the node's instance. A change brings everything to the new instance: what was pushed to the former one
   * went with it.
   */
  readonly instanceId: string;
  /** How to reach the node. A change alone pushes nothing again. */
  readonly connection: Connection;
  /** What the node has to hold: its entry of `nodePlans` of a Topology. Pushed when what it says of routes changes. */
  readonly plan: string;
  /** Digest of a TunnelsReady: the routes come after it. A change alone pushes nothing. */
  readonly tunnelsReady: string;
}

export interface RoutesOutputs {
  /**
   * sha256, hex, of what stands on the node. Known in preview; `none` when the node needs none, `files: …` or
   * `deviates: …` when a refresh found files changed or something else in force, empty when it is not known what
   * stands there.
   */
  readonly digest: string;
}

export interface WorkloadInputs {
  /** Name of the node. A change replaces the resource. */
  readonly node: string;
  /**
   * Id of the node's instance. A change brings everything to the new instance: what was pushed to the former one
   * went with it.
   */
  readonly instanceId: string;
  /** How to reach the node. A change alone pushes nothing again. */
  readonly connection: Connection;
  /** Name of the workload, unique on the node. A change replaces the resource. */
  readonly name: string;
  /** Name of the pool that its address is from. A change attaches it anew. */
  readonly pool: string;
  /** Its address. A change attaches it anew. */
  readonly address: string;
  /** MTU of its interface, bytes. A change attaches it anew. */
  readonly mtu: number;
  /** Digest of the node's Routes: the workload comes after them. A change alone pushes nothing. */
  readonly routes: string;
}

export interface WorkloadOutputs {
  /**
   * sha256, hex, of what stands on the node. Known in preview; `none` when the node needs none, `files: …` or
   * `deviates: …` when a refresh found files changed or something else in force, empty when it is not known what
   * stands there.
   */
  readonly digest: string;
  /** Its network namespace on the node. */
  readonly namespace: string;
}

/** What whole numbers are within, both included. */
export const RANGES = {
  Bastion: { port: { minimum: 1, maximum: 65535 } },
  SshAccess: { port: { minimum: 1, maximum: 65535 } },
  NetworkMtu: { mtu: { minimum: 68, maximum: 65535 } },
  Connection: { port: { minimum: 1, maximum: 65535 } },
  Topology: {
    hostMtu: { minimum: 68, maximum: 65535 },
    vxlanVni: { minimum: 1, maximum: 16777215 },
    vxlanPort: { minimum: 1, maximum: 65535 },
  },
  Provider: { sshDeadline: { minimum: 1, maximum: 999999 } },
} as const;
