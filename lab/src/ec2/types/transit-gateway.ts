import { type PropertyMap, type PropertyValue, isMap } from "../../../../wire/property-value";
import { ApiError } from "../engine/api-error";
import { mustText, textOf, textsOf } from "../engine/fields";
import { derivedId } from "../engine/ids";
import { type Input, oneOf, refused, regionInput, tagsInput } from "../engine/input";
import type { Records } from "../engine/records";
import { ACCOUNT_ID, ec2Arn } from "../engine/regions";
import type { ResourceType } from "../engine/resource-type";
import type { Companion } from "../engine/companion";
import { overlaps } from "../../cloud/cidr";
import { EC2 } from "../../cloud/tokens";
import { choosePrivateAddress } from "./ip-address";
import { findSubnet } from "./subnet";
import { attachmentTableId, findTransitGateway, resourceOf } from "./transit-gateway-route-table";
import { findVpc, vpcCidr } from "./vpc";
import type { ResourceRecord } from "../../state/record";

const enabling = oneOf("disable", "enable");

function recorded(value: "disable" | "enable"): Input {
  return { kind: "string", default: value, lab: "recorded", check: enabling };
}

/** `aws.ec2transitgateway.TransitGateway`, with its default route table. */
export const transitGateway: ResourceType = {
  token: EC2.transitGateway,
  title: "EC2 Transit Gateway",
  actions: { create: "CreateTransitGateway", update: "ModifyTransitGateway", delete: "DeleteTransitGateway" },
  idPrefix: "tgw",
  inputs: {
    amazonSideAsn: { kind: "int", default: 64512, lab: "recorded" },
    autoAcceptSharedAttachments: recorded("disable"),
    defaultRouteTableAssociation: { kind: "string", default: "enable", lab: "enforced", check: enabling },
    defaultRouteTablePropagation: { kind: "string", default: "enable", lab: "enforced", check: enabling },
    description: { kind: "string", lab: "recorded" },
    dnsSupport: recorded("enable"),
    encryptionSupport: {
      kind: "string",
      computed: true,
      lab: "recorded",
      check: (value, name) =>
        enabling(value, name) ??
        (value === "enable" ? `the lab does not model ${name}: its wires are this machine's` : undefined),
    },
    multicastSupport: refused("string", "it carries no multicast", { default: "disable", forceNew: true }),
    region: regionInput,
    securityGroupReferencingSupport: { kind: "string", default: "disable", lab: "enforced", check: enabling },
    tags: tagsInput,
    transitGatewayCidrBlocks: refused("strings", "its transit gateways have VPC attachments alone", {
      unset: null,
      set: true,
    }),
    vpnEcmpSupport: recorded("enable"),
  },
  computed: ["arn", "associationDefaultRouteTableId", "ownerId", "propagationDefaultRouteTableId"],
  create({ id, inputs, region }) {
    return {
      outputs: {
        arn: ec2Arn(region, `transit-gateway/${id}`),
        ownerId: ACCOUNT_ID,
        encryptionSupport: "disable",
        ...defaults(id, inputs),
      },
      companions: defaultTable(id, inputs, region),
    };
  },
  update({ record, inputs, region, records }) {
    const had = records.find(EC2.transitRouteTable, defaultTableId(record.id)) !== undefined;
    const companions = had ? [tableCompanion(record.id, inputs, region)] : defaultTable(record.id, inputs, region);
    return { outputs: defaults(record.id, inputs), companions };
  },
  inUse: (record, attachments) =>
    new ApiError(
      "IncorrectState",
      `${record.id} has non-deleted VPC Attachments: ${attachments.map(({ id }) => id).join(", ")}.`,
    ),
};

function defaultTableId(gateway: string): string {
  return derivedId("tgw-rtb", gateway, "default");
}

/**
 * Which route table new attachments are associated with and propagate to; switching it off leaves those that are there.
 */
function defaults(id: string, inputs: PropertyMap): PropertyMap {
  const tableIf = (value: PropertyValue | undefined): string => (value === "enable" ? defaultTableId(id) : "");
  return {
    associationDefaultRouteTableId: tableIf(inputs["defaultRouteTableAssociation"]),
    propagationDefaultRouteTableId: tableIf(inputs["defaultRouteTablePropagation"]),
  };
}

function defaultTable(id: string, inputs: PropertyMap, region: string): Companion[] {
  return ["defaultRouteTableAssociation", "defaultRouteTablePropagation"].some((name) => inputs[name] === "enable")
    ? [tableCompanion(id, inputs, region)]
    : [];
}

function tableCompanion(gateway: string, inputs: PropertyMap, region: string): Companion {
  const id = defaultTableId(gateway);
  return {
    type: EC2.transitRouteTable,
    id,
    outputs: {
      arn: ec2Arn(region, `transit-gateway-route-table/${id}`),
      transitGatewayId: gateway,
      defaultAssociationRouteTable: inputs["defaultRouteTableAssociation"] === "enable",
      defaultPropagationRouteTable: inputs["defaultRouteTablePropagation"] === "enable",
    },
  };
}

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
  holds: [
    { to: EC2.transitGateway, by: "transitGatewayId" },
    { to: EC2.vpc, by: "vpcId" },
    { to: EC2.subnet, by: "subnetIds" },
  ],
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
    const overlapping = records.where(EC2.transitAttachment, "transitGatewayId", gateway.id).some(({ outputs }) => {
      const other = records.find(EC2.vpc, mustText(outputs, "vpcId"));
      return other !== undefined && overlaps(vpcCidr(other), vpcCidr(vpc));
    });
    const { outputs, companions } = withDefaultTable(id, vpc.id, gateway, inputs, undefined, !overlapping);
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
    const { transitGatewayDefaultRouteTablePropagation: was } = record.outputs;
    const propagated = records.where(EC2.transitPropagation, "transitGatewayAttachmentId", record.id).length > 0;
    const { outputs, companions } = withDefaultTable(
      record.id,
      vpcId,
      findTransitGateway(records, mustText(record.outputs, "transitGatewayId")),
      inputs,
      record,
      propagated || was !== true,
    );
    return {
      outputs,
      companions,
      internal: { addresses: interfaceAddresses(records, subnets, record.internal["addresses"]) },
    };
  },
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

/**
 * @param propagates whether its routes get into the table. Those of a VPC that overlaps one which is attached already do
 *   not, and nobody says so (Transit Gateways Guide, "VPC attachments")
 */
function withDefaultTable(
  id: string,
  vpcId: string,
  gateway: ResourceRecord,
  inputs: PropertyMap,
  former: ResourceRecord | undefined,
  propagates: boolean,
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
      on !== true || tableId === undefined || (type === EC2.transitPropagation && !propagates)
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
