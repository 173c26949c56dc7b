import { resolverAddress } from "../cloud/cidr";
import type { Cloud } from "../cloud/cloud";
import type { NetworkInterface } from "../cloud/network-interface";
import {
  CARD_ADDRESS,
  CARD_BRIDGE,
  FABRIC_PORT,
  GUEST_PORT,
  guestPortOf,
  interfaceName,
  macOf,
  namespaceOfId,
} from "./names";
import { METADATA_ADDRESS, RESOLVER_LINK_LOCAL } from "../cloud/well-known-address";
import { VPC_MTU } from "../cloud/mtu";
import { type Link, MAIN_TABLE, type Namespace } from "./namespace";
import { quiet } from "./router";
import { securityGroupChains } from "./security-groups";

/**
 * Times of tracked connections, seconds: EC2's (EC2 API, ConnectionTrackingConfiguration; EC2 User Guide, "Security
 * group connection tracking").
 */
const trackingTimes = {
  "netfilter/nf_conntrack_tcp_timeout_established": "432000",
  "netfilter/nf_conntrack_udp_timeout": "30",
  "netfilter/nf_conntrack_udp_timeout_stream": "180",
  // Protocols other than TCP, UDP and ICMP, protocol 4 among them: tracked by address and protocol.
  "netfilter/nf_conntrack_generic_timeout": "600",
} as const;

/**
 * The card of a network interface: a bridge of two ports between guest and subnet, outside the guest and transparent to
 * it. It checks source and destination, and enforces the security groups with connection tracking of its own, as EC2
 * tracks per interface: one table for several interfaces would drop the packet that the far side refuses, and so never
 * take it for tracked.
 */
export function card(prefix: string, networkInterface: NetworkInterface, cloud: Cloud): Namespace {
  const name = namespaceOfId(prefix, networkInterface.networkInterfaceId);
  const mac = macOf(name, CARD_BRIDGE);
  const port = interfaceName("c", networkInterface.networkInterfaceId);
  const vpc = namespaceOfId(prefix, networkInterface.subnet.vpcId);
  const resolvers = resolversOf(networkInterface, cloud);
  return {
    name,
    sysctls: {
      ...quiet,
      ...trackingTimes,
      "ipv4/ip_forward": "0",
      "bridge/bridge-nf-call-iptables": "1",
      "bridge/bridge-nf-call-arptables": "0",
      "bridge/bridge-nf-call-ip6tables": "0",
    },
    tables: [
      {
        family: "bridge",
        name: "card",
        body: portChecks(networkInterface, mac, [CARD_ADDRESS, METADATA_ADDRESS, ...resolvers]),
      },
      { family: "ip", name: "card", body: [...securityGroupChains(networkInterface, cloud), cardFilter(resolvers)] },
    ],
    links: [
      { kind: "bridge", name: CARD_BRIDGE, mtu: VPC_MTU, mac },
      guestLink(prefix, networkInterface, cloud),
      {
        kind: "veth",
        name: FABRIC_PORT,
        mtu: VPC_MTU,
        mac: macOf(name, FABRIC_PORT),
        master: CARD_BRIDGE,
        peer: {
          namespace: vpc,
          name: port,
          mac: macOf(vpc, port),
          master: interfaceName("s", networkInterface.subnet.id),
        },
      },
    ],
    addresses: [CARD_ADDRESS, METADATA_ADDRESS, ...resolvers].map((address) => ({
      dev: CARD_BRIDGE,
      address: `${address}/32`,
    })),
    neighbours: [{ dev: CARD_BRIDGE, address: networkInterface.privateIp, mac: networkInterface.mac }],
    rules: [],
    routes: [
      {
        table: MAIN_TABLE,
        destination: `${networkInterface.privateIp}/32`,
        via: { dev: CARD_BRIDGE, source: CARD_ADDRESS },
      },
    ],
  };
}

/** Where the guest finds the resolver of its VPC. */
function resolversOf({ subnet }: NetworkInterface, { vpcs }: Cloud): string[] {
  const vpc = vpcs.get(subnet.vpcId);
  return [RESOLVER_LINK_LOCAL, ...(vpc === undefined ? [] : [resolverAddress(vpc.cidr)])];
}

