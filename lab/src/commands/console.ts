import { existsSync } from "node:fs";
import { Command } from "commander";
import { withHelp } from "../../../terminal/help";
import { consoleLog, consoleTail } from "../node/node";
import { openLab } from "../state/paths";
import { runAttached } from "./attached";
import { findNode } from "./find-node";
import { NODE } from "./node-argument";

/** `overlaynet lab console` */
export function consoleCommand(): Command {
  const command = new Command("console")
    .description("show what a node's kernel and systemd said on its console, and go on as it says more")
    .addArgument(NODE)
    .option("--no-follow", "end after what is there")
    .action(async (wanted: string, { follow }: { follow: boolean }) => {
      const lab = openLab();
      const node = findNode(lab, wanted);
      const log = consoleLog(lab, node.id);
      if (!existsSync(log)) throw new Error(`${node.name} has not started yet: ${log} is not there`);
      if (follow) process.exitCode = await runAttached(["tail", "-n", "+1", "-F", log]);
      else process.stdout.write(`${consoleTail(lab, node.id, Infinity)}\n`);
    });
  return withHelp(command, {
    examples: [
      ["overlaynet lab console blue-a0", "follow a node as it boots; Ctrl-C ends it"],
      ["overlaynet lab console blue-a0 --no-follow", "what it said so far"],
    ],
  });
}
