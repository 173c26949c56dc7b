import { type Layout, layOut } from "../aws/layout";
import { encapsulationsInUse, type SecurityRule, securityRules } from "../aws/security-rules";
import type { TunnelKind } from "../ipam/pools";
import { formatCidr, parseCidr } from "../ipam/cidr";
import type { IpPool } from "../ippool/ippool";
import { loadIpPools } from "../ippool/load";
import type { Problem } from "../ippool/problem";
import type { Warning } from "../plan/path";
import type { ClusterArgs } from "./cluster-args";

/** What a Cluster is going to consist of; everything that decides which resources there are. */
export interface ClusterPlan {
  readonly pools: readonly IpPool[];
  readonly layout: Layout;
  readonly encapsulations: readonly TunnelKind[];
  readonly rules: readonly SecurityRule[];
  readonly warnings: readonly Warning[];
  readonly problems: readonly Problem[];
}

/** Works a Cluster out from its arguments, with all their problems at once: nothing is made while there is one. */
export function planCluster(args: ClusterArgs, proxyCommand: string | undefined): ClusterPlan {
  const { pools, problems: poolProblems } = loadIpPools(args.ipPools);
  const adminCidrBlocks = args.ssh?.adminCidrBlocks ?? [];
  const laidOut = layOut({ networks: args.networks, interconnect: args.interconnect, pools, workloadsPerNode: args.workloadsPerNode ?? 0, sourceDestCheck: args.sourceDestCheck ?? {} });
  const rules = securityRules(laidOut.layout, pools, { port: sshPort(args), cidrBlocks: adminCidrBlocks });
  const open = adminCidrBlocks.includes("0.0.0.0/0");
  return {
    pools,
    layout: laidOut.layout,
    encapsulations: encapsulationsInUse(pools),
    rules: rules.rules,
    warnings: [
      ...laidOut.warnings,
      ...rules.warnings,
      ...(open ? [{ code: "SshFromAnywhere", message: "ssh.adminCidrBlocks has 0.0.0.0/0: everybody may try the nodes' port 22" }] : []),
    ],
    problems: [
      ...poolProblems,
      ...laidOut.problems,
      ...labelProblems(args.labels ?? {}, laidOut.layout),
      ...adminProblems(adminCidrBlocks, proxyCommand),
      ...portProblems(sshPort(args)),
    ],
  };
}

/** TCP port of the nodes' ssh server. */
export function sshPort(args: ClusterArgs): number {
  return args.ssh?.port ?? 22;
}

function portProblems(port: number): readonly Problem[] {
  return port >= 1 && port <= 65535 ? [] : [{ path: "ssh.port", message: `${port} is not a TCP port: 1 to 65535` }];
}

function labelProblems(labels: Readonly<Record<string, unknown>>, { nodes }: Layout): readonly Problem[] {
  return Object.keys(labels)
    .filter((name) => !nodes.some((node) => node.name === name))
    .map((name) => ({ path: `labels[${JSON.stringify(name)}]`, message: `there is no node ${name}: the nodes are ${nodes.map((node) => node.name).join(", ")}` }));
}

function adminProblems(cidrs: readonly string[], proxyCommand: string | undefined): readonly Problem[] {
  if (cidrs.length === 0 && proxyCommand === undefined) {
    const message =
      "nobody could reach the nodes by ssh: give the CIDRs that you connect from, such as your own address (curl https://checkip.amazonaws.com) with /32; " +
      "the quick start's program takes them from `pulumi config set --path 'adminCidrBlocks[0]' 203.0.113.7/32`";
    return [{ path: "ssh.adminCidrBlocks", message }];
  }
  return cidrs.flatMap((text, i): Problem[] => {
    const path = `ssh.adminCidrBlocks[${i}]`;
    if (cidrs.indexOf(text) < i) return [{ path, message: `${text} is there already` }];
    try {
      const cidr = parseCidr(text);
      if (cidr.version !== 4) return [{ path, message: `${text} is IPv6: nodes have IPv4 addresses only` }];
      const masked = formatCidr(cidr);
      return masked === text ? [] : [{ path, message: `${text} is not a CIDR without host bits: did you mean ${masked}?` }];
    } catch (error) {
      return [{ path, message: error instanceof Error ? error.message : String(error) }];
    }
  });
}
