// Made from provider/schema.json by scripts/generate-types.ts: change the schema, not this.

import type { Input } from "@pulumi/pulumi";

/** How the networks of a cluster reach each other. */
export type Interconnect = "Peering" | "TransitGateway";

/**
 * What becomes of IP pools with ipipMode and vxlanMode Never whose nodes are in several subnets: the VPC's
 * router knows no workloads and drops their packets.
 */
export type NeverAcrossSubnets = "Refuse" | "VpcRouteTables";

/** A VPC and the nodes in it. */
export interface NetworkArgs {
  /**
   * Name of the network, unique in the cluster; part of the names of its resources and nodes. A change replaces
   * the network with all its nodes: the new one is made before the old one goes.
   */
  readonly name: string;
  /**
   * IPv4 CIDR of the VPC, /16 to /28, such as `10.1.0.0/16`. It may overlap neither another network (where they
   * are peered) nor an IP pool. A change replaces the network with all its nodes: the new VPC is made before the
   * old one goes, so the account's quota must allow one VPC more.
   */
  readonly cidrBlock: string;
  /**
   * The network's subnets, each in one availability zone. Subnets may be added, removed and put in another order:
   * the others keep their CIDRs, nodes and addresses.
   */
  readonly subnets: readonly SubnetArgs[];
  /**
   * Whether there is a NAT gateway, with an elastic IP address, as the way to the internet of the subnets with
   * `publicIp: false`. It stands in the other subnet, which may have 0 nodes; where there are several,
   * `natGatewaySubnet` says in which. It has the subnet's last usable address, which no node gets. AWS bills it by
   * the hour and by traffic. Default: false.
   */
  readonly natGateway?: boolean;
  /**
   * Name of the subnet that the NAT gateway stands in, one with public addresses. Default: the only one that has
   * them. A change replaces the gateway, which keeps its public address; private subnets have no way out
   * meanwhile.
   */
  readonly natGatewaySubnet?: string;
}

/** A subnet of a VPC and the nodes in it. */
export interface SubnetArgs {
  /**
   * Availability zone such as `us-east-1a`. A change replaces the subnet with its nodes. Where it keeps its
   * `cidrBlock`, the old one goes first, as AWS has a CIDR once in a VPC.
   */
  readonly availabilityZone: string;
  /**
   * Number of nodes in the subnet. A change adds or removes the last ones; the others keep their addresses and
   * blocks.
   */
  readonly nodes: number;
  /**
   * Name of the subnet, unique in its network. Lower-case letters, digits and single hyphens. Default: the last
   * letter of the availability zone; two subnets in one zone need names. A change replaces its nodes, which are
   * named after it; each goes before its replacement comes, as it keeps its address.
   */
  readonly name?: string;
  /**
   * IPv4 CIDR inside the network's, /16 to /28. Default: by the letter of the zone, the first /24 of the network
   * for `a`, the second for `b`, and so on; in networks smaller than a /20 a sixteenth. A second subnet in a zone
   * needs one of its own. A change replaces the subnet with its nodes: the new ones are made before the old ones
   * go.
   */
  readonly cidrBlock?: string;
  /**
   * Whether its nodes have public addresses. Without, they are reached by `ssh.bastion` or `ssh.proxyCommand`, and
   * have a way out with the network's `natGateway` only. Default: true. A change replaces its nodes, each of which
   * goes before its replacement comes, as it keeps its address.
   */
  readonly publicIp?: boolean;
}

/** How the nodes are reached to set them up. */
export interface SshOptionsArgs {
  /**
   * User to log in as; root, or one who may use sudo without a password. Default: the image's own user, `admin` of
   * Debian's images, `ubuntu` of Ubuntu's, `ec2-user` of Amazon Linux 2023; for an image that none of these made,
   * it is needed.
   */
  readonly user?: string;
  /** TCP port of the nodes' ssh server, 1 to 65535. Default: 22. */
  readonly port?: number;
  /**
   * CIDRs from which ssh to the nodes is let in, such as `203.0.113.7/32`: a security group rule each. Needed
   * unless a `proxyCommand` reaches the nodes in another way. Default: none.
   */
  readonly adminCidrBlocks?: readonly string[];
  /**
   * Command that carries the connections: run by `/bin/sh` with `%h`, `%p` and `%r` replaced by host, port and
   * user; its standard input and output carry the connection. With a `bastion`, the connection to it. Default:
   * that of the provider, else a direct connection. A change pushes nothing again.
   */
  readonly proxyCommand?: string;
  /**
   * Host that the connections to the nodes go through, all of them to private addresses: needed, or a
   * `proxyCommand`, where nodes have no public address. `adminCidrBlocks` then holds the address that it connects
   * from. Default: none. A change pushes nothing again.
   */
  readonly bastion?: BastionOptionsArgs;
}

