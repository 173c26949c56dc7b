import { Command } from "commander";
import { labCommand } from "../../lab/src/commands/lab";
import { pathsCommand } from "../../provider/src/commands/paths";
import { planCommand } from "../../provider/src/commands/plan";
import { poolsCommand } from "../../provider/src/commands/pools";
import { verifyCommand } from "../../provider/src/commands/verify";
import { VERSION } from "../../provider/src/version";
import { withHelp } from "../../terminal/help";
import { envCommand } from "./env";
import { startCommand } from "./start";

/**
 * The `overlaynet` command: the commands of the provider and of the lab side by side, and `start`, which drives both.
 */
export function overlaynetCommand(): Command {
  const program = new Command("overlaynet")
    .description(
      "Calico IPPool manifests into a working network of workloads over several AWS VPCs, and a lab to try it in.",
    )
    .version(VERSION)
    // What follows a command's name is the command's: `lab exec NODE PROGRAM --version` asks the program.
    .enablePositionalOptions()
    .commandsGroup("Pools and plans, without a cluster:")
    .addCommand(poolsCommand())
    .addCommand(planCommand())
    .commandsGroup("A running cluster:")
    .addCommand(pathsCommand())
    .addCommand(verifyCommand())
    .commandsGroup("The lab, a stand-in for AWS on this machine:")
    .addCommand(startCommand())
    .addCommand(envCommand())
    .addCommand(labCommand());
  return withHelp(program, {
    examples: [
      ["overlaynet start", "six nodes in two VPCs in the lab, and the proof that they talk"],
      ["overlaynet pools check pools.yaml", "Calico's verdict on a manifest"],
      ["overlaynet help lab", "the commands of the lab"],
    ],
    exitCodes: { 0: "done", 1: "failed; standard error says why", more: "in the help of a command" },
  });
}
