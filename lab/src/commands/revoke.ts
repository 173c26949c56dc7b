import { Command } from "commander";
import { type FormatOptions, printResult, withFormat } from "../../../terminal/format";
import { withHelp } from "../../../terminal/help";
import { openLab } from "../state/paths";
import { revokeIngress } from "./revoke-ingress";

/** `overlaynet lab revoke` */
export function revokeCommand(): Command {
  const command = new Command("revoke")
    .description(
      "take every ingress rule of a protocol out of all security groups behind Pulumi's back, as somebody at AWS' console would",
    )
    .requiredOption("--protocol <protocol>", "as the rules spell it: 4, udp, tcp, icmp, -1")
    .action(async ({ protocol, format }: { protocol: string } & FormatOptions) => {
      const ruleIds = await revokeIngress(openLab(), protocol);
      printResult(
        format,
        { ruleIds },
        () => `Revoked ${ruleIds.length} ingress rules${ruleIds.length === 0 ? "" : `: ${ruleIds.join(", ")}`}.\n`,
      );
    });
  return withHelp(withFormat(command), {
    examples: [
      ["overlaynet lab revoke --protocol 4", "then see that verify fails, and pulumi refresh tells"],
      ["overlaynet lab revoke --protocol udp", "the rules of VXLAN"],
    ],
  });
}
