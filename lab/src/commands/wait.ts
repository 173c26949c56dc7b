import { Command } from "commander";
import { withHelp } from "../../../terminal/help";
import { openLab } from "../state/paths";
import { deadlineOption } from "./deadline-option";
import { findNode } from "./find-node";
import { NODE } from "./node-argument";
import { awaited } from "./over-card";
import { waitUntilReady } from "./wait-until-ready";

/** `overlaynet lab wait` */
export function waitCommand(): Command {
  const command = new Command("wait")
    .description("wait until a node takes the lab's key by ssh and its systemd has settled")
    .addArgument(NODE)
    .option(
      "--not-boot <boot_id>",
      "in a boot that is not this one (/proc/sys/kernel/random/boot_id), to wait for a reboot",
    )
    .addOption(deadlineOption("how long", 60))
    .action(async (wanted: string, { notBoot, deadline }: { notBoot?: string; deadline: number }) => {
      const lab = openLab();
      await waitUntilReady(awaited(lab, findNode(lab, wanted)), notBoot, deadline);
    });
  return withHelp(command, {
    examples: [
      ["overlaynet lab wait blue-a0", "until blue-a0 has booted"],
      ["overlaynet lab wait blue-a0 --deadline 20", "no longer than 20 s"],
    ],
    exitCodes: { 0: "the node is ready", 1: "it was not in time; the end of its console is shown" },
  });
}
