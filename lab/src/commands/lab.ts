import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { labBackend } from "../ec2/lab-backend";
import { powerOn } from "../ec2/power-on";
import { destroyAll } from "../fabric/destroy";
import { FABRIC_PORT, GUEST_PORT } from "../fabric/names";
import { consoleLog, consoleTail, cutPower, pauseNode, rebootNode, resetNode, resumeNode } from "../node/node";
import { shellQuote } from "../node/user-data";
import type { Fault } from "../state/faults";
import { labKeyFile } from "../state/lab-key";
import { type Lab, openLab, projectRoot } from "../state/paths";
import { run } from "../state/privileged";
import { inNamespace, runAttached } from "./attached";
import { checkMachine } from "./check-machine";
import { columns } from "../../../terminal/table";
import { clearFaults, describeFault, directions, faultLink, refuseSsh } from "./fault/faults";
import { findNode, type LabNode, labNodes } from "./find-node";
import { inspect, inspectText } from "./inspect/view-of";
import { revokeIngress } from "./revoke-ingress";
import { terminateInstance } from "./terminate-instance";
import { type Awaited, waitUntilReady } from "./wait-until-ready";
import { why, type WhyOptions, whyText } from "./why/explain";

/** The default user of Debian's images on EC2, and so of the lab's. */
const USER = "admin";

/**
 * `overlaynet lab …`: the lab seen and handled from outside, as its data centre. The lab is that of
 * `$OVERLAYNET_LAB_STATE`.
 */
