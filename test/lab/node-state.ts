import type { NodePlan } from "../../provider/src/plan/node-plan";
import type { Route } from "../../provider/src/plan/linux-state";

/** Prints what a node's Linux holds, one JSON document a line; run as root. */
export const STATE_SCRIPT = [
  "ip -j -d link show",
  "ip -j -4 address show",
  "ip -j route show table main",
  "ip -j neigh show nud permanent",
  "bridge -j fdb show",
  "nft -j list ruleset",
]
  .map((command) => `echo "$(${command})"`)
  .join("; ");

type Row = Readonly<Record<string, unknown>>;
interface Link extends Row {
  readonly ifname: string;
  readonly ifalias?: string;
  readonly mtu: number;
  readonly address?: string;
  readonly operstate: string;
  readonly flags: readonly string[];
  readonly linkinfo?: {
    readonly info_kind: string;
    readonly info_data?: {
      readonly id?: number;
      readonly port?: number;
      readonly local?: string;
      readonly learning?: boolean;
    };
  };
}

/**
 * What a node holds that its plan does not say, and what it lacks, a line each: devices, addresses, routes, neighbours,
 * FDB entries, and the filter's sets and tunnel rules. Empty when Linux holds just the plan.
 */
export function differences(plan: NodePlan, printed: string): string[] {
  const [links, addresses, routes, neighbours, fdb, ruleset] = printed
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line || "[]") as unknown) as [
    readonly Link[],
    readonly {
      readonly ifname: string;
      readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[];
    }[],
    readonly Row[],
    readonly Row[],
    readonly Row[],
    { readonly nftables: readonly Readonly<Record<string, Row>>[] },
  ];
  const parent = addresses.find(({ addr_info }) => addr_info.some(({ local }) => local === plan.ip))?.ifname ?? "none";
  const tunnels = ["tunl0", "vxlan.calico", "vxlan-v6.calico"];
  const ours = links.filter(
    ({ ifname, ifalias }) => ifalias === "overlaynet" || (tunnels.includes(ifname) && ifname !== "tunl0"),
  );
  const addressesOf = (name: string): string =>
    addresses
      .filter(({ ifname }) => ifname === name)
      .flatMap(({ addr_info }) => addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`))
      .join(" ");

  const wantedLinks = [
    ...(plan.ipip === undefined ? [] : [`tunl0 up mtu ${plan.ipip.mtu} ${plan.ipip.address}/32`]),
    ...(plan.vxlan === undefined
      ? []
      : [
          `vxlan.calico up mtu ${plan.vxlan.mtu} ${plan.vxlan.address}/32 ${plan.vxlan.mac} id ${plan.vxlan.vni} port ${plan.vxlan.port} local ${plan.vxlan.local} nolearning`,
        ]),
  ];
  const seenLinks = ours.map((link) => {
    const data = link.linkinfo?.info_data ?? {};
    const vxlan =
      link.ifname === "tunl0"
        ? ""
        : ` ${link.address} id ${data.id} port ${data.port} local ${data.local} ${data.learning === false ? "nolearning" : "learning"}`;
    return `${link.ifname} ${link.flags.includes("UP") ? "up" : "down"} mtu ${link.mtu} ${addressesOf(link.ifname)}${vxlan}`;
  });
  // The kernel's own tunl0 stays, without an address and down.
  const idle = links.find(({ ifname }) => ifname === "tunl0");
  if (plan.ipip === undefined && idle !== undefined && (idle.flags.includes("UP") || addressesOf("tunl0") !== ""))
    seenLinks.push("tunl0 in use");

  const route = ({ dst, type, via, dev, proto, scope, onlink, mtu }: Route): string =>
    [
      type === "blackhole" ? "blackhole" : "",
      dst,
      via ?? "",
      dev === "eth0" ? parent : (dev ?? ""),
      `proto ${proto}`,
      scope === "link" ? "link" : "",
      onlink ? "onlink" : "",
      mtu ?? "",
    ]
      .join(" ")
      .replaceAll(/ +/g, " ")
      .trim();
  const isOurs = (row: Row): boolean => row["protocol"] === "80" || tunnels.includes(String(row["dev"]));
  const seenRoutes = routes.filter(isOurs).map((row) => {
    const metrics = row["metrics"] as readonly { readonly mtu?: number }[] | undefined;
    const protocol = row["protocol"] === undefined || row["protocol"] === "boot" ? 3 : row["protocol"];
    const flags = row["flags"] as readonly string[];
    const blackhole = row["type"] === "blackhole";
    return [
      blackhole ? "blackhole" : "",
      row["dst"],
      row["gateway"] ?? "",
      blackhole ? "" : row["dev"],
      `proto ${String(protocol)}`,
      row["scope"] === "link" ? "link" : "",
      flags.includes("onlink") ? "onlink" : "",
      metrics?.[0]?.mtu ?? "",
    ]
      .join(" ")
      .replaceAll(/ +/g, " ")
      .trim();
  });

  const sets = new Map<string, string[]>();
  const rules: string[] = [];
  for (const entry of ruleset.nftables) {
    const set = entry["set"];
    if (set !== undefined && set["table"] === "overlaynet")
      sets.set(String(set["name"]), ((set["elem"] ?? []) as readonly unknown[]).map(element).sort());
    const rule = entry["rule"];
    if (rule !== undefined && rule["table"] === "overlaynet" && rule["chain"] === "input")
      rules.push(JSON.stringify(rule["expr"]).includes("vxlan") ? "jump vxlan" : "jump ipip");
  }
  const single = (text: string): string => text.replace(/\/32$/, "");
  const set = (name: string, wanted: readonly string[]): string[] =>
    compare(`set ${name}`, [...new Set(wanted.map(single))], sets.get(name) ?? []);

  return [
    ...compare("link", wantedLinks, seenLinks),
    ...compare(
      "route",
      plan.routes.filter(({ dst }) => !dst.includes(":")).map((each) => route({ ...each, dst: single(each.dst) })),
      seenRoutes,
    ),
    ...compare(
      "neigh",
      plan.neighbours.map(({ ip, mac, dev }) => `${ip} ${mac} ${dev}`),
      neighbours
        .filter(({ dev }) => tunnels.includes(String(dev)))
        .map((row) => `${String(row["dst"])} ${String(row["lladdr"])} ${String(row["dev"])}`),
    ),
    ...compare(
      "fdb",
      plan.fdb.map(({ mac, dev, dst }) => `${mac} ${dev} ${dst}`),
      fdb
        .filter(({ ifname, dst }) => tunnels.includes(String(ifname)) && dst !== undefined)
        .map((row) => `${String(row["mac"])} ${String(row["ifname"])} ${String(row["dst"])}`),
    ),
    ...compare(
      "rule",
      [...(plan.ipip === undefined ? [] : ["jump ipip"]), ...(plan.vxlan === undefined ? [] : ["jump vxlan"])],
      rules,
    ),
    ...set("ipip_members", plan.ipipMembers),
    ...set("vxlan_members", plan.vxlanMembers),
    ...set("all_pools", plan.allPools),
    ...set("masquerade_pools", plan.masqueradePools),
    ...set(
      "own_blocks",
      plan.workloadBlocks.map(({ cidr }) => cidr),
    ),
  ];
}

function compare(what: string, wanted: readonly string[], seen: readonly string[]): string[] {
  return [
    ...wanted.filter((each) => !seen.includes(each)).map((each) => `lacks ${what} ${each}`),
    ...seen.filter((each) => !wanted.includes(each)).map((each) => `has ${what} ${each}`),
  ];
}

/** An element as nft's JSON has it: an address, or a prefix. */
function element(value: unknown): string {
  if (typeof value === "string") return value;
  const prefix = (value as { readonly prefix?: { readonly addr: string; readonly len: number } }).prefix;
  return prefix === undefined ? JSON.stringify(value) : `${prefix.addr}/${prefix.len}`;
}
