import type { IpVersion } from "../ippool/cidr";
import { poolAllows } from "../ipam/pools";
import type { Host } from "./host";
import type { Model } from "./model";
import { overhead } from "./mtu";
import {
  type FdbEntry,
  type Neighbour,
  type NodePlan,
  type Route,
  VXLAN_DEVICE,
  VXLAN_DEVICE_V6,
  VXLAN_PORT,
  VXLAN_VNI,
  type VxlanDevice,
} from "./node-plan";
import { Viewer } from "./viewer";

/**
 * The plan of one node, in time linear in the nodes. The routes, neighbours and FDB entries in it are shared by all
 * nodes' plans.
 */
export function planNode(model: Model, host: Host): NodePlan {
  const viewer = new Viewer(model, host);
  const ipipMtu = model.mtus.hostMtu - overhead("IPIP", 4);
  return {
    node: host.name,
    ip: host.addresses[4]?.text,
    ipip:
      viewer.hasIpip && host.ipipTunnelAddr !== undefined ? { address: host.ipipTunnelAddr, mtu: ipipMtu } : undefined,
    vxlan: vxlanDevice(viewer, 4),
    vxlan6: vxlanDevice(viewer, 6),
    routes: routes(viewer),
    ...remoteVteps(viewer),
    ipipMembers: viewer.hasIpip ? model.ipipMembers : [],
    allPools: model.allPools,
    masqueradePools: model.masqueradePools,
    workloadBlocks: workloadBlocks(model, host),
  };
}

/** `ip` may be absent on a node that has IPv6 alone. */
function vxlanDevice(viewer: Viewer, version: IpVersion): VxlanDevice | undefined {
  const vtep = viewer.host.vteps[version];
  if (vtep === undefined || !viewer.hasVxlan(version)) return undefined;
  const { vxlanVni = VXLAN_VNI, vxlanPort = VXLAN_PORT } = viewer.model.topology;
  return {
    name: version === 4 ? VXLAN_DEVICE : VXLAN_DEVICE_V6,
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
          ? destination.route(encapsulation, mtuClass, mtu, mtu < hostMtu)
          : destination.routeVia(router, mtuClass, mtu, mtu < hostMtu),
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
    if (!viewer.hasVxlan(version)) continue;
    for (const [index, entry] of viewer.model.vtepEntries[version].entries()) {
      if (entry === undefined || index === viewer.host.index) continue;
      neighbours.push(entry.neighbour);
      fdb.push(entry.fdb);
      vxlanMembers.push(entry.host);
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
