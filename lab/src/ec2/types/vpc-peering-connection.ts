import { type PropertyMap, isMap, propertyMap } from "../../../../wire/property-value";
import { overlaps } from "../../cloud/cidr";
import { ApiError, ProviderError } from "../engine/api-error";
import { mustText, textOf } from "../engine/fields";
import { type Input, regionInput, tagsInput } from "../engine/input";
import type { Records } from "../engine/records";
import { ACCOUNT_ID } from "../engine/regions";
import type { Effects, Made, ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import { findVpc, vpcCidr } from "./vpc";
import type { ResourceRecord } from "../../state/record";

/** DNS over the peering; the lab has no DNS of AWS's. */
export const peeringOptionsInput: Input = {
  kind: { block: { allowRemoteVpcDnsResolution: { kind: "bool", lab: "recorded" } } },
  computed: true,
  lab: "recorded",
};

const SIDES = ["accepter", "requester"] as const;

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
  holds: [
    { to: EC2.vpc, by: "vpcId", when: (record) => !hasFailed(record) },
    { to: EC2.vpc, by: "peerVpcId", when: (record) => !hasFailed(record) },
  ],
  goesWith: [
    { to: EC2.vpc, by: "vpcId", when: hasFailed },
    { to: EC2.vpc, by: "peerVpcId", when: hasFailed },
  ],
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
  isGone: hasFailed,
  effects: waitForPeering(),
};

/**
 * A peering connection that failed is shown for two hours, and holds nothing (VPC Peering Guide, "VPC peering
 * connection lifecycle").
 */
function hasFailed({ outputs }: ResourceRecord): boolean {
  return outputs["acceptStatus"] === "failed";
}

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
  fabric: false,
  // It is the same peering connection.
  goesWith: [{ to: EC2.peering, by: "vpcPeeringConnectionId" }],
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
  goesWith: [{ to: EC2.peering, by: "vpcPeeringConnectionId" }],
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

/** The options that a peering connection has after what was asked for. */
export function peeringOptions(peering: Readonly<Record<string, unknown>>, asked: PropertyMap): PropertyMap {
  return Object.fromEntries(SIDES.map((side) => [side, options(isMap(asked[side]) ? asked[side] : peering[side])]));
}

function options(block: unknown): PropertyMap {
  return { allowRemoteVpcDnsResolution: isMap(block) && block["allowRemoteVpcDnsResolution"] === true };
}

function asksForOptions(inputs: Readonly<Record<string, unknown>>): boolean {
  return SIDES.some((side) => isMap(inputs[side]));
}

/** The provider's own refusal: options are for active peering connections. */
export function refuseOptionsOfInactive(id: string, status: unknown, inputs: Readonly<Record<string, unknown>>): void {
  if (!asksForOptions(inputs) || status === "active") return;
  throw new ProviderError(
    `Unable to modify EC2 VPC Peering Connection Options. EC2 VPC Peering Connection (${id}) is not active (current status: ${String(status)}). ` +
      "Please set the `auto_accept` attribute to `true` or activate the EC2 VPC Peering Connection manually.",
  );
}

/** The API's refusal of the same (API_ModifyVpcPeeringConnectionOptions). */
export function refuseInactive({ id, outputs }: ResourceRecord): void {
  if (outputs["acceptStatus"] !== "active")
    throw new ApiError(
      "OperationNotPermitted",
      `Peering ${id} is not active. Peering options can be added only to active peerings.`,
    );
}
