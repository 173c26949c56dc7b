export interface Route {
  /** CIDR; a single address carries no prefix length, as `ip route` prints it (IPv4), e.g. `10.65.1.0`. */
  readonly dst: string;
  readonly type: "unicast" | "blackhole";
  readonly via?: string;
  /** Address of the node that has the destination, where `via` is a router on the way. */
  readonly host?: string;
  readonly dev?: string;
  /** 80 = Felix' DefaultRouteProto; 3 = boot, as Felix gives VXLAN tunnel routes. */
  readonly proto: number;
  readonly onlink: boolean;
  readonly scope?: "link";
  /** Bytes; absent = not set on the route. */
  readonly mtu?: number;
  readonly metric?: number;
}

export interface Neighbour {
  readonly ip: string;
  readonly mac: string;
  readonly dev: string;
}

export interface FdbEntry {
  readonly mac: string;
  readonly dev: string;
  /** Address of the remote node. */
  readonly dst: string;
}

export interface IpipDevice {
  readonly address: string;
  readonly mtu: number;
}

export interface VxlanDevice {
  readonly name: string;
  readonly vni: number;
  readonly port: number;
  /** The node's own address, the tunnel's outer source. */
  readonly local: string;
  /** The VTEP's address, a /32 (/128). */
  readonly address: string;
  readonly mac: string;
  readonly mtu: number;
}

/** A route in the words of `ip route`, in full: with its prefix length and protocol number. */
export function routeInWords(route: Route): string {
  const dst = route.dst.includes("/") ? route.dst : `${route.dst}/${route.dst.includes(":") ? 128 : 32}`;
  const words = route.type === "blackhole" ? ["blackhole", dst] : [dst];
  if (route.via !== undefined) words.push("via", route.via);
  if (route.dev !== undefined) words.push("dev", route.dev);
  words.push("proto", String(route.proto));
  if (route.scope !== undefined) words.push("scope", route.scope);
  if (route.metric !== undefined) words.push("metric", String(route.metric));
  if (route.onlink) words.push("onlink");
  if (route.mtu !== undefined) words.push("mtu", String(route.mtu));
  return words.join(" ");
}

/** In the words of `ip neighbour`. */
export function neighbourInWords({ ip, mac, dev }: Neighbour): string {
  return `${ip} lladdr ${mac} dev ${dev}`;
}

/** In the words of `bridge fdb`. */
export function fdbInWords({ mac, dev, dst }: FdbEntry): string {
  return `${mac} dev ${dev} dst ${dst}`;
}
