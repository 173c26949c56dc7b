import { interfaceIndex } from "./names";
import {
  type Address,
  type Link,
  MAIN_TABLE,
  type Namespace,
  type Neighbour,
  type NftTable,
  type Route,
  type Rule,
} from "./namespace";
import { type Observed, RULE_PRIORITY } from "./observed";

/** A table for `nft -f`: the new one in place of the old in one transaction. One without a body is not to be there. */
export function nftScript({ family, name, body }: NftTable): string {
  const gone = `table ${family} ${name}\ndelete table ${family} ${name}\n`;
  return body.length === 0
    ? gone
    : `${gone}table ${family} ${name} {\n${body.map((line) => `  ${line}\n`).join("")}}\n`;
}

/**
 * Lines for `ip -batch` that remove devices.
 *
 * @param expected names of all devices that may be there: ends of other namespaces' wires too
 */
export function surplusLinkCommands(observed: Observed, expected: ReadonlySet<string>): string[] {
  return observed.links.filter((name) => !expected.has(name)).map((name) => `link delete dev ${name}`);
}

/**
 * Packets that wait for a node which has no processor for a moment: its kernel shares this machine's with all others.
 */
const TAP_QUEUE = 10_000;

/** Lines for `ip -batch` that make a namespace's own devices, in it. */
export function linkCommands(namespace: Namespace, observed: Observed): string[] {
  const missing = namespace.links.filter(({ name }) => !observed.links.includes(name));
  return [
    ...missing.map(add),
    ...(observed.links.length === 0 ? ["link set dev lo up"] : []),
    // Also those that were there: a run that was killed may have left them half made.
    ...namespace.links.map(
      (link) =>
        `link set dev ${link.name} mtu ${link.mtu}${link.kind === "tap" ? ` txqueuelen ${TAP_QUEUE}` : ""}${link.kind !== "bridge" && link.master !== undefined ? ` master ${link.master}` : ""} up`,
    ),
  ];
}

function add(link: Link): string {
  switch (link.kind) {
    case "bridge":
      return `link add name ${link.name} mtu ${link.mtu} address ${link.mac} type bridge stp_state 0 forward_delay 0 mcast_snooping 0`;
    case "tap":
      return `tuntap add dev ${link.name} mode tap`;
    case "veth": {
      const { peer } = link;
      return `link add name ${link.name} index ${interfaceIndex(link.name)} mtu ${link.mtu} address ${link.mac} type veth peer name ${peer.name} mtu ${link.mtu} address ${peer.mac} netns ${peer.namespace}`;
    }
  }
}

/** Lines for `ip -batch` that take the ends of other namespaces' wires into use, in the namespace they lead to. */
export function peerCommands(namespace: string, owners: readonly Namespace[]): string[] {
  return owners.flatMap(({ links }) =>
    links.flatMap((link) => {
      if (link.kind !== "veth" || link.peer.namespace !== namespace) return [];
      return [
        `link set dev ${link.peer.name} mtu ${link.mtu}${link.peer.master === undefined ? "" : ` master ${link.peer.master}`} up`,
      ];
    }),
  );
}

/**
 * Lines for `ip -batch` that bring addresses, neighbours, rules and routes in line; what is right already is not
 * touched.
 */
export function routingCommands(namespace: Namespace, observed: Observed): string[] {
  const addresses = difference(namespace.addresses, observed.addresses, ({ dev, address }) => `${dev} ${address}`);
  const neighbours = difference(namespace.neighbours, observed.neighbours, neighbourKey);
  const rules = difference(namespace.rules, observed.rules, ({ iif, table }) => `${iif} ${table}`);
  const routes = difference(namespace.routes, observed.routes, routeWords);
  const wanted = new Set(namespace.routes.map(routeKey));
  // A deleted device took its addresses and routes along, and routes to it may be gone when their turn comes.
  const devices = new Set([
    "lo",
    ...namespace.links.map(({ name }) => name),
    ...namespace.neighbours.map(({ dev }) => dev),
  ]);
  const stillThere = ({ via }: Route): boolean => via === "blackhole" || devices.has(via.dev);
  return [
    ...addresses.surplus
      .filter(({ dev }) => devices.has(dev))
      .map(({ dev, address }) => `address delete ${address} dev ${dev}`),
    ...addresses.missing.map(addressCommand),
    ...namespace.neighbours.map(
      ({ dev, address, mac }) => `neighbour replace ${address} lladdr ${mac} dev ${dev} nud permanent`,
    ),
    ...neighbours.surplus
      .filter(({ dev }) => devices.has(dev))
      .map(({ dev, address }) => `neighbour delete ${address} dev ${dev}`),
    ...routes.missing.map((route) => `route replace ${routeWords(route)}`),
    ...routes.surplus
      .filter((route) => !wanted.has(routeKey(route)) && stillThere(route))
      .map((route) => `route delete ${routeWords(route)}`),
    ...rules.missing.map((rule) => `rule add ${ruleWords(rule)}`),
    ...rules.surplus.map((rule) => `rule delete ${ruleWords(rule)}`),
  ];
}

function addressCommand({ dev, address }: Address): string {
  return `address replace ${address} dev ${dev}`;
}

/** A neighbour with another MAC address takes the place of the old one. */
function neighbourKey({ dev, address }: Neighbour): string {
  return `${dev} ${address}`;
}

function ruleWords({ iif, table }: Rule): string {
  return `iif ${iif} lookup ${table} priority ${RULE_PRIORITY}`;
}

function routeKey({ table, destination }: Route): string {
  return `${table} ${destination}`;
}

function routeWords({ table, destination, via }: Route): string {
  const where = table === MAIN_TABLE ? "" : ` table ${table}`;
  if (via === "blackhole") return `blackhole ${destination}${where} proto static`;
  const gateway = via.gateway === undefined ? " scope link" : ` via ${via.gateway}`;
  return `${destination}${gateway} dev ${via.dev}${via.gateway === undefined ? "" : " onlink"}${where} proto static${via.source === undefined ? "" : ` src ${via.source}`}${via.mtu === undefined ? "" : ` mtu ${via.mtu}`}`;
}

function difference<T>(
  wanted: readonly T[],
  there: readonly T[],
  key: (item: T) => string,
): { missing: T[]; surplus: T[] } {
  const has = new Set(there.map(key));
  const wants = new Set(wanted.map(key));
  return {
    missing: wanted.filter((item) => !has.has(key(item))),
    surplus: there.filter((item) => !wants.has(key(item))),
  };
}
