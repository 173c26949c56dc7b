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
  readonly ipipTunnelAddr?: string;
  /** Of all its tunnel devices. */
  readonly tunnelAddresses: readonly string[];
  readonly vteps: Readonly<Partial<Record<IpVersion, Vtep>>>;
  /** Every address that the node itself has; a route with one of them as its gateway is refused by the kernel. */
  readonly own: ReadonlySet<string>;
}

export function hostOf(node: TopologyNode, index: number, network: number): Host {
  const v4 = hostAddress(node.ip, node.subnetPrefixLen);
  const v6 = hostAddress(node.ip6, node.subnetPrefixLen6);
  const { ipipTunnelAddr, vxlanTunnelAddr } = node;
  const vxlanTunnelAddr6 = node.vxlanTunnelAddr6 === undefined ? undefined : canonicalAddress(node.vxlanTunnelAddr6);
  const tunnelAddresses = [ipipTunnelAddr, vxlanTunnelAddr, vxlanTunnelAddr6].filter((text) => text !== undefined);
  return {
    index,
    name: node.name,
    network,
    addresses: { 4: v4, 6: v6 },
    ipipTunnelAddr,
    tunnelAddresses,
    vteps: {
      4: vtep(v4, vxlanTunnelAddr, node.vxlanMac ?? (() => vxlanMac(node.name, 4))),
      6: vtep(v6, vxlanTunnelAddr6, node.vxlanMac6 ?? (() => vxlanMac(node.name, 6))),
    },
    own: new Set([v4?.text, v6?.text, ...tunnelAddresses].filter((text) => text !== undefined)),
  };
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
