import type { GetIngressOutputs, HostForwarding, IngressRule } from "../generated/resource-types";
import { nodeMatcher } from "../ipam/labelled-node";
import { givesBlocks } from "../ipam/blocks";
import { type IpPool, poolAllows } from "../ippool/ippool";
import { modeInWords } from "../ippool/pool-mode";
import { type Arrivals, arrivalsOf, encapsulationTo, poolNodes } from "./arrivals";
import { ENCAPSULATIONS, TUNNEL_KINDS } from "./encapsulation";

/** A host as its place is known before anything is made. */
export interface IngressPlace {
  readonly name: string;
  readonly network: string;
  readonly subnetCidrBlock: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly publicAddress?: string;
}

export interface IngressArgs {
  readonly pools: readonly IpPool[];
  /** Names of all networks, also of those without hosts. */
  readonly networks: readonly string[];
  readonly hosts: readonly IngressPlace[];
  /** UDP port of VXLAN. */
  readonly vxlanPort: number;
}

/**
 * What each network must let in for the overlay's paths and nothing more, and which hosts' interfaces must take packets
 * of workloads' own addresses. ssh is not in it.
 */
export function ingressOf({ pools, networks, hosts, vxlanPort }: IngressArgs): GetIngressOutputs {
  const enabled = pools.filter(({ disabled }) => !disabled);
  const standing = hosts.map((host) => ({ ...host, subnet: `${host.network} ${host.subnetCidrBlock}` }));
  const arrivals = arrivalsOf(standing, poolNodes(enabled, hosts), false);
  return {
    networks: networks.map((network) => {
      const arriving = arrivals.get(network);
      if (arriving === undefined) return { network, rules: [] };
      return {
        network,
        rules: [
          ...tunnelRules(network, arriving, networks, hosts, vxlanPort),
          ...enabled
            .filter(({ name }) => arriving.bare.has(name))
            .map((pool): IngressRule => ({
              protocol: "-1",
              cidrBlocks: [pool.cidr],
              reason: `workloads of IP pool ${pool.name} send within a subnet with their own addresses`,
            })),
        ],
      };
    }),
    hosts: forwarding(enabled, standing),
  };
}

function tunnelRules(
  network: string,
  arriving: Arrivals,
  networks: readonly string[],
  hosts: readonly IngressPlace[],
  vxlanPort: number,
): readonly IngressRule[] {
  return TUNNEL_KINDS.flatMap((kind): IngressRule[] => {
    const senders = networks.filter((name) => arriving.tunnels[kind].has(name));
    if (senders.length === 0) return [];
    const { title, ipProtocol, udp } = ENCAPSULATIONS[kind];
    const sources = hosts.filter((host) => senders.includes(host.network)).map((host) => sourceOf(host, network));
    return [
      {
        ...(udp === undefined
          ? { protocol: String(ipProtocol) }
          : { protocol: "udp", fromPort: vxlanPort, toPort: vxlanPort }),
        networks: senders,
        cidrBlocks: [...new Set(sources)],
        reason: `${title} from the hosts of ${senders.join(", ")}`,
      },
    ];
  });
}

/** What packets of a host have for a source when they arrive at a network. */
function sourceOf({ network, publicAddress, subnetCidrBlock }: IngressPlace, at: string): string {
  return publicAddress !== undefined && network !== at ? `${publicAddress}/32` : subnetCidrBlock;
}

/** Hosts of one subnet and the same pools count as one, so that thousands take no time. */
function forwarding(
  pools: readonly IpPool[],
  hosts: readonly (IngressPlace & { readonly subnet: string })[],
): readonly HostForwarding[] {
  const matchers = pools
    .filter((pool) => !pool.cidr.includes(":") && givesBlocks(pool))
    .map((pool) => ({ pool, selects: nodeMatcher(pool) }));
  const poolsOf = new Map(
    hosts.map((host) => [host.name, matchers.filter(({ selects }) => selects(host)).map(({ pool }) => pool)]),
  );
  const keyOf = (name: string): string => (poolsOf.get(name) ?? []).map((pool) => pool.name).join();
  const subnets = new Map(
    [...Map.groupBy(hosts, ({ subnet }) => subnet)].map(([subnet, own]) => [
      subnet,
      [...Map.groupBy(own, ({ name }) => keyOf(name)).values()],
    ]),
  );
  return hosts.map((host): HostForwarding => {
    const own = poolsOf.get(host.name) ?? [];
    for (const group of subnets.get(host.subnet) ?? []) {
      const peer = group.find(({ name }) => name !== host.name);
      if (peer === undefined) continue;
      const theirs = poolsOf.get(peer.name) ?? [];
      const bare =
        theirs.find((pool) => sendsBare(pool, own, theirs)) ?? own.find((pool) => sendsBare(pool, theirs, own));
      if (bare !== undefined)
        return {
          name: host.name,
          forwarding: true,
          reason: `IP pool ${bare.name} has ${modeInWords(bare)}: to and from ${peer.name}, in the same subnet, packets carry the workloads' own addresses`,
        };
    }
    return {
      name: host.name,
      forwarding: false,
      reason: "all its packets to other hosts are encapsulated and carry the hosts' own addresses",
    };
  });
}

function sendsBare(pool: IpPool, from: readonly IpPool[], to: readonly IpPool[]): boolean {
  return from.some((own) => poolAllows(own, "Workload")) && encapsulationTo(pool, from, to, true) === "None";
}
