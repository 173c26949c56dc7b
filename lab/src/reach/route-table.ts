import { containsAddress, formatCidr, prefixLength } from "../cloud/cidr";
import type { Cloud } from "../cloud/cloud";
import type { InternetGateway } from "../cloud/internet-gateway";
import type { NetworkInterface } from "../cloud/network-interface";
import type { Peering } from "../cloud/peering";
import type { Vpc } from "../cloud/vpc";
import type { VpcRoute } from "../cloud/route-table";
import type { NatGateway } from "../cloud/nat-gateway";
import type { TransitAttachment, TransitGateway, TransitRouteTable } from "../cloud/transit-gateway";

/** What a route table says of a destination. */
export type Choice =
  { readonly kind: "local" } | { readonly kind: "route"; readonly route: VpcRoute } | { readonly kind: "none" };

/**
 * The most specific route. The local one is in every table; within it there may be routes of whole subnets (VPC User
 * Guide, "Route tables").
 */
export function chooseRoute(vpc: Vpc, tableId: string, destination: string): Choice {
  const table = vpc.routeTables.find(({ id }) => id === tableId);
  const [best] = (table?.routes ?? [])
    .filter((route) => containsAddress(route.destination, destination))
    .sort((a, b) => prefixLength(b.destination) - prefixLength(a.destination));
  if (
    containsAddress(vpc.cidr, destination) &&
    (best === undefined || prefixLength(best.destination) <= prefixLength(vpc.cidr))
  )
    return { kind: "local" };
  return best === undefined ? { kind: "none" } : { kind: "route", route: best };
}

/** Where a route leads. */
export type Target =
  | { readonly kind: "internet-gateway"; readonly gateway: InternetGateway }
  | { readonly kind: "nat-gateway"; readonly gateway: NatGateway }
  | { readonly kind: "transit-gateway"; readonly gateway: TransitGateway; readonly attachment: TransitAttachment }
  | { readonly kind: "peering"; readonly peering: Peering; readonly peerVpcId: string }
  | { readonly kind: "network-interface"; readonly card: NetworkInterface };

/**
 * The target of a VPC's route; undefined when it is gone, not active, or another VPC's: the route is a black hole then.
 */
export function resolveTarget(vpc: Vpc, { target }: VpcRoute, cloud: Cloud): Target | undefined {
  const gateway = cloud.internetGateways.find(({ id }) => id === target);
  if (gateway !== undefined) return gateway.vpcId === vpc.id ? { kind: "internet-gateway", gateway } : undefined;
  const peering = cloud.peerings.find(({ id }) => id === target);
  if (peering !== undefined) {
    const { requesterVpcId, accepterVpcId } = peering;
    if (requesterVpcId === vpc.id) return { kind: "peering", peering, peerVpcId: accepterVpcId };
    return accepterVpcId === vpc.id ? { kind: "peering", peering, peerVpcId: requesterVpcId } : undefined;
  }
  const nat = cloud.natGateways.find(({ id }) => id === target);
  if (nat !== undefined) return nat.subnet.vpcId === vpc.id ? { kind: "nat-gateway", gateway: nat } : undefined;
  const transit = cloud.transitGateways.find(({ id }) => id === target);
  const attachment = transit?.attachments.find(({ vpcId }) => vpcId === vpc.id);
  if (transit !== undefined) return attachment && { kind: "transit-gateway", gateway: transit, attachment };
  const card = cloud.networkInterfaces.find(
    ({ networkInterfaceId, instanceId, deviceIndex }) =>
      networkInterfaceId === target || (instanceId === target && deviceIndex === 0),
  );
  return card !== undefined && card.subnet.vpcId === vpc.id ? { kind: "network-interface", card } : undefined;
}

/** The most specific route of a transit gateway's table. */
export function chooseTransitRoute(
  { routes }: TransitRouteTable,
  destination: string,
): TransitRouteTable["routes"][number] | undefined {
  return routes
    .filter((route) => containsAddress(route.destination, destination))
    .sort((a, b) => prefixLength(b.destination) - prefixLength(a.destination))[0];
}

/** A route for people: AWS gives routes no ids, a table has one route per destination. */
export function routeName(tableId: string, route: VpcRoute): string {
  return `${tableId} ${formatCidr(route.destination)}`;
}
