import { containsAddress, formatCidr, prefixLength } from "../fabric/cidr";
import type { Cloud, Instance, InternetGateway, Peering, Vpc, VpcRoute } from "../fabric/cloud";

/** What a route table says of a destination. */
export type Choice = { readonly kind: "local" } | { readonly kind: "route"; readonly route: VpcRoute } | { readonly kind: "none" };

/** The most specific route. The local one is in every table (VPC User Guide, "Route tables"). */
export function chooseRoute(vpc: Vpc, tableId: string, destination: string): Choice {
  const table = vpc.routeTables.find(({ id }) => id === tableId);
  const [best] = (table?.routes ?? [])
    .filter((route) => containsAddress(route.destination, destination))
    .sort((a, b) => prefixLength(b.destination) - prefixLength(a.destination));
  if (containsAddress(vpc.cidr, destination) && (best === undefined || prefixLength(best.destination) <= prefixLength(vpc.cidr))) return { kind: "local" };
  return best === undefined ? { kind: "none" } : { kind: "route", route: best };
}

/** Where a route leads. Other kinds of targets (a NAT gateway, a transit gateway's attachment) are further members of this union. */
export type Target =
  | { readonly kind: "internet-gateway"; readonly gateway: InternetGateway }
  | { readonly kind: "peering"; readonly peering: Peering; readonly peerVpcId: string }
  | { readonly kind: "instance"; readonly instance: Instance };

/** The target of a VPC's route; undefined when it is gone, not active, or another VPC's: the route is a black hole then. */
export function resolveTarget(vpc: Vpc, { target }: VpcRoute, cloud: Cloud): Target | undefined {
  const gateway = cloud.internetGateways.find(({ id }) => id === target);
  if (gateway !== undefined) return gateway.vpcId === vpc.id ? { kind: "internet-gateway", gateway } : undefined;
  const peering = cloud.peerings.find(({ id }) => id === target);
  if (peering !== undefined) {
    const { requesterVpcId, accepterVpcId } = peering;
    if (requesterVpcId === vpc.id) return { kind: "peering", peering, peerVpcId: accepterVpcId };
    return accepterVpcId === vpc.id ? { kind: "peering", peering, peerVpcId: requesterVpcId } : undefined;
  }
  const instance = cloud.instances.find(({ id, networkInterfaceId }) => id === target || networkInterfaceId === target);
  return instance !== undefined && instance.subnet.vpcId === vpc.id ? { kind: "instance", instance } : undefined;
}

/** A route for people: AWS gives routes no ids, a table has one route per destination. */
export function routeName(tableId: string, route: VpcRoute): string {
  return `${tableId} ${formatCidr(route.destination)}`;
}
