import { execFile } from "node:child_process";
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { CommandError, run } from "../state/privileged";
import { projectRoot, type Lab, type Suite } from "../state/paths";
import { addDevice, pressCtrlAltDel, removeDevice } from "./mconsole";
import { interfaceProblem, MAX_MTU, type NodeInterface, type NodeSpec } from "./node-spec";
import { processorForNode } from "./processor";
import { seedFiles } from "./seed";

/** EC2's states of an instance, as far as a node has them; `absent`: no disk, nothing. */
export type NodeState = "running" | "stopped" | "absent";

export interface NodeStatus {
  readonly state: NodeState;
  /** Of the User-mode Linux process while there is one; it changes when the node reboots. */
  readonly pid?: number;
  /** Seconds since that process began. */
  readonly uptime?: number;
  /** It has been stopped (SIGSTOP): it is there, and does nothing. */
  readonly paused?: true;
}

/** What supervise says on the console before each boot. */
const BOOT_MARK = "supervise: the node starts";

/** How long a node may take to shut down before its power is cut, milliseconds. */
const SHUTDOWN_TIME = 20_000;

/**
 * Starts a node, from its disk if it has one, and returns when its kernel runs (EC2's `running`); sshd answers some
 * seconds later. The node and its supervisor outlive this process. Starting a running node does nothing.
 *
 * @throws when the spec, its user data or the image is wrong, the namespace or tap is not there (with what the console
 * says)
 */
export async function startNode(lab: Lab, spec: NodeSpec): Promise<void> {
  const dir = lab.nodeDir(spec.instanceId);
  if (nodeStatus(lab, spec.instanceId).state === "running") {
    // One that another process has just started, or that reboots, has no kernel yet.
    const isUp = (): boolean =>
      nodeStatus(lab, spec.instanceId).pid !== undefined && existsSync(join(dir, "umid", "n", "mconsole"));
    await until(
      () => isUp() || nodeStatus(lab, spec.instanceId).state !== "running",
      10_000,
      `the kernel of ${spec.instanceId}, which is being started, does not come up`,
    );
    if (isUp()) return;
  }
  const image = join(dir, "image");
  // A disk belongs to the image it was begun on, also when set-up has made a newer one since.
  const imagePath = existsSync(image) ? realpathSync(image) : imageInUse(lab, spec.suite ?? "bookworm");
  const files = seedFiles(spec, packagesOf(imagePath));
  // User-mode Linux would make a missing tap itself, one that leads nowhere.
  await run(["ip", "-n", spec.namespace, "link", "show", "dev", spec.tap]).catch((error: unknown) => {
    throw new Error(
      `${spec.instanceId} did not start: there is no tap ${spec.tap} in namespace ${spec.namespace} (${messageOf(error).trim().replace(/\.$/, "")})`,
      { cause: error },
    );
  });

  mkdirSync(dir, { recursive: true, mode: 0o755 });
  if (!existsSync(image)) symlinkSync(imagePath, image);
  await writeSeed(dir, files);
  writeDevices(dir, (spec.interfaces ?? []).map(deviceArgument));

  const memory = spec.memoryMiB ?? 192;
  const seen = existsSync(consoleLog(lab, spec.instanceId)) ? readFileSync(consoleLog(lab, spec.instanceId)).length : 0;
  // Paths are relative to the node's directory: a kernel argument can hold neither blank nor comma.
  // seccomp=auto: a system call of a guest's program is a signal to itself and a futex; traced, as is User-mode Linux'
  // default, it costs the kernel half a dozen ptrace calls. Such a program can reach all of its node's memory (`linux
  // --help`), and so what root can with a module: docs/lab-networks.md.
  const command = [
    join(projectRoot(), "lab", "src", "node", "supervise"),
    dir,
    processName(lab, spec.instanceId),
    join(imagePath, "linux"),
    `mem=${memory}M`,
    "seccomp=auto",
    "uml_dir=umid",
    "umid=n",
    "ubd0=disk.cow,image/base.img",
    "ubd1r=seed.tar",
    "root=/dev/ubda",
    "rw",
    `vec0:transport=tap,ifname=${spec.tap},depth=128,gro=1,mtu=${MAX_MTU},mac=${spec.mac}`,
    "con=null",
    "con0=null,fd:1",
    "ssl=null",
    "quiet",
    "systemd.show_status=1",
  ];
  try {
    await run([
      "ip",
      "netns",
      "exec",
      spec.namespace,
      "env",
      `TMPDIR=${memoryDirectory(dir, memory)}`,
      "taskset",
      "--cpu-list",
      String(processorForNode()),
      "setsid",
      "--fork",
      ...command,
    ]);
    await until(
      () => {
        if (existsSync(join(dir, "umid", "n", "mconsole"))) return true;
        if (nodeStatus(lab, spec.instanceId).state !== "running") throw new Error("its kernel ended at once");
        return false;
      },
      10_000,
      "its kernel does not come up",
    );
  } catch (error) {
    const said = readFrom(consoleLog(lab, spec.instanceId), seen).trim().split("\n").slice(-8).join("\n  ");
    await end(lab, spec.instanceId);
    throw new Error(
      `${spec.instanceId} did not start: ${messageOf(error).replace(/\.$/, "")}.${said === "" ? "" : `\n  ${said}`}`,
      { cause: error },
    );
  }
}

