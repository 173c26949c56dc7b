import { Command } from "commander";
import { withHelp } from "../../../terminal/help";
import { captureCommand } from "./capture";
import { checkCommand } from "./check";
import { consoleCommand } from "./console";
import { destroyCommand } from "./destroy";
import { execCommand } from "./exec";
import { faultCommand } from "./fault";
import { flushCommand } from "./flush";
import { inspectCommand } from "./inspect";
import { listCommand } from "./list";
import { revokeCommand } from "./revoke";
import { sshCommand } from "./ssh";
import { startCommand } from "./start";
import { terminateCommand } from "./terminate";
import { waitCommand } from "./wait";
import { whyCommand } from "./why";

/**
 * `overlaynet lab …`: the lab seen and handled from outside, as its data centre. The lab is that of
 * `$OVERLAYNET_LAB_STATE`.
 */
export function labCommand(): Command {
  const lab = new Command("lab")
    .description("see and handle the lab: its nodes, their consoles, packets at their network interfaces")
    .enablePositionalOptions()
    .commandsGroup("See what is there:")
    .addCommand(listCommand())
    .addCommand(inspectCommand())
    .addCommand(whyCommand())
    .addCommand(captureCommand())
    .addCommand(consoleCommand())
    .commandsGroup("Enter a node:")
    .addCommand(sshCommand())
    .addCommand(execCommand())
    .addCommand(waitCommand())
    .commandsGroup("Change things behind Pulumi's back:")
    .addCommand(faultCommand())
    .addCommand(revokeCommand())
    .addCommand(terminateCommand())
    .addCommand(flushCommand())
    .commandsGroup("The lab as a whole:")
    .addCommand(checkCommand())
    .addCommand(startCommand())
    .addCommand(destroyCommand());
  return withHelp(lab, {
    examples: [
      ["overlaynet lab list", "the nodes"],
      ["overlaynet lab why --help", "what a command takes"],
      ["OVERLAYNET_LAB_STATE=/var/lab overlaynet lab list", "another lab, by its state directory"],
    ],
  });
}
