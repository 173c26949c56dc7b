import { containsAddress, formatCidr } from "../cloud/cidr";
import type { Cloud } from "../cloud/cloud";
import type { NetworkInterface } from "../cloud/network-interface";
import type { SecurityGroupRule } from "../cloud/security-group";
import { type Packet, protocolName } from "./packet";
import { ICMP, TCP, UDP } from "../cloud/ip-protocol";

export type Direction = "ingress" | "egress";

/** All rules of an interface's security groups in a direction, in the order of their ids. */
export function rulesOf(
  { securityGroupIds }: NetworkInterface,
  direction: Direction,
  cloud: Cloud,
): SecurityGroupRule[] {
  const byId = new Map<string, SecurityGroupRule>();
  for (const groupId of securityGroupIds)
    for (const rule of cloud.securityGroups.get(groupId)?.[direction] ?? []) byId.set(rule.id, rule);
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * Whether a rule of an interface's security group lets a packet through (EC2 API, IpPermission; EC2 User Guide,
 * "Security group rules").
 */
export function ruleAdmits(
  rule: SecurityGroupRule,
  direction: Direction,
  packet: Packet,
  vpcId: string,
  cloud: Cloud,
): boolean {
  if (!protocolMatches(rule, packet)) return false;
  const other = direction === "ingress" ? packet.source : packet.destination;
  if ("cidr" in rule.peer) return containsAddress(rule.peer.cidr, other);
  return isMember(other, rule.peer.securityGroupId, direction, vpcId, cloud);
}

/** A rule for people: `TCP 22 from 10.0.0.0/8`. */
export function describeRule({ protocol, range, peer }: SecurityGroupRule, direction: Direction): string {
  const what = protocol === "all" ? "everything" : protocolName(protocol);
  const ports =
    range === undefined || range.from === -1
      ? ""
      : protocol === ICMP
        ? ` type ${range.from}${range.to === -1 ? "" : ` code ${range.to}`}`
        : ` ${range.from === range.to ? range.from : `${range.from}-${range.to}`}`;
  const other = "cidr" in peer ? formatCidr(peer.cidr) : peer.securityGroupId;
  return `${what}${ports} ${direction === "egress" ? "to" : "from"} ${other}`;
}

function protocolMatches({ protocol, range }: SecurityGroupRule, packet: Packet): boolean {
  if (protocol === "all") return true;
  if (protocol !== packet.protocol) return false;
  if (range === undefined) return true;
  if (protocol === TCP || protocol === UDP)
    return packet.ports !== undefined && range.from <= packet.ports.destination && packet.ports.destination <= range.to;
  if (protocol !== ICMP || range.from === -1) return true;
  return packet.icmp?.type === range.from && (range.to === -1 || packet.icmp.code === range.to);
}

/**
 * Whether the address is a private one of an interface with a group, and the group may be named: it is of this VPC, of
 * one in active peering with it, or, for what comes in, of one that a transit gateway joins which supports that
 * (Transit Gateways Guide, "Security group referencing").
 */
function isMember(address: string, groupId: string, direction: Direction, vpcId: string, cloud: Cloud): boolean {
  const { securityGroups, networkInterfaces } = cloud;
  const home = securityGroups.get(groupId)?.vpcId;
  if (home === undefined) return false;
  if (
    home !== vpcId &&
    !isPeered(home, vpcId, cloud) &&
    !(direction === "ingress" && refersOverTransit(home, vpcId, cloud))
  )
    return false;
  return networkInterfaces.some(
    ({ securityGroupIds, privateIp, secondaryPrivateIps }) =>
      securityGroupIds.includes(groupId) && [privateIp, ...secondaryPrivateIps].includes(address),
  );
}

function isPeered(a: string, b: string, { peerings }: Cloud): boolean {
  return peerings.some(
    ({ requesterVpcId, accepterVpcId }) =>
      [requesterVpcId, accepterVpcId].includes(a) && [requesterVpcId, accepterVpcId].includes(b),
  );
}

function refersOverTransit(a: string, b: string, { transitGateways }: Cloud): boolean {
  const supports = (vpcId: string, gateway: Cloud["transitGateways"][number]): boolean =>
    gateway.attachments.some((attachment) => attachment.vpcId === vpcId && attachment.securityGroupReferencing);
  return transitGateways.some(
    (gateway) => gateway.securityGroupReferencing && supports(a, gateway) && supports(b, gateway),
  );
}
