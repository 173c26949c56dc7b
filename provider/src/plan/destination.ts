import { type Host, isAbroad, outerAddress, pathEnd } from "./host";
import type { Encapsulation } from "../ippool/pool-mode";
import { ENCAPSULATIONS, endNumber, overhead } from "./encapsulation";
import type { Route } from "./linux-state";
import type { PlannedPool } from "./planned-pool";

/** IPv6's default where none is given. */
const METRIC_V6 = 1024;

export interface DestinationArgs {
  /** As `ip route` prints it: a single address carries no prefix length. */
  readonly dst: string;
  readonly single: boolean;
  readonly owner: Host;
  readonly pool: PlannedPool;
  /** A block, rather than an address that its owner borrowed from another node's. */
  readonly block: boolean;
  /** The one address of the destination is that of a tunnel device of its owner. */
  readonly tunnelAddress: boolean;
}

/**
 * A range of addresses that one node owns, and so at most one route on each other node. The routes to it differ by how
 * the packets get there and by the MTU on the way, and in nothing else: all nodes share the few that there are.
 */
export class Destination implements DestinationArgs {
  readonly dst: string;
  readonly single: boolean;
  readonly owner: Host;
  readonly pool: PlannedPool;
  readonly block: boolean;
  readonly tunnelAddress: boolean;
  /** Numbers of hosts that have a workload of their own with this very address, whatever address management says. */
  readonly workloadOn = new Set<number>();
  /** Its owner as the end of a path to it, by the number of that. */
  readonly end: number;
  private readonly direct: Route[] = [];
  private readonly tunnelled: Route[] = [];
  private readonly abroad: Route[] = [];
  private readonly routed = new Map<string, Route[]>();

  constructor(args: DestinationArgs) {
    this.dst = args.dst;
    this.single = args.single;
    this.owner = args.owner;
    this.pool = args.pool;
    this.block = args.block;
    this.tunnelAddress = args.tunnelAddress;
    const { encapsulation, version } = args.pool;
    const own = pathEnd(args.owner, encapsulation, version);
    this.end = endNumber(this.isVtep ? { ...own, tunnel: true } : own);
  }

  /**
   * A VXLAN tunnel address that no block of its node covers is on the link of the VXLAN device: it is the VTEP, and has
   * none.
   */
  get isVtep(): boolean {
    return ENCAPSULATIONS[this.pool.encapsulation].route.gateway === "Vtep" && this.single && this.tunnelAddress;
  }

  /**
   * The route to it from a host, for an MTU of the underlay; `mtuClass` stands for that MTU, and `limited` says that it
   * is less than the interface's. Hosts of other networks may have another address to send to.
   */
  route(encapsulation: Encapsulation, from: Host, mtuClass: number, mtu: number, limited: boolean): Route {
    const tunnelled = isAbroad(this.owner, from) ? this.abroad : this.tunnelled;
    const routes = encapsulation === "None" ? this.direct : tunnelled;
    return (routes[mtuClass] ??= this.newRoute(encapsulation, from, mtu, limited));
  }

  /** The route to it without encapsulation through a router on the sender's link; nodes of one subnet share it. */
  routeVia(router: string, from: Host, mtuClass: number, mtu: number, limited: boolean): Route {
    let routes = this.routed.get(router);
    if (routes === undefined) this.routed.set(router, (routes = []));
    return (routes[mtuClass] ??= {
      ...this.newRoute("None", from, mtu, limited),
      via: router,
      host: this.owner.addresses[this.pool.version]?.text,
    });
  }

  /** Where routes to it point: an address of its owner, or of its owner's VTEP. Undefined where that has none. */
  gateway(encapsulation: Encapsulation, from: Host): string | undefined {
    const { version } = this.pool;
    if (ENCAPSULATIONS[encapsulation].route.gateway === "Vtep") return this.owner.vteps[version]?.address;
    return encapsulation === "None" ? this.owner.addresses[version]?.text : outerAddress(this.owner, from, version);
  }

  private newRoute(encapsulation: Encapsulation, from: Host, underlayMtu: number, limited: boolean): Route {
    const { version } = this.pool;
    const { devices, route } = ENCAPSULATIONS[encapsulation];
    const { proto } = route;
    const dev = devices[version];
    const common = { dst: this.dst, type: "unicast", ...(version === 6 && { metric: METRIC_V6 }) } as const;
    const mtu = route.mtu === "Always" || limited ? { mtu: underlayMtu - overhead(encapsulation, version) } : {};
    if (encapsulation !== "None" && this.isVtep) return { ...common, dev, proto, onlink: false, scope: "link", ...mtu };
    return { ...common, via: this.gateway(encapsulation, from), dev, proto, onlink: true, ...mtu };
  }

  /**
   * On the owner itself: what no workload of the block answers to is dropped, not sent up the default route and back.
   */
  get blackhole(): Route | undefined {
    if (!this.block || this.single) return undefined;
    return {
      dst: this.dst,
      type: "blackhole",
      proto: ENCAPSULATIONS.None.route.proto,
      onlink: false,
      ...(this.pool.version === 6 && { metric: METRIC_V6 }),
    };
  }
}