export function labCommand(): Command {
  const lab = new Command("lab").description(
    "see and handle the lab: its nodes, their consoles, packets at their network interfaces",
  );
  lab
    .command("check")
    .description(
      "try everything that the lab needs of this machine, and say in words what is missing; exit code 1 then",
    )
    .action(check);
  lab
    .command("list")
    .description("the nodes with their VPCs, addresses and state")
    .addOption(new Option("--output <form>", "form of the list").choices(["table", "json"]).default("table"))
    .action(({ output }: { output: "table" | "json" }) => list(openLab(), output));
  lab
    .command("inspect")
    .description(
      "everything that the lab holds: networks, rules, interfaces, nodes, and what is waiting; or what concerns one node",
    )
    .argument("[node]", "instance id, Name tag or its end, or address")
    .addOption(
      new Option("--output <form>", "form of the view; json is described in docs/schema/lab-inspect.schema.json")
        .choices(["text", "json"])
        .default("text"),
    )
    .action(async (node: string | undefined, { output }: { output: "text" | "json" }) => {
      const view = await inspect(openLab(), node);
      process.stdout.write(output === "json" ? `${JSON.stringify(view, null, 2)}\n` : inspectText(view));
    });
  lab
    .command("ssh")
    .description(
      "a shell on a node as admin, over its network interface with the lab's own key: no security group or route is in the way",
    )
    .argument("<node>", "instance id, Name tag or its end, or address")
    .option(
      "-i, --identity <file>",
      "come with this key to the node's public address instead, as from the internet: security groups and routes apply",
    )
    .action((node: string, { identity }: { identity?: string }) => ssh(openLab(), node, identity));
  lab
    .command("exec")
    .description("run a command on a node as root, with the lab's own key as ssh does; its exit code is the command's")
    .argument("<node>", "instance id, Name tag or its end, or address")
    .argument("<command...>", "program and arguments, after --")
    .action((node: string, command: string[]) => exec(openLab(), node, command));
  lab
    .command("console")
    .description("what a node's kernel and systemd said on its console, and go on as it says more")
    .argument("<node>", "instance id, Name tag or its end, or address")
    .option("--no-follow", "end after what is there")
    .action((node: string, { follow }: { follow: boolean }) => showConsole(openLab(), node, follow));
  lab
    .command("capture")
    .description("tcpdump at a node's network interface, outside the node")
    .argument("<node>", "instance id, Name tag or its end, or address")
    .argument("[filter...]", "tcpdump's filter expression")
    .addOption(
      new Option(
        "--point <point>",
        "inside: between the node and its security groups; outside: between them and the subnet",
      )
        .choices(["inside", "outside"])
        .default("outside"),
    )
    .option("-w, --write <file>", "write packets (pcap) to a file, - for standard output")
    .option("-c, --count <packets>", "end after so many", Number.parseInt)
    .action((node: string, filter: string[], options: CaptureOptions) => capture(openLab(), node, filter, options));
  lab
    .command("why")
    .description(
      "the way of a packet from A to B and back by the rules of AWS, and which rule lets it pass or what would have to change; exit code 1 when it does not arrive",
    )
    .argument("<a>", "instance id, Name tag or its end, or address; or internet")
    .argument("<b>", "the same, or any address")
    .option("--protocol <protocol>", "tcp, udp, icmp (echo), or a number such as 4; default: icmp, with --port tcp")
    .option("--port <port>", "where a TCP or UDP packet goes")
    .option("--source <address>", "in another's name, such as a workload's; default: the private address of A")
    .option("--destination <address>", "to another address, such as a workload's on B; default: that of B")
    .option("--size <bytes>", "length of the IP packet, with the DF bit set")
    .addOption(new Option("--output <form>", "form of the answer").choices(["text", "json"]).default("text"))
    .action((a: string, b: string, { output, ...question }: WhyOptions & { output: "text" | "json" }) =>
      tellWhy(openLab(), a, b, question, output),
    );
  lab
    .command("flush")
    .description(
      "make security groups forget tracked connections, so that each packet has to be let in by a rule again",
    )
    .argument("[nodes...]", "nodes; default: all")
    .action((nodes: string[]) => flush(openLab(), nodes));
  lab
    .command("start")
    .description(
      "bring the lab back after this machine was rebooted: its networks, and the nodes that ran; returns when they answer and have settled",
    )
    .option("--deadline <seconds>", "how long a node may take", Number.parseFloat, 120)
    .action(({ deadline }: { deadline: number }) => powerOnAll(openLab(), deadline));
  lab
    .command("wait")
    .description(
      "wait until a node takes the lab's key by ssh and its systemd has settled; after the deadline the end of its console is shown",
    )
    .argument("<node>", "instance id, Name tag or its end, or address")
    .option(
      "--not-boot <boot_id>",
      "in a boot that is not this one (/proc/sys/kernel/random/boot_id), to wait for a reboot",
    )
    .option("--deadline <seconds>", "how long", Number.parseFloat, 60)
    .action((node: string, { notBoot, deadline }: { notBoot?: string; deadline: number }) =>
      wait(openLab(), node, notBoot, deadline),
    );
  lab
    .command("revoke")
    .description(
      "take every ingress rule of a protocol out of all security groups behind Pulumi's back, as somebody at AWS' console would",
    )
    .requiredOption("--protocol <protocol>", "as the rules spell it: 4, udp, tcp, icmp, -1")
    .action(async ({ protocol }: { protocol: string }) => {
      const rules = await revokeIngress(openLab(), protocol);
      process.stdout.write(
        `Revoked ${rules.length} ingress rules${rules.length === 0 ? "" : `: ${rules.join(", ")}`}.\n`,
      );
    });
  lab.addCommand(faultCommand());
  lab
    .command("terminate")
    .description("terminate an instance behind Pulumi's back, as somebody at AWS' console would")
    .argument("<node>", "instance id, Name tag or its end, or address")
    .action(async (wanted: string) => {
      const { name, id } = await terminateInstance(openLab(), wanted);
      process.stdout.write(`Terminated ${name} (${id}).\n`);
    });
  lab
    .command("destroy")
    .description("remove everything of the lab: nodes, networks, records, keys, and the quick start's Pulumi state")
    .requiredOption("--all", "say that everything is meant")
    .action(() => destroy(openLab()));
  return lab;
}

