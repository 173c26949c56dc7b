// Made from provider/schema.json by scripts/generate-types.ts: change the schema, not this.

/** When packets between nodes are encapsulated, as Calico spells it. */
export type EncapsulationMode = "Never" | "Always" | "CrossSubnet";

/** What a pool's addresses may be given to. */
export type AllowedUse = "Workload" | "Tunnel" | "LoadBalancer";

/** When addresses of a pool are given. */
export type AssignmentMode = "Automatic" | "Manual";

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
  /** User to log in as: root, or one who may use sudo. */
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
  /** Password that sudo asks the user for. Default: none, and sudo must not ask. */
  readonly sudoPassword?: string;
}

/** Whether a network carries IP protocol 4 (IP in IP). */
export type Protocol4 = "Allowed" | "Blocked";

/** What becomes of an update when a host cannot be reached. */
export type Unreachable = "Fail" | "Skip";

/** A network that hosts stand in. Hosts of one network reach each other's addresses without address translation. */
export interface OverlayNetwork {
  /**
   * Name of the network, unique in the overlay; also the label `overlaynet/network` of its hosts. A change is
   * applied in place.
   */
  readonly name: string;
  /**
   * Largest packet that hosts of the network exchange, bytes, 576 to 65535: 9001 in an AWS VPC, 1500 in most
   * others. Between two networks the lesser of both counts, unless `networkMtus` says otherwise. Default: 1500. A
   * change is applied in place.
   */
  readonly mtu?: number;
  /** Whether the network carries IP protocol 4 (IP in IP). Default: `Allowed`. */
  readonly protocol4?: Protocol4;
}

/** What a host has of its own for being reached; the rest is in the overlay's `ssh`. */
export interface HostSsh {
  /** Address or name to connect to. */
  readonly host: string;
  /** Host key to expect. */
  readonly hostKey: string;
  /** TCP port of its ssh server, 1 to 65535. */
  readonly port?: number;
  /** User to log in as. */
  readonly user?: string;
  /** Private key of the user. */
  readonly privateKey?: string;
  /** Command that carries the connection. */
  readonly proxyCommand?: string;
  /** Host that the connection goes through. */
  readonly bastion?: Bastion;
  /** Password that sudo asks for. */
  readonly sudoPassword?: string;
}

/** A host of an overlay. */
export interface OverlayNode {
  /** Name of the host. */
  readonly name: string;
  /** Network that it stands in. */
  readonly network: string;
  /** Its IPv4 address. */
  readonly address: string;
  /** How it is reached, where that differs from the overlay's `ssh`. */
  readonly ssh: HostSsh;
}

/** How hosts are reached where they have nothing of their own. */
export interface OverlaySsh {
  /** TCP port of the ssh servers, 1 to 65535. */
  readonly port: number;
  /** User to log in as. */
  readonly user: string;
  /** Private key of the user. */
  readonly privateKey?: string;
  /** Command that carries the connections. */
  readonly proxyCommand?: string;
  /** Host that the connections go through. */
  readonly bastion?: Bastion;
  /** Password that sudo asks for. */
  readonly sudoPassword?: string;
}

