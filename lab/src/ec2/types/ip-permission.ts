import type { PropertyMap } from "../../../../wire/property-value";
import { formatCidr, networkOf } from "../../cloud/cidr";
import { ApiError, ProviderError } from "../engine/api-error";
import { mapsOf, mustText, numberOf, textOf, textsOf } from "../engine/fields";
import { derivedId } from "../engine/ids";
import { type Inputs, refused } from "../engine/input";
import { networkProblem } from "../engine/network-problem";
import type { Records } from "../engine/records";
import type { Companion } from "../engine/companion";
import { EC2 } from "../../cloud/tokens";
import type { ResourceRecord } from "../../state/record";

const NAMED_PROTOCOLS: Readonly<Record<string, string>> = { all: "-1", icmp: "1", tcp: "6", udp: "17", icmpv6: "58" };

/**
 * A protocol's number; -1 is every one. EC2 takes names in any case. @returns undefined for what EC2 does not take
 * (API_IpPermission)
 */
export function protocolNumber(text: string): number | undefined {
  const number = NAMED_PROTOCOLS[text.toLowerCase()] ?? text;
  return /^(-1|\d{1,3})$/.test(number) && Number(number) <= 255 ? Number(number) : undefined;
}

/** A CIDR that has to be a network, as the provider words it. */
export function ruleCidrProblem(text: string, name: string): string | undefined {
  const cidr = networkOf(text);
  if (cidr !== undefined && formatCidr(cidr) === text) return undefined;
  return `Invalid Attribute Value. Attribute ${name} value must be a valid IPv4 CIDR that represents a network address, got: ${text}`;
}

/**
 * EC2's characters for names and descriptions of groups and for descriptions of rules (API_CreateSecurityGroup,
 * API_IpRange).
 */
export function refuseText(
  what: "rule description" | "security group description" | "security group name",
  text: string | undefined,
): void {
  if (text === undefined || /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/.test(text)) return;
  const parameter = {
    "rule description": "Description",
    "security group description": "GroupDescription",
    "security group name": "GroupName",
  }[what];
  if (/[^\x00-\x7f]/.test(text))
    throw new ApiError(
      "InvalidParameterValue",
      `Value (${text}) for parameter ${parameter} is invalid. Character sets beyond ASCII are not supported.`,
    );
  const kind = what.split(" ").at(-1);
  throw new ApiError(
    "InvalidParameterValue",
    `Invalid ${what}. Valid ${kind}s are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*`,
  );
}

/**
 * Refuses what API_AuthorizeSecurityGroupIngress and …Egress refuse.
 *
 * @param type token of the direction
 * @param self the rule's own record, when it is changed
 */
export function refuseRule(records: Records, type: string, rule: PropertyMap, self?: string): void {
  const groupId = mustText(rule, "securityGroupId");
  const group = findSecurityGroup(records, groupId);
  const protocol = refusePermission(rule);
  const [from, to] = [numberOf(rule, "fromPort"), numberOf(rule, "toPort")];
  const referenced = referencedGroup(rule);
  if (referenced !== undefined) refuseStranger(records, type, group, findSecurityGroup(records, referenced));

  const others = records.where(type, "securityGroupId", groupId).filter(({ id }) => id !== self);
  if (others.some(({ outputs }) => meaning(outputs) === meaning(rule))) {
    const ports = protocol === 6 || protocol === 17 ? `, from port: ${from}, to port: ${to}` : "";
    const name =
      protocol === -1
        ? "ALL"
        : (
            Object.entries(NAMED_PROTOCOLS).find(([, number]) => number === String(protocol))?.[0] ?? String(protocol)
          ).toUpperCase();
    throw new ApiError(
      "InvalidPermission.Duplicate",
      `the specified rule "peer: ${textOf(rule, "cidrIpv4") ?? referenced}, ${name}${ports}, ALLOW" already exists`,
    );
  }
  refuseTooManyRules(records, others.length + 1);
}

/** Refuses a group with so many rules in one direction. */
export function refuseTooManyRules(records: Records, count: number): void {
  if (count > records.quotas["rules-per-security-group"])
    throw new ApiError(
      "RulesPerSecurityGroupLimitExceeded",
      "The maximum number of rules per security group has been reached.",
    );
}

/**
 * Refuses a rule for what it says by itself.
 *
 * @returns the number of its protocol
 */
