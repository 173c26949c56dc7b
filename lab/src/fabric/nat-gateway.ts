import { prefixLength, routerAddress } from "../cloud/cidr";
import { NAT_MTU, VPC_MTU } from "../cloud/mtu";
import type { NatGateway } from "../cloud/nat-gateway";
import { interfaceName, macOf, namespaceOfId } from "./names";
import { MAIN_TABLE, type Namespace } from "./namespace";
import { router } from "./router";

/**
 * Seconds until a NAT gateway forgets a connection on which nothing comes (VPC User Guide, "Troubleshoot NAT
 * gateways").
 */
const IDLE_TIMEOUT = "350";

/**
 * A NAT gateway: a host in its subnet that forwards what route tables send to it, under its own private address. It has
 * no security group. To the internet that address is one of those that the internet gateway translates; nothing else
 * leads there or back, so nobody outside can begin a connection (VPC User Guide, "NAT gateways").
 */
export function natGateway(prefix: string, gateway: NatGateway): Namespace {
  const { id, subnet, privateIp } = gateway;
  const name = namespaceOfId(prefix, id);
  const vpc = namespaceOfId(prefix, subnet.vpcId);
  const port = interfaceName("n", id);
  return {
    name,
    sysctls: {
      ...router,
      "netfilter/nf_conntrack_tcp_timeout_established": IDLE_TIMEOUT,
      "netfilter/nf_conntrack_udp_timeout": IDLE_TIMEOUT,
      "netfilter/nf_conntrack_udp_timeout_stream": IDLE_TIMEOUT,
      "netfilter/nf_conntrack_icmp_timeout": IDLE_TIMEOUT,
    },
    tables: [{ family: "ip", name: "nat", body: translation(privateIp) }],
    links: [
      {
        kind: "veth",
        name: "vpc",
        mtu: VPC_MTU,
        mac: macOf(name, "vpc"),
        peer: { namespace: vpc, name: port, mac: macOf(vpc, port), master: interfaceName("s", subnet.id) },
      },
    ],
    addresses: [{ dev: "vpc", address: `${privateIp}/${prefixLength(subnet.cidr)}` }],
    neighbours: [],
    rules: [],
    routes: [
      {
        table: MAIN_TABLE,
        destination: "0.0.0.0/0",
        via: { dev: "vpc", gateway: routerAddress(subnet.cidr), mtu: NAT_MTU },
      },
    ],
  };
}

/**
 * TCP, UDP and ICMP are supported, and nothing else (VPC User Guide, "NAT gateway basics"): IP in IP does not get
 * through, VXLAN does.
 */
function translation(privateIp: string): string[] {
  return [
    `chain postrouting { type nat hook postrouting priority srcnat; policy accept; snat to ${privateIp}; }`,
    // What is invalid to connection tracking would pass untranslated.
    `chain forward { type filter hook forward priority filter; policy drop; ct state invalid drop; ip protocol { icmp, tcp, udp } counter accept; counter drop comment "protocol"; }`,
    // It is no host: it only says that a packet is too long.
    "chain input { type filter hook input priority filter; policy drop; }",
    "chain output { type filter hook output priority filter; policy drop; icmp type destination-unreachable icmp code frag-needed accept; }",
  ];
}
