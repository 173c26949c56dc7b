import { Command } from "commander";
import { withHelp } from "../../../terminal/help";
import { shellQuote } from "../node/user-data";
import { openLab } from "../state/paths";
import { runAttached } from "./attached";
import { findNode } from "./find-node";
import { NODE } from "./node-argument";
import { overCard, running } from "./over-card";

/** `overlaynet lab exec` */
export function execCommand(): Command {
  const command = new Command("exec")
    .description("run a command on a node as root, with the lab's own key as ssh does")
    .addArgument(NODE)
    .argument("<command...>", "program and arguments, after --")
    .action(async (wanted: string, words: string[]) => {
      const lab = openLab();
      const node = running(findNode(lab, wanted));
      const terminal = process.stdin.isTTY && process.stdout.isTTY ? ["-t"] : [];
      // ssh hands one line to a shell over there.
      const line = ["sudo", "-n", "--", ...words].map(shellQuote).join(" ");
      process.exitCode = await runAttached(overCard(lab, node, terminal, line));
    });
  return withHelp(command, {
    examples: [
      ["overlaynet lab exec blue-a0 -- ip route", "the routes of a node"],
      ["overlaynet lab exec blue-a0 -- nft list table inet overlaynet", "its filter"],
    ],
    exitCodes: { n: "as the command on the node ended", 255: "ssh could not connect" },
  });
}
