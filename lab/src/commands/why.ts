import { Argument, Command } from "commander";
import { type FormatOptions, printResult, withFormat } from "../../../terminal/format";
import { withHelp } from "../../../terminal/help";
import { openLab } from "../state/paths";
import { NODE_WORDS } from "./node-argument";
import type { WhyOptions } from "./why/question";
import { why } from "./why/why";
import { whyText } from "./why/why-text";

/** `overlaynet lab why` */
export function whyCommand(): Command {
  const command = new Command("why")
    .description(
      "follow a packet from A to B and back by the rules of AWS: which rule lets it pass, or what would have to change",
    )
    .addArgument(new Argument("<a>", `${NODE_WORDS}; or internet`))
    .argument("<b>", "the same, or any address")
    .option("--protocol <protocol>", "tcp, udp, icmp (echo), or a number such as 4; default: icmp, with --port tcp")
    .option("--port <port>", "where a TCP or UDP packet goes")
    .option("--source <address>", "in another's name, such as a workload's; default: the private address of A")
    .option("--destination <address>", "to another address, such as a workload's on B; default: that of B")
    .option("--size <bytes>", "length of the IP packet, with the DF bit set")
    .action(async (a: string, b: string, { format, ...question }: WhyOptions & FormatOptions) => {
      const { reached, ...answer } = await why(openLab(), a, b, question);
      printResult(format, answer, () => whyText(answer));
      if (!reached) process.exitCode = 1;
    });
  return withHelp(withFormat(command), {
    examples: [
      ["overlaynet lab why blue-a0 green-a0", "ICMP from node to node"],
      ["overlaynet lab why blue-a0 green-a0 --protocol 4", "IP in IP"],
      ["overlaynet lab why internet blue-a0 --port 22", "ssh from outside"],
      ["overlaynet lab why blue-a0 blue-b0 --size 9001", "whether a packet of 9001 bytes fits"],
    ],
    exitCodes: { 0: "the packet arrives, and its answer", 1: "one of them does not, or the question is wrong" },
    schema: "docs/schema/lab-why.schema.json",
  });
}
