import { formatAddress, type IpVersion } from "../ippool/cidr";
import type { Destination } from "./destination";
import { ENCAPSULATIONS, encapsulationBetween, mapTunnelKinds, PATH_ENDS, type PathEnd } from "./encapsulation";
import { type Host, pathEnd } from "./host";
import type { Model } from "./model";
import type { Encapsulation, TunnelKind } from "../ippool/pool-mode";

/** A node looking at the others: what it can send with, and whom it takes for neighbours. */
export class Viewer {
  private readonly neighbours: Readonly<Record<IpVersion, (host: number) => boolean>>;
  private readonly ends: Readonly<Record<Encapsulation, Readonly<Record<IpVersion, PathEnd>>>>;

  /**
   * Every pair of nodes asks, and there are few answers: by the number of the pool, whether the subnet is the same, and
   * the number of the receiver's end.
   */
  private readonly decisions: readonly Readonly<
    Record<"inSubnet" | "outside", readonly (Encapsulation | undefined)[]>
  >[];

  constructor(
    readonly model: Model,
    readonly host: Host,
  ) {
    this.neighbours = { 4: model.view.neighboursOf(host, 4), 6: model.view.neighboursOf(host, 6) };
    const ends = (kind: Encapsulation) => ({ 4: this.end(kind, 4), 6: this.end(kind, 6) });
    this.ends = { None: ends("None"), ...mapTunnelKinds(ends) };
    this.decisions = model.pools.map((pool) => {
      const from = this.ends[pool.encapsulation][pool.version];
      const to = (sameSubnet: boolean) => PATH_ENDS.map((end) => encapsulationBetween(pool, from, end, sameSubnet));
      return { inSubnet: to(true), outside: to(false) };
    });
  }

  /** A node has a device where some pool asks for it and it has what such a tunnel needs at the sender. */
  private end(kind: Encapsulation, version: IpVersion): PathEnd {
    const end = pathEnd(this.host, kind, version);
    const wanted = kind !== "None" && this.model.devices.has(`${kind}${version}`);
    return { ...end, tunnel: wanted && end.tunnel && end[ENCAPSULATIONS[kind].sender] };
  }

  hasDevice(kind: TunnelKind, version: IpVersion): boolean {
    return this.ends[kind][version].tunnel;
  }

  isNeighbour(host: Host, version: IpVersion): boolean {
    return this.neighbours[version](host.index);
  }

  /** How packets get to a destination of another node; undefined where this node has no route to it. */
  encapsulationTo(destination: Destination): Encapsulation | undefined {
    const { owner, pool } = destination;
    if (destination.workloadOn.size > 0 && destination.workloadOn.has(this.host.index)) return undefined;
    const sameSubnet = pool.crossSubnet && this.neighbours[pool.version](owner.index);
    const decisions = this.decisions[pool.number];
    const encapsulation = (sameSubnet ? decisions?.inSubnet : decisions?.outside)?.[destination.end];
    if (encapsulation === undefined || !this.model.ambiguous.has(owner.index)) return encapsulation;
    // The kernel refuses a route through an address of its own.
    const gateway = destination.gateway(encapsulation, this.host);
    return gateway !== undefined && this.host.own.has(gateway) ? undefined : encapsulation;
  }

  /**
   * The router of the viewer's subnet, where packets to a destination go by way of it: the first address after the
   * subnet's own (VPC User Guide, "Subnet sizing").
   */
  routerTo({ owner, pool }: Destination): string | undefined {
    const { topology } = this.model;
    if (topology.viaVpcRouter !== true || pool.encapsulation !== "None" || pool.version !== 4) return undefined;
    const own = this.host.addresses[4];
    if (
      own === undefined ||
      owner.network !== this.host.network ||
      topology.nodes[owner.index]?.network === undefined ||
      this.neighbours[4](owner.index)
    )
      return undefined;
    return formatAddress({ version: 4, value: own.subnet.first + 1n });
  }
}
