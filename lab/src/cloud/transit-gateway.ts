import type { IPv4CidrRange } from "ip-num";
import { formatCidr } from "./cidr";
import type { Reading } from "./reading";
import type { Subnet, Vpc } from "./vpc";
import { EC2 } from "./tokens";

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

/** Default association and propagation are records, too. An attachment whose VPC is gone is none. */
export function readTransitGateways(reading: Reading, vpcs: ReadonlyMap<string, Vpc>): TransitGateway[] {
  const tableOf = new Map<string, string>();
  for (const record of reading.take(EC2.transitAssociation)) {
    const attachment = reading.string(record, "transitGatewayAttachmentId");
    if (tableOf.has(attachment)) reading.problem(record, `associates a second route table with ${attachment}`);
    tableOf.set(attachment, reading.string(record, "transitGatewayRouteTableId"));
  }
  const attachments = reading
    .take(EC2.transitAttachment)
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
  const propagations = reading.take(EC2.transitPropagation).map((record) => ({
    tableId: reading.string(record, "transitGatewayRouteTableId"),
    attachmentId: reading.string(record, "transitGatewayAttachmentId"),
  }));
  const staticRoutes = reading.take(EC2.transitRoute).flatMap((record) => {
    const destination = reading.cidr(record, "destinationCidrBlock");
    const target: "blackhole" | { readonly attachmentId: string } =
      record.outputs["blackhole"] === true
        ? "blackhole"
        : { attachmentId: reading.string(record, "transitGatewayAttachmentId") };
    return destination === undefined
      ? []
      : [{ tableId: reading.string(record, "transitGatewayRouteTableId"), destination, target }];
  });
  const tables = reading.take(EC2.transitRouteTable).filter((record) => reading.isId(record));
  return reading
    .take(EC2.transitGateway)
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
 * Whether rules for what comes in may name security groups of the other VPC: where the gateway and both attachments
 * support it (Transit Gateways Guide, "Security group referencing").
 */
export function refersThroughTransit(one: string, other: string, transitGateways: readonly TransitGateway[]): boolean {
  return transitGateways.some(
    ({ securityGroupReferencing, attachments }) =>
      securityGroupReferencing &&
      [one, other].every((vpcId) =>
        attachments.some((attachment) => attachment.vpcId === vpcId && attachment.securityGroupReferencing),
      ),
  );
}
