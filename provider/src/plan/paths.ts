import type { Destination } from "./destination";
import { type Host, outerAddress } from "./host";
import type { Model } from "./model";
import type { Encapsulation, TunnelKind } from "../ippool/pool-mode";
import { ENCAPSULATIONS, overhead, PARENT_DEVICE } from "./encapsulation";
import type { PlannedPool } from "./planned-pool";
import { Viewer } from "./viewer";

/** How packets of a pool's workloads get from one node to another, and why. */
export interface Path {
  readonly from: string;
  readonly to: string;
  readonly pool: string;
  readonly encapsulation: Encapsulation;
  /** Where the sender's route points: the receiving node's address, its VTEP's for VXLAN, or the VPC's router. */
  readonly nextHop: string;
  /** On the wire; absent without encapsulation. */
  readonly outer?: OuterHeader;
  /** Largest inner packet, bytes. */
  readonly mtu: number;
  /** Why so, in words, naming pool, mode and subnets. */
  readonly reason: string;
  /** In order: node, device, next node. */
  readonly hops: readonly string[];
}

export interface OuterHeader {
  readonly source: string;
  readonly destination: string;
  /** UDP port and VXLAN network identifier, where the topology says one of them. */
  readonly port?: number;
  readonly vni?: number;
}

/**
 * From every node to every other, one for each pool that the other has a block or address of. No path where there is no
 * route.
 */
export function* pathsOf(model: Model): Generator<Path, undefined> {
  const samples = model.destinations.map(onePerPool);
  for (const from of model.hosts) {
    const viewer = new Viewer(model, from);
    for (const to of model.hosts) if (to !== from) yield* pathsTo(viewer, samples[to.index] ?? []);
  }
}

/** From one node to another. */
export function pathsBetween(from: Viewer, to: Host): Iterable<Path> {
  return pathsTo(from, onePerPool(from.model.destinations[to.index] ?? []));
}

function* pathsTo(viewer: Viewer, destinations: readonly Destination[]): Generator<Path, undefined> {
  for (const destination of destinations) {
    const encapsulation = viewer.encapsulationTo(destination);
    if (encapsulation !== undefined) yield pathTo(viewer, destination, encapsulation);
  }
}

/**
 * All of a node's destinations of a pool are reached alike; a block stands for them, before an address that is a VTEP
 * itself.
 */
function onePerPool(destinations: readonly Destination[]): readonly Destination[] {
  const chosen = new Map<PlannedPool, Destination>();
  for (const destination of destinations) {
    const other = chosen.get(destination.pool);
    if (other === undefined || (other.isVtep && !destination.isVtep)) chosen.set(destination.pool, destination);
  }
  return [...chosen.values()];
}

function pathTo(viewer: Viewer, destination: Destination, encapsulation: Encapsulation): Path {
  const { model, host: from } = viewer;
  const { owner: to, pool } = destination;
  const { version } = pool;
  const mtuClass = model.mtus.classesFrom(from.network)[to.network] ?? 0;
  const underlay = model.mtus.mtus[mtuClass] ?? model.mtus.hostMtu;
  const source = from.addresses[version]?.text ?? "";
  const target = outerAddress(to, from, version) ?? "";
  const tunnel = encapsulation === "None" ? [] : [ENCAPSULATIONS[encapsulation].devices[version] ?? ""];
  const router = viewer.routerTo(destination);
  return {
    from: from.name,
    to: to.name,
    pool: pool.name,
    encapsulation,
    nextHop:
      encapsulation !== "None" && destination.isVtep
        ? destination.dst
        : (router ?? destination.gateway(encapsulation, from) ?? ""),
    ...(encapsulation !== "None" && {
      outer: { source, destination: target, ...udpOf(model, encapsulation) },
    }),
    mtu: underlay - overhead(encapsulation, version),
    reason: `${reason(viewer, pool, to)}${router === undefined ? "" : ", and the VPC's route tables lead to its blocks"}${underlay < model.mtus.hostMtu ? `; ${underlay} bytes ${betweenInWords(viewer, to)}` : ""}`,
    hops: [
      from.name,
      ...tunnel,
      `${PARENT_DEVICE} ${source}`,
      ...(router === undefined ? [] : [`VPC router ${router}`]),
      `${PARENT_DEVICE} ${target}`,
      ...tunnel,
      to.name,
    ],
  };
}

/** Port and identifier of the outer header, where the topology says one of them. */
function udpOf({ topology }: Model, kind: TunnelKind): Pick<OuterHeader, "port" | "vni"> {
  const { udp } = ENCAPSULATIONS[kind];
  const { vxlanPort, vxlanVni } = topology;
  if (udp === undefined || (vxlanPort === undefined && vxlanVni === undefined)) return {};
  return { port: vxlanPort ?? udp.port, vni: vxlanVni ?? udp.vni };
}

function reason(viewer: Viewer, pool: PlannedPool, to: Host): string {
  const said = `${pool.name} has ${pool.mode}`;
  if (!pool.crossSubnet && pool.encapsulation !== "None") return said;
  const subnet = subnetInWords(viewer, pool, to);
  return subnet === undefined ? said : `${said}: ${subnet}`;
}

/** Whose MTU limits the path: that between the two networks. */
function betweenInWords({ model, host }: Viewer, to: Host): string {
  const [one, other] = [model.mtus.networks[host.network], model.mtus.networks[to.network]];
  return one === other ? `within ${one}` : `between ${one} and ${other}`;
}

/** `10.2.0.4 is outside 10.1.0.0/24`, as the viewing node sees it. */
function subnetInWords(viewer: Viewer, { version }: PlannedPool, to: Host): string | undefined {
  const own = viewer.host.addresses[version];
  const other = to.addresses[version];
  if (own === undefined || other === undefined) return undefined;
  return `${other.text} is ${viewer.isNeighbour(to, version) ? "inside" : "outside"} ${own.subnetText}`;
}
