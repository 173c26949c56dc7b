import { Command } from "commander";
import { withHelp } from "../../../../terminal/help";
import { resumeNode } from "../../node/node";
import { openLab } from "../../state/paths";
import { findNode } from "../find-node";
import { NODE } from "../node-argument";

/** `overlaynet lab fault resume` */
export function resumeCommand(): Command {
  const command = new Command("resume")
    .description("let a paused node go on")
    .addArgument(NODE)
    .action(async (wanted: string) => {
      const lab = openLab();
      const { id, name } = findNode(lab, wanted);
      await resumeNode(lab, id);
      process.stdout.write(`Resumed ${name}.\n`);
    });
  return withHelp(command, { examples: [["overlaynet lab fault resume blue-a0", "after lab fault pause"]] });
}