/** A host and where it stands. */
export interface TopologyHost {
  /** Name of the host, unique: lower-case letters, digits, `-` and `.`, at most 63. */
  readonly name: string;
  /** Name of the network that it stands in; also the label `overlaynet/network`. */
  readonly network: string;
  /** Name of the subnet that it stands in; also the label `overlaynet/subnet`. Default: none. */
  readonly subnet?: string;
  /** CIDR of the subnet: what CrossSubnet is decided by. */
  readonly subnetCidrBlock: string;
  /** Its availability zone; also the label `topology.kubernetes.io/zone`. Default: none. */
  readonly availabilityZone?: string;
  /** Its region; also the label `topology.kubernetes.io/region`. Default: none. */
  readonly region?: string;
  /** Its IPv4 address in the subnet: outer address of what it encapsulates, next hop of what it does not. */
  readonly address: string;
  /** IPv4 address at which hosts of other networks reach it. Default: `address`. */
  readonly publicAddress?: string;
  /** Which machine it is. It concerns the host and those on its link alone. Default: the same machine for ever. */
  readonly incarnation?: string;
  /**
   * Labels that the pools' nodeSelectors are matched against, besides those of name, network, subnet, zone and
   * region.
   */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What a network does with packets. */
export interface TopologyNetwork {
  /** Name of the network. */
  readonly name: string;
  /** Whether it carries IP protocol 4 (IP in IP). */
  readonly protocol4: Protocol4;
}

/** A host as `getIngress` needs to know it. */
export interface IngressHost {
  /** Name of the host. */
  readonly name: string;
  /** Name of its network. Default: the only network. */
  readonly network?: string;
  /** CIDR of its subnet. */
  readonly subnetCidrBlock: string;
  /** Its zone. */
  readonly availabilityZone?: string;
  /** Its region. */
  readonly region?: string;
  /** Address at which hosts of other networks reach it. Default: its own. */
  readonly publicAddress?: string;
  /** Labels that the pools' `nodeSelector` is matched against. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What a network must let in. */
export interface IngressRule {
  /** IP protocol, as AWS writes it: `4` (IP in IP), `udp`, or `-1` for every protocol. */
  readonly protocol: string;
  /** First port. Absent where the protocol has none. */
  readonly fromPort?: number;
  /** Last port. Absent where the protocol has none. */
  readonly toPort?: number;
  /** Networks whose hosts send it. Absent where the source is workloads. */
  readonly networks?: readonly string[];
  /** CIDRs of the sources: subnets of the sending hosts, their public addresses, or the IP pool. */
  readonly cidrBlocks: readonly string[];
  /** Why, in a sentence. */
  readonly reason: string;
}

/** What one network must let in. */
export interface NetworkIngress {
  /** Name of the network. */
  readonly network: string;
  /** The rules. Empty where nothing comes from outside of the hosts. */
  readonly rules: readonly IngressRule[];
}

/** Whether a host's network interface must take packets of other addresses than its own. */
export interface HostForwarding {
  /** Name of the host. */
  readonly name: string;
  /**
   * True: EC2's source/destination check must be off, IP forwarding of an Azure network interface or of a Google
   * Cloud instance on. Allow it before the Overlay changes, as a rule. Take it back only after: while hosts still
   * send such packets, that loses them.
   */
  readonly forwarding: boolean;
  /** Why, in a sentence. */
  readonly reason: string;
}

export interface ClusterOutputs {
  /** The nodes, in the order of networks and subnets. */
  readonly nodes: readonly ClusterNode[];
  /** Private IPv4 addresses by name of the node: known in preview, unlike `nodes` as a whole. */
  readonly privateIps: Readonly<Record<string, string>>;
  /** The test workloads. */
  readonly workloads: readonly ClusterWorkload[];
  /** What all nodes share, packed: `overlaynet paths` and `overlaynet verify` work the paths out of it. */
  readonly topology: string;
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

export interface OverlayOutputs {
  /** The hosts and how they are reached. */
  readonly nodes: readonly OverlayNode[];
  /** The test workloads. */
  readonly workloads: readonly ClusterWorkload[];
  /** What all hosts share, packed: `overlaynet paths` and `overlaynet verify` work the paths out of it. */
  readonly topology: string;
  /** The blocks of the pools and the nodes they are routed to. */
  readonly blocks: readonly Block[];
  /** What works otherwise than one might think. */
  readonly warnings: readonly Warning[];
  /** How hosts are reached where they have nothing of their own. */
  readonly ssh: OverlaySsh;
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
  /** The hosts. */
  readonly hosts: readonly TopologyHost[];
  /** The networks that do otherwise than most. Default: all carry everything. */
  readonly networks?: readonly TopologyNetwork[];
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
  /** What works otherwise than one might think. */
  readonly warnings: readonly Warning[];
  /**
   * What all hosts share, packed: JSON, gzip, base64. Tunnel and Routes take their plans from it, and `overlaynet
   * paths` works the path table out of it. It holds no secret.
   */
  readonly packed: string;
  /** By CIDR of the subnet, a digest of which machines the hosts there are. */
  readonly links: Readonly<Record<string, string>>;
  /**
   * Who the hosts belong to: project, stack, name, and an id that stays for the resource's life. Hosts refuse
   * changes by anyone else.
   */
  readonly owner: string;
}

export interface TunnelInputs {
  /** Name of the node. A change replaces the resource. */
  readonly node: string;
  /**
   * Which machine the node is, such as the id of its instance. A change brings everything to the new machine: what
   * was pushed to the former one went with it. Default: the same machine for ever.
   */
  readonly incarnation?: string;
  /** How to reach the node. A change alone pushes nothing again. */
  readonly connection: Connection;
  /**
   * `owner` of a Topology: whom the node belongs to. A node of another owner is refused. Default: none, and only
   * nodes without an owner are taken.
   */
  readonly owner?: string;
  /** What becomes of an update when the node cannot be reached. Default: `Fail`. A change alone pushes nothing. */
  readonly unreachable?: Unreachable;
  /** The encapsulation. A change replaces the resource. */
  readonly encapsulation: TunnelEncapsulation;
  /**
   * `packed` of a Topology, or a short reference to it by which components of this provider name what their own
   * process knows. Pushed when what it says of the node's tunnel changes.
   */
  readonly topology: string;
}

export interface TunnelOutputs {
  /**
   * sha256, hex, of what stands on the node. Known in preview; `none` when the node needs none, `files: …` or
   * `deviates: …` when a refresh found files changed or something else in force, `skipped` when the node was not
   * reached, empty when it is not known what stands there.
   */
  readonly digest: string;
  /** The first 16 hex digits of the sha256 of each file that was brought there, by name. */
  readonly files: Readonly<Record<string, string>>;
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
   * Which machine the node is, such as the id of its instance. A change brings everything to the new machine: what
   * was pushed to the former one went with it. Default: the same machine for ever.
   */
  readonly incarnation?: string;
  /** How to reach the node. A change alone pushes nothing again. */
  readonly connection: Connection;
  /**
   * `owner` of a Topology: whom the node belongs to. A node of another owner is refused. Default: none, and only
   * nodes without an owner are taken.
   */
  readonly owner?: string;
  /** What becomes of an update when the node cannot be reached. Default: `Fail`. A change alone pushes nothing. */
  readonly unreachable?: Unreachable;
  /**
   * `packed` of a Topology, or a short reference to it by which components of this provider name what their own
   * process knows. Pushed when what it says of the node's routes changes.
   */
  readonly topology: string;
  /**
   * The entry of `links` of a Topology for the node's subnet: when it changes, the node forgets the MAC addresses
   * of its neighbours. Default: never.
   */
  readonly link?: string;
  /** Digest of a TunnelsReady: the routes come after it. A change alone pushes nothing. */
  readonly tunnelsReady: string;
}

export interface RoutesOutputs {
  /**
   * sha256, hex, of what stands on the node. Known in preview; `none` when the node needs none, `files: …` or
   * `deviates: …` when a refresh found files changed or something else in force, `skipped` when the node was not
   * reached, empty when it is not known what stands there.
   */
  readonly digest: string;
  /** The first 16 hex digits of the sha256 of each file that was brought there, by name. */
  readonly files: Readonly<Record<string, string>>;
}

export interface WorkloadInputs {
  /** Name of the node. A change replaces the resource. */
  readonly node: string;
  /**
   * Which machine the node is, such as the id of its instance. A change brings everything to the new machine: what
   * was pushed to the former one went with it. Default: the same machine for ever.
   */
  readonly incarnation?: string;
  /** How to reach the node. A change alone pushes nothing again. */
  readonly connection: Connection;
  /**
   * `owner` of a Topology: whom the node belongs to. A node of another owner is refused. Default: none, and only
   * nodes without an owner are taken.
   */
  readonly owner?: string;
  /** What becomes of an update when the node cannot be reached. Default: `Fail`. A change alone pushes nothing. */
  readonly unreachable?: Unreachable;
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
   * `deviates: …` when a refresh found files changed or something else in force, `skipped` when the node was not
   * reached, empty when it is not known what stands there.
   */
  readonly digest: string;
  /** Its network namespace on the node. */
  readonly namespace: string;
  /** The first 16 hex digits of the sha256 of each file that was brought there, by name. */
  readonly files: Readonly<Record<string, string>>;
}

export interface HostKeyInputs {
  /** Address or name to connect to. A change is recorded and pins nothing anew. */
  readonly host: string;
  /** TCP port of the ssh server, 1 to 65535. */
  readonly port: number;
  /** User for `%r` of the proxy command. Nobody logs in. */
  readonly user: string;
  /** Command that carries the connection. Default: that of the provider, else a direct connection. */
  readonly proxyCommand?: string;
  /** Host that the connection goes through. Default: none. */
  readonly bastion?: Bastion;
  /** Which machine it is. A change replaces the resource: another machine has another key. */
  readonly incarnation?: string;
}

export interface HostKeyOutputs {
  /** The host key, `ssh-ed25519 AAAA…`, without a comment. */
  readonly hostKey: string;
}

export interface GetIngressInputs {
  /** Calico v3 IPPool manifests, as the Overlay gets them. */
  readonly ipPools: string;
  /** The networks, as the Overlay gets them. Default: one named `default`. */
  readonly networks?: readonly OverlayNetwork[];
  /** The hosts. */
  readonly hosts: readonly IngressHost[];
  /** UDP port of VXLAN. Default: 4789. */
  readonly vxlanPort?: number;
}

export interface GetIngressOutputs {
  /** For each network, what it must let in. */
  readonly networks: readonly NetworkIngress[];
  /** For each host, whether it must be allowed to forward. */
  readonly hosts: readonly HostForwarding[];
}

/** What whole numbers are within, both included. */
export const RANGES = {
  Bastion: { port: { minimum: 1, maximum: 65535 } },
  SshAccess: { port: { minimum: 1, maximum: 65535 } },
  NetworkMtu: { mtu: { minimum: 68, maximum: 65535 } },
  Connection: { port: { minimum: 1, maximum: 65535 } },
  OverlayNetwork: { mtu: { minimum: 576, maximum: 65535 } },
  HostSsh: { port: { minimum: 1, maximum: 65535 } },
  OverlaySsh: { port: { minimum: 1, maximum: 65535 } },
  Topology: {
    hostMtu: { minimum: 68, maximum: 65535 },
    vxlanVni: { minimum: 1, maximum: 16777215 },
    vxlanPort: { minimum: 1, maximum: 65535 },
  },
  HostKey: { port: { minimum: 1, maximum: 65535 } },
  Provider: { sshDeadline: { minimum: 1, maximum: 999999 } },
} as const;
