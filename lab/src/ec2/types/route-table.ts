import { ApiError } from "../engine/api-error";
import { networkProblem } from "../engine/network-problem";
import { type Inputs, refused, regionInput, tagsInput } from "../engine/input";
import { propertyMap, type PropertyMap } from "../../../../wire/property-value";
import { mapsOf, mustText } from "../engine/fields";
import { ownerOf, type Records } from "../engine/records";
import { ACCOUNT_ID, ec2Arn } from "../engine/regions";
import type { ResourceRecord } from "../../state/record";
import type { InputFailure, Companion, ResourceType } from "../engine/resource-type";
import { refusedTargets, refuseRoute, routeId, routeState, routeTargets } from "./route-target";
import { EC2 } from "../engine/tokens";
import { findVpc } from "./vpc";

/** Routes written in a route table. */
export const inlineRouteInputs: Inputs = {
  ...refusedTargets,
  cidrBlock: { kind: "string", lab: "enforced", check: (value) => networkProblem(String(value)) },
  destinationPrefixListId: refused("string", "it has no prefix lists"),
  gatewayId: { kind: "string", lab: "enforced" },
  ipv6CidrBlock: refused("string", "its networks are IPv4 only"),
  natGatewayId: { kind: "string", lab: "enforced" },
  networkInterfaceId: { kind: "string", lab: "enforced" },
  transitGatewayId: { kind: "string", lab: "enforced" },
  vpcPeeringConnectionId: { kind: "string", lab: "enforced" },
};

/** `aws.ec2.RouteTable`. Its inline routes are kept as records of routes, too. */
export const routeTable: ResourceType = {
  token: EC2.routeTable,
  title: "EC2 Route Table",
  actions: { create: "CreateRouteTable", update: "CreateRoute", delete: "DeleteRouteTable" },
  idPrefix: "rtb",
  inputs: {
    propagatingVgws: refused("strings", "it has no virtual private gateways", { computed: true, set: true }),
    region: regionInput,
    routes: { kind: { blocks: inlineRouteInputs }, computed: true, set: true, lab: "enforced" },
    tags: tagsInput,
    vpcId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
  },
  computed: ["arn", "ownerId"],
  check: inlineRouteFaults,
  create({ id, inputs, region, records }) {
    const vpc = findVpc(records, mustText(inputs, "vpcId"));
    const routes = mapsOf(inputs, "routes");
    return {
      outputs: {
        arn: ec2Arn(region, `route-table/${id}`),
        ownerId: ACCOUNT_ID,
        propagatingVgws: [],
        routes: routes.map((route) => fullRoute(route)),
      },
      companions: routeCompanions(records, id, vpc, routes, []),
    };
  },
  update({ record, inputs, records }) {
    if (inputs["routes"] === undefined) return {};
    const routes = mapsOf(inputs, "routes");
    const vpc = findVpc(records, mustText(record.outputs, "vpcId"));
    return {
      outputs: { routes: routes.map((route) => fullRoute(route)) },
      companions: routeCompanions(records, record.id, vpc, routes, othersOf(records, record.id)),
    };
  },
  // Routes that are resources of their own show here, too, as with the provider.
  read(record, records) {
    return {
      routes: [
        ...mapsOf(record.outputs, "routes"),
        ...othersOf(records, record.id).map(({ outputs }) =>
          fullRoute({ ...propertyMap(outputs), cidrBlock: mustText(outputs, "destinationCidrBlock") }),
        ),
      ],
    };
  },
  refuseDelete(record, records) {
    const isMain = records.find(EC2.vpc, mustText(record.outputs, "vpcId"))?.outputs["mainRouteTableId"] === record.id;
    if (!isMain && records.where(EC2.routeTableAssociation, "routeTableId", record.id).length === 0) return;
    throw new ApiError("DependencyViolation", `The routeTable '${record.id}' has dependencies and cannot be deleted.`);
  },
  cascade: (record, records) => records.where(EC2.route, "routeTableId", record.id).map(({ id }) => id),
};

/** What is wrong with routes written in a table. */
export function inlineRouteFaults(inputs: PropertyMap): InputFailure[] {
  return mapsOf(inputs, "routes").flatMap((route, i) => {
    const targets = routeTargets(route);
    if (route["cidrBlock"] === undefined)
      return [
        {
          path: `routes[${i}]`,
          reason: "one of `cidr_block, ipv6_cidr_block, destination_prefix_list_id` must be specified",
        },
      ];
    if (targets.length !== 1)
      return [
        {
          path: `routes[${i}]`,
          reason: `creating route: exactly one target must be specified, but ${targets.length === 0 ? "none" : targets.join(", ")} were specified`,
        },
      ];
    return [];
  });
}

/**
 * Records of routes that come with their table.
 *
 * @param others routes of the table that stay beside them
 */
export function routeCompanions(
  records: Records,
  table: string,
  vpc: ResourceRecord,
  routes: readonly PropertyMap[],
  others: readonly ResourceRecord[],
): Companion[] {
  refuseTooManyRoutes(records, routes.length + others.length);
  const taken = new Set(others.map(({ outputs }) => outputs["destinationCidrBlock"]));
  return routes.map((route) => {
    const destination = mustText(route, "cidrBlock");
    if (taken.has(destination))
      throw new ApiError("RouteAlreadyExists", `The route identified by ${destination} already exists.`);
    taken.add(destination);
    refuseRoute(records, { table, vpc, destination, route, replacing: routeId(table, destination) });
    return {
      type: EC2.route,
      id: routeId(table, destination),
      outputs: {
        ...fullRoute(route),
        routeTableId: table,
        destinationCidrBlock: destination,
        origin: "CreateRoute",
        state: routeState(route, records, vpc.id),
      },
    };
  });
}

/** The table's routes that are not written in it. */
function othersOf(records: Records, table: string): ResourceRecord[] {
  return records.where(EC2.route, "routeTableId", table).filter((route) => ownerOf(route) !== table);
}

/** Refuses a table with so many routes besides the local one. */
export function refuseTooManyRoutes(records: Records, count: number): void {
  if (count > records.quotas["routes-per-route-table"])
    throw new ApiError("RouteLimitExceeded", "The maximum number of routes has been reached.");
}

/** A route with all its fields, as the provider stores it. */
export function fullRoute(route: PropertyMap, inputs: Inputs = inlineRouteInputs): PropertyMap {
  const names = Object.keys(inputs).sort();
  return Object.fromEntries(names.map((name) => [name, route[name] ?? ""]));
}

/** @throws ApiError when there is none */
export function findRouteTable(records: Records, id: string): ResourceRecord {
  const record = records.find(EC2.routeTable, id);
  if (record === undefined)
    throw new ApiError("InvalidRouteTableID.NotFound", `The routeTable ID '${id}' does not exist`);
  return record;
}