export function refusePermission(rule: PropertyMap): number {
  const spelled = mustText(rule, "ipProtocol");
  const protocol = protocolNumber(spelled);
  if (protocol === undefined)
    throw new ApiError("InvalidParameterValue", `Invalid value '${spelled}' for IP protocol. Unknown protocol.`);
  const [from, to] = [numberOf(rule, "fromPort"), numberOf(rule, "toPort")];
  if (protocol === 6 || protocol === 17) {
    if (from === undefined || to === undefined)
      throw new ApiError(
        "InvalidParameterValue",
        "Invalid value for portRange. Must specify both from and to ports with TCP/UDP.",
      );
    if (from > to || from < 0)
      throw new ApiError("InvalidParameterValue", `Invalid TCP/UDP port range (${from}:${to})`);
  }
  if (protocol === 1 && (from === undefined || to === undefined)) {
    throw new ApiError(
      "InvalidParameterValue",
      "Invalid value for portRange. Must specify both from and to ports with ICMP.",
    );
  }
  if (protocol === 1 && [from, to].some((value) => value === undefined || value < -1 || value > 255))
    throw new ApiError("InvalidParameterValue", `Invalid ICMP type or code (${from}:${to})`);
  if (protocol === 58)
    throw new ApiError("InvalidParameterValue", "the lab does not model ICMPv6: its networks are IPv4 only");
  refuseText("rule description", textOf(rule, "description"));
  return protocol;
}

/** The group that a rule names, without an account before it. */
export function referencedGroup(rule: Readonly<Record<string, unknown>>): string | undefined {
  return textOf(rule, "referencedSecurityGroupId")?.split("/").at(-1);
}

/**
 * A group can be named by those of its VPC, of VPCs with an active peering (VPC Peering Guide, "Update your security
 * groups"), and by rules for what comes in over a transit gateway that supports it.
 */
export function refuseStranger(
  records: Records,
  type: string,
  group: Pick<ResourceRecord, "outputs">,
  referenced: ResourceRecord,
): void {
  const pair = [group.outputs["vpcId"], referenced.outputs["vpcId"]];
  if (pair[0] === pair[1]) return;
  const peered = records
    .where(EC2.peering, "acceptStatus", "active")
    .some(({ outputs }) => pair.includes(outputs["vpcId"]) && pair.includes(outputs["peerVpcId"]));
  const transit =
    type === EC2.ingressRule &&
    refersThroughTransit(records, mustText(group.outputs, "vpcId"), mustText(referenced.outputs, "vpcId"));
  if (!peered && !transit)
    throw new ApiError("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.");
}

/**
 * What a rule lets in, in one form: two rules with the same are duplicates. Only TCP, UDP and ICMP have ports
 * (API_IpPermission).
 */
export function meaning(rule: Readonly<Record<string, unknown>>): string {
  const protocol = protocolNumber(mustText(rule, "ipProtocol"));
  const ports =
    protocol !== undefined && [1, 6, 17, 58].includes(protocol)
      ? [numberOf(rule, "fromPort"), numberOf(rule, "toPort")]
      : [];
  return JSON.stringify([protocol, ...ports, textOf(rule, "cidrIpv4") ?? referencedGroup(rule)]);
}

/** Records of rules that come with their group. */
export function ruleCompanions(type: string, group: string, rules: readonly PropertyMap[]): Companion[] {
  return rules.map((rule) => {
    const id = derivedId("sgr", type, group, JSON.stringify(rule));
    return { type, id, outputs: { ...rule, securityGroupId: group, securityGroupRuleId: id } };
  });
}

/** @throws ApiError when there is none */
export function findSecurityGroup(records: Records, id: string): ResourceRecord {
  const record = records.find(EC2.securityGroup, id);
  if (record === undefined) throw new ApiError("InvalidGroup.NotFound", `The security group '${id}' does not exist`);
  return record;
}

/**
 * Rules of other groups of the VPC that name this one. Those of a peer's become stale (VPC User Guide, "Security group
 * rules").
 */
export function referencesTo(records: Records, { id: group, outputs: { vpcId } }: ResourceRecord): ResourceRecord[] {
  const isNear = (id: unknown): boolean =>
    id !== group && typeof id === "string" && records.find(EC2.securityGroup, id)?.outputs["vpcId"] === vpcId;
  return [EC2.ingressRule, EC2.egressRule].flatMap((type) =>
    records
      .ofType(type)
      .filter(({ outputs }) => referencedGroup(outputs) === group && isNear(outputs["securityGroupId"])),
  );
}

