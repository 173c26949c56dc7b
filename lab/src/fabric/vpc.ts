import { formatCidr, prefixLength, routerAddress } from "../cloud/cidr";
import type { Cloud } from "../cloud/cloud";
import type { InternetGateway } from "../cloud/internet-gateway";
import type { Peering } from "../cloud/peering";
import type { RouteTable } from "../cloud/route-table";
import type { Subnet, Vpc } from "../cloud/vpc";
import { networkAclChains } from "./network-acls";
import { FAR_END, interfaceName, macOf, namespaceOfId, tableNumber } from "./names";
import { VPC_MTU } from "../cloud/mtu";
import type { Blackhole, Link, Namespace, Neighbour, NextHop, Route, Rule, Veth } from "./namespace";
import { router } from "./router";
import { transitFilter, transitHop, transitWires } from "./transit-gateway";

/** The device of a VPC towards its internet gateway. */
const GATEWAY_DEVICE = "igw";

/** For what enters a VPC through a peering or gateway: to the VPC's own subnets, nowhere else. */
const ENTRY_TABLE = 1000;

/**
 * A VPC's implicit router: a bridge per subnet, a kernel routing table per route table, chosen by the bridge that a
 * packet comes from. A route table with a route to a transit gateway has one per zone, as the attachment serves each
 * zone by an interface of its own. What comes from there is routed by the table of that interface's subnet.
 *
 * Frames between instances of one subnet stay on its bridge and see no route table (VPC User Guide, "Route tables",
 * rules and considerations). What comes in by a peering or the internet gateway is routed by a table that knows the
 * subnets alone, so that peering is not transitive and there is no edge to edge routing (VPC Peering Guide,
 * "Unsupported configurations").
 */
export function vpcNamespace(prefix: string, vpc: Vpc, cloud: Cloud): Namespace {
  const name = namespaceOfId(prefix, vpc.id);
  const peerings = cloud.peerings.filter(
    ({ requesterVpcId, accepterVpcId }) => requesterVpcId === vpc.id || accepterVpcId === vpc.id,
  );
  const gateway = cloud.internetGateways.find(({ vpcId }) => vpcId === vpc.id);
  const entries = [...peerings.map(({ id }) => interfaceName("p", id)), ...(gateway ? [GATEWAY_DEVICE] : [])];

  const wires = transitWires(vpc.id, cloud);

  const bridges = vpc.subnets.map(({ id }): Link => {
    const dev = interfaceName("s", id);
    return { kind: "bridge", name: dev, mtu: VPC_MTU, mac: macOf(name, dev) };
  });
  const rules: Rule[] = [
    ...vpc.subnets.map((subnet) => ({ iif: interfaceName("s", subnet.id), table: kernelTable(vpc, subnet, cloud) })),
    ...wires.map(({ dev, subnet }) => ({ iif: dev, table: kernelTable(vpc, subnet, cloud) })),
    ...entries.map((iif) => ({ iif, table: ENTRY_TABLE })),
  ];
  const neighbours: Neighbour[] = [
    ...peerings.map((peering) => {
      const dev = interfaceName("p", peering.id);
      const other = peering.requesterVpcId === vpc.id ? peering.accepterVpcId : peering.requesterVpcId;
      return { dev, address: FAR_END, mac: macOf(namespaceOfId(prefix, other), dev) };
    }),
    ...wires.map(({ dev, gateway: { id } }) => ({ dev, address: FAR_END, mac: macOf(namespaceOfId(prefix, id), dev) })),
    ...(gateway
      ? [{ dev: GATEWAY_DEVICE, address: FAR_END, mac: macOf(namespaceOfId(prefix, gateway.id), "vpc") }]
      : []),
    // AWS' router knows them, and at once those that are gone: what it had found out by ARP would lead there for a
    // while.
    ...cloud.networkInterfaces
      .filter(({ subnet }) => subnet.vpcId === vpc.id)
      .flatMap(({ subnet, mac, privateIp, secondaryPrivateIps }) =>
        [privateIp, ...secondaryPrivateIps].map((address) => ({ dev: interfaceName("s", subnet.id), address, mac })),
      ),
  ];
  return {
    name,
    sysctls: {
      ...router,
      "bridge/bridge-nf-call-iptables": "0",
      "bridge/bridge-nf-call-arptables": "0",
      "bridge/bridge-nf-call-ip6tables": "0",
    },
    tables: [
      {
        family: "ip",
        name: "vpc",
        body: [...networkAclChains(vpc.subnets), ...routerFilter, ...(wires.length > 0 ? transitFilter : [])],
      },
    ],
    links: [
      ...bridges,
      ...peerings
        .filter(({ requesterVpcId }) => requesterVpcId === vpc.id)
        .map((peering) => peeringLink(prefix, peering)),
    ],
    addresses: vpc.subnets.map(({ id, cidr }) => ({
      dev: interfaceName("s", id),
      address: `${routerAddress(cidr)}/${prefixLength(cidr)}`,
    })),
    neighbours,
    rules,
    routes: [
      ...subnetRoutes(vpc, ENTRY_TABLE),
      { table: ENTRY_TABLE, destination: "0.0.0.0/0", via: "blackhole" },
      ...vpc.routeTables.flatMap((table) =>
        zonesOf(vpc, table, cloud).flatMap((zone) => tableRoutes(vpc, table, zone, cloud)),
      ),
    ],
  };
}

