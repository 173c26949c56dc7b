import { Command } from "commander";
import { withHelp } from "../../../../terminal/help";
import { pauseNode } from "../../node/node";
import { openLab } from "../../state/paths";
import { findNode } from "../find-node";
import { NODE } from "../node-argument";

/** `overlaynet lab fault pause` */
export function pauseCommand(): Command {
  const command = new Command("pause")
    .description("stop a node where it is: it neither answers nor notices")
    .addArgument(NODE)
    .action(async (wanted: string) => {
      const lab = openLab();
      const { id, name } = findNode(lab, wanted);
      await pauseNode(lab, id);
      process.stdout.write(`Paused ${name}.\n`);
    });
  return withHelp(command, { examples: [["overlaynet lab fault pause blue-a0", "until lab fault resume"]] });
}
