import { ApiError } from "./api-error";
import { mustCidr, overlaps } from "./cidr";
import { type Input, regionInput, tagsInput } from "./input";
import { isMap, mustText, type PropertyMap, type PropertyValue, textOf } from "./property-value";
import { ACCOUNT_ID } from "./regions";
import type { ResourceType } from "./resource-type";
import { EC2 } from "./tokens";
import { findVpc, vpcCidr } from "./vpc";

/** DNS over the peering; the lab has no DNS of AWS's. */
const options: Input = { kind: { block: { allowRemoteVpcDnsResolution: { kind: "bool", lab: "recorded" } } }, computed: true, lab: "recorded" };

const ONE_ACCOUNT = "it is one account, and peers VPCs of one region";

/** `aws.ec2.VpcPeeringConnection` within the account and the region. */
export const vpcPeeringConnection: ResourceType = {
  token: EC2.peering,
  title: "EC2 VPC Peering Connection",
  actions: { create: "CreateVpcPeeringConnection", update: "AcceptVpcPeeringConnection", delete: "DeleteVpcPeeringConnection" },
  idPrefix: "pcx",
  inputs: {
    accepter: options,
    autoAccept: { kind: "bool", unset: null, lab: "enforced" },
    peerOwnerId: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    peerRegion: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    peerVpcId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    region: regionInput,
    requester: options,
    tags: tagsInput,
    vpcId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
  },
  computed: ["acceptStatus"],
  create({ id, inputs, region, records }) {
    const peerRegion = textOf(inputs, "peerRegion");
    const peerOwner = textOf(inputs, "peerOwnerId");
    if (peerRegion !== undefined && inputs["autoAccept"] === true) {
      throw new Error("`peer_region` cannot be set whilst `auto_accept` is `true` when creating an EC2 VPC Peering Connection");
    }
    if ((peerRegion ?? region) !== region || (peerOwner ?? ACCOUNT_ID) !== ACCOUNT_ID) {
      throw new Error(`the lab does not model a peering connection to ${peerOwner ?? ACCOUNT_ID} in ${peerRegion ?? region}: ${ONE_ACCOUNT}`);
    }
    const requester = findVpc(records, mustText(inputs, "vpcId"));
    const accepter = findVpc(records, mustText(inputs, "peerVpcId"));
    if (overlaps(mustCidr(vpcCidr(requester)), mustCidr(vpcCidr(accepter)))) {
      throw new Error(`waiting for EC2 VPC Peering Connection (${id}) create: unexpected state 'failed', wanted target 'active, pending-acceptance'. last error: Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range`);
    }
    const pair = [requester.id, accepter.id].sort().join(" ");
    const twin = records.ofType(EC2.peering).find(({ outputs }) => [textOf(outputs, "vpcId"), textOf(outputs, "peerVpcId")].sort().join(" ") === pair);
    if (twin !== undefined) throw new ApiError("VpcPeeringConnectionAlreadyExists", `The VPC peering connection ${twin.id} between ${requester.id} and ${accepter.id} exists already.`);
    return {
      outputs: { acceptStatus: inputs["autoAccept"] === true ? "active" : "pending-acceptance", peerOwnerId: ACCOUNT_ID, peerRegion: region, accepter: dns(inputs["accepter"]), requester: dns(inputs["requester"]) },
    };
  },
  update({ record, inputs }) {
    const accepted = record.outputs["acceptStatus"] === "active" || inputs["autoAccept"] === true;
    const block = (name: string): PropertyMap => dns(isMap(inputs[name]) ? inputs[name] : record.outputs[name]);
    return { outputs: { acceptStatus: accepted ? "active" : "pending-acceptance", accepter: block("accepter"), requester: block("requester") } };
  },
};

function dns(block: unknown): PropertyMap {
  const value: PropertyValue | undefined = isMap(block) ? block["allowRemoteVpcDnsResolution"] : undefined;
  return { allowRemoteVpcDnsResolution: value === true };
}
