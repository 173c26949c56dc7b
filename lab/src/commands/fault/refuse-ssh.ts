import { Command, Option } from "commander";
import { type FormatOptions, withFormat } from "../../../../terminal/format";
import { withHelp } from "../../../../terminal/help";
import { openLab } from "../../state/paths";
import { NODE } from "../node-argument";
import { printFaults } from "./describe-fault";
import { refuseSsh } from "./faults";

/** `overlaynet lab fault refuse-ssh` */
export function refuseSshCommand(): Command {
  const command = new Command("refuse-ssh")
    .description("refuse connections to port 22 of a node, outside it; lab ssh and lab exec still have their way in")
    .addArgument(NODE)
    .addOption(
      new Option("--answer <answer>", "reset: as where nothing listens; drop: none")
        .choices(["reset", "drop"])
        .default("reset"),
    )
    .action(async (node: string, { answer, format }: { answer: "reset" | "drop" } & FormatOptions) =>
      printFaults(format, await refuseSsh(openLab(), node, answer)),
    );
  return withHelp(withFormat(command), {
    examples: [
      ["overlaynet lab fault refuse-ssh blue-a0", "as if sshd had ended"],
      ["overlaynet lab fault refuse-ssh blue-a0 --answer drop", "as if a firewall were in the way"],
    ],
  });
}
