import { ApiError } from "../engine/api-error";
import { refused, regionInput } from "../engine/input";
import { mustText, textOf } from "../engine/fields";
import type { Records } from "../engine/records";
import type { ResourceRecord } from "../../state/record";
import type { ResourceType } from "../engine/resource-type";
import { findRouteTable } from "./route-table";
import { findSubnet } from "./subnet";
import { EC2 } from "../engine/tokens";

/** `aws.ec2.RouteTableAssociation` of a subnet. */
export const routeTableAssociation: ResourceType = {
  token: EC2.routeTableAssociation,
  title: "EC2 Route Table Association",
  actions: { create: "AssociateRouteTable", update: "ReplaceRouteTableAssociation", delete: "DisassociateRouteTable" },
  idPrefix: "rtbassoc",
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
