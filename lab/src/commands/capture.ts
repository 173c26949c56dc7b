import { closeSync, openSync } from "node:fs";
import { Command, InvalidArgumentError, Option } from "commander";
import { withHelp } from "../../../terminal/help";
import { FABRIC_PORT, GUEST_PORT } from "../fabric/names";
import { type Lab, openLab } from "../state/paths";
import { inNamespace, runAttached } from "./attached";
import { findNode } from "./find-node";
import { NODE } from "./node-argument";

interface CaptureOptions {
  readonly point: "inside" | "outside";
  readonly write?: string;
  readonly count?: number;
}

/** `overlaynet lab capture` */
export function captureCommand(): Command {
  const command = new Command("capture")
    .description("run tcpdump at a node's network interface, outside the node")
    .addArgument(NODE)
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
    .option("-c, --count <packets>", "end after so many", packets)
    .action(async (node: string, filter: string[], options: CaptureOptions) => {
      process.exitCode = await capture(openLab(), node, filter, options);
    });
  return withHelp(command, {
    examples: [
      ["overlaynet lab capture blue-a0", "all packets; Ctrl-C ends it"],
      ["overlaynet lab capture blue-a0 ip proto 4 -c 5", "five packets of IP in IP"],
      ["overlaynet lab capture blue-a0 --point inside", "also what the security groups drop"],
      ["overlaynet lab capture blue-a0 -w blue-a0.pcap", "a file for Wireshark"],
    ],
    exitCodes: { n: "as tcpdump ended" },
  });
}

function packets(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It must be a number of packets, at least 1");
  return Number(text);
}

async function capture(
  lab: Lab,
  wanted: string,
  filter: readonly string[],
  { point, write, count }: CaptureOptions,
): Promise<number> {
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
    const words = ["tcpdump", ...options, ...(write === undefined ? ["-l"] : ["-U", "-w", "-"]), "--", ...filter];
    return await runAttached(inNamespace(node.namespace, words), file ?? "inherit");
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
