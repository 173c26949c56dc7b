import { Command } from "commander";
import { labCommand } from "../../lab/src/commands/lab";
import { planCommand } from "../../provider/src/commands/plan";
import { poolsCommand } from "../../provider/src/commands/pools";
import { verifyCommand } from "../../provider/src/commands/verify";
import { envCommand, startCommand } from "./start";

/**
 * The `overlaynet` command: the commands of the provider and of the lab side by side, and `start`, which drives both.
 */
const program = new Command("overlaynet")
  .description(
    "Calico IPPool manifests into a working network of workloads over several AWS VPCs, and a lab to try it in.",
  )
  .addCommand(poolsCommand())
  .addCommand(planCommand())
  .addCommand(verifyCommand())
  .addCommand(labCommand())
  .addCommand(startCommand())
  .addCommand(envCommand());

program.parseAsync(process.argv).catch((error: unknown) => {
  process.stderr.write(`overlaynet: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
