import { crc32 } from "node:zlib";
import type { PropertyMap } from "../../../../wire/property-value";
import { containsRange, formatCidr, mustNetwork } from "../../cloud/cidr";
import { ApiError } from "../engine/api-error";
import { mustText, textOf } from "../engine/fields";
import { type Inputs, refused, regionInput } from "../engine/input";
import { networkProblem } from "../engine/network-problem";
import type { Records } from "../engine/records";
import { ACCOUNT_ID } from "../engine/regions";
import type { InputFailure, ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import { attachmentOf, findInterface } from "./interface-attachment";
import { findVpc, vpcCidr } from "./vpc";
import type { ResourceRecord } from "../../state/record";

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

const DESTINATIONS = ["destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"];

/** `aws.ec2.Route`, to an internet, NAT or transit gateway, a peering connection or an instance. */
export const route: ResourceType = {
  token: EC2.route,
  title: "Route",
  creating: (inputs) =>
    `creating Route in Route Table (${textOf(inputs, "routeTableId")}) with destination (${textOf(inputs, "destinationCidrBlock")})`,
  actions: { create: "CreateRoute", update: "ReplaceRoute", delete: "DeleteRoute" },
  idPrefix: "r",
  goesWith: [{ to: EC2.routeTable, by: "routeTableId" }],
  inputs: {
    ...refusedTargets,
    destinationCidrBlock: {
      kind: "string",
      forceNew: true,
      lab: "enforced",
      check: (value) => networkProblem(String(value)),
    },
    destinationIpv6CidrBlock: refused("string", "its networks are IPv4 only", { forceNew: true }),
    destinationPrefixListId: refused("string", "it has no prefix lists", { forceNew: true }),
    gatewayId: { kind: "string", lab: "enforced" },
    natGatewayId: { kind: "string", lab: "enforced" },
    networkInterfaceId: { kind: "string", computed: true, lab: "enforced" },
    region: regionInput,
    routeTableId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    transitGatewayId: { kind: "string", lab: "enforced" },
    vpcPeeringConnectionId: { kind: "string", lab: "enforced" },
  },
  computed: ["instanceId", "instanceOwnerId", "origin", "state"],
  check(inputs) {
    return [
      ...exactlyOne(TARGETS, routeTargets(inputs)),
      ...exactlyOne(DESTINATIONS, inputs["destinationCidrBlock"] === undefined ? [] : ["destination_cidr_block"]),
    ];
  },
  create({ inputs, records }) {
    const table = findRouteTable(records, mustText(inputs, "routeTableId"));
    const destination = mustText(inputs, "destinationCidrBlock");
    const vpc = findVpc(records, mustText(table.outputs, "vpcId"));
    refuseRoute(records, { table: table.id, vpc, destination, route: inputs });
    refuseTooManyRoutes(records, records.where(EC2.route, "routeTableId", table.id).length + 1);
    return {
      id: routeId(table.id, destination),
      outputs: { ...owner(inputs, records), origin: "CreateRoute", state: routeState(inputs, records, vpc.id) },
    };
  },
  update({ record, inputs, records }) {
    const table = findRouteTable(records, mustText(record.outputs, "routeTableId"));
    const vpc = findVpc(records, mustText(table.outputs, "vpcId"));
    refuseRoute(records, {
      table: table.id,
      vpc,
      destination: mustText(inputs, "destinationCidrBlock"),
      route: inputs,
      replacing: record.id,
    });
    return { outputs: { ...owner(inputs, records), state: routeState(inputs, records, vpc.id) } };
  },
  read(record, records) {
    const table = records.find(EC2.routeTable, mustText(record.outputs, "routeTableId"));
    return { state: routeState(record.outputs, records, textOf(table?.outputs ?? {}, "vpcId") ?? "") };
  },
  // `pulumi import` names a route by table and destination.
  find(id, records) {
    const [, table, destination] = /^(rtb-[0-9a-f]+)_(.+)$/.exec(id) ?? [];
    return records.find(EC2.route, table === undefined || destination === undefined ? id : routeId(table, destination));
  },
};

/** Whose network interface the route leads to. */
function owner(inputs: PropertyMap, records: Records): PropertyMap {
  const networkInterface = textOf(inputs, "networkInterfaceId");
  const instance = networkInterface === undefined ? undefined : interfaceOwner(records, networkInterface);
  return {
    networkInterfaceId: networkInterface ?? "",
    instanceId: instance?.id ?? "",
    instanceOwnerId: instance === undefined ? "" : ACCOUNT_ID,
  };
}

/** Terraform's ExactlyOneOf, which says it at every one of the arguments. */
function exactlyOne(all: readonly string[], given: readonly string[]): InputFailure[] {
  if (given.length === 1) return [];
  const list = `\`${all.join(",")}\``;
  const says =
    given.length === 0
      ? `one of ${list} must be specified`
      : `only one of ${list} can be specified, but \`${given.join(",")}\` were specified`;
  return all.map((name) => ({
    path: name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    reason: `Invalid combination of arguments. "${name}": ${says}`,
  }));
}

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

/** @throws ApiError when there is none */
export function findRouteTable(records: Records, id: string): ResourceRecord {
  const record = records.find(EC2.routeTable, id);
  if (record === undefined)
    throw new ApiError("InvalidRouteTableID.NotFound", `The routeTable ID '${id}' does not exist`);
  return record;
}

/** Refuses a table with so many routes besides the local one. */
export function refuseTooManyRoutes(records: Records, count: number): void {
  if (count > records.quotas["routes-per-route-table"])
    throw new ApiError("RouteLimitExceeded", "The maximum number of routes has been reached.");
}
