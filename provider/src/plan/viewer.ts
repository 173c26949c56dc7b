import { formatAddress, type IpVersion } from "../ippool/cidr";
import type { Destination } from "./destination";
import type { Host } from "./host";
import type { Model } from "./model";
import type { Encapsulation } from "./encapsulation";

/** A node looking at the others: what it can send with, and whom it takes for neighbours. */
export class Viewer {
  /** Whether it knows its own interface for IP in IP and unencapsulated routes. */
  private readonly complete: Readonly<Record<IpVersion, boolean>>;
  private readonly vxlan: Readonly<Record<IpVersion, boolean>>;
  private readonly neighbours: Readonly<Record<IpVersion, (host: number) => boolean>>;
  readonly hasIpip: boolean;

  constructor(
    readonly model: Model,
    readonly host: Host,
  ) {
    this.complete = { 4: host.addresses[4]?.complete ?? false, 6: host.addresses[6]?.complete ?? false };
    this.vxlan = { 4: this.hasVtep(4), 6: this.hasVtep(6) };
    this.neighbours = { 4: model.view.neighboursOf(host, 4), 6: model.view.neighboursOf(host, 6) };
    this.hasIpip = model.devices.has("IPIP4") && host.ipipTunnelAddr !== undefined && this.complete[4];
  }

  private hasVtep(version: IpVersion): boolean {
    return this.model.devices.has(`VXLAN${version}`) && this.host.vteps[version] !== undefined;
  }

  hasVxlan(version: IpVersion): boolean {
    return this.vxlan[version];
  }

  isNeighbour(host: Host, version: IpVersion): boolean {
    return this.neighbours[version](host.index);
  }

  /**
   * How packets get to a destination of another node; undefined where this node has no route to it. Rules:
   * felix/calc/l3_route_resolver.go for the subnet, felix/dataplane/linux/{ipip,vxlan,noencap}_mgr.go for what either
   * end must have.
   */
  encapsulationTo(destination: Destination): Encapsulation | undefined {
    const { owner, pool } = destination;
    if (destination.workloadOn.size > 0 && destination.workloadOn.has(this.host.index)) return undefined;
    const encapsulation = this.encapsulation(destination);
    if (encapsulation === undefined || !this.model.ambiguous.has(owner.index)) return encapsulation;
    // The kernel refuses a route through an address of its own.
    const gateway =
      encapsulation === "VXLAN" ? owner.vteps[pool.version]?.address : owner.addresses[pool.version]?.text;
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

  private encapsulation(destination: Destination): Encapsulation | undefined {
    const { owner, pool } = destination;
    const { version } = pool;
    switch (pool.encapsulation) {
      case "None":
        return this.complete[version] && owner.addresses[version] !== undefined ? "None" : undefined;
      case "IPIP":
        if (pool.crossSubnet && this.complete[4] && this.neighbours[4](owner.index)) return "None";
        return this.hasIpip && owner.addresses[4]?.complete === true ? "IPIP" : undefined;
      case "VXLAN":
        if (!this.vxlan[version]) return undefined;
        if (pool.crossSubnet && this.neighbours[version](owner.index)) return "None";
        return destination.isVtep || owner.vteps[version] !== undefined ? "VXLAN" : undefined;
    }
  }
}