/** Shuts a node down as EC2's StopInstances does: by the power button, and by force after 20 s. Its disk stays. */
export async function stopNode(lab: Lab, instanceId: string): Promise<void> {
  const { pid } = nodeStatus(lab, instanceId);
  if (pid !== undefined) {
    try {
      await pressCtrlAltDel(lab.nodeDir(instanceId));
      await until(() => nodeStatus(lab, instanceId).state !== "running", SHUTDOWN_TIME, "it does not shut down");
    } catch {
      // What did not answer the button has its power cut.
    }
  }
  await end(lab, instanceId);
}

/**
 * Reboots a node as EC2's RebootInstances does: a clean restart, or a hard one after 20 s. Returns when the new kernel
 * runs.
 */
export async function rebootNode(lab: Lab, instanceId: string): Promise<void> {
  const before = runningPid(lab, instanceId, "rebooted");
  const dir = lab.nodeDir(instanceId);
  await run(["touch", join(dir, "reboot")]);
  try {
    await pressCtrlAltDel(dir);
    await until(() => isBack(lab, instanceId, before), SHUTDOWN_TIME, "it does not shut down");
  } catch {
    if (nodeStatus(lab, instanceId).pid === before) await kill(before);
    await until(() => isBack(lab, instanceId, before), 10_000, `${instanceId} does not come back after a hard reset`);
  }
}

/**
 * Gives a node another network device, at once if it runs, and at every later start: the guest finds it as
 * `vec<index>`, down and without an address, which the guest has to see to itself.
 *
 * @throws when a running node refuses it
 */
export async function plugInterface(lab: Lab, instanceId: string, device: NodeInterface): Promise<void> {
  const problem = interfaceProblem(device);
  if (problem !== undefined) throw new Error(`${instanceId}: ${problem}`);
  const dir = lab.nodeDir(instanceId);
  if (!existsSync(dir)) return;
  const argument = deviceArgument(device);
  writeDevices(dir, [...readDevices(dir).filter((each) => !each.startsWith(`vec${device.deviceIndex}:`)), argument]);
  if (nodeStatus(lab, instanceId).pid === undefined) return;
  await addDevice(dir, device.deviceIndex, argument.slice(argument.indexOf(":") + 1));
}

/** Takes a device away, at once as far as the guest lets it go, and from every later start. */
export async function unplugInterface(lab: Lab, instanceId: string, deviceIndex: number): Promise<void> {
  const dir = lab.nodeDir(instanceId);
  if (!existsSync(dir)) return;
  writeDevices(
    dir,
    readDevices(dir).filter((each) => !each.startsWith(`vec${deviceIndex}:`)),
  );
  if (nodeStatus(lab, instanceId).pid !== undefined) await removeDevice(dir, deviceIndex);
}

/** Whether another kernel than that one runs. */
function isBack(lab: Lab, instanceId: string, before: number): boolean {
  const { pid } = nodeStatus(lab, instanceId);
  return pid !== undefined && pid !== before && existsSync(join(lab.nodeDir(instanceId), "umid", "n", "mconsole"));
}

function runningPid(lab: Lab, instanceId: string, what: string): number {
  const { state, pid } = nodeStatus(lab, instanceId);
  if (pid === undefined) throw new Error(`${instanceId} is ${state}, not running: it cannot be ${what}`);
  return pid;
}

/** Stops a node's kernel where it is (SIGSTOP); it neither answers nor notices until {@link resumeNode}. */
export async function pauseNode(lab: Lab, instanceId: string): Promise<void> {
  await run(["kill", "-STOP", String(runningPid(lab, instanceId, "paused"))]);
}

/** Lets a paused node go on; one that runs is left alone. */
export async function resumeNode(lab: Lab, instanceId: string): Promise<void> {
  await run(["kill", "-CONT", String(runningPid(lab, instanceId, "resumed"))]);
}

/** Ends a node as a power cut does. Its disk stays as it is at that moment. */
export async function cutPower(lab: Lab, instanceId: string): Promise<void> {
  runningPid(lab, instanceId, "killed");
  await end(lab, instanceId);
}