/**
 * A host on the way to the nodes, as OpenSSH's ProxyJump: it is logged in to, and makes the connections to the
 * nodes.
 */
export interface BastionOptionsArgs {
  /** Address or name to connect to. */
  readonly host: Input<string>;
  /** TCP port of its ssh server, 1 to 65535. Default: 22. */
  readonly port?: number;
  /** User to log in as. */
  readonly user: string;
  /** Private key of the user, OpenSSH or PEM format. */
  readonly privateKey: Input<string>;
  /** Host key to expect (`ssh-ed25519 AAAA…`); any other is refused. */
  readonly hostKey: Input<string>;
}

/** The largest packet that two networks can exchange. */
export interface NetworkMtuArgs {
  /** Names of the two networks. */
  readonly networks: Input<readonly [Input<string>, Input<string>]>;
  /** Bytes, 68 to 65535. */
  readonly mtu: Input<number>;
}

/** Whether a network carries IP protocol 4 (IP in IP). */
export type Protocol4 = "Allowed" | "Blocked";

/** What becomes of an update when a host cannot be reached. */
export type Unreachable = "Fail" | "Skip";

/** A network that hosts stand in. Hosts of one network reach each other's addresses without address translation. */
export interface OverlayNetworkArgs {
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

/** How hosts are reached where they say nothing else. */
export interface OverlaySshOptionsArgs {
  /** User to log in as: root, or one who may use sudo. Default: `root`. */
  readonly user?: Input<string>;
  /** TCP port of the ssh server, 1 to 65535. Default: 22. */
  readonly port?: Input<number>;
  /** Private key of the user, OpenSSH or PEM format, without a passphrase. Default: each host names its own. */
  readonly privateKey?: Input<string>;
  /**
   * Whether to take the host key that a host without a `hostKey` shows when it is first connected to. The key is
   * then pinned: another one is refused. Whoever answers first is trusted, so prefer `hostKey`. Default: false.
   */
  readonly trustOnFirstUse?: boolean;
  /**
   * Command that carries the connection: run by `/bin/sh` with `%h`, `%p` and `%r` replaced by host, port and
   * user; its standard input and output carry the connection. With a `bastion`, the connection to it. Default:
   * that of the provider, else a direct connection.
   */
  readonly proxyCommand?: Input<string>;
  /** Host that the connection goes through. Default: none. */
  readonly bastion?: BastionOptionsArgs;
  /** Password that sudo asks the user for. Default: none, and sudo must not ask. */
  readonly sudoPassword?: Input<string>;
}

/** How a host is reached. */
export interface HostSshOptionsArgs {
  /** Address or name to connect to. Default: the host's `address`. A change alone pushes nothing again. */
  readonly host?: Input<string>;
  /** User to log in as: root, or one who may use sudo. Default: that of the overlay's `ssh`, else `root`. */
  readonly user?: Input<string>;
  /** TCP port of the ssh server, 1 to 65535. Default: that of the overlay's `ssh`, else 22. */
  readonly port?: Input<number>;
  /** Private key of the user, OpenSSH or PEM format, without a passphrase. Default: that of the overlay's `ssh`. */
  readonly privateKey?: Input<string>;
  /** Host key to expect (`ssh-ed25519 AAAA…`); any other is refused. Needed unless `trustOnFirstUse` is true. */
  readonly hostKey?: Input<string>;
  /**
   * Whether to take the host key that the host shows when it is first connected to. The key is then pinned:
   * another one is refused. Whoever answers first is trusted, so prefer `hostKey`. Default: that of the overlay's
   * `ssh`, else false.
   */
  readonly trustOnFirstUse?: boolean;
  /**
   * Command that carries the connection: run by `/bin/sh` with `%h`, `%p` and `%r` replaced by host, port and
   * user; its standard input and output carry the connection. With a `bastion`, the connection to it. Default:
   * that of the overlay's `ssh`, else that of the provider, else a direct connection.
   */
  readonly proxyCommand?: Input<string>;
  /** Host that the connection goes through. Default: that of the overlay's `ssh`, else none. */
  readonly bastion?: BastionOptionsArgs;
  /** Password that sudo asks the user for. Default: that of the overlay's `ssh`, else sudo must not ask. */
  readonly sudoPassword?: Input<string>;
}

/** A host that exists already, on any cloud or none. It needs Linux with iproute2, nftables and systemd. */
export interface OverlayHostArgs {
  /**
   * Name of the host, unique in the overlay: lower-case letters, digits, `-` and `.`, at most 63; with test
   * workloads shorter, and without dots. A change removes the overlay from the host and brings it there anew.
   */
  readonly name: string;
  /** Name of the network that it stands in. Default: the only network. A change is applied in place. */
  readonly network?: string;
  /**
   * IPv4 address of its network interface: outer address of what it encapsulates, next hop of what it does not.
   * May be an output that is not known yet. A change is applied in place.
   */
  readonly address: Input<string>;
  /**
   * IPv4 address at which hosts of other networks reach it, translated one to one to `address`. They send tunnel
   * packets there, and take tunnel packets from there. Default: `address`, which they must then reach without
   * translation. A change is applied in place.
   */
  readonly publicAddress?: Input<string>;
  /**
   * CIDR of the subnet that `address` is in, such as `10.1.0.0/24`: CrossSubnet is decided by it. A change is
   * applied in place.
   */
  readonly subnetCidrBlock: Input<string>;
  /** Its zone: the label `topology.kubernetes.io/zone`. Default: none. */
  readonly availabilityZone?: string;
  /** Its region: the label `topology.kubernetes.io/region`. Default: none. */
  readonly region?: string;
  /**
   * Labels that the pools' `nodeSelector` is matched against, besides `kubernetes.io/hostname`,
   * `topology.kubernetes.io/zone` and `region`, and `overlaynet/network`. Default: none. A change is applied in
   * place.
   */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Which machine it is, such as the id of its instance. Another value says that another machine has the old name:
   * everything is brought to it anew, and the hosts on its link forget the old one's MAC address. Default: the
   * same machine for ever.
   */
  readonly incarnation?: Input<string>;
  /** How the host is reached. Default: by the overlay's `ssh` at `address`. */
  readonly ssh?: HostSshOptionsArgs;
}

export interface ClusterArgs {
  /**
   * Calico v3 IPPool manifests, YAML or JSON, one or many documents: the text, unmodified. It decides which
   * tunnels there are, so it has to be known when the program runs. A change is applied to the running nodes.
   */
  readonly ipPools: string;
  /** Name of the file that `ipPools` came from, for messages such as `pools.yaml:7:9: …`. Default: `ipPools`. */
  readonly ipPoolsSource?: string;
  /** The VPCs with their subnets and nodes. Networks may be added and removed. */
  readonly networks: readonly NetworkArgs[];
  /** How the networks reach each other. Defaults to `Peering`. */
  readonly interconnect?: Interconnect;
  /**
   * What becomes of IP pools with ipipMode and vxlanMode Never whose nodes are in several subnets. Defaults to
   * `Refuse`.
   */
  readonly neverAcrossSubnets?: NeverAcrossSubnets;
  /**
   * VXLAN network identifier, 1 to 16777215, as Calico's `vxlanVNI`. Defaults to 4096. A change makes the nodes'
   * VXLAN devices anew, which interrupts what they carry; the preview warns of it.
   */
  readonly vxlanVni?: number;
  /**
   * UDP port of VXLAN, 1 to 65535, as Calico's `vxlanPort`; the security group rules have it. Defaults to 4789. A
   * change makes the nodes' VXLAN devices anew, which interrupts what they carry; the preview warns of it.
   */
  readonly vxlanPort?: number;
  /**
   * MTU of the nodes' network interfaces, bytes, 576 to 9001; tunnels and workloads get what the encapsulation
   * leaves of it. Default: 9001, which nearly all instance types have.
   */
  readonly hostMtu?: number;
  /** How the nodes are reached to set them up. `adminCidrBlocks` is needed, unless there is a `proxyCommand`. */
  readonly ssh?: SshOptionsArgs;
  /**
   * EC2 instance type of the nodes. Default: `t3.micro`. A change stops and starts the instances, which then have
   * other public addresses.
   */
  readonly instanceType?: Input<string>;
  /**
   * AMI of the nodes: Debian 12 or 13; Ubuntu 22.04 or newer and Amazon Linux 2023 are provided for and were not
   * run (on the latter, workloads need the CNI plugins ptp and host-local in /opt/cni/bin). To an image that
   * others made, Debian's package names are given. Default: the newest official Debian 12 image for the instance
   * type at a node's creation; a node keeps the one it was made from. A change replaces the nodes.
   */
  readonly imageId?: Input<string>;
  /**
   * Number of test workloads on each node: network namespaces with an address of a pool, for `overlaynet verify`.
   * A node's workloads take the pools in turn, so that as many as there are pools try each of them. Defaults to 0.
   */
  readonly workloadsPerNode?: number;
  /** Tags of all AWS resources, besides `Name`. Default: none. A change is applied in place. */
  readonly tags?: Input<Readonly<Record<string, Input<string>>>>;
  /**
   * EC2's source/destination check by node name. Default: false for every node, as packets without encapsulation
   * carry the workloads' addresses; true on a node makes exactly these fail, which tests use. A change is applied
   * in place.
   */
  readonly sourceDestCheck?: Readonly<Record<string, boolean>>;
  /**
   * Labels by node name, which the pools' `nodeSelector` is matched against, besides `kubernetes.io/hostname`,
   * `topology.kubernetes.io/zone` and `region`, `overlaynet/network` and `overlaynet/subnet`. Default: none.
   */
  readonly labels?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /**
   * What becomes of an update when a node cannot be reached. In both cases a node that is back is healed by the
   * next update. Default: `Fail`.
   */
  readonly unreachable?: Unreachable;
}

export interface OverlayArgs {
  /**
   * Calico v3 IPPool manifests, YAML or JSON, one or many documents: the text, unmodified. It decides which
   * tunnels there are, so it has to be known when the program runs. A change is applied to the running hosts.
   */
  readonly ipPools: string;
  /** Name of the file that `ipPools` came from, for messages such as `pools.yaml:7:9: …`. Default: `ipPools`. */
  readonly ipPoolsSource?: string;
  /** The networks that the hosts stand in. Default: one named `default`, with an MTU of 1500. */
  readonly networks?: readonly OverlayNetworkArgs[];
  /**
   * The largest packets between two networks where that is not the lesser of their own MTUs: 8500 over an AWS
   * transit gateway, 1500 over the internet. Default: none.
   */
  readonly networkMtus?: readonly NetworkMtuArgs[];
  /** The hosts. Hosts may be added, removed and reordered: the others keep their blocks and addresses. */
  readonly hosts: readonly OverlayHostArgs[];
  /** How hosts are reached where they say nothing else. Default: each host says it. */
  readonly ssh?: OverlaySshOptionsArgs;
  /**
   * What becomes of an update when a host cannot be reached. In both cases a host that is back is healed by the
   * next update. Default: `Fail`.
   */
  readonly unreachable?: Unreachable;
  /**
   * VXLAN network identifier, 1 to 16777215, as Calico's `vxlanVNI`. Defaults to 4096. A change makes the nodes'
   * VXLAN devices anew, which interrupts what they carry; the preview warns of it.
   */
  readonly vxlanVni?: number;
  /**
   * UDP port of VXLAN, 1 to 65535, as Calico's `vxlanPort`. Defaults to 4789. A change makes the nodes' VXLAN
   * devices anew, which interrupts what they carry; the preview warns of it.
   */
  readonly vxlanPort?: number;
  /**
   * Number of test workloads on each node: network namespaces with an address of a pool, for `overlaynet verify`.
   * A node's workloads take the pools in turn, so that as many as there are pools try each of them. Defaults to 0.
   */
  readonly workloadsPerNode?: number;
}

/** What arguments are where a program gives none. */
export const DEFAULTS = {
  Network: { natGateway: false },
  Subnet: { publicIp: true },
  SshOptions: { port: 22 },
  BastionOptions: { port: 22 },
  OverlayNetwork: { mtu: 1500, protocol4: "Allowed" },
  Cluster: {
    interconnect: "Peering",
    neverAcrossSubnets: "Refuse",
    vxlanVni: 4096,
    vxlanPort: 4789,
    hostMtu: 9001,
    instanceType: "t3.micro",
    workloadsPerNode: 0,
    unreachable: "Fail",
  },
  Overlay: { unreachable: "Fail", vxlanVni: 4096, vxlanPort: 4789, workloadsPerNode: 0 },
} as const;
