import { ApiError } from "../engine/api-error";
import { regionInput } from "../engine/input";
import { mustText, textOf } from "../engine/fields";
import type { Records } from "../engine/records";
import type { ResourceRecord } from "../../state/record";
import type { Made, ResourceType } from "../engine/resource-type";
import { findRouteTable } from "./route-table";
import { EC2 } from "../engine/tokens";
import { findVpc } from "./vpc";

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
