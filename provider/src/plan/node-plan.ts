import type { IpVersion } from "../ippool/cidr";
import { type IpPool, poolAllows } from "../ippool/ippool";
import type { TunnelKind } from "../ippool/pool-mode";
import { ENCAPSULATIONS, overhead } from "./encapsulation";
import { type Host, isAbroad, outerAddress } from "./host";
import type { FdbEntry, IpipDevice, Neighbour, Route, VxlanDevice } from "./linux-state";
import type { Model } from "./model";
import { Viewer } from "./viewer";

/**
 * What one node has to hold, in Linux' terms and nothing else: the seam between the plan (who reaches whom and how) and
 * the node (files and batches). `eth0` stands for the interface that owns the node's address, whatever it is called
 * there. Source of every form: reference behaviour of
 * felix/dataplane/linux/{route_mgr,ipip_mgr,vxlan_mgr,noencap_mgr,masq_mgr}.go.
 */
export interface NodePlan {
  readonly node: string;
  readonly ip?: string;
  readonly ipip?: IpipDevice;
  readonly vxlan?: VxlanDevice;
  readonly vxlan6?: VxlanDevice;
  readonly routes: readonly Route[];
  readonly neighbours: readonly Neighbour[];
  readonly fdb: readonly FdbEntry[];
  /** Addresses that may send us protocol 4 (absent device: nobody may) and UDP to the VXLAN port (IPv4 and IPv6). */
  readonly ipipMembers: readonly string[];
  readonly vxlanMembers: readonly string[];
  /**
   * CIDRs of all pools (disabled ones too, LoadBalancer-only ones not), and of those with natOutgoing (those too). Both
   * families.
   */
  readonly allPools: readonly string[];
  readonly masqueradePools: readonly string[];
  /** Own blocks that workloads may get addresses from, with the pool that each is of. */
  readonly workloadBlocks: readonly { readonly cidr: string; readonly pool: string; readonly mtu: number }[];
  /**
   * A word that is another one when another machine has the address of a node on the same link: letters and digits, at
   * most 64. The node then asks anew for the MAC addresses of the others.
   */
  readonly linkIncarnation?: string;
  /** All pools as Calico has them, kept on the node for people who look there. */
  readonly pools?: readonly IpPool[];
}

/** The devices of each kind of tunnel that a node has by its plan. */
export function tunnelDevices({
  ipip,
  vxlan,
  vxlan6,
}: NodePlan): Readonly<Record<TunnelKind, readonly (IpipDevice | VxlanDevice)[]>> {
  return {
    IPIP: [ipip].filter((device) => device !== undefined),
    VXLAN: [vxlan, vxlan6].filter((device) => device !== undefined),
  };
}

/**
 * The plan of one node, in time linear in the nodes. The routes, neighbours and FDB entries in it are shared by all
 * nodes' plans.
 */
export function planNode(model: Model, host: Host): NodePlan {
  const viewer = new Viewer(model, host);
  return {
    node: host.name,
    ip: host.addresses[4]?.text,
    ipip: ipipDevice(viewer),
    vxlan: vxlanDevice(viewer, 4),
    vxlan6: vxlanDevice(viewer, 6),
    routes: routes(viewer),
    ...remoteVteps(viewer),
    ipipMembers: viewer.hasDevice("IPIP", 4) ? ipipMembers(model, host) : [],
    allPools: model.allPools,
    masqueradePools: model.masqueradePools,
    workloadBlocks: workloadBlocks(model, host),
  };
}

/** The same list for all, unless some host is seen at another address from other networks. */
function ipipMembers(model: Model, host: Host): readonly string[] {
  const { ipipMembers: members } = model;
  if (members.every(({ publicAddress }) => publicAddress === undefined)) return model.ipipMemberAddresses;
  return members.flatMap((member) => outerAddress(member, host, 4) ?? []);
}

