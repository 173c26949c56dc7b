import { crc32 } from "node:zlib";
import type { PropertyMap, PropertyValue } from "../../../../wire/property-value";
import { mustText, numberOf, textOf, textsOf } from "../engine/fields";
import { type Inputs, oneOf, refused, regionInput, tagsInput } from "../engine/input";
import { type Records } from "../engine/records";
import { ownerOf } from "../engine/companion";
import { ACCOUNT_ID, ec2Arn } from "../engine/regions";
import type { InputFailure, Made, ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import {
  findSecurityGroup,
  inlineRuleInputs,
  permissionsOf,
  protocolNumber,
  refusePermissions,
  refuseRule,
  ruleCidrProblem,
  ruleCompanions,
} from "./ip-permission";

const SOURCES = { cidrBlocks: "cidr_blocks", self: "self", sourceSecurityGroupId: "source_security_group_id" } as const;

/**
 * `aws.ec2.SecurityGroupRule`, the older rule resource: one of it may be several of EC2's rules, kept as records of
 * rules, too.
 */
export const securityGroupRule: ResourceType = {
  token: EC2.securityGroupRule,
  title: "Security Group Rule",
  creating: (inputs) => `authorizing Security Group (${textOf(inputs, "securityGroupId")}) Rule`,
  actions: {
    create: "AuthorizeSecurityGroupIngress",
    update: "UpdateSecurityGroupRuleDescriptionsIngress",
    delete: "RevokeSecurityGroupIngress",
  },
  idPrefix: "sgrule",
  fabric: false,
  goesWith: [{ to: EC2.securityGroup, by: "securityGroupId" }],
  inputs: {
    cidrBlocks: { ...inlineRuleInputs.cidrBlocks, forceNew: true },
    description: inlineRuleInputs.description,
    fromPort: { ...inlineRuleInputs.fromPort, forceNew: true },
    ipv6CidrBlocks: refused("strings", "its networks are IPv4 only", { forceNew: true }),
    prefixListIds: refused("strings", "it has no prefix lists", { forceNew: true }),
    protocol: { ...inlineRuleInputs.protocol, forceNew: true },
    region: regionInput,
    securityGroupId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    self: { kind: "bool", default: false, forceNew: true, lab: "enforced" },
    sourceSecurityGroupId: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    toPort: { ...inlineRuleInputs.toPort, forceNew: true },
    type: { kind: "string", required: true, forceNew: true, lab: "enforced", check: oneOf("ingress", "egress") },
  },
  computed: ["securityGroupRuleId"],
  check(inputs): InputFailure[] {
    const given = Object.entries(SOURCES).filter(([name]) => inputs[name] !== undefined && inputs[name] !== false);
    return given.flatMap(([path, name]) =>
      given.flatMap(([, other]) =>
        other === name
          ? []
          : [{ path, reason: `Conflicting configuration arguments. "${name}": conflicts with ${other}` }],
      ),
    );
  },
  create({ inputs, records }) {
    const made = rulesOf(records, inputs);
    return { ...made, id: `sgrule-${crc32(JSON.stringify(made.companions?.map(({ id }) => id)))}` };
  },
  update: ({ record, inputs, records }) => rulesOf(records, inputs, record.id),
  isGone: (record, records) =>
    records.find(EC2.securityGroup, mustText(record.outputs, "securityGroupId")) === undefined,
};

/** @param self the record whose rules are replaced */
function rulesOf(records: Records, inputs: PropertyMap, self?: string): Made {
  const group = findSecurityGroup(records, mustText(inputs, "securityGroupId"));
  const type = inputs["type"] === "egress" ? EC2.egressRule : EC2.ingressRule;
  const source = textOf(inputs, "sourceSecurityGroupId")?.split("/").at(-1);
  const inline: PropertyMap = { ...inputs, securityGroups: source === undefined ? [] : [source] };
  const permissions = permissionsOf([inline], group.id);
  if (permissions.length === 0)
    throw new Error(
      "One of ['cidr_blocks', 'ipv6_cidr_blocks', 'self', 'source_security_group_id', 'prefix_list_ids'] must be set to create an AWS Security Group Rule",
    );
  refusePermissions(
    records,
    type,
    group,
    permissions,
    records.where(type, "securityGroupId", group.id).filter((rule) => self === undefined || ownerOf(rule) !== self),
  );
  const companions = ruleCompanions(type, group.id, permissions);
  return {
    outputs: {
      // The provider shows one only where it is one.
      securityGroupRuleId: companions.length === 1 ? (companions[0]?.id ?? "") : "",
      sourceSecurityGroupId: textOf(inputs, "sourceSecurityGroupId") ?? (inputs["self"] === true ? group.id : ""),
      fromPort: numberOf(inputs, "fromPort") ?? 0,
      toPort: numberOf(inputs, "toPort") ?? 0,
      cidrBlocks: textsOf(inputs, "cidrBlocks"),
    },
    companions,
  };
}

const SOURCES_OF_ONE = {
  cidrIpv4: "cidr_ipv4",
  cidrIpv6: "cidr_ipv6",
  prefixListId: "prefix_list_id",
  referencedSecurityGroupId: "referenced_security_group_id",
} as const;

const ruleInputs: Inputs = {
  cidrIpv4: { kind: "string", lab: "enforced", check: (value, name) => ruleCidrProblem(String(value), name) },
  cidrIpv6: refused("string", "its networks are IPv4 only"),
  description: { kind: "string", lab: "recorded" },
  fromPort: { kind: "int", unset: null, lab: "enforced", check: portProblem },
  ipProtocol: {
    kind: "string",
    required: true,
    lab: "enforced",
    canonical: (value) => protocolNumber(String(value)) ?? value,
  },
  prefixListId: refused("string", "it has no prefix lists"),
  referencedSecurityGroupId: {
    kind: "string",
    lab: "enforced",
    check: (value) =>
      /^\d{12}\//.test(String(value)) && !String(value).startsWith(`${ACCOUNT_ID}/`)
        ? `the lab does not model security groups of other accounts, got: ${String(value)}`
        : undefined,
  },
  region: regionInput,
  securityGroupId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
  tags: tagsInput,
  toPort: { kind: "int", unset: null, lab: "enforced", check: portProblem },
};

function portProblem(value: PropertyValue, name: string): string | undefined {
  if (typeof value === "number" && value >= -1 && value <= 65535) return undefined;
  return `Invalid Attribute Value. Attribute ${name} value must be between -1 and 65535, got: ${String(value)}`;
}

function ruleType(token: string, direction: "Ingress" | "Egress"): ResourceType {
  return {
    token,
    title: "VPC Security Group Rule",
    actions: {
      create: `AuthorizeSecurityGroup${direction}`,
      update: "ModifySecurityGroupRules",
      delete: `RevokeSecurityGroup${direction}`,
    },
    idPrefix: "sgr",
    goesWith: [{ to: EC2.securityGroup, by: "securityGroupId" }],
    pluginFramework: true,
    inputs: ruleInputs,
    computed: ["arn", "securityGroupRuleId"],
    check(given) {
      const sources = Object.keys(SOURCES_OF_ONE).filter((name) => given[name] !== undefined);
      if (sources.length === 1) return [];
      const what = sources.length === 0 ? "Missing Attribute Configuration" : "Invalid Attribute Combination";
      return [
        {
          path: sources[0] ?? "",
          reason: `${what}. Exactly one of these attributes must be configured: [${Object.values(SOURCES_OF_ONE).join(",")}]`,
        },
      ];
    },
    // A rule can change everything but the kind of its source.
    replaces(_olds, _news, changed) {
      const sources = Object.keys(SOURCES_OF_ONE).filter((name) => changed.has(name));
      return sources.length > 1 ? sources : [];
    },
    create({ id, inputs: given, region, records }) {
      refuseRule(records, token, given);
      return { outputs: { arn: ec2Arn(region, `security-group-rule/${id}`), securityGroupRuleId: id } };
    },
    update({ record, inputs: given, records }) {
      refuseRule(records, token, given, record.id);
      return {};
    },
  };
}

/** `aws.vpc.SecurityGroupIngressRule`. */
export const securityGroupIngressRule = ruleType(EC2.ingressRule, "Ingress");
/** `aws.vpc.SecurityGroupEgressRule`. */
export const securityGroupEgressRule = ruleType(EC2.egressRule, "Egress");
