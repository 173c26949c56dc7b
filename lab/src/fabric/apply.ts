import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { run } from "../state/privileged";
import { linkCommands, nftScript, peerCommands, routingCommands, surplusLinkCommands } from "./commands";
import type { Namespace } from "./namespace";
import { nothing, type Observed, observeCommands, parseObserved } from "./observed";

/** Where iproute2 keeps named network namespaces. */
const NETNS_DIRECTORY = "/run/netns";

/** Digests of what was last made of a namespace. It is left alone for as long as they are the same. */
interface Applied {
  /** Of links, addresses, rules, routes. */
  readonly network: string;
  readonly tables: string;
}

/**
 * Makes the machine hold exactly these namespaces among those whose names begin with the prefix. One process each for
 * links, rules and routes of a namespace, none for what has not changed. To be called by one process at a time.
 *
 * @param memory file that remembers what was made
 * @throws when Linux refuses something, naming the namespace; a later call goes on from there
 */
export async function applyFabric(prefix: string, namespaces: readonly Namespace[], memory: string): Promise<void> {
  const remembered = remember(memory);
  if (isInLine(namespaces, remembered, existingNamespaces(prefix))) return;

  mkdirSync(dirname(memory), { recursive: true, mode: 0o700 });
  const sh = shellCommand(memory);
  await run(sh);
  const there = new Set(existingNamespaces(prefix));
  const wanted = new Set(namespaces.map(({ name }) => name));
  const changed = namespaces.filter((namespace) => !isCurrent(namespace, remembered[namespace.name], there));
  const surplus = [...there].filter((name) => !wanted.has(name));

  // Until all is done, what changes is not known to be anything.
  const unchanged = Object.fromEntries(
    Object.entries(remembered).filter(
      ([name]) => wanted.has(name) && !changed.some((namespace) => namespace.name === name),
    ),
  );
  write(memory, unchanged);

  // Before looking: devices go with the namespaces at their other ends.
  if (surplus.length > 0) await run(sh, { stdin: ["set -eu", ...surplus.flatMap(removalCommands), ""].join("\n") });
  const rewired = changed.filter((namespace) => !isWired(namespace, remembered[namespace.name], there));
  const observed = await observe(rewired.filter(({ name }) => there.has(name)));
  const refiltered = changed.filter(
    (namespace) => remembered[namespace.name]?.tables !== digests(namespace).tables || !there.has(namespace.name),
  );
  if (changed.length > 0) await run(sh, { stdin: script({ namespaces, rewired, refiltered, there, observed }) });

  const made = changed.map((namespace): [string, Applied] => [namespace.name, digests(namespace)]);
  write(memory, { ...unchanged, ...Object.fromEntries(made) });
}

/**
 * sh for a script that changes namespaces. It waits for one that a killed process left at work, so that running it
 * without any script tells that nothing changes any more.
 *
 * @param memory as for {@link applyFabric}
 */
export function shellCommand(memory: string): string[] {
  return ["flock", `${memory}.lock`, "sh", "-s"];
}

/** Names of the network namespaces that begin so. */
export function existingNamespaces(prefix: string): string[] {
  return existsSync(NETNS_DIRECTORY)
    ? readdirSync(NETNS_DIRECTORY)
        .filter((name) => name.startsWith(prefix))
        .sort()
    : [];
}

/**
 * Lines for sh that remove a namespace. Its wires go first: their other ends would linger for as long as the kernel
 * cleans up.
 */
export function removalCommands(name: string): string[] {
  return [
    `ip -n ${name} -o link show type veth 2>/dev/null | sed -n 's/^[0-9]*: \\([^:@]*\\).*/link delete dev \\1/p' | ip -n ${name} -force -batch - 2>/dev/null || :`,
    `ip netns delete ${name}`,
  ];
}

function isInLine(
  namespaces: readonly Namespace[],
  remembered: Readonly<Record<string, Applied>>,
  existing: readonly string[],
): boolean {
  const there = new Set(existing);
  return (
    namespaces.length === there.size &&
    namespaces.every((namespace) => isCurrent(namespace, remembered[namespace.name], there))
  );
}

function isCurrent(namespace: Namespace, applied: Applied | undefined, there: ReadonlySet<string>): boolean {
  return isWired(namespace, applied, there) && applied?.tables === digests(namespace).tables;
}

/** A namespace whose wires lead to one that is gone has lost them. */
function isWired(namespace: Namespace, applied: Applied | undefined, there: ReadonlySet<string>): boolean {
  if (!there.has(namespace.name) || applied?.network !== digests(namespace).network) return false;
  return namespace.links.every((link) => link.kind !== "veth" || there.has(link.peer.namespace));
}