function ipipDevice(viewer: Viewer): IpipDevice | undefined {
  const address = viewer.host.tunnels.IPIP[4];
  if (address === undefined || !viewer.hasDevice("IPIP", 4)) return undefined;
  return { address, mtu: viewer.model.mtus.hostMtu - overhead("IPIP", 4) };
}

/** `ip` may be absent on a node that has IPv6 alone. */
function vxlanDevice(viewer: Viewer, version: IpVersion): VxlanDevice | undefined {
  const vtep = viewer.host.vteps[version];
  if (vtep === undefined || !viewer.hasDevice("VXLAN", version)) return undefined;
  const { devices, udp } = ENCAPSULATIONS.VXLAN;
  const { vxlanVni = udp.vni, vxlanPort = udp.port } = viewer.model.topology;
  return {
    name: devices[version],
    vni: vxlanVni,
    port: vxlanPort,
    local: vtep.host,
    address: vtep.address,
    mac: vtep.mac,
    mtu: viewer.model.mtus.hostMtu - overhead("VXLAN", version),
  };
}

function routes(viewer: Viewer): readonly Route[] {
  const { model, host } = viewer;
  const { mtus, hostMtu } = model.mtus;
  const classes = model.mtus.classesFrom(host.network);
  const list: Route[] = [];
  for (const owner of model.hosts) {
    const destinations = model.destinations[owner.index] ?? [];
    if (owner === host) {
      for (const { blackhole } of destinations) if (blackhole !== undefined) list.push(blackhole);
      continue;
    }
    const mtuClass = classes[owner.network] ?? 0;
    const mtu = mtus[mtuClass] ?? hostMtu;
    for (const destination of destinations) {
      const encapsulation = viewer.encapsulationTo(destination);
      if (encapsulation === undefined) continue;
      const router = viewer.routerTo(destination);
      list.push(
        router === undefined
          ? destination.route(encapsulation, host, mtuClass, mtu, mtu < hostMtu)
          : destination.routeVia(router, host, mtuClass, mtu, mtu < hostMtu),
      );
    }
  }
  return list;
}

/** Every other node's VTEP, whether a route uses it or not: packets from it are answered. */
function remoteVteps(viewer: Viewer): {
  readonly neighbours: readonly Neighbour[];
  readonly fdb: readonly FdbEntry[];
  readonly vxlanMembers: readonly string[];
} {
  const neighbours: Neighbour[] = [];
  const fdb: FdbEntry[] = [];
  const vxlanMembers: string[] = [];
  for (const version of [4, 6] as const) {
    if (!viewer.hasDevice("VXLAN", version)) continue;
    for (const [index, entry] of viewer.model.vtepEntries[version].entries()) {
      if (entry === undefined || index === viewer.host.index) continue;
      const way = entry.abroad !== undefined && isAbroad(entry.owner, viewer.host) ? entry.abroad : entry;
      neighbours.push(entry.neighbour);
      fdb.push(way.fdb);
      vxlanMembers.push(way.host);
    }
  }
  return { neighbours, fdb, vxlanMembers };
}

function workloadBlocks(model: Model, host: Host): NodePlan["workloadBlocks"] {
  const own = model.destinations[host.index] ?? [];
  return own
    .filter(({ block, pool }) => block && poolAllows(pool.pool, "Workload"))
    .map(({ dst, single, pool }) => ({
      cidr: single ? `${dst}/${pool.version === 4 ? 32 : 128}` : dst,
      pool: pool.name,
      mtu: workloadMtu(model, host, pool.version),
    }));
}

/**
 * What every packet of the node's workloads fits in, whatever workload of the family it goes to: the worst path to a
 * network with nodes, less the largest overhead of the pools. Calico goes by the interface instead, which on EC2 says
 * 9001 where a path carries 1500.
 */
export function workloadMtu(model: Model, host: Host, version: IpVersion): number {
  const overheads = model.pools
    .filter((pool) => pool.version === version)
    .map(({ encapsulation }) => overhead(encapsulation, version));
  return model.mtus.worstFrom(host.network) - Math.max(0, ...overheads);
}
