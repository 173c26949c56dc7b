import { Command } from "commander";
import { withHelp } from "../../../../terminal/help";
import { rebootNode, resetNode } from "../../node/node";
import { openLab } from "../../state/paths";
import { findNode } from "../find-node";
import { NODE } from "../node-argument";

/** `overlaynet lab fault reboot` */
export function rebootCommand(): Command {
  const command = new Command("reboot")
    .description("reboot a node from outside; returns when its new kernel runs")
    .addArgument(NODE)
    .option("--hard", "as by the reset button, without a word to it")
    .action(async (wanted: string, { hard }: { hard?: true }) => {
      const lab = openLab();
      const { id, name } = findNode(lab, wanted);
      await (hard === true ? resetNode : rebootNode)(lab, id);
      process.stdout.write(`Rebooted ${name}.\n`);
    });
  return withHelp(command, {
    examples: [
      ["overlaynet lab fault reboot blue-a0", "its systemd ends what runs"],
      ["overlaynet lab fault reboot blue-a0 --hard", "as by the reset button"],
    ],
  });
}
