import { Command, InvalidArgumentError } from "commander";
import { type FormatOptions, withFormat } from "../../../../terminal/format";
import { withHelp } from "../../../../terminal/help";
import { isProtocol } from "../../state/faults";
import { openLab } from "../../state/paths";
import { printFaults } from "./describe-fault";
import { dropProtocol } from "./faults";

/** `overlaynet lab fault drop-protocol` */
export function dropProtocolCommand(): Command {
  const command = new Command("drop-protocol")
    .description("have a VPC drop an IP protocol, as other clouds' networks drop IP in IP")
    .argument("<vpc>", "id or Name tag of a VPC")
    .argument("<protocol>", "IP protocol number, 1 to 255: 4 is IP in IP", protocolOf)
    .action(async (vpc: string, protocol: number, { format }: FormatOptions) =>
      printFaults(format, await dropProtocol(openLab(), vpc, protocol)),
    );
  return withHelp(withFormat(command), {
    examples: [["overlaynet lab fault drop-protocol green 4", "IP in IP is lost, VXLAN is not"]],
  });
}

function protocolOf(text: string): number {
  if (!/^\d+$/.test(text) || !isProtocol(Number(text)))
    throw new InvalidArgumentError("It must be the number of an IP protocol, 1 to 255, such as 4 for IP in IP");
  return Number(text);
}
