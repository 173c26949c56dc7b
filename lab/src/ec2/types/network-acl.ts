import type { PropertyMap } from "../../../../wire/property-value";
import { ApiError } from "../engine/api-error";
import { mustText, textsOf } from "../engine/fields";
import { derivedId } from "../engine/ids";
import { regionInput, tagsInput } from "../engine/input";
import { type Records } from "../engine/records";
import { type Companion, ownerOf } from "../engine/companion";
import { ACCOUNT_ID, ec2Arn } from "../engine/regions";
import type { Made, ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import { entriesInput, entriesOf, entryCompanions, entryOf, findNetworkAcl, shown } from "./network-acl-entry";
import { findSubnet } from "./subnet";
import { findVpc } from "./vpc";
import type { ResourceRecord } from "../../state/record";

/** Network ACLs of a VPC (VPC User Guide, "Amazon VPC quotas"). */
const ACLS_PER_VPC = 200;

/** `aws.ec2.NetworkAcl`. Its inline rules and subnets are kept as records of rules and associations, too. */
export const networkAcl: ResourceType = {
  token: EC2.networkAcl,
  title: "EC2 Network ACL",
  actions: { create: "CreateNetworkAcl", update: "CreateNetworkAclEntry", delete: "DeleteNetworkAcl" },
  idPrefix: "acl",
  holds: [{ to: EC2.vpc, by: "vpcId" }],
  inputs: {
    egress: entriesInput({ computed: true }),
    ingress: entriesInput({ computed: true }),
    region: regionInput,
    subnetIds: { kind: "strings", computed: true, set: true, lab: "enforced" },
    tags: tagsInput,
    vpcId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
  },
  computed: ["arn", "ownerId"],
  create({ id, inputs, region, records }) {
    const vpc = findVpc(records, mustText(inputs, "vpcId"));
    if (records.where(EC2.networkAcl, "vpcId", vpc.id).length >= ACLS_PER_VPC)
      throw new ApiError("NetworkAclLimitExceeded", "The maximum number of network ACLs has been reached.");
    const entries = entryCompanions(id, inputs, []);
    const subnets = associate(records, id, vpc.id, textsOf(inputs, "subnetIds"));
    return {
      outputs: {
        arn: ec2Arn(region, `network-acl/${id}`),
        ownerId: ACCOUNT_ID,
        ...shown(entries.map(({ outputs }) => entryOf(outputs))),
        subnetIds: textsOf(inputs, "subnetIds"),
      },
      companions: [...entries, ...subnets.companions],
      removes: subnets.removes,
    };
  },
  update({ record, inputs, records }) {
    const vpcId = mustText(record.outputs, "vpcId");
    const entries = changedEntries(records, record, inputs);
    // Those of its own; associations that are resources of their own stay, too.
    const former = records
      .where(EC2.networkAclAssociation, "networkAclId", record.id)
      .filter((other) => ownerOf(other) === record.id);
    const kept = { companions: former.map(asCompanion), removes: [] };
    const subnets =
      inputs["subnetIds"] === undefined ? kept : associate(records, record.id, vpcId, textsOf(inputs, "subnetIds"));
    return {
      outputs: entries.outputs,
      companions: [...entries.companions, ...subnets.companions],
      removes: subnets.removes,
    };
  },
  read: (record, records) => ({
    ...shown(entriesOf(records, record.id).map(({ outputs }) => entryOf(outputs))),
    subnetIds: records
      .where(EC2.networkAclAssociation, "networkAclId", record.id)
      .map(({ outputs }) => mustText(outputs, "subnetId")),
  }),
};

/**
 * `aws.ec2.DefaultNetworkAcl`: takes the ACL that came with a VPC over, with the rules that are given and no others.
 */
export const defaultNetworkAcl: ResourceType = {
  token: EC2.defaultNetworkAcl,
  title: "EC2 Default Network ACL",
  actions: { create: "ReplaceNetworkAclAssociation", update: "CreateNetworkAclEntry", delete: "DeleteNetworkAcl" },
  idPrefix: "acl",
  inputs: {
    defaultNetworkAclId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    egress: entriesInput(),
    ingress: entriesInput(),
    region: regionInput,
    subnetIds: { kind: "strings", set: true, lab: "enforced" },
    tags: tagsInput,
  },
  computed: ["arn", "ownerId", "vpcId"],
  create({ inputs, records }) {
    const id = mustText(inputs, "defaultNetworkAclId");
    const record = findNetworkAcl(records, id);
    if (record.type !== EC2.defaultNetworkAcl) throw new Error("use the `aws_network_acl` resource instead");
    const { arn, ownerId, vpcId } = record.outputs;
    const entries = entryCompanions(id, inputs, []);
    const made = new Set(entries.map((entry) => entry.id));
    const subnets = leaveToDefault(records, String(vpcId), textsOf(inputs, "subnetIds"));
    return {
      id,
      outputs: {
        arn: String(arn),
        ownerId: String(ownerId),
        vpcId: String(vpcId),
        ...shown(entries.map(({ outputs }) => entryOf(outputs))),
        subnetIds: textsOf(inputs, "subnetIds"),
      },
      internal: { companionOf: String(vpcId) },
      companions: entries,
      removes: [
        ...entriesOf(records, id)
          .map((entry) => entry.id)
          .filter((entry) => !made.has(entry)),
        ...subnets,
      ],
    };
  },
  update({ record, inputs, records }) {
    const all = { ...inputs, ingress: inputs["ingress"] ?? [], egress: inputs["egress"] ?? [] };
    return {
      ...changedEntries(records, record, all),
      removes: leaveToDefault(records, mustText(record.outputs, "vpcId"), textsOf(inputs, "subnetIds")),
    };
  },
  // A VPC always has it: what was made of it stays.
  stays: true,
  read(record, records) {
    const elsewhere = new Set(records.ofType(EC2.networkAclAssociation).map(({ outputs }) => outputs["subnetId"]));
    const subnets = records.where(EC2.subnet, "vpcId", mustText(record.outputs, "vpcId"));
    return {
      ...shown(entriesOf(records, record.id).map(({ outputs }) => entryOf(outputs))),
      subnetIds: subnets.filter(({ id }) => !elsewhere.has(id)).map(({ id }) => id),
    };
  },
};

/**
 * Refuses a subnet that an ACL cannot have, and tells which associations give way: a subnet has one ACL
 * (API_ReplaceNetworkAclAssociation).
 */
export function formerAssociations(records: Records, acl: string, vpcId: string, subnetId: string): string[] {
  const subnet = findSubnet(records, subnetId);
  if (subnet.outputs["vpcId"] !== vpcId)
    throw new ApiError(
      "InvalidParameterValue",
      `networkAcl ${acl} and subnet ${subnetId} belong to different networks`,
    );
  return records.where(EC2.networkAclAssociation, "subnetId", subnetId).map(({ id }) => id);
}

function associate(
  records: Records,
  acl: string,
  vpcId: string,
  subnetIds: readonly string[],
): Pick<Required<Made>, "companions" | "removes"> {
  const companions = [...new Set(subnetIds)].map((subnetId): Companion => {
    return {
      type: EC2.networkAclAssociation,
      id: derivedId("aclassoc", acl, subnetId),
      outputs: { networkAclId: acl, subnetId },
    };
  });
  const made = new Set(companions.map(({ id }) => id));
  return {
    companions,
    removes: subnetIds.flatMap((id) => formerAssociations(records, acl, vpcId, id)).filter((id) => !made.has(id)),
  };
}

function leaveToDefault(records: Records, vpcId: string, subnetIds: readonly string[]): string[] {
  return subnetIds.flatMap((id) => formerAssociations(records, "", vpcId, id));
}

/** Entries of its own after an update: those of the directions that are given, and the former ones of the others. */
function changedEntries(
  records: Records,
  acl: ResourceRecord,
  inputs: PropertyMap,
): Pick<Required<Made>, "outputs" | "companions"> {
  const all = entriesOf(records, acl.id);
  const given = (["ingress", "egress"] as const).filter((direction) => inputs[direction] !== undefined);
  const own = all.filter((entry) => ownerOf(entry) === acl.id);
  const kept = own.filter(({ outputs }) => !given.includes(outputs["egress"] === true ? "egress" : "ingress"));
  const foreign = all.filter((entry) => !own.includes(entry));
  const made = entryCompanions(
    acl.id,
    inputs,
    [...kept, ...foreign].map(({ outputs }) => entryOf(outputs)),
  );
  const after = [
    ...made.map(({ outputs }) => entryOf(outputs)),
    ...[...kept, ...foreign].map(({ outputs }) => entryOf(outputs)),
  ];
  return { outputs: shown(after), companions: [...made, ...kept.map(asCompanion)] };
}

function asCompanion({ type, id, outputs }: ResourceRecord): Companion {
  return { type, id, outputs: outputs as PropertyMap };
}

/**
 * `aws.ec2.NetworkAclAssociation`: gives a subnet another ACL than it had; when it goes, the subnet has its VPC's
 * default one again.
 */
export const networkAclAssociation: ResourceType = {
  token: EC2.networkAclAssociation,
  title: "EC2 Network ACL Association",
  creating: (inputs) => `creating EC2 Network ACL (${String(inputs["networkAclId"])}) Association`,
  actions: {
    create: "ReplaceNetworkAclAssociation",
    update: "ReplaceNetworkAclAssociation",
    delete: "ReplaceNetworkAclAssociation",
  },
  idPrefix: "aclassoc",
  // The provider gives its subnets back to the default ACL first.
  goesWith: [
    { to: EC2.networkAcl, by: "networkAclId" },
    { to: EC2.defaultNetworkAcl, by: "networkAclId" },
    { to: EC2.subnet, by: "subnetId" },
  ],
  inputs: {
    networkAclId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    region: regionInput,
    subnetId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
  },
  computed: [],
  create({ inputs, records }) {
    const acl = findNetworkAcl(records, mustText(inputs, "networkAclId"));
    return {
      outputs: {},
      removes: formerAssociations(records, acl.id, mustText(acl.outputs, "vpcId"), mustText(inputs, "subnetId")),
    };
  },
};
