import { containsAddress } from "../fabric/cidr";
import type { Cloud, Instance, SecurityGroupRule } from "../fabric/cloud";
import { ICMP, type Packet, TCP, UDP } from "./packet";

export type Direction = "ingress" | "egress";

/** All rules of an interface's security groups in a direction, in the order of their ids. */
export function rulesOf(instance: Instance, direction: Direction, cloud: Cloud): SecurityGroupRule[] {
  const byId = new Map<string, SecurityGroupRule>();
  for (const groupId of instance.securityGroupIds) for (const rule of cloud.securityGroups.get(groupId)?.[direction] ?? []) byId.set(rule.id, rule);
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Whether a rule of an interface's security group lets a packet through (EC2 API, IpPermission; EC2 User Guide, "Security group rules"). */
export function ruleAdmits(rule: SecurityGroupRule, direction: Direction, packet: Packet, vpcId: string, cloud: Cloud): boolean {
  if (!protocolMatches(rule, packet)) return false;
  const other = direction === "ingress" ? packet.source : packet.destination;
  if ("cidr" in rule.peer) return containsAddress(rule.peer.cidr, other);
  return isMember(other, rule.peer.securityGroupId, vpcId, cloud);
}

function protocolMatches({ protocol, range }: SecurityGroupRule, packet: Packet): boolean {
  if (protocol === "all") return true;
  if (protocol !== packet.protocol) return false;
  if (range === undefined) return true;
  if (protocol === TCP || protocol === UDP) return packet.ports !== undefined && range.from <= packet.ports.destination && packet.ports.destination <= range.to;
  if (protocol !== ICMP || range.from === -1) return true;
  return packet.icmp?.type === range.from && (range.to === -1 || packet.icmp.code === range.to);
}

/** Whether the address is a private one of a group's instance, and the group one of this VPC or of a VPC in active peering with it. */
function isMember(address: string, groupId: string, vpcId: string, { securityGroups, peerings, instances }: Cloud): boolean {
  const home = securityGroups.get(groupId)?.vpcId;
  if (home === undefined) return false;
  if (home !== vpcId && !peerings.some(({ requesterVpcId, accepterVpcId }) => [requesterVpcId, accepterVpcId].includes(home) && [requesterVpcId, accepterVpcId].includes(vpcId))) return false;
  return instances.some((instance) => instance.securityGroupIds.includes(groupId) && (instance.privateIp === address || instance.secondaryPrivateIps.includes(address)));
}
