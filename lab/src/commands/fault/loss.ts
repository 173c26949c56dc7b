import { Command, InvalidArgumentError } from "commander";
import { type FormatOptions, withFormat } from "../../../../terminal/format";
import { withHelp } from "../../../../terminal/help";
import { openLab } from "../../state/paths";
import { printFaults } from "./describe-fault";
import { faultLink } from "./faults";
import { DIRECTION, type DirectionOptions, WIRE } from "./wire-argument";

/** `overlaynet lab fault loss` */
export function lossCommand(): Command {
  const command = new Command("loss")
    .description("drop a share of the packets on a wire, at random")
    .addArgument(WIRE)
    .requiredOption("--share <share>", "0.25 or 25%", shareOf)
    .addOption(DIRECTION)
    .action(
      async (target: string, { share, direction, format }: { share: number } & DirectionOptions & FormatOptions) =>
        printFaults(format, await faultLink(openLab(), target, direction, share)),
    );
  return withHelp(withFormat(command), {
    examples: [
      ["overlaynet lab fault loss blue-a0 --share 5%", "one packet of twenty, both directions"],
      ["overlaynet lab fault loss blue-a0 --share 0.25 --direction ingress", "a quarter of what it receives"],
    ],
  });
}

/** 0.25 and 25% are the same. */
function shareOf(text: string): number {
  const share = /^[0-9.]+%$/.test(text) ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (!(share > 0 && share <= 1) || Math.round(share * 1_000_000) === 0)
    throw new InvalidArgumentError("It must be a share of all packets, such as 0.25 or 25%, at least 0.0001%");
  return share;
}
