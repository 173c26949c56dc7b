import { type Inputs, refused, regionInput, tagsInput } from "../engine/input";
import { isMap, type PropertyMap } from "../../../../wire/property-value";
import { mapsOf, mustText, textOf } from "../engine/fields";
import { companionRecord, type Records } from "../engine/records";
import type { ResourceRecord } from "../../state/record";
import type { Made, ResourceType } from "../engine/resource-type";
import { findRouteTable, fullRoute, inlineRouteFaults, inlineRouteInputs, routeCompanions } from "./route-table";
import { EC2 } from "../engine/tokens";
import { findVpc } from "./vpc";

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
