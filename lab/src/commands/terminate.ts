import { Command } from "commander";
import { withHelp } from "../../../terminal/help";
import { openLab } from "../state/paths";
import { NODE } from "./node-argument";
import { terminateInstance } from "./terminate-instance";

/** `overlaynet lab terminate` */
export function terminateCommand(): Command {
  const command = new Command("terminate")
    .description("terminate an instance behind Pulumi's back, as somebody at AWS' console would")
    .addArgument(NODE)
    .action(async (wanted: string) => {
      const { name, id } = await terminateInstance(openLab(), wanted);
      process.stdout.write(`Terminated ${name} (${id}).\n`);
    });
  return withHelp(command, {
    examples: [["overlaynet lab terminate blue-a0", "then pulumi refresh finds it gone, and pulumi up makes it anew"]],
  });
}
