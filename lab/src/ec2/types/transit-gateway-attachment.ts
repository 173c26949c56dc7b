import { choosePrivateAddress } from "./addresses";
import { ApiError } from "../engine/api-error";
import { oneOf, refused, regionInput, tagsInput } from "../engine/input";
import { isMap, type PropertyMap, type PropertyValue } from "../../../../wire/property-value";
import { mustText, textOf, textsOf } from "../engine/fields";
import { type Records } from "../engine/records";
import { ACCOUNT_ID, ec2Arn } from "../engine/regions";
import type { ResourceRecord } from "../../state/record";
import type { Companion, ResourceType } from "../engine/resource-type";
import { findSubnet } from "./subnet";
import { EC2 } from "../engine/tokens";
import { findTransitGateway } from "./transit-gateway";
import { attachmentTableId, resourceOf } from "./transit-gateway-route-table";
import { findVpc } from "./vpc";

/**
 * `aws.ec2transitgateway.VpcAttachment`, associated with the gateway's default route table and propagated to it unless
 * told otherwise.
 */
export const transitGatewayVpcAttachment: ResourceType = {
  token: EC2.transitAttachment,
  title: "EC2 Transit Gateway VPC Attachment",
  actions: {
    create: "CreateTransitGatewayVpcAttachment",
    update: "ModifyTransitGatewayVpcAttachment",
    delete: "DeleteTransitGatewayVpcAttachment",
  },
  idPrefix: "tgw-attach",
  inputs: {
    applianceModeSupport: refused(
      "string",
      "a packet enters the VPC in the zone that it comes from, where the attachment has a subnet",
      { default: "disable" },
    ),
    dnsSupport: { kind: "string", default: "enable", lab: "recorded", check: oneOf("disable", "enable") },
    ipv6Support: refused("string", "its networks are IPv4 only", { default: "disable" }),
    region: regionInput,
    securityGroupReferencingSupport: {
      kind: "string",
      computed: true,
      lab: "enforced",
      check: oneOf("disable", "enable"),
    },
    subnetIds: { kind: "strings", required: true, set: true, lab: "enforced" },
    tags: tagsInput,
    transitGatewayDefaultRouteTableAssociation: { kind: "bool", computed: true, lab: "enforced" },
    transitGatewayDefaultRouteTablePropagation: { kind: "bool", computed: true, lab: "enforced" },
    transitGatewayId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    vpcId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
  },
  computed: ["arn", "vpcOwnerId"],
  create({ id, inputs, region, records }) {
    const gateway = findTransitGateway(records, mustText(inputs, "transitGatewayId"));
    const vpc = findVpc(records, mustText(inputs, "vpcId"));
    if (
      records
        .where(EC2.transitAttachment, "transitGatewayId", gateway.id)
        .some(({ outputs }) => outputs["vpcId"] === vpc.id)
    ) {
      throw new ApiError(
        "DuplicateTransitGatewayAttachment",
        `${gateway.id} has non-deleted Transit Gateway Attachments with same VPC ID.`,
      );
    }
    const subnets = subnetsOf(records, vpc.id, inputs);
    const { outputs, companions } = withDefaultTable(id, vpc.id, gateway, inputs, undefined);
    return {
      outputs: {
        arn: ec2Arn(region, `transit-gateway-attachment/${id}`),
        securityGroupReferencingSupport: textOf(inputs, "securityGroupReferencingSupport") ?? "enable",
        vpcOwnerId: ACCOUNT_ID,
        ...outputs,
      },
      internal: { addresses: interfaceAddresses(records, subnets, {}) },
      companions,
    };
  },
  update({ record, inputs, records }) {
    const vpcId = mustText(record.outputs, "vpcId");
    const subnets = subnetsOf(records, vpcId, inputs);
    const { outputs, companions } = withDefaultTable(
      record.id,
      vpcId,
      findTransitGateway(records, mustText(record.outputs, "transitGatewayId")),
      inputs,
      record,
    );
    return {
      outputs,
      companions,
      internal: { addresses: interfaceAddresses(records, subnets, record.internal["addresses"]) },
    };
  },
  // Static routes to it stay, as black holes.
  cascade: (record, records) =>
    [EC2.transitAssociation, EC2.transitPropagation]
      .flatMap((type) => records.where(type, "transitGatewayAttachmentId", record.id))
      .map(({ id }) => id),
};

