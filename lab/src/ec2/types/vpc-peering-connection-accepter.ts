import { regionInput, tagsInput } from "../engine/input";
import { peeringOptions, peeringOptionsInput, refuseOptionsOfInactive } from "./peering-options";
import { isMap, propertyMap, type PropertyMap } from "../../../../wire/property-value";
import { mustText, textOf } from "../engine/fields";
import type { Records } from "../engine/records";
import type { ResourceRecord } from "../../state/record";
import type { Made, ResourceType } from "../engine/resource-type";
import { EC2 } from "../engine/tokens";
import { findPeering, refuseTooMany } from "./vpc-peering-connection";

/**
 * `aws.ec2.VpcPeeringConnectionAccepter`: the accepter's hand on a peering connection. They are one thing on AWS, so
 * that they share status, options and tags; deleting the accepter leaves the connection as it is.
 */
export const vpcPeeringConnectionAccepter: ResourceType = {
  token: EC2.peeringAccepter,
  title: "EC2 VPC Peering Connection",
  creating: (inputs) => `reading EC2 VPC Peering Connection (${textOf(inputs, "vpcPeeringConnectionId")})`,
  actions: {
    create: "AcceptVpcPeeringConnection",
    update: "AcceptVpcPeeringConnection",
    delete: "DescribeVpcPeeringConnections",
  },
  idPrefix: "pcx-accepter",
  inputs: {
    accepter: peeringOptionsInput,
    autoAccept: { kind: "bool", unset: null, lab: "enforced" },
    region: regionInput,
    requester: peeringOptionsInput,
    tags: tagsInput,
    vpcPeeringConnectionId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
  },
  computed: ["acceptStatus", "peerOwnerId", "peerRegion", "peerVpcId", "vpcId"],
  create: ({ inputs, records }) =>
    accept(records, findPeering(records, mustText(inputs, "vpcPeeringConnectionId")), inputs),
  update: ({ record, inputs, records }) =>
    accept(records, findPeering(records, mustText(record.outputs, "vpcPeeringConnectionId")), inputs),
  idOf: (record) => mustText(record.outputs, "vpcPeeringConnectionId"),
  find: (id, records) => records.where(EC2.peeringAccepter, "vpcPeeringConnectionId", id)[0],
  read(record, records) {
    const peering = records.find(EC2.peering, mustText(record.outputs, "vpcPeeringConnectionId"));
    return peering === undefined
      ? {}
      : { ...shared(peering), tags: tagsOf(peering, "tags"), tagsAll: tagsOf(peering, "tagsAll") };
  },
};

function accept(records: Records, peering: ResourceRecord, inputs: PropertyMap): Made {
  const before = mustText(peering.outputs, "acceptStatus");
  const acceptStatus = inputs["autoAccept"] === true ? "active" : before;
  if (acceptStatus !== before)
    refuseTooMany(records, [mustText(peering.outputs, "vpcId"), mustText(peering.outputs, "peerVpcId")]);
  refuseOptionsOfInactive(peering.id, acceptStatus, inputs);
  const tags = isMap(inputs["tags"])
    ? { tags: inputs["tags"], tagsAll: { ...tagsOf(peering, "tagsAll"), ...inputs["tags"] } }
    : {};
  const after = {
    ...peering,
    outputs: { ...peering.outputs, acceptStatus, ...peeringOptions(peering.outputs, inputs), ...tags },
  };
  return { outputs: shared(after), alters: [after] };
}

function shared({ outputs }: ResourceRecord): PropertyMap {
  return propertyMap(
    Object.fromEntries(
      ["acceptStatus", "accepter", "peerOwnerId", "peerRegion", "peerVpcId", "requester", "vpcId"].map((name) => [
        name,
        outputs[name],
      ]),
    ),
  );
}

function tagsOf({ outputs }: ResourceRecord, name: string): PropertyMap {
  const tags = outputs[name];
  return isMap(tags) ? tags : {};
}
