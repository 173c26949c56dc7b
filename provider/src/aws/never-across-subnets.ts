import { poolAllows } from "../ippool/ippool";
import { modeInWords, poolEncapsulation } from "../ippool/pool-mode";
import type { Problem } from "../ippool/problem";
import type { Warning } from "../plan/warnings";
import type { PoolNodes } from "../plan/arrivals";
import type { NodeLayout } from "./layout";

/** What becomes of pools without encapsulation (ipipMode and vxlanMode Never) whose nodes are in several subnets. */
export interface NeverAcrossSubnets {
  /**
   * Whether a block of the pool, on the node, gets a route in the VPC's route tables: where other subnets of the
   * network have nodes.
   */
  routed(pool: string, node: string): boolean;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Warning[];
}

/**
 * Routes per route table unless more were granted, and those that every table here has: local, internet, and one per
 * peer (VPC User Guide, "Amazon VPC quotas").
 */
const ROUTES_PER_TABLE = 50;

/**
 * A VPC's router knows the VPC's own addresses alone. Without encapsulation it drops what goes to another subnet,
 * unless its route tables lead each block to the network interface of its node; a peering connection carries nothing
 * but addresses of the peer VPC's CIDRs (VPC Peering Guide, "Edge to edge routing"), so between networks no route
 * helps.
 * @param viaVpcRouter such routes were asked for
 */
export function neverAcrossSubnets(
  nodes: readonly NodeLayout[],
  pools: readonly PoolNodes[],
  viaVpcRouter: boolean,
): NeverAcrossSubnets {
  const never = pools.filter(({ pool }) => poolEncapsulation(pool) === "None" && poolAllows(pool, "Workload"));
  const problems: Problem[] = [];
  for (const { pool, nodes: names } of never.filter((one) => !one.pool.disabled)) {
    const owners = nodes.filter(({ name }) => names.has(name));
    const [first] = owners;
    const elsewhere = owners.find(({ subnet }) => subnet.key !== first?.subnet.key);
    const abroad = owners.find(({ network }) => network !== first?.network);
    const other = abroad ?? elsewhere;
    if (first === undefined || other === undefined || (viaVpcRouter && abroad === undefined)) continue;
    const pair = `nodes ${first.name} (subnet ${first.subnet.key}, ${first.subnet.cidrBlock}) and ${other.name} (subnet ${other.subnet.key}, ${other.subnet.cidrBlock})`;
    const said = `IP pool ${pool.name} has ${modeInWords(pool)}, and its ${pair} are in different ${abroad === undefined ? "subnets" : "networks"}`;
    const selector = "a nodeSelector that selects the nodes of one";
    const message =
      abroad === undefined
        ? `${said}: the VPC's router has no route to workloads, and drops their packets. Use ipipMode or vxlanMode CrossSubnet, or let the VPC's route tables have a route for each node's blocks with neverAcrossSubnets: "VpcRouteTables" (or use ${selector} subnet)`
        : `${said}: what joins networks leads to addresses of their VPCs only (a peering connection carries nothing else, whatever the route tables say), and workloads' packets are dropped. Use ipipMode or vxlanMode CrossSubnet, or ${selector} ${viaVpcRouter ? "network" : "subnet"}`;
    problems.push({ path: "ipPools", message });
  }
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const subnets = new Map(
    [...Map.groupBy(nodes, ({ network }) => network)].map(([network, own]) => [
      network,
      new Set(own.map(({ subnet }) => subnet.key)).size,
    ]),
  );
  const routed = (pool: string, node: string): boolean =>
    viaVpcRouter &&
    never.some((one) => one.pool.name === pool) &&
    (subnets.get(byName.get(node)?.network ?? "") ?? 0) > 1;
  return { routed, problems, warnings: viaVpcRouter ? tableQuota(nodes, never) : [] };
}

/** At least one route per node and pool; a node with many workloads has more blocks. */
function tableQuota(nodes: readonly NodeLayout[], never: readonly PoolNodes[]): readonly Warning[] {
  const networks = [...new Set(nodes.map(({ network }) => network))];
  return networks.flatMap((network): Warning[] => {
    const own = nodes.filter((node) => node.network === network);
    const blocks = never
      .filter(({ pool }) => !pool.disabled)
      .reduce((sum, { nodes: names }) => sum + own.filter(({ name }) => names.has(name)).length, 0);
    const routes = blocks + 1 + networks.length;
    if (blocks === 0 || routes <= ROUTES_PER_TABLE) return [];
    const message = `the route tables of network ${network} need ${routes} routes, ${blocks} of them for blocks of IP pools without encapsulation, and AWS allows ${ROUTES_PER_TABLE} per table unless more were granted: use fewer nodes, or ipipMode or vxlanMode CrossSubnet`;
    return [{ code: "RouteTableQuota", message }];
  });
}
