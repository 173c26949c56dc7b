import { formatCidr } from "../cloud/cidr";
import type { Cloud } from "../cloud/cloud";
import type { InternetGateway } from "../cloud/internet-gateway";
import type { Vpc } from "../cloud/vpc";
import type { PublicAddress } from "../cloud/public-address";
import { FAR_END, interfaceName, internetNamespace, macOf, namespaceOfId } from "./names";
import { INTERNET_ADDRESS } from "../cloud/well-known-address";
import { INTERNET_MTU } from "../cloud/mtu";
import { MAIN_TABLE, type Namespace } from "./namespace";
import { router } from "./router";
import { gatewayEnd } from "./vpc";

/** The internet, as far as the lab has one: one host, 198.51.100.1, which knows the way to every public address. */
export function internet(prefix: string, cloud: Cloud): Namespace {
  const name = internetNamespace(prefix);
  return {
    name,
    sysctls: router,
    tables: [],
    links: [],
    addresses: [{ dev: "lo", address: `${INTERNET_ADDRESS}/32` }],
    neighbours: cloud.internetGateways.map(({ id }) => ({
      dev: interfaceName("g", id),
      address: FAR_END,
      mac: macOf(namespaceOfId(prefix, id), "inet"),
    })),
    rules: [],
    routes: cloud.internetGateways.flatMap((gateway) =>
      addressesOf(gateway, cloud).map(({ publicIp }) => ({
        table: MAIN_TABLE,
        destination: `${publicIp}/32`,
        via: { dev: interfaceName("g", gateway.id), gateway: FAR_END, source: INTERNET_ADDRESS },
      })),
    ),
  };
}

/**
 * An internet gateway: a public address for each private one that has one, and back; nothing else passes (VPC User
 * Guide, "Enable internet access for a VPC using an internet gateway"). A namespace of its own keeps the translation's
 * tracked connections to itself, and lets VPCs have the same addresses.
 */
export function internetGateway(prefix: string, gateway: InternetGateway, vpc: Vpc, cloud: Cloud): Namespace {
  const name = namespaceOfId(prefix, gateway.id);
  const inet = internetNamespace(prefix);
  const vpcEnd = gatewayEnd(prefix, gateway);
  const inetEnd = {
    namespace: inet,
    name: interfaceName("g", gateway.id),
    mac: macOf(inet, interfaceName("g", gateway.id)),
  };
  return {
    name,
    sysctls: router,
    tables: [{ family: "ip", name: "igw", body: translation(addressesOf(gateway, cloud)) }],
    links: [
      { kind: "veth", name: "vpc", mtu: INTERNET_MTU, mac: macOf(name, "vpc"), peer: vpcEnd },
      { kind: "veth", name: "inet", mtu: INTERNET_MTU, mac: macOf(name, "inet"), peer: inetEnd },
    ],
    addresses: [],
    neighbours: [
      { dev: "vpc", address: FAR_END, mac: vpcEnd.mac },
      { dev: "inet", address: FAR_END, mac: inetEnd.mac },
    ],
    rules: [],
    routes: [
      { table: MAIN_TABLE, destination: formatCidr(vpc.cidr), via: { dev: "vpc", gateway: FAR_END } },
      { table: MAIN_TABLE, destination: "0.0.0.0/0", via: { dev: "inet", gateway: FAR_END } },
    ],
  };
}

function addressesOf({ vpcId }: InternetGateway, { publicAddresses }: Cloud): PublicAddress[] {
  return publicAddresses.filter((address) => address.vpcId === vpcId);
}

function translation(addresses: readonly PublicAddress[]): string[] {
  const map = (name: string, pairs: readonly string[]): string =>
    `map ${name} { type ipv4_addr : ipv4_addr;${pairs.length === 0 ? "" : ` elements = { ${pairs.join(", ")} }`} }`;
  const privates = addresses.map(({ privateIp }) => privateIp);
  return [
    map(
      "public",
      addresses.map(({ privateIp, publicIp }) => `${privateIp} : ${publicIp}`),
    ),
    map(
      "private",
      addresses.map(({ privateIp, publicIp }) => `${publicIp} : ${privateIp}`),
    ),
    `set addressed { type ipv4_addr;${privates.length === 0 ? "" : ` elements = { ${privates.join(", ")} }`} }`,
    `chain prerouting { type nat hook prerouting priority dstnat; iifname "inet" dnat to ip daddr map @private; }`,
    `chain postrouting { type nat hook postrouting priority srcnat; oifname "inet" snat to ip saddr map @public; }`,
    // What is invalid to connection tracking would pass untranslated.
    `chain forward { type filter hook forward priority filter; policy drop; ct state invalid drop; iifname "vpc" oifname "inet" ip saddr @addressed accept; iifname "inet" oifname "vpc" ip daddr @addressed accept; }`,
    // A gateway is no host: it only says that a packet is too long.
    "chain input { type filter hook input priority filter; policy drop; }",
    "chain output { type filter hook output priority filter; policy drop; icmp type destination-unreachable icmp code frag-needed accept; }",
  ];
}
