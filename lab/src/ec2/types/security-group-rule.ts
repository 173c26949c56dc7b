import { crc32 } from "node:zlib";
import { inlineRuleInputs, permissionsOf, refusePermissions } from "./inline-rules";
import { oneOf, refused, regionInput } from "../engine/input";
import { type PropertyMap } from "../../../../wire/property-value";
import { mustText, numberOf, textOf, textsOf } from "../engine/fields";
import { ownerOf, type Records } from "../engine/records";
import type { InputFailure, Made, ResourceType } from "../engine/resource-type";
import { findSecurityGroup, ruleCompanions } from "./security-group-rules";
import { EC2 } from "../engine/tokens";

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
