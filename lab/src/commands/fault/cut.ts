import { Command } from "commander";
import { type FormatOptions, withFormat } from "../../../../terminal/format";
import { withHelp } from "../../../../terminal/help";
import { openLab } from "../../state/paths";
import { printFaults } from "./describe-fault";
import { faultLink } from "./faults";
import { DIRECTION, type DirectionOptions, WIRE } from "./wire-argument";

/** `overlaynet lab fault cut` */
export function cutCommand(): Command {
  const command = new Command("cut")
    .description("cut a wire: nothing passes until it is cleared")
    .addArgument(WIRE)
    .addOption(DIRECTION)
    .action(async (target: string, { direction, format }: DirectionOptions & FormatOptions) =>
      printFaults(format, await faultLink(openLab(), target, direction, 1)),
    );
  return withHelp(withFormat(command), {
    examples: [
      ["overlaynet lab fault cut blue-a0", "both directions"],
      ["overlaynet lab fault cut blue-a0 --direction egress", "what it sends"],
    ],
  });
}