function faultCommand(): Command {
  const fault = new Command("fault").description(
    "make something go wrong outside the nodes; without more, list what does",
  );
  const node = "instance id, Name tag or its end, or address";
  const wire = `a node: ${node}; or the id of a network interface, or the id or Name tag of a peering connection`;
  const direction = (): Option =>
    new Option("--direction <direction>", "as seen from the node, or from the requester of a peering connection")
      .choices(["ingress", "egress", "both"])
      .default("both");
  fault
    .option(
      "--clear [target]",
      `take all faults back, or those of a target (${wire}), and resume nodes that are paused`,
    )
    .action(({ clear }: { clear?: string | true }) =>
      clear === undefined ? listFaults(openLab()) : endFaults(openLab(), clear === true ? undefined : clear),
    );
  fault
    .command("cut")
    .description("cut a wire: nothing passes until it is cleared")
    .argument("<target>", wire)
    .addOption(direction())
    .action(async (target: string, options: { direction: keyof typeof directions }) =>
      tellFaults(await faultLink(openLab(), target, options.direction, 1)),
    );
  fault
    .command("loss")
    .description("drop a share of the packets on a wire, at random")
    .argument("<target>", wire)
    .requiredOption("--share <share>", "0.25 or 25%")
    .addOption(direction())
    .action(async (target: string, options: { share: string; direction: keyof typeof directions }) =>
      tellFaults(await faultLink(openLab(), target, options.direction, shareOf(options.share))),
    );
  fault
    .command("refuse-ssh")
    .description("refuse connections to port 22 of a node, outside it; lab ssh and lab exec still have their way in")
    .argument("<node>", node)
    .addOption(
      new Option("--answer <answer>", "reset: as where nothing listens; drop: none")
        .choices(["reset", "drop"])
        .default("reset"),
    )
    .action(async (target: string, { answer }: { answer: "reset" | "drop" }) =>
      tellFaults(await refuseSsh(openLab(), target, answer)),
    );
  const act = (
    name: string,
    description: string,
    done: string,
    action: (lab: Lab, id: string) => Promise<void>,
  ): Command =>
    fault
      .command(name)
      .description(description)
      .argument("<node>", node)
      .action(async (wanted: string) => {
        const lab = openLab();
        const found = findNode(lab, wanted);
        await action(lab, found.id);
        process.stdout.write(`${found.name} ${done}.\n`);
      });
  act("pause", "stop a node where it is: it neither answers nor notices", "is paused", pauseNode);
  act("resume", "let a paused node go on", "goes on", resumeNode);
  act("kill", "end a node as a power cut does; its disk stays, and lab start brings it back", "is stopped", cutPower);
  fault
    .command("reboot")
    .description("reboot a node from outside; returns when its new kernel runs")
    .argument("<node>", node)
    .option("--hard", "as by the reset button, without a word to it")
    .action(async (wanted: string, { hard }: { hard?: true }) => {
      const lab = openLab();
      const found = findNode(lab, wanted);
      await (hard === true ? resetNode : rebootNode)(lab, found.id);
      process.stdout.write(`${found.name} boots.\n`);
    });
  return fault;
}

/** 0.25 and 25% are the same. */
function shareOf(text: string): number {
  const share = /^[0-9.]+%$/.test(text) ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (!(share > 0 && share <= 1) || Math.round(share * 1_000_000) === 0)
    throw new Error(`--share is a share of all packets, such as 0.25 or 25%, at least 0.0001%, not "${text}"`);
  return share;
}

function tellFaults(faults: readonly Fault[]): void {
  process.stdout.write(faults.map((each) => `${describeFault(each)}\n`).join(""));
}