/**
 * The lab's own connections into the guest begin in the card; the guest can answer them and begin none, but to its
 * metadata service and its resolver, which neither security groups nor network ACLs can block (VPC User Guide, "Network
 * ACL basics"), 1,024 packets a second ("Amazon VPC quotas").
 */
function cardFilter(resolvers: readonly string[]): string {
  return [
    "chain input { type filter hook input priority filter; policy drop;",
    `ip daddr { ${[METADATA_ADDRESS, ...resolvers].join(", ")} } limit rate over 1024/second burst 1024 packets counter drop comment "1,024 packets a second";`,
    "ct state established,related accept;",
    `ip daddr ${METADATA_ADDRESS} tcp dport 80 accept;`,
    `ip daddr { ${resolvers.join(", ")} } udp dport 53 accept; }`,
  ].join(" ");
}

/**
 * The node runs in the namespace of its primary interface's card, and opens the tap there. Other interfaces of it are
 * wires from there to their own cards: the node opens a packet socket on the end.
 */
function guestLink(
  prefix: string,
  { networkInterfaceId, instanceId, deviceIndex }: NetworkInterface,
  { instances }: Cloud,
): Link {
  const primary = instances.find(({ id }) => id === instanceId);
  if (deviceIndex === 0 || primary === undefined)
    return { kind: "tap", name: GUEST_PORT, mtu: VPC_MTU, master: CARD_BRIDGE };
  const [own, node] = [namespaceOfId(prefix, networkInterfaceId), namespaceOfId(prefix, primary.networkInterfaceId)];
  const port = guestPortOf(deviceIndex);
  return {
    kind: "veth",
    name: GUEST_PORT,
    mtu: VPC_MTU,
    mac: macOf(own, GUEST_PORT),
    master: CARD_BRIDGE,
    peer: { namespace: node, name: port, mac: macOf(node, port) },
  };
}

/**
 * Stateless checks of frames, before anything else sees them. The mark tells the security groups the direction: to them
 * both ports are the bridge. A VPC carries unicast IPv4 and ARP, no broadcast (VPC User Guide, "Subnet CIDR blocks";
 * IPv6 is not there yet). With the source/dest check an instance must be source or destination of what it sends and
 * receives (VPC User Guide, "NAT instances").
 */
function portChecks(
  { mac, privateIp, secondaryPrivateIps, sourceDestCheck }: NetworkInterface,
  bridgeMac: string,
  cardAddresses: readonly string[],
): string[] {
  const when = (condition: boolean, ...lines: string[]): string[] => (condition ? lines : []);
  return [
    `set own { type ipv4_addr; elements = { ${[privateIp, ...secondaryPrivateIps].join(", ")} } }`,
    "chain prerouting {",
    "type filter hook prerouting priority -300; policy drop;",
    `iifname "${GUEST_PORT}" goto from-guest`,
    `iifname "${FABRIC_PORT}" goto from-subnet`,
    "}",
    "chain from-guest {",
    `ether saddr != ${mac} counter drop comment "source MAC"`,
    ...when(sourceDestCheck, `ether type arp arp saddr ip != @own counter drop comment "ARP for another address"`),
    `ether type arp arp saddr ether ${mac} accept`,
    "ether type != ip counter drop",
    // To the card itself, in place of the router: what answers the lab's own connections, and what asks for metadata or
    // names.
    `ip daddr { ${cardAddresses.join(", ")} } ip saddr @own meta pkttype set host ether daddr set ${bridgeMac} accept`,
    "meta pkttype { broadcast, multicast } counter drop",
    ...when(sourceDestCheck, `ip saddr != @own counter drop comment "source/dest check"`),
    "meta mark set 1 accept",
    "}",
    "chain from-subnet {",
    "ether type arp arp daddr ip @own accept",
    // Answers to what asked in another's name, as a kernel with workloads' addresses may.
    ...when(!sourceDestCheck, `ether type arp ether daddr ${mac} accept`),
    `ether daddr != ${mac} drop`,
    "ether type != ip counter drop",
    ...when(sourceDestCheck, `ip daddr != @own counter drop comment "source/dest check"`),
    "meta mark set 2 accept",
    "}",
    // The lab's own connections are for the guest alone, also before the bridge has learnt where the guest is.
    `chain output { type filter hook output priority filter; policy accept; oifname "${FABRIC_PORT}" drop; }`,
  ];
}
