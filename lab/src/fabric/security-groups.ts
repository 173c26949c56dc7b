import { formatCidr } from "../cloud/cidr";
import type { Cloud } from "../cloud/cloud";
import type { NetworkInterface } from "../cloud/network-interface";
import type { SecurityGroup, SecurityGroupRule } from "../cloud/security-group";
import { ICMP, TCP, UDP } from "../cloud/ip-protocol";
import { refersThroughTransit } from "../cloud/transit-gateway";

/**
 * The security groups of an interface as statements of an nft table: egress for what is marked 1, ingress for 2, each
 * with a verdict of its own. Allow rules only, the union over all groups; replies of tracked connections and ICMP
 * errors of any always pass (EC2 User Guide, "Security group rules", "Security group connection tracking", "Network
 * maximum transmission unit"). A rule's comment is its id.
 *
 * A reference to a group means the private addresses of the interfaces that have it, so neither addresses of workloads
 * nor public ones match it. Where its VPC is another and no active peering joins the two, the rule is stale and matches
 * nothing (VPC Peering Guide). Over a transit gateway only rules for what comes in may refer, and only where it is made
 * to support that.
 */
export function securityGroupChains(networkInterface: NetworkInterface, cloud: Cloud): string[] {
  const groups = networkInterface.securityGroupIds.flatMap((id) => cloud.securityGroups.get(id) ?? []);
  const ingress = rulesOf(groups, (group) => group.ingress);
  const egress = rulesOf(groups, (group) => group.egress).filter(
    ({ peer }) => !("securityGroupId" in peer) || isNear(peer.securityGroupId, networkInterface.subnet.vpcId, cloud),
  );
  const referenced = new Set(
    [...ingress, ...egress].flatMap(({ peer }) => ("securityGroupId" in peer ? [peer.securityGroupId] : [])),
  );
  return [
    ...[...referenced].sort().map((id) => set(id, members(id, networkInterface.subnet.vpcId, cloud))),
    "chain forward {",
    "type filter hook forward priority filter; policy drop;",
    // ICMP errors of any connection, and replies of the tracked ones.
    "ct state related accept",
    `ct state established ct mark != ${UNTRACKED} accept`,
    "meta mark 1 goto egress",
    "meta mark 2 goto ingress",
    "}",
    "chain egress {",
    ...untrackedFlows(egress, ingress),
    ...egress.map((rule) => statement(rule, "daddr")),
    `counter drop comment "no egress rule"`,
    "}",
    "chain ingress {",
    ...untrackedFlows(ingress, egress),
    ...ingress.map((rule) => statement(rule, "saddr")),
    `counter drop comment "no ingress rule"`,
    "}",
  ];
}

/** The mark of a connection that EC2 would not track: each of its packets needs a rule. */
const UNTRACKED = 1;

/**
 * Marks flows of TCP and UDP that a rule lets begin from or to everywhere, where a rule of the other direction lets
 * everything back on all ports. EC2 tracks none of them, so that they stop when one of the rules goes (EC2 User Guide,
 * "Security group connection tracking", "Untracked connections").
 */
function untrackedFlows(rules: readonly SecurityGroupRule[], replies: readonly SecurityGroupRule[]): string[] {
  const flows = [TCP, UDP].flatMap((protocol) => {
    const open = (rule: SecurityGroupRule): boolean =>
      "cidr" in rule.peer &&
      formatCidr(rule.peer.cidr) === "0.0.0.0/0" &&
      (rule.protocol === "all" || rule.protocol === protocol);
    const onAllPorts = ({ range }: SecurityGroupRule): boolean =>
      range === undefined || (range.from === 0 && range.to === 65535);
    if (!replies.some((rule) => open(rule) && onAllPorts(rule))) return [];
    return rules.filter(open).map((rule) => protocolMatch(protocol, rule.range).join(" "));
  });
  return [...new Set(flows)].map((flow) => `ct state new ${flow} ct mark set ${UNTRACKED}`);
}

function rulesOf(
  groups: readonly SecurityGroup[],
  direction: (group: SecurityGroup) => readonly SecurityGroupRule[],
): SecurityGroupRule[] {
  return [...new Map(groups.flatMap(direction).map((rule) => [rule.id, rule])).values()].sort((a, b) =>
    a.id < b.id ? -1 : 1,
  );
}

/** Private addresses of the network interfaces with a security group, as seen from a VPC. */
function members(groupId: string, vpcId: string, cloud: Cloud): string[] {
  const group = cloud.securityGroups.get(groupId);
  if (
    group === undefined ||
    (!isNear(groupId, vpcId, cloud) && !refersThroughTransit(vpcId, group.vpcId, cloud.transitGateways))
  )
    return [];
  return cloud.networkInterfaces
    .filter(({ securityGroupIds }) => securityGroupIds.includes(groupId))
    .flatMap(({ privateIp, secondaryPrivateIps }) => [privateIp, ...secondaryPrivateIps])
    .sort();
}

/** Whether a group is of the VPC or of one that an active peering joins to it. */
function isNear(groupId: string, vpcId: string, { peerings, securityGroups }: Cloud): boolean {
  const group = securityGroups.get(groupId);
  if (group === undefined || group.vpcId === vpcId) return group !== undefined;
  return peerings.some(
    ({ requesterVpcId: a, accepterVpcId: b }) =>
      (a === vpcId && b === group.vpcId) || (b === vpcId && a === group.vpcId),
  );
}

function set(name: string, addresses: readonly string[]): string {
  return `set ${name} { type ipv4_addr;${addresses.length === 0 ? "" : ` elements = { ${addresses.join(", ")} }`} }`;
}

function statement({ id, protocol, range, peer }: SecurityGroupRule, side: "saddr" | "daddr"): string {
  const address =
    "cidr" in peer
      ? formatCidr(peer.cidr) === "0.0.0.0/0"
        ? []
        : [`ip ${side} ${formatCidr(peer.cidr)}`]
      : [`ip ${side} @${peer.securityGroupId}`];
  return [...address, ...protocolMatch(protocol, range), `counter accept comment "${id}"`].join(" ");
}

function protocolMatch(protocol: number | "all", range: SecurityGroupRule["range"]): string[] {
  if (protocol === "all") return [];
  if (range === undefined) return [`ip protocol ${protocol}`];
  if (protocol !== ICMP) return [`${protocol === TCP ? "tcp" : "udp"} dport ${range.from}-${range.to}`];
  return [
    "ip protocol icmp",
    ...(range.from === -1 ? [] : [`icmp type ${range.from}`, ...(range.to === -1 ? [] : [`icmp code ${range.to}`])]),
  ];
}
