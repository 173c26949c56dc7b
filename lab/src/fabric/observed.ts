import { type Address, MAIN_TABLE, type Neighbour, type Route, type Rule } from "./namespace";

/** What a namespace holds now, as far as it is the fabric's to change. */
export interface Observed {
  readonly links: readonly string[];
  readonly addresses: readonly Address[];
  /** Permanent ones: the others are what the kernel has found out. */
  readonly neighbours: readonly Neighbour[];
  readonly rules: readonly Rule[];
  /** Routes that were given (`proto static`), not those that come with addresses. */
  readonly routes: readonly Route[];
}

export const nothing: Observed = { links: [], addresses: [], neighbours: [], rules: [], routes: [] };

/** The priority of the fabric's rules: after the kernel's local table, before its main one. */
export const RULE_PRIORITY = 100;

/** Commands whose output {@link parseObserved} reads, each one line of JSON. */
export function observeCommands(namespace: string): string[] {
  return ["address show", "-4 rule show", "-4 route show table all", "-4 neighbour show nud permanent"].map(
    (what) => `ip -N -j -n ${namespace} ${what}`,
  );
}

/** Reads the output of the commands above. */
export function parseObserved(json: readonly string[]): Observed {
  const [devices = [], rules = [], routes = [], neighbours = []] = json.map(objects);
  const links = devices.filter((device) => device["ifname"] !== "lo");
  return {
    links: links.map((device) => String(device["ifname"])),
    addresses: devices.flatMap((device) =>
      list(device["addr_info"])
        .filter((info) => info["family"] === "inet" && info["scope"] !== "254")
        .map((info) => ({
          dev: String(device["ifname"]),
          address: `${String(info["local"])}/${String(info["prefixlen"])}`,
        })),
    ),
    neighbours: neighbours.map(({ dev, dst, lladdr }) => ({
      dev: String(dev),
      address: String(dst),
      mac: String(lladdr),
    })),
    rules: rules
      .filter((rule) => rule["priority"] === RULE_PRIORITY)
      .map((rule) => ({ iif: String(rule["iif"]), table: Number(rule["table"]) })),
    routes: routes.filter((route) => route["protocol"] === STATIC_PROTOCOL).map(parseRoute),
  };
}

/** RTPROT_STATIC, as `ip -N` prints it. */
const STATIC_PROTOCOL = "4";
/** RTN_BLACKHOLE, as `ip -N` prints it. */
const BLACKHOLE_TYPE = "6";

function parseRoute(route: Readonly<Record<string, unknown>>): Route {
  const { dst, type, dev, gateway, prefsrc } = route;
  const destination = dst === "default" ? "0.0.0.0/0" : String(dst).includes("/") ? String(dst) : `${String(dst)}/32`;
  const table = route["table"] === undefined ? MAIN_TABLE : Number(route["table"]);
  if (type === BLACKHOLE_TYPE) return { table, destination, via: "blackhole" };
  return {
    table,
    destination,
    via: {
      dev: String(dev),
      ...(gateway === undefined ? {} : { gateway: String(gateway) }),
      ...(prefsrc === undefined ? {} : { source: String(prefsrc) }),
      ...list(route["metrics"]).reduce((all, { mtu }) => (mtu === undefined ? all : { ...all, mtu: Number(mtu) }), {}),
    },
  };
}

function objects(json: string): Record<string, unknown>[] {
  return list(JSON.parse(json === "" ? "[]" : json));
}

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value)
    ? value.filter((item): item is Record<string, unknown> => typeof item === "object" && item !== null)
    : [];
}