/** One subnet of the VPC a zone. */
function subnetsOf(records: Records, vpcId: string, inputs: PropertyMap): ResourceRecord[] {
  const subnets = [...new Set(textsOf(inputs, "subnetIds"))].map((id) => findSubnet(records, id));
  const zones = new Set(subnets.map(({ outputs }) => outputs["availabilityZone"]));
  const stranger = subnets.find(({ outputs }) => outputs["vpcId"] !== vpcId);
  if (stranger !== undefined)
    throw new ApiError("InvalidSubnetID.NotFound", `The subnet ID '${stranger.id}' does not exist in ${vpcId}`);
  if (zones.size < subnets.length) throw new ApiError("DuplicateSubnetsInSameZone", "Duplicate Subnets for same AZ");
  if (subnets.length === 0) throw new ApiError("MissingParameter", "The request must contain the parameter SubnetIds");
  return subnets;
}

/**
 * The attachment has a network interface in each of its subnets, and an address there (Transit Gateways Guide, "VPC
 * attachments").
 */
function interfaceAddresses(records: Records, subnets: readonly ResourceRecord[], former: unknown): PropertyMap {
  const had = isMap(former) ? former : {};
  return Object.fromEntries(
    subnets.map((subnet): [string, PropertyValue] => [
      subnet.id,
      had[subnet.id] ?? choosePrivateAddress(records, subnet, undefined),
    ]),
  );
}

function withDefaultTable(
  id: string,
  vpcId: string,
  gateway: ResourceRecord,
  inputs: PropertyMap,
  former: ResourceRecord | undefined,
): { readonly outputs: PropertyMap; readonly companions: Companion[] } {
  const parts = [
    {
      flag: "transitGatewayDefaultRouteTableAssociation",
      table: "associationDefaultRouteTableId",
      type: EC2.transitAssociation,
    },
    {
      flag: "transitGatewayDefaultRouteTablePropagation",
      table: "propagationDefaultRouteTableId",
      type: EC2.transitPropagation,
    },
  ] as const;
  const wanted = parts.map((part) => ({
    ...part,
    tableId: textOf(gateway.outputs, part.table),
    on: inputs[part.flag] ?? former?.outputs[part.flag] ?? true,
  }));
  return {
    outputs: Object.fromEntries(wanted.map(({ flag, tableId, on }) => [flag, on === true && tableId !== undefined])),
    companions: wanted.flatMap(({ type, tableId, on }): Companion[] =>
      on !== true || tableId === undefined
        ? []
        : [
            {
              type,
              id: attachmentTableId(type, tableId, id),
              outputs: {
                transitGatewayAttachmentId: id,
                transitGatewayRouteTableId: tableId,
                ...resourceOf(vpcId),
                ...(type === EC2.transitAssociation ? { replaceExistingAssociation: false } : {}),
              },
            },
          ],
    ),
  };
}

/** Whether a rule for what comes in may name a group of the other VPC over a transit gateway. */
export function refersThroughTransit(records: Records, one: string, other: string): boolean {
  return records.where(EC2.transitGateway, "securityGroupReferencingSupport", "enable").some((gateway) => {
    const attachments = records
      .where(EC2.transitAttachment, "transitGatewayId", gateway.id)
      .filter(({ outputs }) => outputs["securityGroupReferencingSupport"] === "enable");
    return [one, other].every((vpcId) => attachments.some(({ outputs }) => outputs["vpcId"] === vpcId));
  });
}
