import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Lab, projectRoot } from "../state/paths";
import { run } from "../state/privileged";
import type { ResourceRecord } from "../state/record";
import { resolverAddress } from "../cloud/cidr";
import { readCloud } from "../cloud/cloud";
import type { Vpc } from "../cloud/vpc";
import { type InstanceMetadata, instanceMetadata } from "../cloud/instance-metadata";
import { internetNamespace, namespaceOfId, namespacePrefix } from "./names";
import { type HostRecord, privateDns } from "../cloud/private-dns";

/** The process that serves, and where it listens. */
interface Serving {
  readonly pid: number;
  /** When it began, in ticks since boot: tells it from a later process of that number. */
  readonly started: string;
  readonly program: string;
  /** Inodes of the cards' namespaces by name, and whether a resolver listens there. */
  readonly cards: Readonly<Record<string, string>>;
}

/**
 * Has instance metadata and DNS served in the instances' cards, from outside the nodes: writes a file per card, and
 * sees to it that one process serves them all (lab/link-local-services). It is left alone while it runs and the cards
 * are the same ones; it lives in the lab's internet namespace, where `overlaynet lab destroy --all` finds it. To be
 * called when the cards are there, by one process at a time.
 *
 * @throws CommandError when the service does not come up; a later call tries again
 */
export async function serveLinkLocal(lab: Lab, records: readonly ResourceRecord[]): Promise<void> {
  const folder = join(lab.state, "fabric", "link-local");
  const prefix = namespacePrefix(lab);
  const cloud = readCloud(records);
  const names = privateDns(records, cloud);
  const wanted = new Map(
    instanceMetadata(records, cloud).map((each): [string, string] => {
      const lines = [...metadataLines(each), ...resolverLines(cloud.vpcs.get(each.vpcId), names.get(each.vpcId)), ""];
      return [namespaceOfId(prefix, each.networkInterfaceId), lines.join("\n")];
    }),
  );
  if (wanted.size === 0 && !existsSync(folder)) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [card, text] of wanted) write(join(folder, card), text);
  const surplus = readdirSync(folder).filter((name) => !wanted.has(name.replace(/\.tokens(\.draft)?$/, "")));
  // Tokens are root's.
  if (surplus.length > 0) await run(["rm", "-f", "--", ...surplus.map((name) => join(folder, name))]);

  const program = join(projectRoot(), "lab", "link-local-services");
  const memory = join(lab.state, "fabric", "link-local.json");
  const cards = Object.fromEntries(
    [...wanted]
      .sort()
      .map(([card, text]) => [
        card,
        `${statSync(`/run/netns/${card}`).ino}${/^resolver /m.test(text) ? " resolver" : ""}`,
      ]),
  );
  const digest = createHash("sha256").update(readFileSync(program)).digest("hex");
  const before = remembered(memory);
  if (
    before !== undefined &&
    isRunning(before) &&
    before.program === digest &&
    JSON.stringify(before.cards) === JSON.stringify(cards)
  )
    return;
  await endLinkLocal(lab);
  if (wanted.size === 0) return;
  // Three sockets a card are more than a process may have by default.
  const pid = Number(
    await run(["sh", "-c", 'ulimit -n "$(ulimit -H -n)"; exec "$@"', "sh", program, folder, internetNamespace(prefix)]),
  );
  write(memory, JSON.stringify({ pid, started: startOf(pid) ?? "", program: digest, cards } satisfies Serving));
}

/** Ends the service, also one that a killed run left without a word. */
export async function endLinkLocal(lab: Lab): Promise<void> {
  const home = internetNamespace(namespacePrefix(lab));
  const before = remembered(join(lab.state, "fabric", "link-local.json"));
  const pid = before !== undefined && isRunning(before) ? String(before.pid) : "";
  await run(["sh", "-s", "--", home, join(lab.state, "fabric", "link-local"), pid], { stdin: END_SERVICE });
}

/** Of those in the namespace it ends the one with that directory, and waits until its sockets are gone with it. */
const END_SERVICE = `set -u
others=
[ ! -e "/run/netns/$1" ] || others=$(ip netns pids "$1")
for pid in $others; do
  case $(tr '\\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) in *"/link-local-services $2 "*) set -- "$1" "$2" "$3 $pid" ;; esac
done
for pid in $3; do
  kill -KILL "$pid" 2>/dev/null || :
  # A process that ends lets go of its program before its sockets; both are gone once it is a zombie (proc(5): the state follows the name in brackets).
  while state=$(sed 's/^.*) //' "/proc/$pid/stat" 2>/dev/null) && [ -n "$state" ]; do
    case $state in [ZX]*) break ;; esac
    sleep 0.01
  done
done
`;

function metadataLines({ httpEndpoint, httpTokens, hopLimit, documents }: InstanceMetadata): string[] {
  return [
    `http-endpoint ${httpEndpoint}`,
    `http-tokens ${httpTokens}`,
    `hop-limit ${hopLimit}`,
    ...[...documents].map(([path, content]) => `document ${path} ${content.toString("hex")}`),
  ];
}

function resolverLines(vpc: Vpc | undefined, hosts: readonly HostRecord[] | undefined): string[] {
  if (vpc === undefined || hosts === undefined) return [];
  const lines = hosts.flatMap(({ name, address, reverse }) => [
    `host ${name} ${address}`,
    ...(reverse ? [`reverse ${address} ${name}`] : []),
  ]);
  return [`resolver ${resolverAddress(vpc.cidr)}`, ...lines];
}

/** Whole or not at all, for the service reads it at any time; nobody else may. */
function write(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  writeFileSync(`${file}.draft`, text, { mode: 0o600 });
  renameSync(`${file}.draft`, file);
}

function remembered(memory: string): Serving | undefined {
  if (!existsSync(memory)) return undefined;
  try {
    // Written by this module alone, by rename.
    return JSON.parse(readFileSync(memory, "utf8")) as Serving;
  } catch {
    return undefined;
  }
}

function isRunning({ pid, started }: Serving): boolean {
  return started !== "" && startOf(pid) === started;
}

/** Undefined for a process that is not there, or has ended. */
function startOf(pid: number): string | undefined {
  try {
    // The second field is the name, in brackets, and may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
