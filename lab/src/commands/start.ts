import { Command } from "commander";
import { withHelp } from "../../../terminal/help";
import { labBackend } from "../ec2/lab-backend";
import { powerOn } from "../ec2/power-on";
import { openLab } from "../state/paths";
import { deadlineOption } from "./deadline-option";
import { labNodes } from "./find-node";
import { awaited } from "./over-card";
import { waitUntilReady } from "./wait-until-ready";

/** `overlaynet lab start` */
export function startCommand(): Command {
  const command = new Command("start")
    .description(
      "bring the lab back after this machine was rebooted: its networks, and the nodes that ran; returns when they answer and have settled",
    )
    .addOption(deadlineOption("how long a node may take", 120))
    .action(async ({ deadline }: { deadline: number }) => {
      const lab = openLab();
      const started = await powerOn(labBackend(lab));
      const nodes = labNodes(lab).filter(({ id }) => started.includes(id));
      await Promise.all(nodes.map((node) => waitUntilReady(awaited(lab, node), undefined, deadline)));
      const names = nodes.map(({ name }) => name).join(", ");
      process.stdout.write(`Started ${nodes.length} nodes${names === "" ? "" : `: ${names}`}.\n`);
    });
  return withHelp(command, {
    examples: [["overlaynet lab start", "all that ran when the machine went down"]],
    exitCodes: { 0: "all nodes answer", 1: "one does not; the end of its console is shown" },
  });
}
