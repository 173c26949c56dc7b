import assert from "node:assert/strict";
import * as fc from "fast-check";
import { linkCommands, peerCommands, routingCommands, surplusLinkCommands } from "../../../lab/src/fabric/commands";
import { fabricOf } from "../../../lab/src/fabric/model";
import type { Namespace, Route, Rule } from "../../../lab/src/fabric/namespace";
import { nothing, type Observed, parseObserved } from "../../../lab/src/fabric/observed";
import { CloudRecords } from "../../support/cloud-records";

const empty: Namespace = {
  name: "lab-0-vpc-a",
  sysctls: {},
  tables: [],
  links: [],
  addresses: [],
  neighbours: [],
  rules: [],
  routes: [],
};

const device = fc.constantFrom("s-1", "s-2", "p-1");
const route: fc.Arbitrary<Route> = fc.record({
  table: fc.constantFrom(254, 1000, 70000),
  destination: fc.constantFrom("0.0.0.0/0", "10.1.0.0/16", "10.1.1.0/24", "192.0.2.1/32"),
  via: fc.oneof(
    fc.constant("blackhole" as const),
    fc.record({ dev: device }),
    fc.record({ dev: device, gateway: fc.constant("169.254.0.1") }),
  ),
});
const routes = fc.uniqueArray(route, { selector: ({ table, destination }) => `${table} ${destination}` });
const rules: fc.Arbitrary<Rule[]> = fc.uniqueArray(fc.record({ iif: device, table: fc.constantFrom(1000, 70000) }), {
  selector: ({ iif }) => iif,
});
const neighbours = ["s-1", "s-2", "p-1"].map((dev) => ({ dev, address: "169.254.0.1", mac: "02:00:00:00:00:01" }));

/**
 * What the kernel has after the commands, as far as routes and rules go: replace sets, delete removes what is there,
 * nothing else.
 */
function applied(
  before: { routes: readonly Route[]; rules: readonly Rule[] },
  commands: readonly string[],
): { routes: Map<string, string>; rules: string[] } {
  const words = ({ table, destination, via }: Route): [string, string] => [
    `${table} ${destination}`,
    via === "blackhole" ? via : `${via.dev} ${via.gateway ?? ""}`,
  ];
  const kernel = new Map(before.routes.map(words));
  const ruled = before.rules.map(({ iif, table }) => `${iif} ${table}`);
  for (const command of commands) {
    const asRoute = /^route (replace|delete) (blackhole )?(\S+)/.exec(command);
    if (asRoute) {
      const key = `${/ table (\d+)/.exec(command)?.[1] ?? "254"} ${asRoute[3]}`;
      const value = asRoute[2]
        ? "blackhole"
        : `${/ dev (\S+)/.exec(command)?.[1]} ${/ via (\S+)/.exec(command)?.[1] ?? ""}`;
      if (asRoute[1] === "replace") kernel.set(key, value);
      else assert.ok(kernel.get(key) === value && kernel.delete(key), `${command}: no such route`);
    }
    const asRule = /^rule (add|delete) iif (\S+) lookup (\d+)/.exec(command);
    if (asRule) {
      const rule = `${asRule[2]} ${asRule[3]}`;
      if (asRule[1] === "add") ruled.push(rule);
      else assert.ok(ruled.includes(rule) && ruled.splice(ruled.indexOf(rule), 1), `${command}: no such rule`);
    }
  }
  return { routes: kernel, rules: ruled.sort() };
}

