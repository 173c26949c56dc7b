import { arrivalsOf, type PoolNodes, poolNodes } from "../plan/arrivals";
import { type Layout, layOut, type NodeLayout } from "../aws/layout";
import { neverAcrossSubnets } from "../aws/never-across-subnets";
import { type SecurityRule, securityRules } from "../aws/security-rules";
import { type IpPool, poolAllows } from "../ippool/ippool";
import { formatCidr, parseCidr } from "../ippool/cidr";
import { loadIpPools } from "../ippool/load";
import type { Problem } from "../ippool/problem";
import type { Warning } from "../plan/warnings";
import { type ClusterArgs, DEFAULTS } from "../generated/component-args";
import { LONGEST_WORKLOAD_NAME } from "../node/workload";
import { nodeLabels } from "./node-labels";
import { canNameWorkloads } from "./overlay-plan";

/** What a Cluster is going to consist of; everything that decides which resources there are. */
export interface ClusterPlan {
  readonly pools: readonly IpPool[];
  readonly layout: Layout;
  readonly rules: readonly SecurityRule[];
  /** What is to be added for disabled pools that still have blocks, by the names of the pools that have some. */
  rulesOfDisabled(withBlocks: ReadonlySet<string>): readonly SecurityRule[];
  /** Whether the block of a pool, on a node, gets a route in the VPC's route tables. */
  vpcRouted(pool: string, node: string): boolean;
  readonly warnings: readonly Warning[];
  readonly problems: readonly Problem[];
}

/** Works a Cluster out from its arguments, with all their problems at once: nothing is made while there is one. */
export function planCluster(args: ClusterArgs, proxyCommand: string | undefined): ClusterPlan {
  const { pools, problems: poolProblems } = loadIpPools(args.ipPools);
  const adminCidrBlocks = args.ssh?.adminCidrBlocks ?? [];
  const laidOut = layOut({
    networks: args.networks,
    interconnect: args.interconnect,
    pools,
    sourceDestCheck: args.sourceDestCheck ?? {},
  });
  const { layout } = laidOut;
  const viaVpcRouter = args.neverAcrossSubnets === "VpcRouteTables";
  const members = poolNodes(
    pools,
    layout.nodes.map((node) => ({ name: node.name, labels: labelsOf(node, layout.region, args) })),
  );
  const standing = layout.nodes.map(({ name, network, subnet }) => ({ name, network, subnet: subnet.key }));
  const rulesOf = (carrying: readonly PoolNodes[]) =>
    securityRules({
      networks: layout.networks,
      interconnect: layout.interconnect,
      arrivals: arrivalsOf(standing, carrying, viaVpcRouter),
      pools: carrying.map(({ pool }) => pool),
      ssh: { port: sshPort(args), cidrBlocks: adminCidrBlocks },
      vxlanPort: args.vxlanPort ?? DEFAULTS.Cluster.vxlanPort,
    });
  // A disabled pool gives no blocks. One that never had any says where not to masquerade to, and lets nobody in.
  const enabled = members.filter(({ pool }) => !pool.disabled);
  const rules = rulesOf(enabled);
  const never = neverAcrossSubnets(layout.nodes, members, viaVpcRouter);
  const open = adminCidrBlocks.includes("0.0.0.0/0");
  return {
    pools,
    layout,
    rules: rules.rules,
    rulesOfDisabled(withBlocks) {
      const known = new Set(rules.rules.map(({ network, key }) => `${network} ${key}`));
      return rulesOf(members.filter(({ pool }) => !pool.disabled || withBlocks.has(pool.name))).rules.filter(
        ({ network, key }) => !known.has(`${network} ${key}`),
      );
    },
    vpcRouted: never.routed,
    warnings: [
      ...laidOut.warnings,
      ...rules.warnings,
      ...never.warnings,
      ...noWayOut(pools),
      ...closedSubnets(layout),
      ...(open
        ? [
            {
              code: "SshFromAnywhere",
              message: "ssh.adminCidrBlocks has 0.0.0.0/0: everybody may try the nodes' port 22",
            },
          ]
        : []),
    ],
    problems: [
      ...poolProblems,
      ...laidOut.problems,
      ...never.problems,
      ...labelProblems(args.labels ?? {}, layout),
      ...workloadProblems(layout, args.workloadsPerNode ?? DEFAULTS.Cluster.workloadsPerNode),
      ...adminProblems(adminCidrBlocks, proxyCommand),
      ...privateProblems(args, proxyCommand),
    ],
  };
}

