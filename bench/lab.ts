import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { labBackend } from "../lab/src/ec2/lab-backend";
import { existingNamespaces } from "../lab/src/fabric/apply";
import { destroyAll } from "../lab/src/fabric/destroy";
import { namespaceOf, namespacePrefix, tapOf } from "../lab/src/fabric/names";
import { reconcile } from "../lab/src/fabric/reconcile";
import { bootsAtOnce } from "../lab/src/node/boot-turns";
import { hasSettled, nodeStatus } from "../lab/src/node/node";
import { type Lab, openLab } from "../lab/src/state/paths";
import { CloudRecords } from "../test/support/cloud-records";

/**
 * What the lab's elements cost in time and memory: `npx tsx bench/lab.ts [vpcs | interfaces | nodes]`, as root. Times
 * are by the clock, so that an idle machine is needed. Memory of networks is what the kernel's slabs, per-CPU areas and
 * stacks grow by, and other work of the machine is in it; that of a node is the proportional share (PSS) of its
 * processes, its guest's memory included. Exit code 1 when a bar is missed.
 */
const VPCS = [10, 40];
const INTERFACES = [50, 100, 200];
const NODES = [6, 12, 24];
/** Seconds: all of the largest size at once, on two idle cores. */
const BARS = { vpcs: 30, interfaces: 60, nodes: 240 } as const;

const wanted = process.argv.slice(2);
let missed = false;

async function main(): Promise<void> {
  console.log(
    `${new Date().toISOString()}, ${cpus().length} × ${cpus()[0]?.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${execFileSync("uname", ["-r"], { encoding: "utf8" }).trim()}, load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}`,
  );
  const isWanted = (what: string): boolean => wanted.length === 0 || wanted.includes(what);
  if (isWanted("vpcs")) await networks("VPCs, two subnets each", "vpcs", VPCS, vpcsOf);
  if (isWanted("interfaces"))
    await networks(
      "network interfaces without nodes, 50 a VPC, a security group that refers to itself",
      "interfaces",
      INTERFACES,
      interfacesOf,
    );
  if (isWanted("nodes")) await nodes();
  process.exitCode = missed ? 1 : 0;
}

function vpcsOf(count: number): CloudRecords {
  const records = new CloudRecords();
  for (let i = 0; i < count; i++) {
    records.vpc(`v${i}`, `10.${i}.0.0/16`);
    for (const n of [0, 1]) records.subnet(`v${i}-${n}`, `v${i}`, `10.${i}.${n}.0/24`);
    records.internetGateway(`v${i}`, `v${i}`).route(`v${i}`, "0.0.0.0/0", { gatewayId: `igw-v${i}` });
  }
  return records;
}

function interfacesOf(count: number): CloudRecords {
  const records = new CloudRecords();
  for (let i = 0; i < count; i++) {
    const vpc = Math.floor(i / 50);
    if (i % 50 === 0) {
      records
        .vpc(`v${vpc}`, `10.${vpc}.0.0/16`)
        .subnet(`v${vpc}`, `v${vpc}`, `10.${vpc}.0.0/24`)
        .internetGateway(`v${vpc}`, `v${vpc}`)
        .route(`v${vpc}`, "0.0.0.0/0", { gatewayId: `igw-v${vpc}` });
      records
        .securityGroup(`v${vpc}`, `v${vpc}`)
        .ingress(`v${vpc}-4`, `v${vpc}`, { ipProtocol: "4", referencedSecurityGroupId: `sg-v${vpc}` });
    }
    records.instance(`n${i}`, `v${vpc}`, `v${vpc}`, `10.${vpc}.0.${10 + (i % 50)}`, {
      publicIp: `203.0.${113 + Math.floor(i / 200)}.${i % 200}`,
      vpcSecurityGroupIds: [`sg-n${i}`, `sg-v${vpc}`],
    });
  }
  return records;
}

async function networks(
  title: string,
  bar: "vpcs" | "interfaces",
  sizes: readonly number[],
  recordsOf: (count: number) => CloudRecords,
): Promise<void> {
  console.log(`\n${title}\ncount   at once s  each ms  one more ms  nothing new ms  kernel KiB each  removed s`);
  for (const size of sizes) {
    await inLab(async (lab) => {
      await reconcile(lab, []);
      const before = kernelMemory();
      const atOnce = await timed(() => reconcile(lab, recordsOf(size).list()));
      const memory = kernelMemory() - before;
      const more = recordsOf(size + 1).list();
      const oneMore = await timed(() => reconcile(lab, more));
      const same = await timed(() => reconcile(lab, more));
      const removed = await timed(() => reconcile(lab, []));
      report(
        bar,
        size === sizes.at(-1),
        atOnce,
        [
          size,
          atOnce.toFixed(2),
          ((1000 * atOnce) / size).toFixed(0),
          (1000 * oneMore).toFixed(0),
          (1000 * same).toFixed(0),
          (memory / size).toFixed(0),
          removed.toFixed(2),
        ],
        [6, 9, 7, 11, 14, 15],
      );
    });
  }
}

