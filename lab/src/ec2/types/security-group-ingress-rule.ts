import { type Inputs, refused, regionInput, tagsInput } from "../engine/input";
import type { PropertyValue } from "../../../../wire/property-value";
import { ACCOUNT_ID, ec2Arn } from "../engine/regions";
import type { ResourceType } from "../engine/resource-type";
import { protocolNumber, refuseRule, ruleCidrProblem } from "./security-group-rules";
import { EC2 } from "../engine/tokens";

const SOURCES = {
  cidrIpv4: "cidr_ipv4",
  cidrIpv6: "cidr_ipv6",
  prefixListId: "prefix_list_id",
  referencedSecurityGroupId: "referenced_security_group_id",
} as const;

const inputs: Inputs = {
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
    pluginFramework: true,
    inputs,
    computed: ["arn", "securityGroupRuleId"],
    check(given) {
      const sources = Object.keys(SOURCES).filter((name) => given[name] !== undefined);
      if (sources.length === 1) return [];
      const what = sources.length === 0 ? "Missing Attribute Configuration" : "Invalid Attribute Combination";
      return [
        {
          path: sources[0] ?? "",
          reason: `${what}. Exactly one of these attributes must be configured: [${Object.values(SOURCES).join(",")}]`,
        },
      ];
    },
    // A rule can change everything but the kind of its source.
    replaces(_olds, _news, changed) {
      const sources = Object.keys(SOURCES).filter((name) => changed.has(name));
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
