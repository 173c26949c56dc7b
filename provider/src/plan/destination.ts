import type { Host } from "./host";
import { overhead } from "./mtu";
import { type Encapsulation, IPIP_DEVICE, PARENT_DEVICE, VXLAN_DEVICE, VXLAN_DEVICE_V6 } from "./encapsulation";
import type { Route } from "./linux-state";
import type { PlannedPool } from "./planned-pool";

/**
 * Felix' DefaultRouteProto; and boot, which Felix leaves on routes over a VXLAN device: the device tells that they are
 * its own.
 */
const PROTO_FELIX = 80;
const PROTO_BOOT = 3;
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
  private readonly direct: Route[] = [];
  private readonly tunnelled: Route[] = [];
  private readonly routed = new Map<string, Route[]>();

  constructor(args: DestinationArgs) {
    this.dst = args.dst;
    this.single = args.single;
    this.owner = args.owner;
    this.pool = args.pool;
    this.block = args.block;
    this.tunnelAddress = args.tunnelAddress;
  }

  /**
   * A VXLAN tunnel address that no block of its node covers is on the link of the VXLAN device: it is the VTEP, and has
   * none.
   */
  get isVtep(): boolean {
    return this.pool.encapsulation === "VXLAN" && this.single && this.tunnelAddress;
  }

  /**
   * The route to it, for an MTU of the underlay; `mtuClass` stands for that MTU, and `limited` says that it is less
   * than the interface's.
   */
  route(encapsulation: Encapsulation, mtuClass: number, mtu: number, limited: boolean): Route {
    const routes = encapsulation === "None" ? this.direct : this.tunnelled;
    return (routes[mtuClass] ??= this.newRoute(encapsulation, mtu, limited));
  }

  /** The route to it without encapsulation through a router on the sender's link; nodes of one subnet share it. */
  routeVia(router: string, mtuClass: number, mtu: number, limited: boolean): Route {
    let routes = this.routed.get(router);
    if (routes === undefined) this.routed.set(router, (routes = []));
    return (routes[mtuClass] ??= {
      ...this.newRoute("None", mtu, limited),
      via: router,
      host: this.owner.addresses[this.pool.version]?.text,
    });
  }

  /** Felix' routes: felix/dataplane/linux/{route_mgr,ipip_mgr,vxlan_mgr,noencap_mgr}.go. */
  private newRoute(encapsulation: Encapsulation, underlayMtu: number, limited: boolean): Route {
    const { version } = this.pool;
    const host = this.owner.addresses[version]?.text;
    const mtu = underlayMtu - overhead(encapsulation, version);
    const common = { dst: this.dst, type: "unicast", ...(version === 6 && { metric: METRIC_V6 }) } as const;
    switch (encapsulation) {
      case "None":
        // Felix sets no MTU here: it knows of none but the interface's.
        return { ...common, via: host, dev: PARENT_DEVICE, proto: PROTO_FELIX, onlink: true, ...(limited && { mtu }) };
      case "IPIP":
        return { ...common, via: host, dev: IPIP_DEVICE, proto: PROTO_FELIX, onlink: true, mtu };
      case "VXLAN": {
        const dev = version === 4 ? VXLAN_DEVICE : VXLAN_DEVICE_V6;
        if (this.isVtep) return { ...common, dev, proto: PROTO_BOOT, onlink: false, scope: "link", mtu };
        return { ...common, via: this.owner.vteps[version]?.address, dev, proto: PROTO_BOOT, onlink: true, mtu };
      }
    }
  }

  /**
   * On the owner itself: what no workload of the block answers to is dropped, not sent up the default route and back.
   */
  get blackhole(): Route | undefined {
    if (!this.block || this.single) return undefined;
    return {
      dst: this.dst,
      type: "blackhole",
      proto: PROTO_FELIX,
      onlink: false,
      ...(this.pool.version === 6 && { metric: METRIC_V6 }),
    };
  }
}
