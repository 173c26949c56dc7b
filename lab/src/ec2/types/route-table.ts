import { type PropertyMap, isMap, propertyMap } from "../../../../wire/property-value";
import { ApiError } from "../engine/api-error";
import { mapsOf, mustText, textOf } from "../engine/fields";
import { type Inputs, refused, regionInput, tagsInput } from "../engine/input";
import { networkProblem } from "../engine/network-problem";
import { type Records } from "../engine/records";
import { type Companion, companionRecord, ownerOf } from "../engine/companion";
import { ACCOUNT_ID, ec2Arn } from "../engine/regions";
import type { InputFailure, Made, ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import {
  findRouteTable,
  refuseRoute,
  refuseTooManyRoutes,
  refusedTargets,
  routeId,
  routeState,
  routeTargets,
} from "./route";
import { findSubnet } from "./subnet";
import { findVpc } from "./vpc";
import type { ResourceRecord } from "../../state/record";

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
  holds: [{ to: EC2.vpc, by: "vpcId" }],
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
  inUse: (record) =>
    new ApiError("DependencyViolation", `The routeTable '${record.id}' has dependencies and cannot be deleted.`),
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

/** A route with all its fields, as the provider stores it. */
export function fullRoute(route: PropertyMap, inputs: Inputs = inlineRouteInputs): PropertyMap {
  const names = Object.keys(inputs).sort();
  return Object.fromEntries(names.map((name) => [name, route[name] ?? ""]));
}

/** Its routes know fewer kinds of targets than those of other tables, and one more. */
const { carrierGatewayId: _carrier, localGatewayId: _local, odbNetworkArn: _odb, ...targets } = inlineRouteInputs;
const routeInputs: Inputs = {
  ...targets,
  instanceId: refused("string", "name the instance's primaryNetworkInterfaceId"),
};

/**
 * `aws.ec2.DefaultRouteTable`: a VPC's main route table taken over. Its routes are removed, and those written here put
 * in their place; deleting the resource leaves the table as it is.
 */
export const defaultRouteTable: ResourceType = {
  token: EC2.defaultRouteTable,
  title: "EC2 Default Route Table",
  creating: (inputs) => `reading EC2 Default Route Table (${textOf(inputs, "defaultRouteTableId")})`,
  actions: { create: "CreateRoute", update: "CreateRoute", delete: "DescribeRouteTables" },
  idPrefix: "rtb-default",
  fabric: false,
  goesWith: [{ to: EC2.vpc, by: "vpcId" }],
  inputs: {
    defaultRouteTableId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    propagatingVgws: refused("strings", "it has no virtual private gateways", { set: true }),
    region: regionInput,
    routes: { kind: { blocks: routeInputs }, computed: true, set: true, lab: "enforced" },
    tags: tagsInput,
  },
  computed: ["arn", "ownerId", "vpcId"],
  check: inlineRouteFaults,
  create: ({ inputs, records }) =>
    adopt(records, findRouteTable(records, mustText(inputs, "defaultRouteTableId")), inputs, mapsOf(inputs, "routes")),
  update({ record, inputs, records }) {
    const table = findRouteTable(records, mustText(record.outputs, "defaultRouteTableId"));
    return inputs["routes"] === undefined ? {} : adopt(records, table, inputs, mapsOf(inputs, "routes"));
  },
  idOf: (record) => mustText(record.outputs, "defaultRouteTableId"),
  find: (id, records) => records.where(EC2.defaultRouteTable, "defaultRouteTableId", id)[0],
  isGone: (record, records) =>
    records.find(EC2.routeTable, mustText(record.outputs, "defaultRouteTableId")) === undefined,
};

function adopt(records: Records, table: ResourceRecord, inputs: PropertyMap, routes: readonly PropertyMap[]): Made {
  const vpc = findVpc(records, mustText(table.outputs, "vpcId"));
  const made = routeCompanions(records, table.id, vpc, routes, []).map((route) => companionRecord(vpc, route));
  const former = records
    .where(EC2.route, "routeTableId", table.id)
    .filter(({ id }) => !made.some((route) => route.id === id));
  const tags = isMap(inputs["tags"]) ? { tags: inputs["tags"], tagsAll: inputs["tags"] } : {};
  return {
    outputs: {
      arn: mustText(table.outputs, "arn"),
      ownerId: mustText(table.outputs, "ownerId"),
      routes: routes.map((route) => fullRoute(route, routeInputs)),
      vpcId: vpc.id,
    },
    alters: [{ ...table, outputs: { ...table.outputs, ...tags } }, ...made],
    removes: former.map(({ id }) => id),
  };
}

/** `aws.ec2.RouteTableAssociation` of a subnet. */
export const routeTableAssociation: ResourceType = {
  token: EC2.routeTableAssociation,
  title: "EC2 Route Table Association",
  actions: { create: "AssociateRouteTable", update: "ReplaceRouteTableAssociation", delete: "DisassociateRouteTable" },
  idPrefix: "rtbassoc",
  holds: [{ to: EC2.routeTable, by: "routeTableId" }],
  goesWith: [{ to: EC2.subnet, by: "subnetId" }],
  inputs: {
    gatewayId: refused("string", "its gateways have no route tables", { forceNew: true }),
    region: regionInput,
    routeTableId: { kind: "string", required: true, lab: "enforced" },
    subnetId: { kind: "string", forceNew: true, lab: "enforced" },
  },
  computed: [],
  check(inputs) {
    if (inputs["subnetId"] !== undefined) return [];
    return ["gateway_id", "subnet_id"].map((name) => ({
      path: name === "subnet_id" ? "subnetId" : "gatewayId",
      reason: `Invalid combination of arguments. "${name}": one of \`gateway_id,subnet_id\` must be specified`,
    }));
  },
  create({ inputs, records }) {
    const subnet = findSubnet(records, mustText(inputs, "subnetId"));
    refuseForeign(records, mustText(inputs, "routeTableId"), subnet);
    const other = records.where(EC2.routeTableAssociation, "subnetId", subnet.id)[0];
    if (other !== undefined) {
      throw new ApiError(
        "Resource.AlreadyAssociated",
        `the specified association for route table ${mustText(inputs, "routeTableId")} conflicts with an existing association`,
      );
    }
    return { outputs: {} };
  },
  update({ record, inputs, records }) {
    refuseForeign(records, mustText(inputs, "routeTableId"), findSubnet(records, mustText(record.outputs, "subnetId")));
    return {};
  },
  // `pulumi import` names an association by subnet and table.
  find(id, records) {
    const [subnet, table] = id.split("/");
    if (table === undefined || subnet === undefined) return records.find(EC2.routeTableAssociation, id);
    return records
      .where(EC2.routeTableAssociation, "subnetId", subnet)
      .find(({ outputs }) => textOf(outputs, "routeTableId") === table);
  },
};

function refuseForeign(records: Records, tableId: string, subnet: ResourceRecord): void {
  const table = findRouteTable(records, tableId);
  if (table.outputs["vpcId"] === subnet.outputs["vpcId"]) return;
  throw new ApiError(
    "InvalidParameterValue",
    `Route table ${table.id} and subnet ${subnet.id} belong to different networks`,
  );
}

/** `aws.ec2.MainRouteTableAssociation`: another main route table for a VPC, as long as it is there. */
export const mainRouteTableAssociation: ResourceType = {
  token: EC2.mainRouteTableAssociation,
  title: "Main Route Table Association",
  creating: (inputs) => `creating Main Route Table Association (${textOf(inputs, "routeTableId")})`,
  actions: {
    create: "ReplaceRouteTableAssociation",
    update: "ReplaceRouteTableAssociation",
    delete: "ReplaceRouteTableAssociation",
  },
  idPrefix: "rtbassoc",
  fabric: false,
  goesWith: [{ to: EC2.vpc, by: "vpcId" }],
  inputs: {
    region: regionInput,
    routeTableId: { kind: "string", required: true, lab: "enforced" },
    vpcId: { kind: "string", required: true, lab: "enforced" },
  },
  computed: ["originalRouteTableId"],
  create({ inputs, records }) {
    const vpc = findVpc(records, mustText(inputs, "vpcId"));
    return {
      ...replaced(records, vpc, mustText(inputs, "routeTableId")),
      outputs: { originalRouteTableId: mustText(vpc.outputs, "mainRouteTableId") },
    };
  },
  // As the provider does, which replaces the table alone, whatever the VPC.
  update: ({ record, inputs, records }) =>
    replaced(records, findVpc(records, mustText(record.outputs, "vpcId")), mustText(inputs, "routeTableId")),
  leaves(record, records) {
    const vpc = records.find(EC2.vpc, mustText(record.outputs, "vpcId"));
    const original = mustText(record.outputs, "originalRouteTableId");
    return vpc === undefined || records.find(EC2.routeTable, original) === undefined ? [] : [withMain(vpc, original)];
  },
};

function replaced(records: Records, vpc: ResourceRecord, tableId: string): Made {
  const table = findRouteTable(records, tableId);
  if (table.outputs["vpcId"] !== vpc.id)
    throw new ApiError(
      "InvalidParameterValue",
      `Route table ${table.id} and network ${vpc.id} belong to different networks`,
    );
  return { outputs: {}, alters: [withMain(vpc, table.id)] };
}

function withMain(vpc: ResourceRecord, mainRouteTableId: string): ResourceRecord {
  return { ...vpc, outputs: { ...vpc.outputs, mainRouteTableId } };
}
