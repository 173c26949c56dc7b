import { ApiError, ProviderError } from "../engine/api-error";
import { networkProblem } from "../engine/network-problem";
import { type Inputs, refused } from "../engine/input";
import { type PropertyMap } from "../../../../wire/property-value";
import { mapsOf, mustText, numberOf, textOf, textsOf } from "../engine/fields";
import type { Records } from "../engine/records";
import type { ResourceRecord } from "../../state/record";
import {
  findSecurityGroup,
  meaning,
  protocolNumber,
  refusePermission,
  refuseStranger,
  refuseTooManyRules,
} from "./security-group-rules";
import { EC2 } from "../engine/tokens";

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
