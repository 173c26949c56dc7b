import { regionInput } from "../engine/input";
import { peeringOptions, peeringOptionsInput, refuseInactive } from "./peering-options";
import { isMap, type PropertyMap } from "../../../../wire/property-value";
import { mustText, textOf } from "../engine/fields";
import type { ResourceRecord } from "../../state/record";
import type { Made, ResourceType } from "../engine/resource-type";
import { EC2 } from "../engine/tokens";
import { findPeering } from "./vpc-peering-connection";

/** `aws.ec2.PeeringConnectionOptions` of an active peering connection; deleting it leaves them as they are. */
export const peeringConnectionOptions: ResourceType = {
  token: EC2.peeringOptions,
  title: "EC2 VPC Peering Connection Options",
  creating: (inputs) => `modifying EC2 VPC Peering Connection (${textOf(inputs, "vpcPeeringConnectionId")}) Options`,
  actions: {
    create: "ModifyVpcPeeringConnectionOptions",
    update: "ModifyVpcPeeringConnectionOptions",
    delete: "DescribeVpcPeeringConnections",
  },
  idPrefix: "pcx-options",
  fabric: false,
  inputs: {
    accepter: peeringOptionsInput,
    region: regionInput,
    requester: peeringOptionsInput,
    vpcPeeringConnectionId: { kind: "string", required: true, forceNew: true, lab: "recorded" },
  },
  computed: [],
  create: ({ inputs, records }) => modify(findPeering(records, mustText(inputs, "vpcPeeringConnectionId")), inputs),
  update: ({ record, inputs, records }) =>
    modify(findPeering(records, mustText(record.outputs, "vpcPeeringConnectionId")), inputs),
  idOf: (record) => mustText(record.outputs, "vpcPeeringConnectionId"),
  find: (id, records) => records.where(EC2.peeringOptions, "vpcPeeringConnectionId", id)[0],
  read(record, records) {
    const peering = records.find(EC2.peering, mustText(record.outputs, "vpcPeeringConnectionId"));
    return peering === undefined ? {} : peeringOptions(peering.outputs, {});
  },
};

function modify(peering: ResourceRecord, inputs: PropertyMap): Made {
  if (isMap(inputs["accepter"]) || isMap(inputs["requester"])) refuseInactive(peering);
  const options = peeringOptions(peering.outputs, inputs);
  return { outputs: options, alters: [{ ...peering, outputs: { ...peering.outputs, ...options } }] };
}
