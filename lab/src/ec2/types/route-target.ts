import { crc32 } from "node:zlib";
import { ApiError } from "../engine/api-error";
import { containsRange, formatCidr, mustNetwork } from "../../cloud/cidr";
import { type Inputs, refused } from "../engine/input";
import { attachmentOf, findInterface } from "./network-interfaces";
import { type PropertyMap } from "../../../../wire/property-value";
import { mustText, textOf } from "../engine/fields";
import type { Records } from "../engine/records";
import type { ResourceRecord } from "../../state/record";
import { EC2 } from "../engine/tokens";
import { vpcCidr } from "./vpc";

/** Targets of routes that no VPC of the lab can have. */
export const refusedTargets: Inputs = {
  carrierGatewayId: refused("string", "it has no carrier gateways"),
  coreNetworkArn: refused("string", "it has no Cloud WAN"),
  egressOnlyGatewayId: refused("string", "its networks are IPv4 only"),
  localGatewayId: refused("string", "it has no Outposts"),
  odbNetworkArn: refused("string", "it has no Oracle Database@AWS"),
  vpcEndpointId: refused("string", "it has no VPC endpoints"),
};

/** Terraform's list of targets, in its order. */
export const TARGETS = [
  "carrier_gateway_id",
  "core_network_arn",
  "egress_only_gateway_id",
  "gateway_id",
  "local_gateway_id",
  "nat_gateway_id",
  "network_interface_id",
  "odb_network_arn",
  "transit_gateway_id",
  "vpc_endpoint_id",
  "vpc_peering_connection_id",
] as const;

/** The given ones of a route's targets, in Terraform's spelling. */
export function routeTargets(route: PropertyMap): string[] {
  return TARGETS.filter((target) => {
    const value = route[target.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())];
    return value !== undefined && value !== null && value !== "";
  });
}

/** Terraform's id of a route: the table's and a hash of the destination. */
export function routeId(table: string, destination: string): string {
  return `r-${table}${crc32(destination)}`;
}

/**
 * A route whose target is gone or, for a peering connection, not accepted is a black hole (VPC Peering Guide, "Update
 * your route tables").
 */
export function routeState(
  route: Readonly<Record<string, unknown>>,
  records: Records,
  vpcId: string,
): "active" | "blackhole" {
  const peering = textOf(route, "vpcPeeringConnectionId");
  if (peering !== undefined)
    return records.find(EC2.peering, peering)?.outputs["acceptStatus"] === "active" ? "active" : "blackhole";
  const nat = textOf(route, "natGatewayId");
  if (nat !== undefined) return records.find(EC2.natGateway, nat) === undefined ? "blackhole" : "active";
  const transit = textOf(route, "transitGatewayId");
  if (transit !== undefined) return isAttached(records, transit, vpcId) ? "active" : "blackhole";
  const networkInterface = textOf(route, "networkInterfaceId");
  if (networkInterface !== undefined)
    return interfaceOwner(records, networkInterface) === undefined ? "blackhole" : "active";
  const gateway = textOf(route, "gatewayId");
  return gateway === undefined || records.find(EC2.internetGateway, gateway)?.outputs["vpcId"] ? "active" : "blackhole";
}

function isAttached(records: Records, transitGateway: string, vpcId: string): boolean {
  return records
    .where(EC2.transitAttachment, "transitGatewayId", transitGateway)
    .some(({ outputs }) => outputs["vpcId"] === vpcId);
}

/** The instance that a network interface is attached to. */
export function interfaceOwner(records: Records, networkInterface: string): ResourceRecord | undefined {
  const attachment = attachmentOf(records, networkInterface);
  return attachment === undefined
    ? records.where(EC2.instance, "primaryNetworkInterfaceId", networkInterface)[0]
    : records.find(EC2.instance, attachment.instanceId);
}

export interface RouteRequest {
  readonly table: string;
  readonly vpc: ResourceRecord;
  readonly destination: string;
  /** Holds its target. */
  readonly route: PropertyMap;
  /** The record of the route that this one takes the place of. */
  readonly replacing?: string;
}

/**
 * A route inside the VPC's block leads a whole subnet's traffic through an appliance (VPC User Guide, "Route tables",
 * "Rules and considerations").
 *
 * @param toInterface whether the target may have such a route
 */