/** Reboots a node as the reset button does, without a word to it. Returns when the new kernel runs. */
export async function resetNode(lab: Lab, instanceId: string): Promise<void> {
  const pid = runningPid(lab, instanceId, "rebooted");
  const dir = lab.nodeDir(instanceId);
  await run(["touch", join(dir, "reboot")]);
  await kill(pid);
  await until(() => isBack(lab, instanceId, pid), 10_000, `${instanceId} does not come back after a hard reset`);
}

/** Ends a node at once and removes its disk and everything else of it (EC2's TerminateInstances). */
export async function destroyNode(lab: Lab, instanceId: string): Promise<void> {
  await end(lab, instanceId);
  await run(["rm", "-rf", "--", lab.nodeDir(instanceId)]);
}

/** What a node is now, from its processes; no wait. */
export function nodeStatus(lab: Lab, instanceId: string): NodeStatus {
  const dir = lab.nodeDir(instanceId);
  if (!existsSync(dir)) return { state: "absent" };
  const pid = umlPid(lab, instanceId);
  if (pid !== undefined) return { state: "running", pid, ...processStatus(pid) };
  return { state: supervisorPid(lab, instanceId) === undefined ? "stopped" : "running" };
}

/** Whether the systemd of a node has settled in its present boot, by what its console says; no wait. */
export function hasSettled(lab: Lab, instanceId: string): boolean {
  const log = consoleLog(lab, instanceId);
  if (!existsSync(log) || nodeStatus(lab, instanceId).state !== "running") return false;
  return /Reached target multi-user/.test(
    readFrom(log, -256 * 1024)
      .split(BOOT_MARK)
      .at(-1) ?? "",
  );
}

/** Instance ids of all nodes that have a directory, running or not. */
export function listNodes(lab: Lab): string[] {
  const nodes = join(lab.state, "nodes");
  return existsSync(nodes) ? readdirSync(nodes).sort() : [];
}

/** Path of a node's console log: kernel and systemd of all its boots. */
export function consoleLog(lab: Lab, instanceId: string): string {
  return join(lab.nodeDir(instanceId), "console.log");
}

/** The console's last lines, without terminal colours; empty when it has not said anything. */
export function consoleTail(lab: Lab, instanceId: string, lines: number): string {
  const log = consoleLog(lab, instanceId);
  if (!existsSync(log)) return "";
  return readFrom(log, -256 * 1024)
    .trimEnd()
    .split("\n")
    .slice(-lines)
    .join("\n");
}

/** The kernel argument for a secondary interface: a packet socket on the end of a wire. */
function deviceArgument({ deviceIndex, port, mac }: NodeInterface): string {
  return `vec${deviceIndex}:transport=raw,ifname=${port},depth=128,gro=1,mtu=${MAX_MTU},mac=${mac}`;
}

/** The supervisor reads them at every start: one kernel argument a line. */
function writeDevices(dir: string, devices: readonly string[]): void {
  writeFileSync(join(dir, "devices.draft"), devices.map((device) => `${device}\n`).join(""));
  renameSync(join(dir, "devices.draft"), join(dir, "devices"));
}

function readDevices(dir: string): string[] {
  const file = join(dir, "devices");
  return existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : [];
}

function imageInUse(lab: Lab, suite: Suite): string {
  const image = lab.image(suite);
  if (!existsSync(join(image, "base.img"))) {
    throw new Error(
      `${image} is not there: the lab has no kernel and disk image of Debian's ${suite} yet. Run scripts/setup${suite === "bookworm" ? "" : " --all-images"}`,
    );
  }
  return realpathSync(image);
}

function packagesOf(image: string): Set<string> {
  return new Set(
    readFileSync(join(image, "packages"), "utf8")
      .split("\n")
      .map((line) => line.split(" ")[0] ?? ""),
  );
}

/** Host keys are in it: readable by its owner alone, complete or not there. */
async function writeSeed(dir: string, files: ReturnType<typeof seedFiles>): Promise<void> {
  const tree = join(dir, "seed");
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree, { mode: 0o700 });
  for (const file of files) writeFileSync(join(tree, file.name), file.content, { mode: 0o600 });
  const draft = join(dir, "seed.tar.draft");
  writeFileSync(draft, "", { mode: 0o600 });
  await promisify(execFile)("tar", ["-C", tree, "-c", "-f", draft, "."]);
  renameSync(draft, join(dir, "seed.tar"));
  rmSync(tree, { recursive: true });
}

/**
 * Where the node's memory file lies. User-mode Linux maps it executable; containers mount /dev/shm noexec, or with 64
 * MB, and then the state directory's disk has to do.
 */
function memoryDirectory(dir: string, memoryMiB: number): string {
  const shm = readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .findLast((fields) => fields[1] === "/dev/shm");
  if (shm === undefined || shm[2] !== "tmpfs" || shm[3]?.split(",").includes("noexec")) return dir;
  const { bavail, bsize } = statfsSync("/dev/shm");
  return bavail * bsize > memoryMiB * 1024 * 1024 ? "/dev/shm" : dir;
}

