import { ApiError } from "../engine/api-error";
import { regionInput } from "../engine/input";
import { refuseAttach, refuseDetach } from "./internet-gateway";
import { mustText, textOf } from "../engine/fields";
import type { Records } from "../engine/records";
import type { ResourceRecord } from "../../state/record";
import type { ResourceType } from "../engine/resource-type";
import { EC2 } from "../engine/tokens";

/** `aws.ec2.InternetGatewayAttachment`: the gateway's VPC, said apart from the gateway. */
export const internetGatewayAttachment: ResourceType = {
  token: EC2.internetGatewayAttachment,
  title: "EC2 Internet Gateway Attachment",
  actions: { create: "AttachInternetGateway", update: "AttachInternetGateway", delete: "DetachInternetGateway" },
  idPrefix: "igw-attachment",
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
