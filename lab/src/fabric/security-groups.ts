import { formatCidr } from "./cidr";
import type { Cloud, NetworkInterface, SecurityGroup, SecurityGroupRule } from "./cloud";
import { refersThroughTransit } from "./transit-gateway";

/**
 * The security groups of an interface as statements of an nft table: egress for what is marked 1, ingress for 2, each with a verdict of
 * its own. Allow rules only, the union over all groups; replies and the ICMP errors of tracked connections always pass (EC2 User
 * Guide, "Security group rules", "Security group connection tracking"). A rule's comment is its id.
 *
 * A reference to a group means the private addresses of the interfaces that have it, so neither addresses of workloads nor public ones match it.
 * Where its VPC is another and no active peering joins the two, the rule is stale and matches nothing (VPC Peering Guide). Over a transit
 * gateway only rules for what comes in may refer, and only where it is made to support that.
 */
export function securityGroupChains(networkInterface: NetworkInterface, cloud: Cloud): string[] {
  const groups = networkInterface.securityGroupIds.flatMap((id) => cloud.securityGroups.get(id) ?? []);
  const ingress = rulesOf(groups, (group) => group.ingress);
  const egress = rulesOf(groups, (group) => group.egress).filter(({ peer }) => !("securityGroupId" in peer) || isNear(peer.securityGroupId, networkInterface.subnet.vpcId, cloud));
  const referenced = new Set([...ingress, ...egress].flatMap(({ peer }) => ("securityGroupId" in peer ? [peer.securityGroupId] : [])));
  return [
    ...[...referenced].sort().map((id) => set(id, members(id, networkInterface.subnet.vpcId, cloud))),
    "chain forward {",
    "type filter hook forward priority filter; policy drop;",
    "ct state established,related accept",
    "meta mark 1 goto egress",
    "meta mark 2 goto ingress",
    "}",
    "chain egress {",
    ...egress.map((rule) => statement(rule, "daddr")),
    `counter drop comment "no egress rule"`,
    "}",
    "chain ingress {",
    ...ingress.map((rule) => statement(rule, "saddr")),
    `counter drop comment "no ingress rule"`,
    "}",
  ];
}

function rulesOf(groups: readonly SecurityGroup[], direction: (group: SecurityGroup) => readonly SecurityGroupRule[]): SecurityGroupRule[] {
  return [...new Map(groups.flatMap(direction).map((rule) => [rule.id, rule])).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Private addresses of the network interfaces with a security group, as seen from a VPC. */
function members(groupId: string, vpcId: string, cloud: Cloud): string[] {
  const group = cloud.securityGroups.get(groupId);
  if (group === undefined || (!isNear(groupId, vpcId, cloud) && !refersThroughTransit(vpcId, group.vpcId, cloud))) return [];
  return cloud.networkInterfaces
    .filter(({ securityGroupIds }) => securityGroupIds.includes(groupId))
    .flatMap(({ privateIp, secondaryPrivateIps }) => [privateIp, ...secondaryPrivateIps])
    .sort();
}

/** Whether a group is of the VPC or of one that an active peering joins to it. */
function isNear(groupId: string, vpcId: string, { peerings, securityGroups }: Cloud): boolean {
  const group = securityGroups.get(groupId);
  if (group === undefined || group.vpcId === vpcId) return group !== undefined;
  return peerings.some(({ requesterVpcId: a, accepterVpcId: b }) => (a === vpcId && b === group.vpcId) || (b === vpcId && a === group.vpcId));
}

function set(name: string, addresses: readonly string[]): string {
  return `set ${name} { type ipv4_addr;${addresses.length === 0 ? "" : ` elements = { ${addresses.join(", ")} }`} }`;
}

function statement({ id, protocol, range, peer }: SecurityGroupRule, side: "saddr" | "daddr"): string {
  const address = "cidr" in peer ? (formatCidr(peer.cidr) === "0.0.0.0/0" ? [] : [`ip ${side} ${formatCidr(peer.cidr)}`]) : [`ip ${side} @${peer.securityGroupId}`];
  return [...address, ...protocolMatch(protocol, range), `counter accept comment "${id}"`].join(" ");
}

function protocolMatch(protocol: number | "all", range: SecurityGroupRule["range"]): string[] {
  if (protocol === "all") return [];
  if (range === undefined) return [`ip protocol ${protocol}`];
  if (protocol !== icmp) return [`${protocol === tcp ? "tcp" : "udp"} dport ${range.from}-${range.to}`];
  return ["ip protocol icmp", ...(range.from === -1 ? [] : [`icmp type ${range.from}`, ...(range.to === -1 ? [] : [`icmp code ${range.to}`])])];
}

const icmp = 1;
const tcp = 6;