/** Rules written in a security group: each may name several sources. */
export const inlineRuleInputs = {
  cidrBlocks: {
    kind: "strings",
    lab: "enforced",
    check: (value) =>
      Array.isArray(value)
        ? value.map((cidr) => networkProblem(String(cidr))).find((problem) => problem !== undefined)
        : undefined,
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
} satisfies Inputs;

export const DIRECTIONS = [
  ["ingress", EC2.ingressRule],
  ["egress", EC2.egressRule],
] as const;

/** Inline rules with all their fields, as the provider stores them. */
export function fullRules(inputs: PropertyMap, direction: string): PropertyMap[] {
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

/** The rules, one per source, that inline ones stand for. */
export function permissionsOf(rules: readonly PropertyMap[], group: string): PropertyMap[] {
  return rules.flatMap((rule): PropertyMap[] => {
    const protocol = protocolNumber(mustText(rule, "protocol"));
    const [from, to] = [numberOf(rule, "fromPort") ?? 0, numberOf(rule, "toPort") ?? 0];
    if (protocol === -1 && (from !== 0 || to !== 0))
      throw new ProviderError(`from_port (${from}) and to_port (${to}) must both be 0 to use the 'ALL' "-1" protocol!`);
    // What the provider sends along for other protocols means nothing (API_IpPermission).
    const ports: PropertyMap =
      protocol !== undefined && [1, 6, 17].includes(protocol) ? { fromPort: from, toPort: to } : {};
    const description = textOf(rule, "description");
    const base: PropertyMap = {
      ipProtocol: mustText(rule, "protocol"),
      ...ports,
      ...(description === undefined ? {} : { description }),
    };
    const referenced = [...textsOf(rule, "securityGroups"), ...(rule["self"] === true ? [group] : [])];
    return [
      ...textsOf(rule, "cidrBlocks").map((cidrIpv4): PropertyMap => ({ ...base, cidrIpv4 })),
      ...referenced.map((id): PropertyMap => ({ ...base, referencedSecurityGroupId: id })),
    ];
  });
}

/**
 * Refuses inline rules of one direction.
 *
 * @param group as it is or is going to be
 * @param others the group's rules of that direction that stay beside them
 */
export function refusePermissions(
  records: Records,
  type: string,
  group: Pick<ResourceRecord, "id" | "outputs">,
  permissions: readonly PropertyMap[],
  others: readonly ResourceRecord[],
): void {
  const seen = new Set<string>();
  for (const permission of permissions) {
    refusePermission(permission);
    const named = textOf(permission, "referencedSecurityGroupId");
    if (named !== undefined && named !== group.id)
      refuseStranger(records, type, group, findSecurityGroup(records, named));
    const said = meaning(permission);
    if (seen.has(said))
      throw new ApiError("InvalidParameterValue", "The same permission must not appear multiple times");
    seen.add(said);
    if (others.some(({ outputs }) => meaning(outputs) === said)) {
      throw new ApiError(
        "InvalidPermission.Duplicate",
        `the specified rule "peer: ${textOf(permission, "cidrIpv4") ?? named}, ${mustText(permission, "ipProtocol")}, ALLOW" already exists`,
      );
    }
  }
  refuseTooManyRules(records, permissions.length + others.length);
}

/**
 * Rules that are resources of their own, in the form of inline ones: this is how the provider shows them after a
 * refresh.
 */
export function asInlineRules(rules: readonly ResourceRecord[], group: string): PropertyMap[] {
  const groups = new Map<string, { readonly rule: ResourceRecord; readonly sources: string[] }>();
  for (const rule of rules) {
    const { ipProtocol, fromPort, toPort, description, cidrIpv4, referencedSecurityGroupId } = rule.outputs;
    const key = JSON.stringify([protocolNumber(String(ipProtocol)), fromPort, toPort, description]);
    const same = groups.get(key) ?? { rule, sources: [] };
    same.sources.push(String(cidrIpv4 ?? referencedSecurityGroupId));
    groups.set(key, same);
  }
  return [...groups.keys()].sort().flatMap((key) => {
    const found = groups.get(key);
    if (found === undefined) return [];
    const { outputs } = found.rule;
    const number = protocolNumber(mustText(outputs, "ipProtocol"));
    const named = found.sources
      .filter((source) => !source.includes("."))
      .map((source) => source.split("/").at(-1) ?? source);
    return {
      cidrBlocks: found.sources.filter((source) => source.includes(".")).sort(),
      description: textOf(outputs, "description") ?? "",
      fromPort: numberOf(outputs, "fromPort") ?? 0,
      ipv6CidrBlocks: [],
      prefixListIds: [],
      protocol: number === 1 ? "icmp" : number === 6 ? "tcp" : number === 17 ? "udp" : String(number),
      securityGroups: named.filter((source) => source !== group).sort(),
      self: named.includes(group),
      toPort: numberOf(outputs, "toPort") ?? 0,
    };
  });
}

/** Whether a rule for what comes in may name a group of the other VPC over a transit gateway. */
export function refersThroughTransit(records: Records, one: string, other: string): boolean {
  return records.where(EC2.transitGateway, "securityGroupReferencingSupport", "enable").some((gateway) => {
    const attachments = records
      .where(EC2.transitAttachment, "transitGatewayId", gateway.id)
      .filter(({ outputs }) => outputs["securityGroupReferencingSupport"] === "enable");
    return [one, other].every((vpcId) => attachments.some(({ outputs }) => outputs["vpcId"] === vpcId));
  });
}
