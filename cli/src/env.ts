import { join } from "node:path";
import { Command } from "commander";
import { projectRoot } from "../../lab/src/state/paths";
import { type FormatOptions, printResult, withFormat } from "../../terminal/format";
import { withHelp } from "../../terminal/help";
import { quickStartEnvironment, quote } from "./quick-start";

/** `overlaynet env`: what a shell needs to run pulumi on the quick start's stack by hand. */
export function envCommand(): Command {
  const command = new Command("env")
    .description("print the shell lines that point pulumi at the quick start's stack in the lab")
    .action(({ format }: FormatOptions) => {
      const environment = quickStartEnvironment();
      printResult(format, environment, () => {
        const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`);
        return `${lines.join("\n")}\nexport PATH=${quote(join(projectRoot(), "node_modules", ".bin"))}:"$PATH"\n`;
      });
    });
  return withHelp(withFormat(command), {
    examples: [
      ['eval "$(overlaynet env)"', "then pulumi -C lab preview, up or destroy"],
      ["overlaynet env --format json", "the variables without PATH, as an object"],
    ],
  });
}
