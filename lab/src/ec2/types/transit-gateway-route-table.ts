import type { PropertyMap } from "../../../../wire/property-value";
import { ApiError } from "../engine/api-error";
import { mustText, textOf } from "../engine/fields";
import { derivedId } from "../engine/ids";
import { refused, regionInput, tagsInput } from "../engine/input";
import { networkProblem } from "../engine/network-problem";
import type { Records } from "../engine/records";
import { ec2Arn } from "../engine/regions";
import type { ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import type { ResourceRecord } from "../../state/record";

/** `aws.ec2transitgateway.RouteTable`. */
export const transitGatewayRouteTable: ResourceType = {
  token: EC2.transitRouteTable,
  title: "EC2 Transit Gateway Route Table",
  actions: { create: "CreateTransitGatewayRouteTable", update: "CreateTags", delete: "DeleteTransitGatewayRouteTable" },
  idPrefix: "tgw-rtb",
  inputs: {
    region: regionInput,
    tags: tagsInput,
    transitGatewayId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
  },
  computed: ["arn", "defaultAssociationRouteTable", "defaultPropagationRouteTable"],
  create({ id, inputs, region, records }) {
    findTransitGateway(records, mustText(inputs, "transitGatewayId"));
    return {
      outputs: {
        arn: ec2Arn(region, `transit-gateway-route-table/${id}`),
        defaultAssociationRouteTable: false,
        defaultPropagationRouteTable: false,
      },
    };
  },
  inUse(record, associations) {
    const attachments = associations.map(({ outputs }) => mustText(outputs, "transitGatewayAttachmentId"));
    return new ApiError(
      "IncorrectState",
      `Cannot delete ${record.id}: it has associations with ${attachments.join(", ")}.`,
    );
  },
};

/** `aws.ec2transitgateway.RouteTableAssociation`. */
export const transitGatewayRouteTableAssociation: ResourceType = ofAttachment({
  token: EC2.transitAssociation,
  title: "EC2 Transit Gateway Route Table Association",
  actions: {
    create: "AssociateTransitGatewayRouteTable",
    update: "AssociateTransitGatewayRouteTable",
    delete: "DisassociateTransitGatewayRouteTable",
  },
  holds: [{ to: EC2.transitRouteTable, by: "transitGatewayRouteTableId" }],
  goesWith: [
    { to: EC2.transitAttachment, by: "transitGatewayAttachmentId" },
    // The default one, which goes with its gateway.
    { to: EC2.transitRouteTable, by: "transitGatewayRouteTableId" },
  ],
  more: {
    replaceExistingAssociation: refused(
      "bool",
      "set transitGatewayDefaultRouteTableAssociation of the attachment to false",
    ),
  },
  refuse(records, _table, attachment) {
    if (records.where(EC2.transitAssociation, "transitGatewayAttachmentId", attachment).length === 0) return;
    throw new ApiError(
      "Resource.AlreadyAssociated",
      `Transit Gateway Attachment ${attachment} is already associated to a route table.`,
    );
  },
});

/** `aws.ec2transitgateway.RouteTablePropagation`. */
export const transitGatewayRouteTablePropagation: ResourceType = ofAttachment({
  token: EC2.transitPropagation,
  title: "EC2 Transit Gateway Route Table Propagation",
  actions: {
    create: "EnableTransitGatewayRouteTablePropagation",
    update: "EnableTransitGatewayRouteTablePropagation",
    delete: "DisableTransitGatewayRouteTablePropagation",
  },
  goesWith: [
    { to: EC2.transitAttachment, by: "transitGatewayAttachmentId" },
    { to: EC2.transitRouteTable, by: "transitGatewayRouteTableId" },
  ],
  more: {},
  refuse(records, table, attachment) {
    const twin = records
      .where(EC2.transitPropagation, "transitGatewayRouteTableId", table)
      .some(({ outputs }) => outputs["transitGatewayAttachmentId"] === attachment);
    if (twin)
      throw new ApiError(
        "TransitGatewayRouteTablePropagation.Duplicate",
        `Propagation ${attachment} already exists in Transit Gateway Route Table ${table}.`,
      );
  },
});

/** `aws.ec2transitgateway.Route`: a static one. */
export const transitGatewayRoute: ResourceType = {
  token: EC2.transitRoute,
  title: "EC2 Transit Gateway Route",
  actions: {
    create: "CreateTransitGatewayRoute",
    update: "ReplaceTransitGatewayRoute",
    delete: "DeleteTransitGatewayRoute",
  },
  idPrefix: "tgw-route",
  // Those to an attachment that is deleted stay, as black holes.
  goesWith: [{ to: EC2.transitRouteTable, by: "transitGatewayRouteTableId" }],
  inputs: {
    blackhole: { kind: "bool", default: false, forceNew: true, lab: "enforced" },
    destinationCidrBlock: {
      kind: "string",
      required: true,
      forceNew: true,
      lab: "enforced",
      check: (value) => networkProblem(String(value)),
    },
    region: regionInput,
    transitGatewayAttachmentId: { kind: "string", forceNew: true, lab: "enforced" },
    transitGatewayRouteTableId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
  },
  computed: [],
  create({ inputs, records }) {
    const table = findTransitRouteTable(records, mustText(inputs, "transitGatewayRouteTableId"));
    const destination = mustText(inputs, "destinationCidrBlock");
    const attachment = textOf(inputs, "transitGatewayAttachmentId");
    if ((inputs["blackhole"] === true) === (attachment !== undefined))
      throw new ApiError(
        "InvalidParameterCombination",
        "Exactly one of TransitGatewayAttachmentId and Blackhole must be specified",
      );
    if (attachment !== undefined) refuseForeign(table, findAttachment(records, attachment));
    if (
      records
        .where(EC2.transitRoute, "transitGatewayRouteTableId", table.id)
        .some(({ outputs }) => outputs["destinationCidrBlock"] === destination)
    ) {
      throw new ApiError(
        "RouteAlreadyExists",
        `Route ${destination} already exists in Transit Gateway Route Table ${table.id}.`,
      );
    }
    return { id: derivedId("tgw-route", table.id, destination), outputs: {} };
  },
  idOf: ({ outputs }) =>
    `${mustText(outputs, "transitGatewayRouteTableId")}_${mustText(outputs, "destinationCidrBlock")}`,
  find(id, records) {
    const [table = "", destination = ""] = id.split("_");
    return records.find(EC2.transitRoute, derivedId("tgw-route", table, destination));
  },
};

interface OfAttachment extends Pick<ResourceType, "token" | "title" | "actions" | "holds" | "goesWith"> {
  readonly more: ResourceType["inputs"];
  /** Refuses what is so already. */
  refuse(records: Records, table: string, attachment: string): void;
}

/** What joins an attachment and a route table: an association or a propagation. */
function ofAttachment({ more, refuse, ...type }: OfAttachment): ResourceType {
  return {
    ...type,
    idPrefix: "tgw-rtb",
    inputs: {
      ...more,
      region: regionInput,
      transitGatewayAttachmentId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
      transitGatewayRouteTableId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    },
    computed: ["resourceId", "resourceType"],
    create({ inputs, records }) {
      const table = findTransitRouteTable(records, mustText(inputs, "transitGatewayRouteTableId"));
      const attachment = findAttachment(records, mustText(inputs, "transitGatewayAttachmentId"));
      refuseForeign(table, attachment);
      refuse(records, table.id, attachment.id);
      return {
        id: attachmentTableId(type.token, table.id, attachment.id),
        outputs: resourceOf(mustText(attachment.outputs, "vpcId")),
      };
    },
    idOf: ({ outputs }) =>
      `${mustText(outputs, "transitGatewayRouteTableId")}_${mustText(outputs, "transitGatewayAttachmentId")}`,
    find(id, records) {
      const [table = "", attachment = ""] = id.split("_");
      return records.find(type.token, attachmentTableId(type.token, table, attachment));
    },
  };
}

/** The id of the record of an association or propagation; Pulumi's is the same for both. */
export function attachmentTableId(type: string, table: string, attachment: string): string {
  return derivedId(type === EC2.transitAssociation ? "tgw-assoc" : "tgw-prop", table, attachment);
}

/** What an attachment is of, for an association or propagation. */
export function resourceOf(vpcId: string): PropertyMap {
  return { resourceId: vpcId, resourceType: "vpc" };
}

function findTransitRouteTable(records: Records, id: string): ResourceRecord {
  const record = records.find(EC2.transitRouteTable, id);
  if (record === undefined)
    throw new ApiError(
      "InvalidRouteTableID.NotFound",
      `Transit Gateway Route Table ${id} was deleted or does not exist.`,
    );
  return record;
}

function findAttachment(records: Records, id: string): ResourceRecord {
  const record = records.find(EC2.transitAttachment, id);
  if (record === undefined)
    throw new ApiError(
      "InvalidTransitGatewayAttachmentID.NotFound",
      `Transit Gateway Attachment ${id} was deleted or does not exist.`,
    );
  return record;
}

function refuseForeign(table: ResourceRecord, attachment: ResourceRecord): void {
  if (table.outputs["transitGatewayId"] === attachment.outputs["transitGatewayId"]) return;
  throw new ApiError(
    "InvalidParameterValue",
    `Transit Gateway Route Table ${table.id} and Transit Gateway Attachment ${attachment.id} belong to different transit gateways.`,
  );
}

/** @throws ApiError when there is none */
export function findTransitGateway(records: Records, id: string): ResourceRecord {
  const record = records.find(EC2.transitGateway, id);
  if (record === undefined)
    throw new ApiError("InvalidTransitGatewayID.NotFound", `Transit Gateway ${id} was deleted or does not exist.`);
  return record;
}
