import { existsSync, readFileSync, statfsSync } from "node:fs";
import { arch } from "node:os";
import { join } from "node:path";
import { removalCommands } from "../fabric/apply";
import { ensureBridgeNetfilter } from "../fabric/kernel";
import { namespacePrefix } from "../fabric/names";
import { withFabricLock } from "../fabric/reconcile";
import { selfTest } from "../fabric/self-test";
import type { Lab } from "../state/paths";
import { run } from "../state/privileged";

export interface CheckResult {
  readonly name: string;
  /** What is missing and what to do; undefined when all is well. */
  readonly problem?: string;
}

/** Everything the lab needs of this machine, each tried for real in a namespace of its own; nothing is installed. */
export async function checkMachine(lab: Lab): Promise<CheckResult[]> {
  const machine = machineProblems({
    architecture: arch(),
    availableMiB: availableMemory(),
    freeMiB: freeSpace(lab.state),
  });
  const root = await attempt("root", "run this as root, or let sudo work without a password", () => run(["true"]));
  if (root.problem !== undefined) return [...machine, root];
  const results = [
    ...machine,
    root,
    ...(await Promise.all(Object.entries(programs).map(([program, debian]) => hasProgram(program, debian)))),
  ];
  results.push(
    await attempt(
      "kernel: tap devices",
      "load the module tun (modprobe tun); a container needs the device /dev/net/tun",
      () => run(["test", "-c", "/dev/net/tun"]),
    ),
    await attempt(
      "kernel: br_netfilter",
      "this kernel needs bridge netfilter (CONFIG_BRIDGE_NETFILTER)",
      ensureBridgeNetfilter,
    ),
  );
  const tools = ["ip", "nft", "nsenter", "flock"].filter((program) =>
    results.some(({ name, problem }) => name === `program ${program}` && problem !== undefined),
  );
  if (tools.length > 0) results.push({ name: "kernel: networks", problem: `not tried without ${tools.join(", ")}` });
  else {
    await withFabricLock(lab, "checking this machine", async () => {
      results.push(...(await tryKernel(`${namespacePrefix(lab)}check`)));
      if (results.every(({ problem }) => problem === undefined)) {
        results.push(
          await attempt(
            "self-test: security groups hold",
            "the lab refuses to run here, as its verdicts would be wrong",
            () => selfTest(lab),
          ),
        );
      }
    });
  }
  const missing = ["linux", "base.img"].filter((file) => !existsSync(join(lab.image("bookworm"), file)));
  results.push({
    name: "image of the nodes",
    problem:
      missing.length === 0 ? undefined : `${missing.join(" and ")} not in ${lab.image("bookworm")}: run scripts/setup`,
  });
  return results;
}

/** Programs and the Debian packages that have them. */
const programs: Readonly<Record<string, string>> = {
  ip: "iproute2",
  nft: "nftables",
  nsenter: "util-linux",
  flock: "util-linux",
  setsid: "util-linux",
  taskset: "util-linux",
  bash: "bash",
  socat: "socat",
  tcpdump: "tcpdump",
  conntrack: "conntrack",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  tar: "tar",
  perl: "perl",
};

/** What a machine has, beside programs and kernel. */
export interface Machine {
  /** As Node names it. */
  readonly architecture: string;
  readonly availableMiB: number;
  /** On the disk of the state directory. */
  readonly freeMiB: number;
}

/** A node's memory and what its kernel takes beside it; disks of nodes grow by what is written to them. */
const leastMiB = { memory: 256, disk: 512 };

/** What a machine lacks for one node. */
export function machineProblems({ architecture, availableMiB, freeMiB }: Machine): CheckResult[] {
  const when = (missing: boolean, problem: string): { readonly problem?: string } => (missing ? { problem } : {});
  return [
    {
      name: "processor",
      ...when(architecture !== "x64", `the nodes' kernel is for amd64 (x86-64), this machine is ${architecture}`),
    },
    {
      name: "memory",
      ...when(
        availableMiB < leastMiB.memory,
        `${availableMiB} MiB are available, one small node needs ${leastMiB.memory} MiB; end something, or add memory`,
      ),
    },
    {
      name: "disk",
      ...when(
        freeMiB < leastMiB.disk,
        `${freeMiB} MiB are free for the state directory, the least is ${leastMiB.disk} MiB; free some, or set OVERLAYNET_LAB_STATE to a place on another disk`,
      ),
    },
  ];
}

function availableMemory(): number {
  return Math.floor(Number(/^MemAvailable:\s*(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1] ?? 0) / 1024);
}

function freeSpace(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return Math.floor((bavail * bsize) / (1024 * 1024));
}

function hasProgram(program: string, debian: string): Promise<CheckResult> {
  return attempt(`program ${program}`, `install the package ${debian}`, () =>
    run(["sh", "-c", 'command -v "$1" >/dev/null || { echo "not found" >&2; exit 1; }', "sh", program]),
  );
}

async function tryKernel(namespace: string): Promise<CheckResult[]> {
  const made = await attempt("kernel: network namespaces", "this kernel or container allows none", () =>
    run(["ip", "netns", "add", namespace]),
  );
  if (made.problem !== undefined) return [made];
  const results = [made];
  const nft = (...ruleset: string[]): string => `nft -f - <<'NFT'\n${ruleset.join("\n")}\nNFT`;
  const features: Readonly<Record<string, string>> = {
    "kernel: veth": "ip link add name v0 type veth peer name v1",
    "kernel: bridges": "ip link add name b0 type bridge",
    "kernel: tap devices in a namespace": "ip tuntap add dev t0 mode tap",
    "kernel: rules by incoming device": "ip rule add iif lo lookup 1000",
    "kernel: nftables for bridges": nft(
      "table bridge t {",
      "chain c { type filter hook prerouting priority 0; ether type arp meta mark set 1; meta pkttype set host; }",
      "}",
    ),
    "kernel: nftables with connection tracking": nft(
      "table ip t {",
      "chain c { type filter hook forward priority 0; ct state established,related counter accept; }",
      "}",
    ),
    "kernel: address translation": nft(
      "table ip n {",
      "map m { type ipv4_addr : ipv4_addr; elements = { 192.0.2.1 : 192.0.2.2 } }",
      "chain c { type nat hook prerouting priority dstnat; dnat to ip daddr map @m; }",
      "}",
    ),
  };
  for (const [name, script] of Object.entries(features)) {
    results.push(
      await attempt(name, "the kernel lacks it, or a module that it could not load", () =>
        run(["nsenter", `--net=/run/netns/${namespace}`, "sh", "-s"], { stdin: `set -eu\n${script}\n` }),
      ),
    );
  }
  await run(["sh", "-s"], { stdin: `${removalCommands(namespace).join("\n")}\n` });
  return results;
}

async function attempt(name: string, remedy: string, action: () => Promise<unknown>): Promise<CheckResult> {
  try {
    await action();
    return { name };
  } catch (error) {
    return { name, problem: `${remedy}. (${(error instanceof Error ? error.message : String(error)).trim()})` };
  }
}