function labelsOf(node: NodeLayout, region: string, args: ClusterArgs): Readonly<Record<string, string>> {
  const { name, network, subnet } = node;
  return nodeLabels({
    name,
    network,
    subnet: subnet.name,
    availabilityZone: subnet.availabilityZone,
    region,
    labels: args.labels?.[name],
  });
}

/**
 * An internet gateway translates the instances' own addresses and drops all others (VPC User Guide, "Internet
 * gateways").
 */
function noWayOut(pools: readonly IpPool[]): readonly Warning[] {
  return pools
    .filter((pool) => !pool.natOutgoing && !pool.disabled && poolAllows(pool, "Workload"))
    .map(({ name, cidr }) => {
      const message = `IP pool ${name} has natOutgoing off, and its workloads have no other way out: the internet gateway drops what comes from ${cidr}, and hosts of the networks that are no nodes have no route back there. Set natOutgoing: true, unless they are to reach workloads and nodes only`;
      return { code: "NoWayOut", message };
    });
}

/** TCP port of the nodes' ssh server. */
export function sshPort(args: ClusterArgs): number {
  return args.ssh?.port ?? DEFAULTS.SshOptions.port;
}

/** Nodes without public addresses are reached through something that stands in their network, or next to it. */
function privateProblems(args: ClusterArgs, proxyCommand: string | undefined): readonly Problem[] {
  if (proxyCommand !== undefined || args.ssh?.bastion !== undefined) return [];
  return args.networks.flatMap(({ subnets }, i) =>
    subnets.flatMap(({ publicIp, nodes }, j): Problem[] => {
      if (publicIp !== false || nodes === 0) return [];
      return [
        {
          path: `networks[${i}].subnets[${j}].publicIp`,
          message:
            "nodes without public addresses cannot be reached from here: give ssh.bastion, a host that reaches them, or ssh.proxyCommand, a command that does",
        },
      ];
    }),
  );
}

/** At its first boot a node installs what is missing of the packages of its distribution (aws/distribution.ts). */
function closedSubnets({ networks, nodes }: Layout): readonly Warning[] {
  return networks.flatMap(({ name, natGateway, subnets }): Warning[] => {
    const closed = subnets.filter(({ publicIp, key }) => !publicIp && nodes.some(({ subnet }) => subnet.key === key));
    if (closed.length === 0 || natGateway !== undefined) return [];
    const message = `nodes of ${closed.map(({ key }) => key).join(", ")} have no way to the internet: their image has to hold the packages that are installed otherwise (README, "Private subnets"). Set natGateway: true on network ${name} to give them one`;
    return [{ code: "PrivateWithoutNatGateway", message }];
  });
}

function workloadProblems({ nodes }: Layout, count: number): readonly Problem[] {
  const name = nodes.find((node) => !canNameWorkloads(node.name, count))?.name;
  if (name === undefined) return [];
  const message = `the names of ${count} test workloads on ${name} would have more than ${LONGEST_WORKLOAD_NAME} characters: use fewer, or shorter names for the network and the subnet`;
  return [{ path: "workloadsPerNode", message }];
}

function labelProblems(labels: Readonly<Record<string, unknown>>, { nodes }: Layout): readonly Problem[] {
  return Object.keys(labels)
    .filter((name) => !nodes.some((node) => node.name === name))
    .map((name) => ({
      path: `labels[${JSON.stringify(name)}]`,
      message: `there is no node ${name}: the nodes are ${nodes.map((node) => node.name).join(", ")}`,
    }));
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
      return masked === text
        ? []
        : [{ path, message: `${text} is not a CIDR without host bits: did you mean ${masked}?` }];
    } catch (error) {
      return [{ path, message: error instanceof Error ? error.message : String(error) }];
    }
  });
}
