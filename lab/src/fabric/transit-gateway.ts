import { formatCidr } from "../cloud/cidr";
import type { Cloud } from "../cloud/cloud";
import { TRANSIT_MTU } from "../cloud/mtu";
import type { TransitGateway, TransitRouteTable } from "../cloud/transit-gateway";
import type { Subnet } from "../cloud/vpc";
import { FAR_END, macOf, namespaceOfId, tableNumber, wireName } from "./names";
import type { Blackhole, Namespace, NextHop, Route } from "./namespace";
import { router } from "./router";

/**
 * A transit gateway: a router with a wire for each network interface of its attachments, and a kernel routing table per
 * route table and zone. What comes from an attachment is routed by the route table that is associated with it, and
 * leaves into the VPC by the attachment's interface in the zone that it came from, where it has one (Transit Gateways
 * Guide, "How transit gateways work").
 */
export function transitGateway(prefix: string, gateway: TransitGateway): Namespace {
  const name = namespaceOfId(prefix, gateway.id);
  const wires = gateway.attachments.flatMap((attachment) =>
    attachment.subnets.map((subnet) => ({
      attachment,
      subnet,
      dev: wireName(attachment.id, subnet.id),
      vpc: namespaceOfId(prefix, attachment.vpcId),
    })),
  );
  const zones = [...new Set(wires.map(({ subnet }) => subnet.availabilityZone))].sort();
  const isTable = (id: string | undefined): id is string => gateway.routeTables.some((table) => table.id === id);
  return {
    name,
    sysctls: router,
    tables: [{ family: "ip", name: "tgw", body: filter }],
    links: wires.map(({ dev, vpc }) => ({
      kind: "veth",
      name: dev,
      mtu: TRANSIT_MTU,
      mac: macOf(name, dev),
      peer: { namespace: vpc, name: dev, mac: macOf(vpc, dev) },
    })),
    addresses: [],
    neighbours: wires.map(({ dev, vpc }) => ({ dev, address: FAR_END, mac: macOf(vpc, dev) })),
    rules: wires.map(({ attachment: { routeTableId }, subnet, dev }) => ({
      iif: dev,
      table: isTable(routeTableId) ? tableNumber(`${routeTableId}/${subnet.availabilityZone}`) : NOWHERE,
    })),
    routes: [
      { table: NOWHERE, destination: "0.0.0.0/0", via: "blackhole" },
      ...gateway.routeTables.flatMap((table) => zones.flatMap((zone) => tableRoutes(gateway, table, zone))),
    ],
  };
}

/** For what comes from an attachment without a route table. */
const NOWHERE = 1000;

/** TCP's maximum segment size is clamped (Transit Gateways Guide, "Quotas", MTU). */
const filter = [
  `chain forward { type filter hook forward priority mangle; policy accept; ip daddr 169.254.0.0/16 drop; tcp flags & syn != 0 tcp option maxseg size set ${TRANSIT_MTU - 40}; }`,
  "chain input { type filter hook input priority filter; policy drop; }",
  "chain output { type filter hook output priority filter; policy drop; }",
];

function tableRoutes(gateway: TransitGateway, { id, routes }: TransitRouteTable, zone: string): Route[] {
  const table = tableNumber(`${id}/${zone}`);
  const given = routes.map(({ destination, target }): Route => {
    const attachment =
      target === "blackhole" ? undefined : gateway.attachments.find((each) => each.id === target.attachmentId);
    const subnet =
      attachment?.subnets.find(({ availabilityZone }) => availabilityZone === zone) ?? attachment?.subnets[0];
    return {
      table,
      destination: formatCidr(destination),
      via:
        attachment === undefined || subnet === undefined
          ? "blackhole"
          : { dev: wireName(attachment.id, subnet.id), gateway: FAR_END },
    };
  });
  return given.some(({ destination }) => destination === "0.0.0.0/0")
    ? given
    : [...given, { table, destination: "0.0.0.0/0", via: "blackhole" }];
}

/** A VPC's ends of the wires to transit gateways. */
export function transitWires(
  vpcId: string,
  { transitGateways }: Cloud,
): { readonly dev: string; readonly gateway: TransitGateway; readonly subnet: Subnet }[] {
  return transitGateways.flatMap((gateway) =>
    gateway.attachments
      .filter((attachment) => attachment.vpcId === vpcId)
      .flatMap(({ id, subnets }) => subnets.map((subnet) => ({ dev: wireName(id, subnet.id), gateway, subnet }))),
  );
}

/**
 * Where a VPC's route to a transit gateway leads from a zone: nowhere from one without a subnet of the attachment;
 * undefined when the target is none.
 */
export function transitHop(
  vpcId: string,
  target: string,
  zone: string | undefined,
  cloud: Cloud,
): Blackhole | NextHop | undefined {
  const wires = transitWires(vpcId, cloud).filter(({ gateway }) => gateway.id === target);
  if (wires.length === 0) return undefined;
  const wire = wires.find(({ subnet }) => subnet.availabilityZone === zone);
  return wire === undefined ? "blackhole" : { dev: wire.dev, gateway: FAR_END };
}

/**
 * What a VPC does not let through between its transit gateways and others: not to a peering and back (VPC Peering
 * Guide, no edge to edge routing), and nothing longer than the gateway takes. Of what must not be fragmented the router
 * says so.
 */
export const transitFilter = [
  `chain transit { type filter hook forward priority filter - 1; policy accept; iifname "t-*" oifname "p-*" drop; oifname "t-*" ip length > ${TRANSIT_MTU} ip frag-off & 0x4000 == 0 counter drop comment "MTU"; }`,
];