async function nodes(): Promise<void> {
  console.log(
    `\nnodes of 192 MiB, all at once, ${bootsAtOnce} boot at a time\ncount   kernels s  settled s  each s  PSS MiB each  disk MiB each  removed s`,
  );
  for (const size of NODES) {
    await inLab(async (lab) => {
      const records = interfacesOf(size);
      await reconcile(lab, records.list());
      const backend = labBackend(lab);
      const instances = records.list().filter(({ type }) => type === "aws:ec2/instance:Instance");
      const began = performance.now();
      const since = (): number => (performance.now() - began) / 1000;
      await Promise.all(
        instances.map((instance) => {
          const address = String(instance.outputs["privateIp"]);
          return backend.startNode({
            instanceId: instance.id.replace(/n(\d+)$/, (_, n: string) => n.padStart(4, "0")),
            namespace: namespaceOf(lab, instance),
            tap: tapOf(instance),
            mac: String(instance.internal["mac"]),
            address,
            prefixLen: 24,
            gateway: address.replace(/\d+$/, "1"),
            mtu: 9001,
            hostname: "node",
            authorizedKeys: [],
          });
        }),
      );
      const kernels = since();
      const ids = readdirSync(join(lab.state, "nodes"));
      while (!ids.every((id) => hasSettled(lab, id))) await new Promise((done) => setTimeout(done, 50));
      const settled = since();
      const memory = ids.reduce((sum, id) => sum + shareOfGroup(nodeStatus(lab, id).pid ?? 0), 0) / 1024;
      const disk = Number(execFileSync("du", ["-sm", join(lab.state, "nodes")], { encoding: "utf8" }).split("\t")[0]);
      const removed = await timed(() => destroyAll(lab));
      report(
        "nodes",
        size === NODES.at(-1),
        settled,
        [
          size,
          kernels.toFixed(1),
          settled.toFixed(1),
          (settled / size).toFixed(2),
          (memory / size).toFixed(0),
          (disk / size).toFixed(1),
          removed.toFixed(1),
        ],
        [6, 9, 9, 6, 12, 13],
      );
    });
  }
}

function report(
  bar: keyof typeof BARS,
  isLargest: boolean,
  seconds: number,
  cells: readonly (string | number)[],
  widths: readonly number[],
): void {
  const verdict = isLargest ? `  bar ${BARS[bar]} s: ${seconds < BARS[bar] ? "met" : "MISSED"}` : "";
  missed ||= isLargest && seconds >= BARS[bar];
  console.log(`${cells.map((cell, i) => String(cell).padEnd(widths[i] ?? 0)).join("  ")}${verdict}`);
}

async function inLab(measure: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = openLab(mkdtempSync(join(tmpdir(), "overlaynet-bench-")));
  try {
    await measure(lab);
  } finally {
    await destroyAll(openLab(lab.state));
  }
  if (existingNamespaces(namespacePrefix(lab)).length > 0) throw new Error(`namespaces of lab ${lab.id} are left`);
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await action();
  return (performance.now() - began) / 1000;
}

/** KiB that the kernel has for itself, as far as namespaces and devices make it grow. */
function kernelMemory(): number {
  const text = readFileSync("/proc/meminfo", "utf8");
  return ["Slab", "Percpu", "KernelStack", "PageTables"].reduce(
    (sum, key) => sum + Number(new RegExp(`^${key}:\\s*(\\d+) kB$`, "m").exec(text)?.[1] ?? 0),
    0,
  );
}

/** KiB of the processes of a group, shared pages by their share. */
function shareOfGroup(group: number): number {
  const pids = execFileSync("ps", ["-e", "-o", "pid=,pgid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, pgid]) => pgid === String(group));
  return pids.reduce((sum, [pid]) => sum + pss(String(pid)), 0);
}

function pss(pid: string): number {
  try {
    return Number(/^Pss:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // It ended while this looked.
  }
}

void main();
