import { ApiError, ProviderError } from "../engine/api-error";
import { overlaps } from "../../cloud/cidr";
import { regionInput, tagsInput } from "../engine/input";
import { peeringOptions, peeringOptionsInput, refuseOptionsOfInactive } from "./peering-options";
import { type PropertyMap } from "../../../../wire/property-value";
import { mustText, textOf } from "../engine/fields";
import type { Records } from "../engine/records";
import { ACCOUNT_ID } from "../engine/regions";
import type { ResourceRecord } from "../../state/record";
import type { Effects, ResourceType } from "../engine/resource-type";
import { EC2 } from "../engine/tokens";
import { findVpc, vpcCidr } from "./vpc";

const ONE_ACCOUNT = "it is one account, and peers VPCs of one region";

/** `aws.ec2.VpcPeeringConnection` within the account and the region. */
export const vpcPeeringConnection: ResourceType = {
  token: EC2.peering,
  title: "EC2 VPC Peering Connection",
  actions: {
    create: "CreateVpcPeeringConnection",
    update: "AcceptVpcPeeringConnection",
    delete: "DeleteVpcPeeringConnection",
  },
  idPrefix: "pcx",
  inputs: {
    accepter: peeringOptionsInput,
    autoAccept: { kind: "bool", unset: null, lab: "enforced" },
    peerOwnerId: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    peerRegion: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    peerVpcId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    region: regionInput,
    requester: peeringOptionsInput,
    tags: tagsInput,
    vpcId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
  },
  computed: ["acceptStatus"],
  create({ inputs, region, records }) {
    const peerRegion = textOf(inputs, "peerRegion");
    const peerOwner = textOf(inputs, "peerOwnerId");
    if (peerRegion !== undefined && inputs["autoAccept"] === true) {
      throw new ProviderError(
        "`peer_region` cannot be set whilst `auto_accept` is `true` when creating an EC2 VPC Peering Connection",
      );
    }
    if ((peerRegion ?? region) !== region || (peerOwner ?? ACCOUNT_ID) !== ACCOUNT_ID) {
      throw new Error(
        `the lab does not model a peering connection to ${peerOwner ?? ACCOUNT_ID} in ${peerRegion ?? region}: ${ONE_ACCOUNT}`,
      );
    }
    const requester = findVpc(records, mustText(inputs, "vpcId"));
    const accepter = records.find(EC2.vpc, mustText(inputs, "peerVpcId"));
    const acceptStatus = isPossible(requester, accepter)
      ? inputs["autoAccept"] === true
        ? "active"
        : "pending-acceptance"
      : "failed";
    if (accepter !== undefined && acceptStatus !== "failed") {
      refuseSecond(records, requester, accepter);
      if (acceptStatus === "active") refuseTooMany(records, [requester.id, accepter.id]);
    }
    return {
      outputs: {
        acceptStatus,
        peerOwnerId: ACCOUNT_ID,
        peerRegion: region,
        ...peeringOptions({}, acceptStatus === "active" ? inputs : {}),
      },
    };
  },
  update({ record, inputs, records }) {
    const { acceptStatus: before } = record.outputs;
    const acceptStatus = before === "pending-acceptance" && inputs["autoAccept"] === true ? "active" : String(before);
    if (acceptStatus !== before)
      refuseTooMany(records, [mustText(record.outputs, "vpcId"), mustText(record.outputs, "peerVpcId")]);
    return { outputs: { acceptStatus, ...peeringOptions(record.outputs, acceptStatus === "active" ? inputs : {}) } };
  },
  // The accepter's resource and the options' are the same peering connection.
  cascade: (record, records) =>
    [EC2.peeringAccepter, EC2.peeringOptions]
      .flatMap((type) => records.where(type, "vpcPeeringConnectionId", record.id))
      .map(({ id }) => id),
  isGone: (record) => record.outputs["acceptStatus"] === "failed",
  effects: waitForPeering(),
};

/** AWS finds that out when it has taken the request (VPC Peering Guide, "VPC peering connection lifecycle", Failed). */
function isPossible(requester: ResourceRecord, accepter: ResourceRecord | undefined): boolean {
  return accepter !== undefined && !overlaps(vpcCidr(requester), vpcCidr(accepter));
}

/** One peering connection for two VPCs (VPC Peering Guide, "VPC peering limitations"). */
function refuseSecond(records: Records, requester: ResourceRecord, accepter: ResourceRecord): void {
  const pair = [requester.id, accepter.id].sort().join(" ");
  const twin = records
    .ofType(EC2.peering)
    .find(
      ({ outputs }) =>
        outputs["acceptStatus"] !== "failed" &&
        [textOf(outputs, "vpcId"), textOf(outputs, "peerVpcId")].sort().join(" ") === pair,
    );
  if (twin !== undefined)
    throw new ApiError(
      "VpcPeeringConnectionAlreadyExists",
      `The VPC peering connection ${twin.id} between ${requester.id} and ${accepter.id} exists already.`,
    );
}

/** Refuses to make a connection of these VPCs active when one of them has as many as it may. */
export function refuseTooMany(records: Records, vpcs: readonly string[]): void {
  const active = records.where(EC2.peering, "acceptStatus", "active");
  const most = records.quotas["peerings-per-vpc"];
  if (
    vpcs.every(
      (vpc) => active.filter(({ outputs }) => outputs["vpcId"] === vpc || outputs["peerVpcId"] === vpc).length < most,
    )
  )
    return;
  throw new ApiError(
    "ActiveVpcPeeringConnectionPerVpcLimitExceeded",
    "You've reached the limit on the number of active VPC peering connections you can have for the specified VPC.",
  );
}

/** What the provider finds when it waits for the connection: it is kept, with what is wrong with it. */
function waitForPeering(): Effects {
  const wait = async ({ id, inputs, outputs }: ResourceRecord): Promise<PropertyMap> => {
    if (outputs["acceptStatus"] === "failed") {
      throw new Error(
        `waiting for EC2 VPC Peering Connection (${id}) create: unexpected state 'failed', wanted target 'active, pending-acceptance'. ` +
          "last error: Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range",
      );
    }
    refuseOptionsOfInactive(id, outputs["acceptStatus"], inputs);
    return {};
  };
  return {
    created: (_backend, record) => wait(record),
    updated: (_backend, _before, record) => wait(record),
    deleting: async () => undefined,
  };
}

/** A peering connection that has not failed: to the provider one that has is not there. */
export function findPeering(records: Records, id: string): ResourceRecord {
  const record = records.find(EC2.peering, id);
  if (record === undefined || record.outputs["acceptStatus"] === "failed") throw new Error("couldn't find resource");
  return record;
}