function digests({ tables, ...network }: Namespace): Applied {
  const digest = (value: unknown): string =>
    createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 32);
  return { network: digest(network), tables: digest(tables) };
}

async function observe(namespaces: readonly Namespace[]): Promise<Map<string, Observed>> {
  if (namespaces.length === 0) return new Map();
  const perNamespace = observeCommands("").length;
  // A command without results prints nothing at all; its line is still needed.
  const commands = namespaces.flatMap(({ name }) => observeCommands(name)).map((command) => `echo "$(${command})"`);
  const lines = (await run(["sh", "-s"], { stdin: ["set -eu", ...commands, ""].join("\n") })).split("\n");
  return new Map(
    namespaces.map(({ name }, i) => [name, parseObserved(lines.slice(i * perNamespace, (i + 1) * perNamespace))]),
  );
}

interface Change {
  readonly namespaces: readonly Namespace[];
  /** Those whose devices, addresses, rules or routes change. */
  readonly rewired: readonly Namespace[];
  /** Those whose nft tables change. */
  readonly refiltered: readonly Namespace[];
  readonly there: ReadonlySet<string>;
  readonly observed: ReadonlyMap<string, Observed>;
}

/**
 * The whole change as one script for sh. All names and values in it were checked when the records were read.
 * Rules are in place before the first device is.
 */
function script({ namespaces, rewired, refiltered, there, observed }: Change): string {
  const foreign = new Map<string, Set<string>>();
  for (const link of namespaces.flatMap(({ links }) => links)) {
    if (link.kind !== "veth") continue;
    const names = foreign.get(link.peer.namespace) ?? new Set();
    foreign.set(link.peer.namespace, names.add(link.peer.name));
  }
  const seen = (name: string): Observed => observed.get(name) ?? nothing;
  const routed = new Map(
    rewired.map((namespace) => [namespace.name, routingCommands(namespace, seen(namespace.name))]),
  );
  return [
    "set -eu",
    ...rewired.filter(({ name }) => !there.has(name)).map(({ name }) => `ip netns add ${name}`),
    ...refiltered.flatMap(({ name, tables }) =>
      inNamespace(name, "nft -f -", tables.map(nftScript).join("").trimEnd().split("\n")),
    ),
    ...rewired.flatMap((namespace) => {
      const { name, links, sysctls } = namespace;
      const expected = new Set([...links.map((link) => link.name), ...(foreign.get(name) ?? [])]);
      return inNamespace(name, "sh -eu", [
        ...Object.entries(sysctls).map(([path, value]) => sysctl(path, value)),
        // The other end's namespace may have been first.
        ...heredoc("ip -force -batch -", "IP", surplusLinkCommands(seen(name), expected), " 2>/dev/null || :"),
        ...heredoc("ip -batch -", "IP", linkCommands(namespace, seen(name))),
      ]);
    }),
    // Once all wires are there: both their ends, and what leads over them.
    ...namespaces.flatMap(({ name }) =>
      inNamespace(name, "ip -batch -", [...peerCommands(name, rewired), ...(routed.get(name) ?? [])]),
    ),
    "",
  ].join("\n");
}

function inNamespace(name: string, command: string, lines: readonly string[]): string[] {
  return heredoc(
    `nsenter --net=${NETNS_DIRECTORY}/${name} ${command}`,
    "END",
    lines,
    ` || { echo "in namespace ${name}" >&2; exit 1; }`,
  );
}

function heredoc(command: string, end: string, lines: readonly string[], after = ""): string[] {
  return lines.every((line) => line === "") ? [] : [`${command} <<'${end}'${after}`, ...lines, end];
}

function sysctl(path: string, value: string): string {
  const file = `/proc/sys/net/${path}`;
  // A kernel may have no IPv6 at all.
  return path.startsWith("ipv6/") ? `[ ! -e ${file} ] || echo ${value} >${file}` : `echo ${value} >${file}`;
}

function remember(memory: string): Record<string, Applied> {
  if (!existsSync(memory)) return {};
  try {
    // Written by this module alone, by rename.
    return JSON.parse(readFileSync(memory, "utf8")) as Record<string, Applied>;
  } catch {
    return {};
  }
}

function write(memory: string, applied: Readonly<Record<string, Applied>>): void {
  writeFileSync(`${memory}.draft`, JSON.stringify(applied));
  renameSync(`${memory}.draft`, memory);
}
