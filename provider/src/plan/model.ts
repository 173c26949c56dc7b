import {
  addressBits,
  canonicalAddress,
  type Cidr,
  containsCidr,
  formatCidr,
  type IpVersion,
  parseCidr,
} from "../ippool/cidr";
import { Destination } from "./destination";
import { allTunnelAddresses, type Host, hostOf } from "./host";
import { DEFAULT_HOST_MTU, NetworkMtus } from "./mtu";
import type { TunnelKind } from "../ippool/pool-mode";
import { ENCAPSULATIONS } from "./encapsulation";
import type { FdbEntry, Neighbour } from "./linux-state";
import { type PlannedPool, plannedPools } from "./planned-pool";
import { SubnetView } from "./subnet-view";
import type { Topology } from "./topology";

/** What all nodes' plans share, of a size linear in the nodes and blocks. */
export interface Model {
  readonly topology: Topology;
  readonly hosts: readonly Host[];
  readonly pools: readonly PlannedPool[];
  /** By the number of the owning host. */
  readonly destinations: readonly (readonly Destination[])[];
  readonly mtus: NetworkMtus;
  readonly view: SubnetView;
  /** Which tunnel devices nodes have at all: those that some pool asks for. */
  readonly devices: ReadonlySet<`${TunnelKind}${IpVersion}`>;
  /**
   * Whether some host shares an address with another, by number; only then can a gateway be an address of the sender's
   * own.
   */
  readonly ambiguous: ReadonlySet<number>;
  /** For the VTEPs of each family, by the number of the host; absent where the host has none. */
  readonly vtepEntries: Readonly<Record<IpVersion, readonly (VtepEntry | undefined)[]>>;
  /** Hosts that may send IP in IP, and their own addresses. */
  readonly ipipMembers: readonly Host[];
  readonly ipipMemberAddresses: readonly string[];
  readonly allPools: readonly string[];
  readonly masqueradePools: readonly string[];
  /** What of the topology cannot be used, for warnings. */
  readonly unusable: {
    readonly blocksOutsidePools: readonly string[];
    readonly blocksOfUnknownNodes: readonly string[];
  };
}

export interface VtepEntry {
  readonly owner: Host;
  readonly host: string;
  readonly neighbour: Neighbour;
  readonly fdb: FdbEntry;
  /** From other networks, where the host is seen at another address there. */
  readonly abroad?: { readonly host: string; readonly fdb: FdbEntry };
}

export function modelOf(topology: Topology): Model {
  const networks = [...new Set(topology.nodes.map((node) => node.network))];
  const networkNumber = new Map(networks.map((name, number) => [name, number]));
  const hosts = topology.nodes.map((node, index) => hostOf(node, index, networkNumber.get(node.network) ?? 0));
  const pools = plannedPools(topology.pools);
  const { destinations, unusable } = destinationsOf(topology, hosts, pools);
  const ipipMembers = hosts.filter(({ addresses }) => addresses[4]?.complete === true);
  const vtepEntries = { 4: vtepEntriesOf(hosts, 4), 6: vtepEntriesOf(hosts, 6) };
  return {
    topology,
    hosts,
    pools,
    destinations,
    mtus: new NetworkMtus(topology.hostMtu ?? DEFAULT_HOST_MTU, networks, topology.networkMtus ?? []),
    view: new SubnetView(hosts),
    devices: new Set(
      pools.flatMap(({ encapsulation, version }) =>
        encapsulation === "None" ? [] : [`${encapsulation}${version}` as const],
      ),
    ),
    ambiguous: ambiguousHosts(hosts),
    vtepEntries,
    ipipMembers,
    ipipMemberAddresses: ipipMembers.flatMap(({ addresses }) => addresses[4]?.text ?? []),
    allPools: pools.map(({ pool }) => pool.cidr),
    // Pools for load balancers are in this set and not in the other, as in felix/dataplane/linux/masq_mgr.go.
    masqueradePools: topology.pools.filter(({ natOutgoing }) => natOutgoing).map(({ cidr }) => cidr),
    unusable,
  };
}