async function listFaults(lab: Lab): Promise<void> {
  const { faults, nodes } = await inspect(lab);
  const paused = nodes.filter((node) => node.paused);
  for (const fault of faults)
    process.stdout.write(
      `${describeFault(fault)}${fault.packets === undefined ? "" : `, ${fault.packets} packets so far`}\n`,
    );
  for (const { name } of paused) process.stdout.write(`${name}: is paused\n`);
  if (faults.length + paused.length === 0) process.stdout.write("The lab has no faults.\n");
}

async function endFaults(lab: Lab, wanted: string | undefined): Promise<void> {
  const { faults, resumed } = await clearFaults(lab, wanted);
  process.stdout.write(
    `Cleared ${faults.length} faults${resumed.length === 0 ? "" : `, resumed ${resumed.join(", ")}`}.\n`,
  );
}

async function check(): Promise<void> {
  const results = await checkMachine(openLab());
  for (const { name, problem } of results)
    process.stdout.write(
      `${problem === undefined ? "ok     " : "MISSING"}  ${name}${problem === undefined ? "" : `: ${problem}`}\n`,
    );
  if (results.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
}

function list(lab: Lab, output: "table" | "json"): void {
  const nodes = labNodes(lab);
  process.stdout.write(output === "json" ? `${JSON.stringify(nodes, null, 2)}\n` : nodeTable(nodes));
}

/** The nodes as aligned columns. */
export function nodeTable(nodes: readonly LabNode[]): string {
  if (nodes.length === 0) return "The lab has no nodes.\n";
  return columns([
    ["NAME", "INSTANCE", "VPC", "ZONE", "PRIVATE", "PUBLIC", "STATE"],
    ...nodes.map(({ name, id, vpc, availabilityZone, privateIp, publicIp, state }) => [
      name,
      id,
      vpc,
      availabilityZone,
      privateIp,
      publicIp || "-",
      state,
    ]),
  ]);
}

async function ssh(lab: Lab, wanted: string, identity: string | undefined): Promise<void> {
  const node = running(findNode(lab, wanted));
  if (identity === undefined) {
    process.exitCode = await runAttached(overCard(lab, node, []));
    return;
  }
  if (node.publicIp === "")
    throw new Error(`${node.name} has no public address; without --identity, its network interface is the way in`);
  const proxy = `ProxyCommand=${shellQuote(join(projectRoot(), "lab", "ssh-proxy"))} %h %p`;
  process.exitCode = await runAttached([
    "env",
    `OVERLAYNET_LAB_STATE=${lab.state}`,
    "ssh",
    "-i",
    identity,
    ...noHostKey,
    "-o",
    proxy,
    `${USER}@${node.publicIp}`,
  ]);
}

async function exec(lab: Lab, wanted: string, command: readonly string[]): Promise<void> {
  const node = running(findNode(lab, wanted));
  const terminal = process.stdin.isTTY && process.stdout.isTTY ? ["-t"] : [];
  // ssh hands one line to a shell over there.
  process.exitCode = await runAttached(
    overCard(lab, node, terminal, ["sudo", "-n", "--", ...command].map(shellQuote).join(" ")),
  );
}

/** The wire from the card leads to this one node of this machine: there is nobody whose key could be a surprise. */
const noHostKey = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"];

function overCard(lab: Lab, { namespace, privateIp }: LabNode, options: readonly string[], command?: string): string[] {
  const key = labKeyFile(lab);
  if (!existsSync(key)) throw new Error(`${key} is not there: the nodes were made without the lab's key`);
  const ours = ["-F", "none", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"];
  return inNamespace(namespace, [
    "ssh",
    ...options,
    ...ours,
    ...noHostKey,
    `${USER}@${privateIp}`,
    ...(command === undefined ? [] : [command]),
  ]);
}

function running(node: LabNode): LabNode {
  if (node.state !== "running") throw new Error(`${node.name} is ${node.state}`);
  return node;
}

async function wait(lab: Lab, wanted: string, notBoot: string | undefined, deadline: number): Promise<void> {
  await waitUntilReady(awaited(lab, findNode(lab, wanted)), notBoot, milliseconds(deadline));
}

function awaited(lab: Lab, node: LabNode): Awaited {
  return {
    name: node.name,
    command: (script) => overCard(lab, node, ["-o", "ConnectTimeout=2"], script),
    console: (lines) => consoleTail(lab, node.id, lines),
  };
}

function milliseconds(deadline: number): number {
  if (!(deadline > 0)) throw new Error("--deadline is a number of seconds above 0");
  return deadline * 1000;
}

async function powerOnAll(lab: Lab, deadline: number): Promise<void> {
  const most = milliseconds(deadline);
  const started = await powerOn(labBackend(lab));
  const nodes = labNodes(lab).filter(({ id }) => started.includes(id));
  await Promise.all(nodes.map((node) => waitUntilReady(awaited(lab, node), undefined, most)));
  process.stdout.write(
    `Started ${nodes.length} nodes${nodes.length === 0 ? "" : `: ${nodes.map(({ name }) => name).join(", ")}`}.\n`,
  );
}

async function showConsole(lab: Lab, wanted: string, follow: boolean): Promise<void> {
  const node = findNode(lab, wanted);
  const log = consoleLog(lab, node.id);
  if (!existsSync(log)) throw new Error(`${node.name} has not started yet: ${log} is not there`);
  if (follow) process.exitCode = await runAttached(["tail", "-n", "+1", "-F", log]);
  else process.stdout.write(`${consoleTail(lab, node.id, Infinity)}\n`);
}

interface CaptureOptions {
  readonly point: "inside" | "outside";
  readonly write?: string;
  readonly count?: number;
}

async function capture(
  lab: Lab,
  wanted: string,
  filter: readonly string[],
  { point, write, count }: CaptureOptions,
): Promise<void> {
  if (count !== undefined && !(Number.isInteger(count) && count > 0))
    throw new Error("--count is a number of packets, at least 1");
  const node = findNode(lab, wanted);
  // Else tcpdump is handed packets up to a second late, and who ends it right after one does not see it.
  const options = [
    "-n",
    "--immediate-mode",
    "-i",
    point === "inside" ? GUEST_PORT : FABRIC_PORT,
    ...(count === undefined ? [] : ["-c", String(count)]),
  ];
  // tcpdump writes files as a user of its own, who may not write here.
  const file = write === undefined || write === "-" ? undefined : openSync(write, "w");
  try {
    const command = ["tcpdump", ...options, ...(write === undefined ? ["-l"] : ["-U", "-w", "-"]), "--", ...filter];
    process.exitCode = await runAttached(inNamespace(node.namespace, command), file ?? "inherit");
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

async function tellWhy(lab: Lab, a: string, b: string, question: WhyOptions, output: "text" | "json"): Promise<void> {
  const { reached, ...answer } = await why(lab, a, b, question);
  process.stdout.write(output === "json" ? `${JSON.stringify(answer, null, 2)}\n` : whyText(answer));
  if (!reached) process.exitCode = 1;
}

async function flush(lab: Lab, wanted: readonly string[]): Promise<void> {
  const nodes = wanted.length === 0 ? labNodes(lab) : wanted.map((name) => findNode(lab, name));
  const commands = nodes
    .flatMap(({ namespace, otherNamespaces = [] }) => [namespace, ...otherNamespaces])
    .map(
      (namespace) =>
        `nsenter --net=/run/netns/${namespace} conntrack --flush 2>/dev/null || { echo "in namespace ${namespace}" >&2; exit 1; }`,
    );
  await run(["sh", "-s"], { stdin: `${commands.join("\n")}\n` });
}

async function destroy(lab: Lab): Promise<void> {
  const { nodes, namespaces } = await destroyAll(lab);
  process.stdout.write(`Removed ${nodes.length} nodes and ${namespaces.length} network namespaces of lab ${lab.id}.\n`);
}
