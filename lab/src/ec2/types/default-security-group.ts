import {
  asInlineRules,
  DIRECTIONS,
  fullRules,
  inlineRuleInputs,
  permissionsOf,
  refusePermissions,
} from "./inline-rules";
import { regionInput, tagsInput } from "../engine/input";
import { isMap, propertyMap, type PropertyMap } from "../../../../wire/property-value";
import { mapsOf, mustText, textOf } from "../engine/fields";
import { companionRecord, type Records } from "../engine/records";
import type { ResourceRecord } from "../../state/record";
import type { Made, ResourceType } from "../engine/resource-type";
import { findSecurityGroup, ruleCompanions } from "./security-group-rules";
import { EC2 } from "../engine/tokens";
import { findVpc } from "./vpc";

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
