import type { IpPool } from "../ippool/ippool";
import type { TunnelKind } from "../ippool/pool-mode";
import { ENCAPSULATIONS, TUNNEL_KINDS } from "../plan/encapsulation";
import type { Warning } from "../plan/warnings";
import type { Arrivals } from "../plan/arrivals";
import type { Layout } from "./layout";
import { inName } from "./resource-name";

/**
 * One rule of a network's security group, as AWS has it: a protocol, ports where the protocol has some, and one source.
 *
 * Tunnel packets carry the nodes' own addresses, so their source is the security groups of the networks: exactly the
 * instances, across peerings too (VPC Peering Guide, "Update your security groups to reference peer security groups"),
 * and one rule per network however many nodes there are; a security group holds 60 rules, and a rule per node would
 * reach that with 60 nodes. Over a transit gateway references do not lead unless it is made to: there the source is the
 * other network's CIDR. Workloads' addresses are no instance's, so a reference never matches them: their source is the
 * pool's CIDR.
 */
export interface SecurityRule {
  /**
   * Protocol, ports and source, as AWS compares rules: unique within the network's rules. The resource's name is made from
   * it, so a pool or network under another name is no second rule.
   */
  readonly key: string;
  readonly network: string;
  readonly purpose: "ssh" | "icmp" | "pool" | Lowercase<TunnelKind>;
  readonly description: string;
  /**
   * A number is that of a tunnel's protocol (IANA); -1 is every protocol. Only tcp, udp and icmp have ports (icmp: type and code, -1 for all).
   */
  readonly ipProtocol: "tcp" | "udp" | "icmp" | `${number}`;
  readonly fromPort?: number;
  readonly toPort?: number;
  readonly source: { readonly cidr: string } | { readonly network: string };
}

/** From where, and at which TCP port, nodes are administered. */
export interface SshAdmission {
  readonly port: number;
  readonly cidrBlocks: readonly string[];
}

export interface SecurityRules {
  readonly rules: readonly SecurityRule[];
  readonly warnings: readonly Warning[];
}

/** Rules per security group and direction (VPC User Guide, "Amazon VPC quotas"). */
const RULES_PER_GROUP = 60;

/** What the rules follow from. */
export interface SecurityRulesArgs {
  readonly networks: Layout["networks"];
  readonly interconnect: Layout["interconnect"];
  /** What arrives at each network, by name. */
  readonly arrivals: ReadonlyMap<string, Arrivals>;
  /** Of which the bare ones among the arrivals are. */
  readonly pools: readonly IpPool[];
  readonly ssh: SshAdmission;
  /** UDP port of VXLAN. */
  readonly vxlanPort: number;
}

type Unnamed = Omit<SecurityRule, "key">;

/** Such as `tcp-22-203.0.113.7-32`, `udp-4789-blue` and `all-192.168.0.0-16`. */
function keyOf({ ipProtocol, fromPort, toPort, source }: Unnamed): string {
  const ports = [...new Set([fromPort, toPort])].filter((port) => port !== undefined && port >= 0);
  const from = "cidr" in source ? inName(source.cidr) : source.network;
  return [ipProtocol === "-1" ? "all" : ipProtocol, ...ports, from].join("-");
}

/**
 * What may come in at the nodes of each network: what the paths in use need, ssh from the administrators, ICMP, and
 * nothing else.
 */
export function securityRules({
  networks,
  interconnect,
  arrivals,
  pools,
  ssh,
  vxlanPort,
}: SecurityRulesArgs): SecurityRules {
  const rules = networks.flatMap(({ name: network, peers }): SecurityRule[] => {
    const members = [network, ...peers];
    const cidrOf = (name: string): string => networks.find((other) => other.name === name)?.cidrBlock ?? "";
    const nodesOf = (member: string): SecurityRule["source"] =>
      member === network || interconnect === "Peering" ? { network: member } : { cidr: cidrOf(member) };
    const arriving = arrivals.get(network);
    const senders = (kind: TunnelKind): readonly string[] =>
      members.filter((member) => arriving?.tunnels[kind].has(member));
    const tunnelRule = (kind: TunnelKind, member: string): Unnamed => {
      const { key, title, ipProtocol, udp } = ENCAPSULATIONS[kind];
      return {
        network,
        purpose: key,
        description: `${title} from nodes of ${member}`,
        ...(udp === undefined
          ? { ipProtocol: `${ipProtocol}` }
          : { ipProtocol: "udp", fromPort: vxlanPort, toPort: vxlanPort }),
        source: nodesOf(member),
      };
    };
    const unnamed = [
      ...ssh.cidrBlocks.map((cidr): Unnamed => ({
        network,
        purpose: "ssh",
        description: "ssh from administrators",
        ipProtocol: "tcp",
        fromPort: ssh.port,
        toPort: ssh.port,
        source: { cidr },
      })),
      // From the whole VPC: path MTU discovery is answered by routers, too.
      ...members.map((member): Unnamed => ({
        network,
        purpose: "icmp",
        description: `ICMP from ${member}`,
        ipProtocol: "icmp",
        fromPort: -1,
        toPort: -1,
        source: { cidr: cidrOf(member) },
      })),
      ...TUNNEL_KINDS.flatMap((kind) => senders(kind).map((member) => tunnelRule(kind, member))),
      ...pools
        .filter(({ name }) => arriving?.bare.has(name))
        .map((pool): Unnamed => ({
          network,
          purpose: "pool",
          description: `un-encapsulated from workloads of IP pool ${pool.name}`,
          ipProtocol: "-1",
          source: { cidr: pool.cidr },
        })),
    ];
    return unnamed.map((rule) => ({ key: keyOf(rule), ...rule }));
  });
  const warnings = networks.flatMap(({ name }): Warning[] => {
    const count = rules.filter((rule) => rule.network === name).length;
    if (count <= RULES_PER_GROUP) return [];
    return [
      {
        code: "SecurityGroupRuleQuota",
        message: `the security group of network ${name} needs ${count} ingress rules, and AWS allows ${RULES_PER_GROUP} unless more were granted: use fewer networks or adminCidrBlocks`,
      },
    ];
  });
  return { rules, warnings };
}
