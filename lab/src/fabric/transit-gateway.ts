import type { IPv4CidrRange } from "ip-num";
import { formatCidr } from "../cloud/cidr";
import type { Cloud, Subnet, Vpc } from "../cloud/cloud";
import { FAR_END, macOf, namespaceOfId, tableNumber, TRANSIT_MTU, wireName } from "./names";
import type { Blackhole, Namespace, NextHop, Route } from "./namespace";
import type { Reading } from "../cloud/reading";
import { router } from "./router";

export interface TransitGateway {
  readonly id: string;
  readonly attachments: readonly TransitAttachment[];
  readonly routeTables: readonly TransitRouteTable[];
  readonly securityGroupReferencing: boolean;
}

export interface TransitAttachment {
  readonly id: string;
  readonly vpcId: string;
  /** One a zone: the attachment has a network interface in each, and serves their zones alone. */
  readonly subnets: readonly Subnet[];
  /** The gateway's route table for what comes from the VPC; without one nothing is let through. */
  readonly routeTableId?: string;
  readonly securityGroupReferencing: boolean;
}

export interface TransitRouteTable {
  readonly id: string;
  /**
   * A destination once: a static route goes before a propagated one (Transit Gateways Guide, "Route evaluation order").
   */
  readonly routes: readonly {
    readonly destination: IPv4CidrRange;
    readonly target: "blackhole" | { readonly attachmentId: string };
  }[];
}

const types = {
  gateway: "aws:ec2transitgateway/transitGateway:TransitGateway",
  attachment: "aws:ec2transitgateway/vpcAttachment:VpcAttachment",
  routeTable: "aws:ec2transitgateway/routeTable:RouteTable",
  association: "aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation",
  propagation: "aws:ec2transitgateway/routeTablePropagation:RouteTablePropagation",
  route: "aws:ec2transitgateway/route:Route",
} as const;

/** Default association and propagation are records, too. An attachment whose VPC is gone is none. */
export function readTransitGateways(reading: Reading, vpcs: ReadonlyMap<string, Vpc>): TransitGateway[] {
  const tableOf = new Map<string, string>();
  for (const record of reading.take(types.association)) {
    const attachment = reading.string(record, "transitGatewayAttachmentId");
    if (tableOf.has(attachment)) reading.problem(record, `associates a second route table with ${attachment}`);
    tableOf.set(attachment, reading.string(record, "transitGatewayRouteTableId"));
  }
  const attachments = reading
    .take(types.attachment)
    .flatMap((record): (TransitAttachment & { readonly gatewayId: string })[] => {
      const vpc = vpcs.get(reading.string(record, "vpcId"));
      const ids = Array.isArray(record.outputs["subnetIds"]) ? record.outputs["subnetIds"] : [];
      if (vpc === undefined || !reading.isId(record)) return [];
      const subnets = vpc.subnets
        .filter(({ id }) => ids.includes(id))
        .sort((a, b) => (a.availabilityZone < b.availabilityZone ? -1 : 1));
      if (subnets.length === 0 || subnets.length < ids.length)
        return (
          reading.problem(
            record,
            `is attached to ${ids.join(", ") || "no subnet"}, not all of which are subnets of ${vpc.id}`,
          ) ?? []
        );
      if (new Set(subnets.map(({ availabilityZone }) => availabilityZone)).size < subnets.length)
        return reading.problem(record, "has two subnets in one availability zone") ?? [];
      const securityGroupReferencing = record.outputs["securityGroupReferencingSupport"] === "enable";
      return [
        {
          id: record.id,
          vpcId: vpc.id,
          subnets,
          routeTableId: tableOf.get(record.id),
          securityGroupReferencing,
          gatewayId: reading.string(record, "transitGatewayId"),
        },
      ];
    });
  const propagations = reading.take(types.propagation).map((record) => ({
    tableId: reading.string(record, "transitGatewayRouteTableId"),
    attachmentId: reading.string(record, "transitGatewayAttachmentId"),
  }));
  const staticRoutes = reading.take(types.route).flatMap((record) => {
    const destination = reading.cidr(record, "destinationCidrBlock");
    const target: "blackhole" | { readonly attachmentId: string } =
      record.outputs["blackhole"] === true
        ? "blackhole"
        : { attachmentId: reading.string(record, "transitGatewayAttachmentId") };
    return destination === undefined
      ? []
      : [{ tableId: reading.string(record, "transitGatewayRouteTableId"), destination, target }];
  });
  const tables = reading.take(types.routeTable).filter((record) => reading.isId(record));
  return reading
    .take(types.gateway)
    .filter((record) => reading.isId(record))
    .map((record): TransitGateway => ({
      id: record.id,
      attachments: attachments.filter(({ gatewayId }) => gatewayId === record.id),
      routeTables: tables
        .filter((table) => table.outputs["transitGatewayId"] === record.id)
        .map(({ id }) => {
          const given = staticRoutes
            .filter(({ tableId }) => tableId === id)
            .map(({ destination, target }) => ({ destination, target }));
          const propagated = propagations
            .filter(({ tableId }) => tableId === id)
            .flatMap(({ attachmentId }) => {
              const vpc = vpcs.get(attachments.find((attachment) => attachment.id === attachmentId)?.vpcId ?? "");
              return vpc === undefined ? [] : [{ destination: vpc.cidr, target: { attachmentId } }];
            });
          const first = new Map(
            [...given, ...propagated].reverse().map((route) => [formatCidr(route.destination), route]),
          );
          return { id, routes: [...first.values()] };
        }),
      securityGroupReferencing: record.outputs["securityGroupReferencingSupport"] === "enable",
    }));
}

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

/**
 * Whether rules for what comes in may name security groups of the other VPC: where the gateway and both attachments
 * support it (Transit Gateways Guide, "Security group referencing").
 */
export function refersThroughTransit(one: string, other: string, { transitGateways }: Cloud): boolean {
  return transitGateways.some(
    ({ securityGroupReferencing, attachments }) =>
      securityGroupReferencing &&
      [one, other].every((vpcId) =>
        attachments.some((attachment) => attachment.vpcId === vpcId && attachment.securityGroupReferencing),
      ),
  );
}