function destinationsOf(
  topology: Topology,
  hosts: readonly Host[],
  pools: readonly PlannedPool[],
): { readonly destinations: readonly (readonly Destination[])[]; readonly unusable: Model["unusable"] } {
  const byName = new Map(hosts.map((host) => [host.name, host]));
  const tunnelOwners = tunnelOwnersOf(hosts);
  const singles = new Map<string, Destination>();
  const wide: Destination[] = [];
  const blocksOutsidePools: string[] = [];
  const blocksOfUnknownNodes: string[] = [];

  for (const block of topology.blocks) {
    const cidr = parseCidr(block.cidr);
    const pool = poolOf(pools, cidr);
    if (pool === undefined) {
      blocksOutsidePools.push(block.cidr);
      continue;
    }
    const text = cidr.version === 4 ? block.cidr : formatCidr(cidr);
    const addSingle = (dst: string, node: string | undefined, isBlock: boolean): void => {
      const tunnelOwner = tunnelOwners.get(dst);
      const owner = tunnelOwner ?? (node === undefined ? undefined : byName.get(node));
      if (owner !== undefined)
        singles.set(
          dst,
          new Destination({ dst, single: true, owner, pool, block: isBlock, tunnelAddress: tunnelOwner !== undefined }),
        );
    };
    for (const [address, node] of Object.entries(block.borrowed ?? {}))
      if (node !== block.node) addSingle(canonicalAddress(address), node, false);
    if (block.node !== undefined && !byName.has(block.node)) blocksOfUnknownNodes.push(block.cidr);
    const single = cidr.prefixLength === addressBits(cidr.version);
    const owner = block.node === undefined ? undefined : byName.get(block.node);
    if (single) addSingle(text.slice(0, text.indexOf("/")), block.node, true);
    else if (owner !== undefined)
      wide.push(new Destination({ dst: text, single, owner, pool, block: true, tunnelAddress: false }));
  }

  for (const { ip, node } of topology.workloads ?? []) {
    const host = byName.get(node);
    if (host !== undefined) singles.get(canonicalAddress(ip))?.workloadOn.add(host.index);
  }
  const destinations = hosts.map((): Destination[] => []);
  for (const destination of [...wide, ...singles.values()]) destinations[destination.owner.index]?.push(destination);
  return { destinations, unusable: { blocksOutsidePools, blocksOfUnknownNodes } };
}

/** Pools do not overlap; where they do all the same, the innermost one counts. */
function poolOf(pools: readonly PlannedPool[], block: Cidr): PlannedPool | undefined {
  let innermost: PlannedPool | undefined;
  for (const pool of pools) {
    if (containsCidr(pool.cidr, block) && (innermost === undefined || containsCidr(innermost.cidr, pool.cidr)))
      innermost = pool;
  }
  return innermost;
}

/** By tunnel address. Two nodes with the same one is a mistake; the first by name has it, as in Felix. */
function tunnelOwnersOf(hosts: readonly Host[]): ReadonlyMap<string, Host> {
  const owners = new Map<string, Host>();
  for (const host of hosts) {
    for (const address of allTunnelAddresses(host.tunnels)) {
      const other = owners.get(address);
      if (other === undefined || host.name < other.name) owners.set(address, host);
    }
  }
  return owners;
}

function ambiguousHosts(hosts: readonly Host[]): ReadonlySet<number> {
  const byAddress = new Map<string, Host>();
  const ambiguous = new Set<number>();
  for (const host of hosts) {
    for (const address of host.own) {
      const other = byAddress.get(address);
      if (other === undefined) byAddress.set(address, host);
      else ambiguous.add(host.index).add(other.index);
    }
  }
  return ambiguous;
}

function vtepEntriesOf(hosts: readonly Host[], version: IpVersion): readonly (VtepEntry | undefined)[] {
  const dev = ENCAPSULATIONS.VXLAN.devices[version];
  return hosts.map((owner): VtepEntry | undefined => {
    const vtep = owner.vteps[version];
    if (vtep === undefined) return undefined;
    const { publicAddress: there } = owner;
    return {
      owner,
      host: vtep.host,
      neighbour: { ip: vtep.address, mac: vtep.mac, dev },
      fdb: { mac: vtep.mac, dev, dst: vtep.host },
      ...(version === 4 && there !== undefined && { abroad: { host: there, fdb: { mac: vtep.mac, dev, dst: there } } }),
    };
  });
}
