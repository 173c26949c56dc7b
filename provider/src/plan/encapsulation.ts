import type { IpVersion } from "../ippool/cidr";
import type { Encapsulation, TunnelKind } from "../ippool/pool-mode";

/**
 * Every fact about an encapsulation, once, and the one function that decides which applies between two nodes. What a
 * new one needs besides its entry here, the compiler lists.
 *
 * Source: Felix' managers, felix/dataplane/linux/{ipip,vxlan,noencap}_mgr.go and route_mgr.go.
 */
interface EncapsulationFacts {
  /** The device that its packets leave the node by, for pools of each family; undefined where it carries no such pool. */
  readonly devices: Readonly<Record<IpVersion, string | undefined>>;
  /** Bytes of header that it adds to a packet. */
  readonly overhead: Readonly<Record<IpVersion, number | undefined>>;
  readonly route: {
    /** The next hop of its routes: the other node's own address, or its VTEP's, to which neighbour and FDB entry lead. */
    readonly gateway: "Node" | "Vtep";
    /** Routing protocol number. 80 is Felix' DefaultRouteProto; Felix leaves 3 (boot) on routes over a VXLAN device. */
    readonly proto: number;
    /** Whether each route has an MTU, or only one on a path whose MTU is less than the interface's. */
    readonly mtu: "Always" | "WhereLimited";
  };
  /** What the sender must have for any route to a block of such a pool, also for those without encapsulation. */
  readonly sender: keyof PathEnd;
  /** What the receiver must have for a route to it through the tunnel. */
  readonly receiver: keyof PathEnd;
}

interface TunnelFacts extends EncapsulationFacts {
  /** As in names of parts, statements and rules. */
  readonly key: Lowercase<TunnelKind>;
  /** As people say it. */
  readonly title: string;
  /** Protocol number of the outer header (IANA). What lets its packets in must let in this protocol. */
  readonly ipProtocol: number;
  /** Where the protocol is UDP: default port, the only one to let in, and default network identifier. */
  readonly udp: { readonly port: number; readonly vni: number } | undefined;
}

/** What a plan calls the interface that has the node's address, whatever it is called there. */
export const PARENT_DEVICE = "eth0";

export const ENCAPSULATIONS = {
  None: {
    devices: { 4: PARENT_DEVICE, 6: PARENT_DEVICE },
    overhead: { 4: 0, 6: 0 },
    // Felix sets no MTU here: it knows of none but the interface's.
    route: { gateway: "Node", proto: 80, mtu: "WhereLimited" },
    sender: "subnet",
    receiver: "address",
  },
  IPIP: {
    key: "ipip",
    title: "IP in IP",
    ipProtocol: 4,
    udp: undefined,
    devices: { 4: "tunl0", 6: undefined },
    // IPv4 20 (RFC 2003).
    overhead: { 4: 20, 6: undefined },
    route: { gateway: "Node", proto: 80, mtu: "Always" },
    sender: "subnet",
    receiver: "subnet",
  },
  VXLAN: {
    key: "vxlan",
    title: "VXLAN",
    ipProtocol: 17,
    // Felix' vxlanPort, which is IANA's, and vxlanVNI.
    udp: { port: 4789, vni: 4096 },
    devices: { 4: "vxlan.calico", 6: "vxlan-v6.calico" },
    // Outer IPv4 20 or IPv6 40, UDP 8, VXLAN 8, inner Ethernet 14 (RFC 7348).
    overhead: { 4: 50, 6: 70 },
    route: { gateway: "Vtep", proto: 3, mtu: "Always" },
    sender: "tunnel",
    receiver: "tunnel",
  },
} satisfies { readonly None: EncapsulationFacts } & Readonly<Record<TunnelKind, TunnelFacts>>;

export const TUNNEL_KINDS: readonly TunnelKind[] = (Object.keys(ENCAPSULATIONS) as readonly Encapsulation[]).filter(
  (encapsulation) => encapsulation !== "None",
);

/** Something for each kind of tunnel. */
export function mapTunnelKinds<T>(make: (kind: TunnelKind) => T): Readonly<Record<TunnelKind, T>> {
  return { IPIP: make("IPIP"), VXLAN: make("VXLAN") };
}

/** What a node has, as one end of a path to a pool's block. */
export interface PathEnd {
  /** An address of the pool's family. */
  readonly address: boolean;
  /** The subnet of that address (see HostAddress.complete). */
  readonly subnet: boolean;
  /** A tunnel of the pool's kind. */
  readonly tunnel: boolean;
}

/** Every PathEnd there can be. */
export const PATH_ENDS: readonly PathEnd[] = [false, true].flatMap((address) =>
  [false, true].flatMap((subnet) => [false, true].map((tunnel) => ({ address, subnet, tunnel }))),
);

/** The place of an end among PATH_ENDS. */
export function endNumber({ address, subnet, tunnel }: PathEnd): number {
  return (address ? 4 : 0) + (subnet ? 2 : 0) + (tunnel ? 1 : 0);
}

/**
 * How packets go from one node to a pool's block on another; undefined where the sender has no route to it. Source:
 * felix/calc/l3_route_resolver.go for the subnet, the managers for what either end must have.
 * @param sameSubnet whether the receiver's address is in the sender's subnet
 */
export function encapsulationBetween(
  pool: { readonly encapsulation: Encapsulation; readonly crossSubnet: boolean },
  from: PathEnd,
  to: PathEnd,
  sameSubnet: boolean,
): Encapsulation | undefined {
  const { sender, receiver } = ENCAPSULATIONS[pool.encapsulation];
  if (!from[sender]) return undefined;
  if (pool.encapsulation !== "None") {
    if (pool.crossSubnet && sameSubnet) return "None";
    if (!from.tunnel) return undefined;
  }
  return to[receiver] ? pool.encapsulation : undefined;
}

/** Bytes of header that an encapsulation adds to a packet of the family. */
export function overhead(encapsulation: Encapsulation, version: IpVersion): number {
  return ENCAPSULATIONS[encapsulation].overhead[version] ?? 0;
}
