import { type LabelledNode, nodeMatcher } from "../ipam/labelled-node";
import { givesBlocks } from "../ipam/blocks";
import { type IpPool, poolAllows } from "../ippool/ippool";
import { type Encapsulation, isCrossSubnet, poolEncapsulation, type TunnelKind } from "../ippool/pool-mode";
import { encapsulationBetween, mapTunnelKinds, type PathEnd } from "./encapsulation";

/** Where a node stands: subnets are told apart by a key that is unique among all networks. */
export interface StandingNode {
  readonly name: string;
  readonly network: string;
  readonly subnet: string;
}

/** What of the overlay reaches the nodes of one network from outside of them: what its security group has to let in. */
export interface Arrivals {
  /** Networks whose nodes send tunnel packets of the kind. */
  readonly tunnels: Readonly<Record<TunnelKind, ReadonlySet<string>>>;
  /** Names of the pools whose workloads' own addresses are the source of packets on the wire. */
  readonly bare: ReadonlySet<string>;
}

/** A pool that has blocks, and the names of the nodes that have them. */
export interface PoolNodes {
  readonly pool: IpPool;
  readonly nodes: ReadonlySet<string>;
}

/**
 * The IPv4 pools that give blocks, with the nodes that they select: nodes of a cluster have no IPv6 address to send
 * from.
 */
export function poolNodes(pools: readonly IpPool[], nodes: readonly LabelledNode[]): readonly PoolNodes[] {
  return pools
    .filter((pool) => !pool.cidr.includes(":") && givesBlocks(pool))
    .map((pool) => ({ pool, nodes: new Set(nodes.filter(nodeMatcher(pool)).map(({ name }) => name)) }));
}

/**
 * What arrives at each network, by name, from the paths between its nodes and all others. The pool of the destination
 * decides how packets go; their source may be a workload of any pool. Nodes of one subnet and the same pools count as
 * one, so that thousands take no time.
 * @param viaVpcRouter what is not encapsulated also goes between the subnets of a network
 */
export function arrivalsOf(
  nodes: readonly StandingNode[],
  pools: readonly PoolNodes[],
  viaVpcRouter: boolean,
): ReadonlyMap<string, Arrivals> {
  const poolsOf = ({ name }: StandingNode): readonly IpPool[] =>
    pools.filter((one) => one.nodes.has(name)).map(({ pool }) => pool);
  const alike = Map.groupBy(
    nodes.map((node) => ({ node, pools: poolsOf(node) })),
    (one) => `${one.node.subnet} ${one.pools.map(({ name }) => name).join()}`,
  );
  const found = new Map(
    nodes.map(({ network }) => [
      network,
      { tunnels: mapTunnelKinds(() => new Set<string>()), bare: new Set<string>() },
    ]),
  );
  for (const receivers of alike.values()) {
    for (const senders of alike.values()) {
      const [to, from] = [receivers[0], senders[0]];
      if (to === undefined || from === undefined || (receivers === senders && receivers.length < 2)) continue;
      const arrivals = found.get(to.node.network);
      const sameSubnet = to.node.subnet === from.node.subnet;
      const reachedBare = sameSubnet || (viaVpcRouter && to.node.network === from.node.network);
      for (const pool of to.pools) {
        const encapsulation = encapsulationTo(pool, from.pools, to.pools, sameSubnet);
        if (encapsulation === undefined) continue;
        if (encapsulation !== "None") arrivals?.tunnels[encapsulation].add(from.node.network);
        else if (reachedBare)
          for (const source of from.pools) if (poolAllows(source, "Workload")) arrivals?.bare.add(source.name);
      }
    }
  }
  return found;
}

/** How nodes with blocks of some pools send to a block of one; undefined where they have no route to it. */
export function encapsulationTo(
  pool: IpPool,
  from: readonly IpPool[],
  to: readonly IpPool[],
  sameSubnet: boolean,
): Encapsulation | undefined {
  const encapsulation = poolEncapsulation(pool);
  const end = (own: readonly IpPool[]): PathEnd => ({
    address: true,
    subnet: true,
    tunnel: encapsulation !== "None" && hasDevice(own, encapsulation),
  });
  return encapsulationBetween({ encapsulation, crossSubnet: isCrossSubnet(pool) }, end(from), end(to), sameSubnet);
}

/** Whether nodes with blocks of these pools, enabled or not, have a tunnel address of the kind. */
function hasDevice(pools: readonly IpPool[], kind: TunnelKind): boolean {
  return pools.some((pool) => poolEncapsulation(pool) === kind && poolAllows(pool, "Tunnel"));
}
