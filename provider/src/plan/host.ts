import {
  type Address,
  addressBits,
  canonicalAddress,
  type Cidr,
  cidrOf,
  formatAddress,
  formatCidr,
  type IpVersion,
  parseAddress,
} from "../ippool/cidr";
import { TUNNEL_ADDRESS_FIELDS } from "../ipam/tunnel-addresses";
import type { Encapsulation, TunnelKind } from "../ippool/pool-mode";
import { mapTunnelKinds, type PathEnd, TUNNEL_KINDS } from "./encapsulation";
import type { TopologyNode } from "./topology";
import { vxlanMac } from "./vxlan-mac";

/** A node's address of one family and the subnet that it stands in, as the node itself records it. */
export interface HostAddress {
  readonly text: string;
  readonly address: Address;
  /** A prefix of one address where the node's address was recorded without its subnet. */
  readonly subnet: Cidr;
  readonly subnetText: string;
  /**
   * Whether the subnet is known. Calico leaves a bare address out of the host metadata: such a node programs no IP in
   * IP and no unencapsulated routes, and gets none by IP in IP.
   */
  readonly complete: boolean;
}

/** A VXLAN tunnel endpoint: what every peer needs to know of a node to send to it. */
export interface Vtep {
  readonly address: string;
  readonly mac: string;
  /** The node's own address, the outer destination. */
  readonly host: string;
}

/** A node of the topology, its texts parsed once. */
export interface Host {
  readonly index: number;
  readonly name: string;
  /** Number of its network. */
  readonly network: number;
  readonly addresses: Readonly<Partial<Record<IpVersion, HostAddress>>>;
  /** Where hosts of other networks send tunnel packets for it, where that is not its own address. */
  readonly publicAddress?: string;
  /** Addresses of its tunnel devices, by the family of the pools that each carries. */
  readonly tunnels: Readonly<Record<TunnelKind, Readonly<Partial<Record<IpVersion, string>>>>>;
  readonly vteps: Readonly<Partial<Record<IpVersion, Vtep>>>;
  /** Every address that the node itself has; a route with one of them as its gateway is refused by the kernel. */
  readonly own: ReadonlySet<string>;
}

export function hostOf(node: TopologyNode, index: number, network: number): Host {
  const v4 = hostAddress(node.ip, node.subnetPrefixLen);
  const v6 = hostAddress(node.ip6, node.subnetPrefixLen6);
  const tunnels = tunnelAddressesOf(node);
  return {
    index,
    name: node.name,
    network,
    addresses: { 4: v4, 6: v6 },
    publicAddress: node.publicIp === undefined ? undefined : formatAddress(parseAddress(node.publicIp)),
    tunnels,
    vteps: {
      4: vtep(v4, tunnels.VXLAN[4], node.vxlanMac ?? (() => vxlanMac(node.name, 4))),
      6: vtep(v6, tunnels.VXLAN[6], node.vxlanMac6 ?? (() => vxlanMac(node.name, 6))),
    },
    own: new Set([v4?.text, v6?.text, ...allTunnelAddresses(tunnels)].filter((text) => text !== undefined)),
  };
}

/** Whether the host reaches the other one, of another network, at an address that is not its own. */
export function isAbroad(to: Host, from: Host): boolean {
  return to.publicAddress !== undefined && to.network !== from.network;
}

/** The outer destination of tunnel packets from one host to another, and the outer source of what comes back. */
export function outerAddress(to: Host, from: Host, version: IpVersion): string | undefined {
  return version === 4 && isAbroad(to, from) ? to.publicAddress : to.addresses[version]?.text;
}

/** All of a host's tunnel addresses. */
export function allTunnelAddresses(tunnels: Host["tunnels"]): readonly string[] {
  return TUNNEL_KINDS.flatMap((kind) => Object.values(tunnels[kind]));
}

/** The host as an end of a path to blocks of pools with the encapsulation. */
export function pathEnd(host: Host, encapsulation: Encapsulation, version: IpVersion): PathEnd {
  const address = host.addresses[version];
  return {
    address: address !== undefined,
    subnet: address?.complete ?? false,
    tunnel: encapsulation !== "None" && address !== undefined && host.tunnels[encapsulation][version] !== undefined,
  };
}

function tunnelAddressesOf(node: TopologyNode): Host["tunnels"] {
  return mapTunnelKinds((kind) =>
    Object.fromEntries(
      Object.entries(TUNNEL_ADDRESS_FIELDS[kind]).flatMap(([version, field]) => {
        const address = node[field];
        return address === undefined ? [] : [[version, canonicalAddress(address)]];
      }),
    ),
  );
}

function hostAddress(text: string | undefined, subnetPrefixLen: number | undefined): HostAddress | undefined {
  if (text === undefined) return undefined;
  const [plain = text, length] = text.split("/");
  const address = parseAddress(plain);
  const prefixLength = subnetPrefixLen ?? (length === undefined ? undefined : Number(length));
  const subnet = cidrOf(address, prefixLength ?? addressBits(address.version));
  return {
    text: formatAddress(address),
    address,
    subnet,
    subnetText: formatCidr(subnet),
    complete: prefixLength !== undefined,
  };
}

function vtep(
  host: HostAddress | undefined,
  address: string | undefined,
  mac: string | (() => string),
): Vtep | undefined {
  if (host === undefined || address === undefined) return undefined;
  return { address, mac: typeof mac === "string" ? mac.toLowerCase() : mac(), host: host.text };
}
