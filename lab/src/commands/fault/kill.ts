import { Command } from "commander";
import { withHelp } from "../../../../terminal/help";
import { cutPower } from "../../node/node";
import { openLab } from "../../state/paths";
import { findNode } from "../find-node";
import { NODE } from "../node-argument";

/** `overlaynet lab fault kill` */
export function killCommand(): Command {
  const command = new Command("kill")
    .description("end a node as a power cut does; its disk stays, and lab start brings it back")
    .addArgument(NODE)
    .action(async (wanted: string) => {
      const lab = openLab();
      const { id, name } = findNode(lab, wanted);
      await cutPower(lab, id);
      process.stdout.write(`Stopped ${name}.\n`);
    });
  return withHelp(command, { examples: [["overlaynet lab fault kill blue-a0", "lab start brings it back"]] });
}
