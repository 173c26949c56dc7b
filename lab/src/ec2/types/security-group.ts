import { type PropertyMap, isMap, propertyMap } from "../../../../wire/property-value";
import { ApiError } from "../engine/api-error";
import { mapsOf, mustText, textOf } from "../engine/fields";
import { regionInput, tagsInput } from "../engine/input";
import { type Records } from "../engine/records";
import { type Companion, companionRecord, ownerOf } from "../engine/companion";
import { ACCOUNT_ID, ec2Arn } from "../engine/regions";
import type { Made, ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import {
  DIRECTIONS,
  asInlineRules,
  findSecurityGroup,
  fullRules,
  inlineRuleInputs,
  permissionsOf,
  referencesTo,
  refusePermissions,
  refuseText,
  ruleCompanions,
} from "./ip-permission";
import { findVpc } from "./vpc";
import type { ResourceRecord } from "../../state/record";

/** `aws.ec2.SecurityGroup`. Its inline rules are kept as records of rules, too. */
export const securityGroup: ResourceType = {
  token: EC2.securityGroup,
  title: "Security Group",
  creating: (inputs) => `creating Security Group (${textOf(inputs, "name") ?? textOf(inputs, "namePrefix")})`,
  actions: { create: "CreateSecurityGroup", update: "AuthorizeSecurityGroupIngress", delete: "DeleteSecurityGroup" },
  idPrefix: "sg",
  holds: [{ to: EC2.vpc, by: "vpcId" }],
  autoname: { input: "name", unless: "namePrefix" },
  inputs: {
    description: {
      kind: "string",
      default: "Managed by Pulumi",
      forceNew: true,
      lab: "recorded",
      check: (value, name) => lengthProblem(value, name),
    },
    egress: { kind: { blocks: inlineRuleInputs }, computed: true, set: true, lab: "enforced" },
    ingress: { kind: { blocks: inlineRuleInputs }, computed: true, set: true, lab: "enforced" },
    name: {
      kind: "string",
      computed: true,
      forceNew: true,
      lab: "enforced",
      check: (value, name) => nameProblem(value, name),
    },
    namePrefix: {
      kind: "string",
      computed: true,
      forceNew: true,
      lab: "enforced",
      check: (value, name) => nameProblem(value, name, 255 - SUFFIX),
    },
    region: regionInput,
    revokeRulesOnDelete: { kind: "bool", lab: "enforced" },
    tags: tagsInput,
    vpcId: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
  },
  computed: ["arn", "ownerId"],
  check(inputs) {
    if (inputs["name"] === undefined || inputs["namePrefix"] === undefined) return [];
    return [
      { path: "name", reason: `Conflicting configuration arguments. "name": conflicts with name_prefix` },
      { path: "namePrefix", reason: `Conflicting configuration arguments. "name_prefix": conflicts with name` },
    ];
  },
  create({ id, inputs, region, records }) {
    const vpcId = textOf(inputs, "vpcId");
    if (vpcId === undefined) throw new ApiError("VPCIdNotSpecified", "No default VPC for this user");
    findVpc(records, vpcId);
    const description = textOf(inputs, "description");
    if (description === undefined)
      throw new ApiError("MissingParameter", "The request must contain the parameter GroupDescription");
    refuseText("security group description", description);
    const prefix = textOf(inputs, "namePrefix");
    // Terraform's suffix is a time and a counter; the id's digits are as unique.
    const name = textOf(inputs, "name") ?? `${prefix}${id.slice(3)}`;
    refuseText("security group name", name);
    if (records.where(EC2.securityGroup, "vpcId", vpcId).some(({ outputs }) => outputs["name"] === name)) {
      throw new ApiError("InvalidGroup.Duplicate", `The security group '${name}' already exists for VPC '${vpcId}'`);
    }
    return {
      outputs: {
        arn: ec2Arn(region, `security-group/${id}`),
        ownerId: ACCOUNT_ID,
        name,
        namePrefix: prefix ?? "",
        egress: fullRules(inputs, "egress"),
        ingress: fullRules(inputs, "ingress"),
      },
      companions: inlineRules(records, { id, outputs: { vpcId } }, inputs, []),
    };
  },
  update({ record, inputs, records }) {
    const given = ["ingress", "egress"].filter((direction) => inputs[direction] !== undefined);
    // A direction that is no longer given keeps the rules that it had.
    const kept = [EC2.ingressRule, EC2.egressRule]
      .filter((_, i) => !given.includes(["ingress", "egress"][i] ?? ""))
      .flatMap((type) =>
        records.where(type, "securityGroupId", record.id).filter((rule) => ownerOf(rule) === record.id),
      );
    return {
      outputs: Object.fromEntries(given.map((direction) => [direction, fullRules(inputs, direction)])),
      companions: inlineRules(
        records,
        record,
        inputs,
        kept.map(({ type, id, outputs }) => ({ type, id, outputs: outputs as PropertyMap })),
      ),
    };
  },
  // Rules that are resources of their own show here, too, as with the provider.
  read: (record, records) =>
    Object.fromEntries(
      DIRECTIONS.map(([direction, type]) => [
        direction,
        [...mapsOf(record.outputs, direction), ...asInlineRules(othersOf(records, record.id, type), record.id)],
      ]),
    ),
  refuseDelete(record, records) {
    if (record.outputs["name"] === "default")
      throw new ApiError(
        "CannotDelete",
        `the specified group: "${record.id}" name: "default" cannot be deleted by a user`,
      );
    if (record.outputs["revokeRulesOnDelete"] !== true && referencesTo(records, record).length > 0)
      throw new ApiError("DependencyViolation", `resource ${record.id} has a dependent object`);
  },
  cascade: (record, records) =>
    record.outputs["revokeRulesOnDelete"] === true ? referencesTo(records, record).map(({ id }) => id) : [],
};

/** Characters that the provider appends to a prefix. */
const SUFFIX = 26;

function nameProblem(value: unknown, name: string, most = 255): string | undefined {
  if (/^sg-/.test(String(value))) return `invalid value for ${name} (cannot begin with sg-)`;
  return lengthProblem(value, name, most);
}

function lengthProblem(value: unknown, name: string, most = 255): string | undefined {
  return Buffer.byteLength(String(value)) > most
    ? `expected length of ${name} to be in the range (0 - ${most}), got ${String(value)}`
    : undefined;
}

/** @param kept rules of a direction that is not given any more, which stay */
function inlineRules(
  records: Records,
  group: Pick<ResourceRecord, "id" | "outputs">,
  inputs: PropertyMap,
  kept: readonly Companion[],
): Companion[] {
  const made = DIRECTIONS.flatMap(([direction, type]) => {
    const permissions = permissionsOf(fullRules(inputs, direction), group.id);
    refusePermissions(records, type, group, permissions, othersOf(records, group.id, type));
    return ruleCompanions(type, group.id, permissions);
  });
  return [...made, ...kept];
}

/** The group's rules of a direction that are not written in it. */
function othersOf(records: Records, group: string, type: string): ResourceRecord[] {
  return records.where(type, "securityGroupId", group).filter((rule) => ownerOf(rule) !== group);
}

/**
 * `aws.ec2.DefaultSecurityGroup`: a VPC's default group taken over. Its rules are revoked, and those written here put
 * in their place; deleting the resource leaves the group as it is.
 */
export const defaultSecurityGroup: ResourceType = {
  token: EC2.defaultSecurityGroup,
  title: "Default Security Group",
  creating: () => "reading Default Security Group",
  actions: {
    create: "AuthorizeSecurityGroupIngress",
    update: "AuthorizeSecurityGroupIngress",
    delete: "DescribeSecurityGroups",
  },
  idPrefix: "sg-default",
  fabric: false,
  goesWith: [{ to: EC2.vpc, by: "vpcId" }],
  inputs: {
    egress: { kind: { blocks: inlineRuleInputs }, computed: true, set: true, lab: "enforced" },
    ingress: { kind: { blocks: inlineRuleInputs }, computed: true, set: true, lab: "enforced" },
    region: regionInput,
    revokeRulesOnDelete: { kind: "bool", lab: "recorded" },
    tags: tagsInput,
    vpcId: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
  },
  computed: ["arn", "description", "name", "namePrefix", "ownerId"],
  create({ inputs, records }) {
    const vpcId = textOf(inputs, "vpcId");
    // The lab has no default VPC.
    if (vpcId === undefined) throw new Error("couldn't find resource");
    const vpc = findVpc(records, vpcId);
    return adopt(records, vpc, findSecurityGroup(records, mustText(vpc.outputs, "defaultSecurityGroupId")), inputs, [
      "ingress",
      "egress",
    ]);
  },
  update({ record, inputs, records }) {
    const group = findSecurityGroup(records, mustText(record.internal, "group"));
    return adopt(records, findVpc(records, mustText(group.outputs, "vpcId")), group, inputs, Object.keys(inputs));
  },
  idOf: (record) => mustText(record.internal, "group"),
  find: (id, records) => records.ofType(EC2.defaultSecurityGroup).find(({ internal }) => internal["group"] === id),
  isGone: (record, records) => records.find(EC2.securityGroup, mustText(record.internal, "group")) === undefined,
  read(record, records) {
    const group = mustText(record.internal, "group");
    return Object.fromEntries(
      DIRECTIONS.map(([direction, type]) => {
        const written = mapsOf(record.outputs, direction);
        const own = new Set(ruleCompanions(type, group, permissionsOf(written, group)).map(({ id }) => id));
        return [
          direction,
          [
            ...written,
            ...asInlineRules(
              records.where(type, "securityGroupId", group).filter(({ id }) => !own.has(id)),
              group,
            ),
          ],
        ];
      }),
    );
  },
};

/** @param given the directions whose rules are replaced */
function adopt(
  records: Records,
  vpc: ResourceRecord,
  group: ResourceRecord,
  inputs: PropertyMap,
  given: readonly string[],
): Made {
  const directions = DIRECTIONS.filter(([direction]) => given.includes(direction));
  const rules = directions.flatMap(([direction, type]) => {
    const permissions = permissionsOf(fullRules(inputs, direction), group.id);
    refusePermissions(records, type, group, permissions, []);
    return ruleCompanions(type, group.id, permissions).map((rule) => companionRecord(vpc, rule));
  });
  const former = directions
    .flatMap(([, type]) => records.where(type, "securityGroupId", group.id))
    .filter(({ id }) => !rules.some((rule) => rule.id === id));
  const tags = isMap(inputs["tags"]) ? { tags: inputs["tags"], tagsAll: inputs["tags"] } : {};
  const { arn, description, name, ownerId, vpcId } = propertyMap(group.outputs);
  return {
    outputs: {
      ...Object.fromEntries(
        Object.entries({ arn, description, name, ownerId, vpcId }).map(([key, value]) => [key, value ?? null]),
      ),
      namePrefix: "",
      ...Object.fromEntries(directions.map(([direction]) => [direction, fullRules(inputs, direction)])),
    },
    internal: { group: group.id },
    alters: [{ ...group, outputs: { ...group.outputs, ...tags } }, ...rules],
    removes: former.map(({ id }) => id),
  };
}

/** The groups of a network interface: those wanted, those that it has, or the VPC's default one. */
export function securityGroupsOf(
  records: Records,
  subnet: ResourceRecord,
  given: { readonly wanted: readonly string[]; readonly had: readonly string[] },
): string[] {
  const wanted = [...new Set(given.wanted)];
  if (wanted.length === 0)
    return given.had.length > 0
      ? [...given.had]
      : [mustText(findVpc(records, mustText(subnet.outputs, "vpcId")).outputs, "defaultSecurityGroupId")];
  for (const id of wanted) {
    if (findSecurityGroup(records, id).outputs["vpcId"] !== subnet.outputs["vpcId"]) {
      throw new ApiError(
        "InvalidParameter",
        `Security group ${id} and subnet ${subnet.id} belong to different networks.`,
      );
    }
  }
  if (wanted.length > records.quotas["security-groups-per-interface"])
    throw new ApiError(
      "SecurityGroupsPerInterfaceLimitExceeded",
      "The maximum number of security groups per interface has been reached.",
    );
  return wanted;
}