/**
 * Ends supervisor and kernel, the supervisor first, so that it starts nothing again; returns when both are gone. They
 * are found by their names, not by the files with their ids: whoever started them may have been killed before these
 * were written.
 */
async function end(lab: Lab, instanceId: string): Promise<void> {
  const [dir, name] = [lab.nodeDir(instanceId), processName(lab, instanceId)];
  // The supervisor, and what is about to become it.
  const supervising = (): number[] => processesWith((argv) => argv.includes(dir) && argv.includes(name));
  for (let deadline = Date.now() + 5_000, found = supervising(); found.length > 0; found = supervising()) {
    if (Date.now() > deadline)
      throw new Error(`the supervisor of ${instanceId} (processes ${found.join(", ")}) does not end within 5 s`);
    for (const pid of found) await kill(pid);
  }
  // Each kernel is the head of a process group, which its guest's processes are in; they hold its namespace, and would
  // end a moment after it.
  for (const pid of processesWith((argv) => argv[0] === join(dir, name))) {
    await kill(pid);
    await kill(-pid);
    await until(() => groupIsGone(pid), 5_000, `the kernel of ${instanceId} (process group ${pid}) does not end`);
  }
}

/** A negative id is a process group's, as in kill(2). */
async function kill(pid: number): Promise<void> {
  try {
    await run(["kill", "-KILL", "--", String(pid)]);
  } catch (error) {
    if (!(error instanceof CommandError && /no such process/i.test(error.stderr))) throw error;
  }
}

function processName(lab: Lab, instanceId: string): string {
  return `uml-${lab.id}-${instanceId}`;
}

function umlPid(lab: Lab, instanceId: string): number | undefined {
  const dir = lab.nodeDir(instanceId);
  return pidIn(join(dir, "uml.pid"), (argv) => argv[0] === join(dir, processName(lab, instanceId)));
}

function supervisorPid(lab: Lab, instanceId: string): number | undefined {
  const dir = lab.nodeDir(instanceId);
  return pidIn(
    join(dir, "supervisor.pid"),
    (argv) => argv.includes(dir) && argv.includes(processName(lab, instanceId)),
  );
}

/**
 * The process id in a file, if that process lives and is the one meant: ids are used again, and files survive a power
 * cut.
 */
function pidIn(file: string, isMeant: (argv: string[]) => boolean): number | undefined {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    return isMeant(readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")) ? pid : undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH"))
      return undefined;
    throw error;
  }
}

/** What /proc says of a process beside its id; nothing when it has ended meanwhile. */
function processStatus(pid: number): Pick<NodeStatus, "uptime" | "paused"> {
  try {
    // proc(5): fields from the third on follow the name, which is in parentheses. Times are in ticks of 1/100 s on all
    // that Linux runs on.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    const uptime = Math.max(0, Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) - Number(fields[19]) / 100);
    return { uptime, ...(fields[0] === "T" ? { paused: true } : {}) };
  } catch {
    return {};
  }
}

/** All have ended, tap and namespace let go; whether a parent has looked at them (zombies) makes no difference. */
function groupIsGone(group: number): boolean {
  return processes().every((pid) => {
    try {
      // proc(5): state, parent and process group follow the name, which is in parentheses and may hold any character.
      const [state, , pgrp] = readFileSync(`/proc/${pid}/stat`, "utf8")
        .replace(/^.*\) /s, "")
        .split(" ");
      return (Number(pgrp) !== group && pid !== group) || state === "Z" || state === "X";
    } catch {
      return true; // It ended while this looked.
    }
  });
}

function processes(): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number);
}

function processesWith(isMeant: (argv: readonly string[]) => boolean): number[] {
  return processes().filter((pid) => {
    try {
      return isMeant(readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0"));
    } catch {
      return false; // It ended while this looked.
    }
  });
}

/** Text of a file from a byte offset on; a negative one counts from its end. */
function readFrom(file: string, offset: number): string {
  if (!existsSync(file)) return "";
  const fd = openSync(file, "r");
  try {
    const { size } = fstatSync(fd);
    const from = offset < 0 ? Math.max(0, size + offset) : Math.min(offset, size);
    const buffer = Buffer.alloc(size - from);
    readSync(fd, buffer, 0, buffer.length, from);

    return buffer.toString("utf8").replaceAll(/\x1b\[[0-9;?]*[A-Za-z]|\r/g, "");
  } finally {
    closeSync(fd);
  }
}

async function until(reached: () => boolean, milliseconds: number, what: string): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!reached()) {
    if (Date.now() > deadline) throw new Error(`${what} within ${milliseconds / 1000} s`);
    await sleep(25);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
