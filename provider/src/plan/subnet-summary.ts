import type { Host } from "./host";
import { type Model, modelOf } from "./model";
import { pathsBetween } from "./paths";
import type { Topology } from "./topology";
import { Viewer } from "./viewer";

/** Lines that a preview shows before it counts the rest. */
const SHOWN = 20;

/** Hosts that send and are sent to alike: of one subnet, with blocks of the same pools and the same tunnels. */
interface Alike {
  readonly subnet: string;
  readonly hosts: readonly Host[];
}

/**
 * How packets go, a line for each pair of subnets: what a person wants to see of n times n paths. One pair of hosts
 * stands for all that are alike.
 */
export function summaryOf(topology: Topology): string {
  const model = modelOf(topology);
  const groups = alike(model);
  const ways = new Map<string, Map<string, Set<string>>>();
  for (const from of groups) {
    for (const to of groups) {
      const [sender, receiver] = [from.hosts[0], to.hosts.find((host) => host !== from.hosts[0])];
      if (sender === undefined || receiver === undefined) continue;
      for (const path of pathsBetween(new Viewer(model, sender), receiver)) {
        const [one, other] = [from.subnet, to.subnet].sort();
        const pair = from.subnet === to.subnet ? `inside ${one}` : `${one} - ${other}`;
        const way = `${path.encapsulation === "None" ? "not encapsulated" : path.encapsulation}, ${path.mtu} bytes`;
        const pools = ways.get(pair) ?? new Map<string, Set<string>>();
        ways.set(pair, pools.set(way, (pools.get(way) ?? new Set()).add(path.pool)));
      }
    }
  }
  const lines = [...ways].map(
    ([pair, found]) => `  ${pair}: ${[...found].map(([way, pools]) => `${way} (${[...pools].join(", ")})`).join("; ")}`,
  );
  const hosts = `${model.hosts.length} nodes in ${new Set(groups.map(({ subnet }) => subnet)).size} subnets`;
  const rest = lines.length > SHOWN ? [`  and ${lines.length - SHOWN} more pairs of subnets`] : [];
  return [`${hosts}; packets between workloads go`, ...lines.slice(0, SHOWN), ...rest].join("\n");
}

function alike(model: Model): readonly Alike[] {
  const groups = Map.groupBy(model.hosts, (host) => {
    const pools = new Set((model.destinations[host.index] ?? []).map(({ pool }) => pool.number));
    return JSON.stringify([subnetOf(model, host), [...pools], Object.values(host.tunnels).map(Object.keys)]);
  });
  return [...groups.values()].flatMap((hosts) =>
    hosts[0] === undefined ? [] : [{ subnet: subnetOf(model, hosts[0]), hosts }],
  );
}

function subnetOf(model: Model, host: Host): string {
  const subnet = host.addresses[4]?.subnetText ?? host.addresses[6]?.subnetText ?? "an unknown subnet";
  const network = model.mtus.networks[host.network];
  return network === undefined ? subnet : `${network} ${subnet}`;
}