function refuseInsideLocal(records: Records, vpc: ResourceRecord, destination: string, toInterface: boolean): void {
  if (!containsRange(vpcCidr(vpc), mustNetwork(destination))) return;
  if (!toInterface) {
    throw new ApiError(
      "InvalidParameterValue",
      `The destination CIDR block ${destination} is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance.`,
    );
  }
  // The local route, whose target only ReplaceRoute changes.
  if (destination === formatCidr(vpcCidr(vpc)))
    throw new ApiError("RouteAlreadyExists", `The route identified by ${destination} already exists.`);
  if (!records.where(EC2.subnet, "vpcId", vpc.id).some(({ outputs }) => outputs["cidrBlock"] === destination)) {
    throw new ApiError("InvalidParameterValue", "Route destination doesn't match any subnet CIDR blocks.");
  }
}

/** Refuses what API_CreateRoute refuses (VPC User Guide, "Route tables", "Rules and considerations"). */
export function refuseRoute(records: Records, { table, vpc, destination, route, replacing }: RouteRequest): void {
  const cidr = mustNetwork(destination);
  // A larger block may be one: packets to the reserved part of it are not forwarded.
  if (containsRange(mustNetwork("169.254.168.0/22"), cidr)) {
    throw new ApiError(
      "InvalidParameterValue",
      `The destination CIDR block ${destination} is within 169.254.168.0/22, which is reserved for use by AWS services.`,
    );
  }
  refuseInsideLocal(
    records,
    vpc,
    destination,
    textOf(route, "networkInterfaceId") !== undefined || textOf(route, "natGatewayId") !== undefined,
  );
  const same = records
    .where(EC2.route, "routeTableId", table)
    .find(({ id, outputs }) => outputs["destinationCidrBlock"] === destination && id !== replacing);
  if (same !== undefined)
    throw new ApiError("RouteAlreadyExists", `The route identified by ${destination} already exists.`);

  const gateway = textOf(route, "gatewayId");
  if (gateway !== undefined) {
    const record = records.find(EC2.internetGateway, gateway);
    if (record === undefined)
      throw new ApiError("InvalidGatewayID.NotFound", `The gateway ID '${gateway}' does not exist`);
    if (record.outputs["vpcId"] !== vpc.id)
      throw new ApiError(
        "InvalidParameterValue",
        `route table ${table} and network gateway ${gateway} belong to different networks`,
      );
  }
  const networkInterface = textOf(route, "networkInterfaceId");
  if (networkInterface !== undefined) {
    const subnet = records.find(EC2.subnet, findInterface(records, networkInterface).subnetId);
    if (subnet?.outputs["vpcId"] !== vpc.id)
      throw new ApiError(
        "InvalidParameterValue",
        `route table ${table} and interface ${networkInterface} belong to different networks`,
      );
  }
  const nat = textOf(route, "natGatewayId");
  if (nat !== undefined) {
    const record = records.find(EC2.natGateway, nat);
    if (record === undefined)
      throw new ApiError("InvalidNatGatewayID.NotFound", `The natGateway ID '${nat}' does not exist`);
    if (record.outputs["vpcId"] !== vpc.id)
      throw new ApiError(
        "InvalidParameterValue",
        `route table ${table} and nat gateway ${nat} belong to different networks`,
      );
  }
  const transit = textOf(route, "transitGatewayId");
  // EC2 says so of one that the VPC is not attached to, too.
  if (transit !== undefined && !isAttached(records, transit, vpc.id))
    throw new ApiError("InvalidTransitGatewayID.NotFound", `The transitGateway ID '${transit}' does not exist`);
  const peering = textOf(route, "vpcPeeringConnectionId");
  if (peering !== undefined) {
    const record = records.find(EC2.peering, peering);
    if (record === undefined)
      throw new ApiError(
        "InvalidVpcPeeringConnectionID.NotFound",
        `The vpcPeeringConnection ID '${peering}' does not exist`,
      );
    if (![mustText(record.outputs, "vpcId"), mustText(record.outputs, "peerVpcId")].includes(vpc.id)) {
      throw new ApiError(
        "InvalidParameterValue",
        `route table ${table} and vpc peering connection ${peering} belong to different networks`,
      );
    }
  }
}
