import { ApiError } from "../engine/api-error";
import { derivedId } from "../engine/ids";
import { type Input, oneOf, refused, regionInput, tagsInput } from "../engine/input";
import type { PropertyMap, PropertyValue } from "../../../../wire/property-value";
import type { Records } from "../engine/records";
import { ACCOUNT_ID, ec2Arn } from "../engine/regions";
import type { ResourceRecord } from "../../state/record";
import type { Companion, ResourceType } from "../engine/resource-type";
import { EC2 } from "../engine/tokens";

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
  refuseDelete(record, records) {
    const attached = records.where(EC2.transitAttachment, "transitGatewayId", record.id).map(({ id }) => id);
    if (attached.length > 0)
      throw new ApiError("IncorrectState", `${record.id} has non-deleted VPC Attachments: ${attached.join(", ")}.`);
  },
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

/** @throws ApiError when there is none */
export function findTransitGateway(records: Records, id: string): ResourceRecord {
  const record = records.find(EC2.transitGateway, id);
  if (record === undefined)
    throw new ApiError("InvalidTransitGatewayID.NotFound", `Transit Gateway ${id} was deleted or does not exist.`);
  return record;
}
