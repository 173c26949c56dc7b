import { networkProblem } from "../engine/network-problem";
import { refused, regionInput } from "../engine/input";
import { type PropertyMap } from "../../../../wire/property-value";
import { mustText, textOf } from "../engine/fields";
import type { InputFailure, ResourceType } from "../engine/resource-type";
import type { Records } from "../engine/records";
import { ACCOUNT_ID } from "../engine/regions";
import {
  interfaceOwner,
  refusedTargets,
  refuseRoute,
  routeId,
  routeState,
  routeTargets,
  TARGETS,
} from "./route-target";
import { findRouteTable, refuseTooManyRoutes } from "./route-table";
import { EC2 } from "../engine/tokens";
import { findVpc } from "./vpc";

const DESTINATIONS = ["destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"];

/** `aws.ec2.Route`, to an internet, NAT or transit gateway, a peering connection or an instance. */
export const route: ResourceType = {
  token: EC2.route,
  title: "Route",
  creating: (inputs) =>
    `creating Route in Route Table (${textOf(inputs, "routeTableId")}) with destination (${textOf(inputs, "destinationCidrBlock")})`,
  actions: { create: "CreateRoute", update: "ReplaceRoute", delete: "DeleteRoute" },
  idPrefix: "r",
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
