import type { FdbEntry, Neighbour, Route } from "./node-plan";

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