/**
 * The router is no host: it answers nobody, and says nothing but that a packet is too long for the way to the internet.
 * Link-local addresses are never routed (VPC User Guide, "Route tables"). What it forwards, and what it says, has to
 * pass the network ACLs (VPC User Guide, "Network ACLs", "Path MTU Discovery").
 */
const routerFilter = [
  "chain input { type filter hook input priority filter; policy drop; }",
  "chain forward { type filter hook forward priority filter; policy accept; ip daddr 169.254.0.0/16 drop; jump leaving; jump entering; }",
  "chain too-long { jump entering; accept; }",
  "chain output { type filter hook output priority filter; policy drop; icmp type destination-unreachable icmp code frag-needed jump too-long; }",
];

function peeringLink(prefix: string, { id, requesterVpcId, accepterVpcId }: Peering): Veth {
  const dev = interfaceName("p", id);
  const [requester, accepter] = [namespaceOfId(prefix, requesterVpcId), namespaceOfId(prefix, accepterVpcId)];
  return {
    kind: "veth",
    name: dev,
    mtu: VPC_MTU,
    mac: macOf(requester, dev),
    peer: { namespace: accepter, name: dev, mac: macOf(accepter, dev) },
  };
}

/** The VPC's end of an internet gateway's wire. */
export function gatewayEnd(prefix: string, { vpcId }: InternetGateway): Veth["peer"] {
  const namespace = namespaceOfId(prefix, vpcId);
  return { namespace, name: GATEWAY_DEVICE, mac: macOf(namespace, GATEWAY_DEVICE) };
}

/** The local route: to each subnet, and nowhere with the rest of the VPC's block. */
function subnetRoutes({ subnets }: Vpc, table: number): Route[] {
  return subnets.map(({ id, cidr }) => ({
    table,
    destination: formatCidr(cidr),
    via: { dev: interfaceName("s", id) },
  }));
}

/** The zones that a route table has kernel tables for; undefined is all of them in one. */
function zonesOf(vpc: Vpc, { id, routes }: RouteTable, cloud: Cloud): (string | undefined)[] {
  if (!routes.some(({ target }) => transitHop(vpc.id, target, undefined, cloud) !== undefined)) return [undefined];
  return [
    ...new Set(
      vpc.subnets.filter(({ routeTableId }) => routeTableId === id).map(({ availabilityZone }) => availabilityZone),
    ),
  ];
}

function kernelTable(vpc: Vpc, { routeTableId, availabilityZone }: Subnet, cloud: Cloud): number {
  const table = vpc.routeTables.find(({ id }) => id === routeTableId);
  return zonalTable(
    routeTableId,
    table === undefined || zonesOf(vpc, table, cloud)[0] === undefined ? undefined : availabilityZone,
  );
}

function zonalTable(routeTableId: string, zone: string | undefined): number {
  return tableNumber(zone === undefined ? routeTableId : `${routeTableId}/${zone}`);
}

function tableRoutes(vpc: Vpc, { id, routes }: RouteTable, zone: string | undefined, cloud: Cloud): Route[] {
  const table = zonalTable(id, zone);
  const block = formatCidr(vpc.cidr);
  const given = routes.map(({ destination, target }): Route => ({
    table,
    destination: formatCidr(destination),
    via: nextHop(vpc, target, zone, cloud),
  }));
  // A subnet's own route takes the place of the local one.
  const local = subnetRoutes(vpc, table).filter(
    (route) => !given.some(({ destination }) => route.destination === destination),
  );
  // A table without a default route ends here: the kernel would go on to its main table.
  const others: Route[] = ["0.0.0.0/0", block]
    .filter((destination) => ![...local, ...given].some((route) => route.destination === destination))
    .map((destination) => ({ table, destination, via: "blackhole" }));
  return [...local, ...given, ...others];
}

/** What is gone or not yet active is a black hole (EC2 API, Route, state). */
function nextHop(vpc: Vpc, target: string, zone: string | undefined, cloud: Cloud): Blackhole | NextHop {
  if (cloud.internetGateways.some(({ id, vpcId }) => id === target && vpcId === vpc.id))
    return { dev: GATEWAY_DEVICE, gateway: FAR_END };
  const peering = cloud.peerings.find(
    ({ id, requesterVpcId, accepterVpcId }) => id === target && (requesterVpcId === vpc.id || accepterVpcId === vpc.id),
  );
  if (peering) return { dev: interfaceName("p", peering.id), gateway: FAR_END };
  const nat = cloud.natGateways.find(({ id, subnet }) => id === target && subnet.vpcId === vpc.id);
  if (nat) return { dev: interfaceName("s", nat.subnet.id), gateway: nat.privateIp };
  const found = cloud.networkInterfaces.find(
    ({ networkInterfaceId, instanceId, deviceIndex, subnet }) =>
      (networkInterfaceId === target || (instanceId === target && deviceIndex === 0)) && subnet.vpcId === vpc.id,
  );
  if (found) return { dev: interfaceName("s", found.subnet.id), gateway: found.privateIp };
  return transitHop(vpc.id, target, zone, cloud) ?? "blackhole";
}
