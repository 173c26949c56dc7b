import { ApiError } from "./api-error";
import { networkProblem } from "./cidr";
import { type Inputs, refused, regionInput, tagsInput } from "./input";
import { mapsOf, mustText, numberOf, type PropertyMap, textOf, textsOf } from "./property-value";
import type { Records } from "./records";
import { ownerOf } from "./records";
import { ACCOUNT_ID, ec2Arn } from "./regions";
import type { Companion, ResourceType } from "./resource-type";
import { refuseDescription, referencesTo, ruleCompanions, protocolNumber } from "./security-group-rules";
import { EC2 } from "./tokens";
import { findVpc } from "./vpc";

const ruleInputs: Inputs = {
  cidrBlocks: {
    kind: "strings",
    lab: "enforced",
    check: (value) => (Array.isArray(value) ? value.map((cidr) => networkProblem(String(cidr))).find((problem) => problem !== undefined) : undefined),
  },
  description: { kind: "string", lab: "recorded" },
  fromPort: { kind: "int", required: true, lab: "enforced" },
  ipv6CidrBlocks: refused("strings", "its networks are IPv4 only"),
  prefixListIds: refused("strings", "it has no prefix lists"),
  protocol: {
    kind: "string",
    required: true,
    lab: "enforced",
    check: (value) => (protocolNumber(String(value)) === undefined ? `invalid protocol: ${String(value)}` : undefined),
  },
  securityGroups: { kind: "strings", set: true, lab: "enforced" },
  self: { kind: "bool", default: false, lab: "enforced" },
  toPort: { kind: "int", required: true, lab: "enforced" },
};

/** `aws.ec2.SecurityGroup`. Its inline rules are kept as records of rules, too. */
export const securityGroup: ResourceType = {
  token: EC2.securityGroup,
  title: "Security Group",
  creating: (inputs) => `creating Security Group (${textOf(inputs, "name") ?? textOf(inputs, "namePrefix")})`,
  actions: { create: "CreateSecurityGroup", update: "AuthorizeSecurityGroupIngress", delete: "DeleteSecurityGroup" },
  idPrefix: "sg",
  autoname: { input: "name", unless: "namePrefix" },
  inputs: {
    description: { kind: "string", default: "Managed by Pulumi", forceNew: true, lab: "recorded", check: lengthProblem },
    egress: { kind: { blocks: ruleInputs }, computed: true, set: true, lab: "enforced" },
    ingress: { kind: { blocks: ruleInputs }, computed: true, set: true, lab: "enforced" },
    name: { kind: "string", computed: true, forceNew: true, lab: "enforced", check: nameProblem },
    namePrefix: { kind: "string", computed: true, forceNew: true, lab: "enforced", check: nameProblem },
    region: regionInput,
    revokeRulesOnDelete: { kind: "bool", lab: "recorded" },
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
    if (description === undefined) throw new ApiError("MissingParameter", "The request must contain the parameter GroupDescription");
    refuseDescription(description);
    const prefix = textOf(inputs, "namePrefix");
    // Terraform's suffix is a time and a counter; the id's digits are as unique.
    const name = textOf(inputs, "name") ?? `${prefix}${id.slice(3)}`;
    if (records.where(EC2.securityGroup, "vpcId", vpcId).some(({ outputs }) => outputs["name"] === name)) {
      throw new ApiError("InvalidGroup.Duplicate", `The security group '${name}' already exists for VPC '${vpcId}'`);
    }
    return {
      outputs: { arn: ec2Arn(region, `security-group/${id}`), ownerId: ACCOUNT_ID, name, namePrefix: prefix ?? "", egress: fullRules(inputs, "egress"), ingress: fullRules(inputs, "ingress") },
      companions: inlineRules(records, id, inputs, []),
    };
  },
  update({ record, inputs, records }) {
    const given = ["ingress", "egress"].filter((direction) => inputs[direction] !== undefined);
    // A direction that is no longer given keeps the rules that it had.
    const kept = [EC2.ingressRule, EC2.egressRule]
      .filter((_, i) => !given.includes(["ingress", "egress"][i] ?? ""))
      .flatMap((type) => records.where(type, "securityGroupId", record.id).filter((rule) => ownerOf(rule) === record.id));
    return {
      outputs: Object.fromEntries(given.map((direction) => [direction, fullRules(inputs, direction)])),
      companions: inlineRules(records, record.id, inputs, kept.map(({ type, id, outputs }) => ({ type, id, outputs: outputs as PropertyMap }))),
    };
  },
  refuseDelete(record, records) {
    const used = records.ofType(EC2.instance).some(({ outputs }) => textsOf(outputs, "vpcSecurityGroupIds").includes(record.id));
    const usedByInterface = records.ofType(EC2.networkInterface).some(({ outputs }) => textsOf(outputs, "securityGroups").includes(record.id));
    if (used || usedByInterface || referencesTo(records, record.id).length > 0) throw new ApiError("DependencyViolation", `resource ${record.id} has a dependent object`);
  },
  cascade: (record, records) => [EC2.ingressRule, EC2.egressRule].flatMap((type) => records.where(type, "securityGroupId", record.id)).map(({ id }) => id),
};

