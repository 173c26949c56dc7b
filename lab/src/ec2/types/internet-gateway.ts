import { ApiError } from "../engine/api-error";
import { mustText, textOf } from "../engine/fields";
import { regionInput, tagsInput } from "../engine/input";
import type { Records } from "../engine/records";
import { ACCOUNT_ID, ec2Arn } from "../engine/regions";
import type { ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import { hasAssociation } from "./elastic-ip";
import { findVpc } from "./vpc";
import type { ResourceRecord } from "../../state/record";

/** `aws.ec2.InternetGateway`. */
export const internetGateway: ResourceType = {
  token: EC2.internetGateway,
  title: "EC2 Internet Gateway",
  actions: { create: "AttachInternetGateway", update: "AttachInternetGateway", delete: "DetachInternetGateway" },
  idPrefix: "igw",
  holds: [{ to: EC2.vpc, by: "vpcId" }],
  inputs: {
    region: regionInput,
    tags: tagsInput,
    vpcId: { kind: "string", computed: true, lab: "enforced" },
  },
  computed: ["arn", "ownerId"],
  create({ id, inputs, region, records }) {
    refuseAttach(records, id, textOf(inputs, "vpcId"));
    return { outputs: { arn: ec2Arn(region, `internet-gateway/${id}`), ownerId: ACCOUNT_ID } };
  },
  update({ record, inputs, records }) {
    const to = textOf(inputs, "vpcId");
    if (to !== undefined && to !== textOf(record.outputs, "vpcId")) {
      refuseDetach(record, records);
      refuseAttach(records, record.id, to);
    }
    return {};
  },
  refuseDelete: refuseDetach,
};

/** Refuses to attach a gateway to a VPC that has one, or is not there. */
export function refuseAttach(records: Records, id: string, vpcId: string | undefined): void {
  if (vpcId === undefined) return;
  findVpc(records, vpcId);
  if (records.where(EC2.internetGateway, "vpcId", vpcId).some((other) => other.id !== id)) {
    throw new ApiError("InvalidParameterValue", `Network ${vpcId} already has an internet gateway attached`);
  }
}

/** Refuses to take a gateway from a VPC whose instances need it. */
export function refuseDetach(record: ResourceRecord, records: Records): void {
  const vpcId = textOf(record.outputs, "vpcId");
  if (vpcId === undefined) return;
  const subnets = new Set(records.where(EC2.subnet, "vpcId", vpcId).map(({ id }) => id));
  const mapped = records
    .ofType(EC2.instance)
    .some(({ outputs }) => subnets.has(textOf(outputs, "subnetId") ?? "") && textOf(outputs, "publicIp") !== undefined);
  if (mapped || hasAssociation(records, vpcId))
    throw new ApiError(
      "DependencyViolation",
      `Network ${vpcId} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.`,
    );
}

/** `aws.ec2.InternetGatewayAttachment`: the gateway's VPC, said apart from the gateway. */
export const internetGatewayAttachment: ResourceType = {
  token: EC2.internetGatewayAttachment,
  title: "EC2 Internet Gateway Attachment",
  actions: { create: "AttachInternetGateway", update: "AttachInternetGateway", delete: "DetachInternetGateway" },
  idPrefix: "igw-attachment",
  fabric: false,
  goesWith: [{ to: EC2.internetGateway, by: "internetGatewayId" }],
  inputs: {
    internetGatewayId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    region: regionInput,
    vpcId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
  },
  computed: [],
  create({ inputs, records }) {
    const id = mustText(inputs, "internetGatewayId");
    const gateway = records.find(EC2.internetGateway, id);
    if (gateway === undefined)
      throw new ApiError("InvalidInternetGatewayID.NotFound", `The internetGateway ID '${id}' does not exist`);
    const attached = textOf(gateway.outputs, "vpcId");
    if (attached !== undefined)
      throw new ApiError("Resource.AlreadyAssociated", `resource ${id} is already attached to network ${attached}`);
    refuseAttach(records, id, mustText(inputs, "vpcId"));
    return { outputs: {}, alters: [{ ...gateway, outputs: { ...gateway.outputs, vpcId: mustText(inputs, "vpcId") } }] };
  },
  refuseDelete(record, records) {
    const gateway = attachedGateway(record, records);
    if (gateway !== undefined) refuseDetach(gateway, records);
  },
  leaves(record, records) {
    const gateway = attachedGateway(record, records);
    return gateway === undefined ? [] : [{ ...gateway, outputs: { ...gateway.outputs, vpcId: "" } }];
  },
  // Terraform's.
  idOf: ({ outputs }) => `${String(outputs["internetGatewayId"])}:${String(outputs["vpcId"])}`,
  find: (id, records) =>
    records
      .ofType(EC2.internetGatewayAttachment)
      .find(({ outputs }) => `${String(outputs["internetGatewayId"])}:${String(outputs["vpcId"])}` === id),
  isGone: (record, records) => attachedGateway(record, records) === undefined,
};

/** The gateway, as long as it is attached to that VPC. */
function attachedGateway({ outputs }: ResourceRecord, records: Records): ResourceRecord | undefined {
  const gateway = records.find(EC2.internetGateway, mustText(outputs, "internetGatewayId"));
  return gateway?.outputs["vpcId"] === outputs["vpcId"] ? gateway : undefined;
}
