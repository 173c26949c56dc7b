import { Argument, Command } from "commander";
import { type FormatOptions, printResult, withFormat } from "../../../terminal/format";
import { withHelp } from "../../../terminal/help";
import { openLab } from "../state/paths";
import { inspect } from "./inspect/inspect-lab";
import { inspectText } from "./inspect/inspect-text";
import { NODE_WORDS } from "./node-argument";

/** `overlaynet lab inspect` */
export function inspectCommand(): Command {
  const command = new Command("inspect")
    .description(
      "show everything that the lab holds: networks, rules, interfaces, nodes, and what is waiting; or what concerns one node",
    )
    .addArgument(new Argument("[node]", `${NODE_WORDS}; default: all nodes`))
    .action(async (node: string | undefined, { format }: FormatOptions) => {
      const view = await inspect(openLab(), node);
      printResult(format, view, () => inspectText(view));
    });
  return withHelp(withFormat(command), {
    examples: [
      ["overlaynet lab inspect", "a table for each kind of thing"],
      ["overlaynet lab inspect blue-a0", "what concerns one node"],
      ["overlaynet lab inspect --format json", "the same for a program"],
    ],
    schema: "docs/schema/lab-inspect.schema.json",
  });
}