describe("commands that bring a namespace in line", () => {
  it("lead from any routes and rules to any others, and change nothing that is right", () => {
    fc.assert(
      fc.property(routes, rules, routes, rules, (oldRoutes, oldRules, newRoutes, newRules) => {
        const wanted: Namespace = { ...empty, neighbours, routes: newRoutes, rules: newRules };
        const there: Observed = { ...nothing, routes: oldRoutes, rules: oldRules };
        const goal = applied({ routes: newRoutes, rules: newRules }, []);
        assert.deepEqual(applied(there, routingCommands(wanted, there)), goal);
        const changing = (commands: readonly string[]): string[] =>
          commands.filter((command) => !command.startsWith("neighbour replace"));
        assert.deepEqual(changing(routingCommands(wanted, { ...nothing, routes: newRoutes, rules: newRules })), []);
      }),
    );
  });

  it("leave alone routes of devices that are gone: the kernel took them along", () => {
    const there: Observed = { ...nothing, routes: [{ table: 1000, destination: "10.1.1.0/24", via: { dev: "s-9" } }] };
    assert.deepEqual(routingCommands(empty, there), []);
  });

  it("forget neighbours that are gone, and no others", () => {
    const [kept, gone, elsewhere] = ["10.1.1.11", "10.1.1.12", "10.1.1.13"].map((address, i) => ({
      dev: i === 2 ? "s-9" : "s-1",
      address,
      mac: `0a:00:0a:01:01:${11 + i}`,
    }));
    assert.ok(kept && gone && elsewhere);
    const there: Observed = { ...nothing, neighbours: [{ ...kept, mac: "0a:00:00:00:00:00" }, gone, elsewhere] };
    assert.deepEqual(routingCommands({ ...empty, neighbours: [kept] }, there), [
      "neighbour replace 10.1.1.11 lladdr 0a:00:0a:01:01:11 dev s-1 nud permanent",
      "neighbour delete 10.1.1.12 dev s-1",
    ]);
  });

  it("remove devices that nobody expects, and no others", () => {
    assert.deepEqual(surplusLinkCommands({ ...nothing, links: ["s-1", "c-1", "c-2"] }, new Set(["s-1", "c-1"])), [
      "link delete dev c-2",
    ]);
  });

  it("make a card in order: bridge, tap, wire, and then its end in the VPC", () => {
    const namespaces = fabricOf(
      "lab-0-",
      new CloudRecords()
        .vpc("a", "10.1.0.0/16")
        .subnet("a1", "a", "10.1.1.0/24")
        .instance("a1", "a", "a1", "10.1.1.4")
        .list(),
    );
    const card = namespaces.find(({ name }) => name === "lab-0-eni-a1");
    assert.ok(card);
    const commands = linkCommands(card, nothing);
    assert.deepEqual(
      commands.map((command) => command.replace(/ (?:index|address) \S+/g, "")),
      [
        "link add name br0 mtu 9001 type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
        "tuntap add dev gst mode tap",
        "link add name fab mtu 9001 type veth peer name c-a1 mtu 9001 netns lab-0-vpc-a",
        "link set dev lo up",
        "link set dev br0 mtu 9001 up",
        "link set dev gst mtu 9001 txqueuelen 10000 master br0 up",
        "link set dev fab mtu 9001 master br0 up",
      ],
    );
    assert.deepEqual(peerCommands("lab-0-vpc-a", [card]), ["link set dev c-a1 mtu 9001 master s-a1 up"]);
    assert.deepEqual(
      linkCommands(card, { ...nothing, links: ["br0", "gst", "fab"] }).filter((command) => command.includes(" add ")),
      [],
    );
  });
});

describe("what ip says of a namespace", () => {
  it("is read as routes and rules of the fabric, without the kernel's own", () => {
    const addresses = `[{"ifname":"lo","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"254"},{"family":"inet","local":"198.51.100.1","prefixlen":32,"scope":"0"}]},{"ifname":"b0","addr_info":[{"family":"inet","local":"10.1.1.1","prefixlen":24,"scope":"0"}]},{"link":"w2","ifname":"w","addr_info":[]}]`;
    const ruleJson = `[{"priority":0,"src":"all","table":"255"},{"priority":100,"src":"all","iif":"b0","table":"70000"},{"priority":32766,"src":"all","table":"254"}]`;
    const routeJson = `[{"type":"6","dst":"default","table":"70000","protocol":"4","flags":[]},{"dst":"10.2.0.0/16","gateway":"169.254.0.1","dev":"w","table":"70000","protocol":"4","flags":["onlink"]},{"dst":"203.0.113.1","dev":"w","protocol":"4","prefsrc":"198.51.100.1","flags":[],"metrics":[{"mtu":8500}]},{"dst":"10.1.1.0/24","dev":"b0","protocol":"2","scope":"253","prefsrc":"10.1.1.1","flags":[]}]`;
    const neighbourJson = `[{"dst":"169.254.0.1","dev":"w","lladdr":"02:00:00:00:00:01","state":["PERMANENT"]}]`;
    assert.deepEqual(parseObserved([addresses, ruleJson, routeJson, neighbourJson]), {
      links: ["b0", "w"],
      addresses: [
        { dev: "lo", address: "198.51.100.1/32" },
        { dev: "b0", address: "10.1.1.1/24" },
      ],
      neighbours: [{ dev: "w", address: "169.254.0.1", mac: "02:00:00:00:00:01" }],
      rules: [{ iif: "b0", table: 70000 }],
      routes: [
        { table: 70000, destination: "0.0.0.0/0", via: "blackhole" },
        { table: 70000, destination: "10.2.0.0/16", via: { dev: "w", gateway: "169.254.0.1" } },
        { table: 254, destination: "203.0.113.1/32", via: { dev: "w", source: "198.51.100.1", mtu: 8500 } },
      ],
    });
  });

  it("may be nothing at all", () => assert.deepEqual(parseObserved(["", "", "", ""]), nothing));
});