function nameProblem(value: unknown, name: string): string | undefined {
  if (/^sg-/.test(String(value))) return `invalid value for ${name} (cannot begin with sg-)`;
  return lengthProblem(value, name);
}

function lengthProblem(value: unknown, name: string): string | undefined {
  return String(value).length > 255 ? `expected length of ${name} to be in the range (0 - 255), got ${String(value)}` : undefined;
}

/** Inline rules with all their fields, as the provider stores them. */
function fullRules(inputs: PropertyMap, direction: string): PropertyMap[] {
  return mapsOf(inputs, direction).map((rule) => ({
    cidrBlocks: textsOf(rule, "cidrBlocks"),
    description: textOf(rule, "description") ?? "",
    fromPort: numberOf(rule, "fromPort") ?? 0,
    ipv6CidrBlocks: [],
    prefixListIds: [],
    protocol: mustText(rule, "protocol"),
    securityGroups: textsOf(rule, "securityGroups"),
    self: rule["self"] === true,
    toPort: numberOf(rule, "toPort") ?? 0,
  }));
}

function inlineRules(records: Records, group: string, inputs: PropertyMap, kept: readonly Companion[]): Companion[] {
  const made = ([["ingress", EC2.ingressRule], ["egress", EC2.egressRule]] as const).flatMap(([direction, type]) => {
    const rules = fullRules(inputs, direction).flatMap((rule): PropertyMap[] => {
      const protocol = protocolNumber(mustText(rule, "protocol"));
      const ports: PropertyMap = protocol !== undefined && [1, 6, 17].includes(protocol) ? { fromPort: rule["fromPort"] ?? null, toPort: rule["toPort"] ?? null } : {};
      const description = textOf(rule, "description");
      const base: PropertyMap = { ipProtocol: mustText(rule, "protocol"), ...ports };
      if (description !== undefined) base["description"] = description;
      refuseDescription(description);
      const referenced = [...textsOf(rule, "securityGroups"), ...(rule["self"] === true ? [group] : [])];
      for (const id of referenced) {
        if (id !== group && records.find(EC2.securityGroup, id) === undefined) throw new ApiError("InvalidGroup.NotFound", `The security group '${id}' does not exist`);
      }
      return [
        ...textsOf(rule, "cidrBlocks").map((cidrIpv4): PropertyMap => ({ ...base, cidrIpv4 })),
        ...referenced.map((id): PropertyMap => ({ ...base, referencedSecurityGroupId: id })),
      ];
    });
    return ruleCompanions(type, group, rules);
  });
  return [...made, ...kept];
}
