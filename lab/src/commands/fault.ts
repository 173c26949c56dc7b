import { Command } from "commander";
import { type FormatOptions, printResult, withFormat } from "../../../terminal/format";
import { withHelp } from "../../../terminal/help";
import { type Lab, openLab } from "../state/paths";
import { cutCommand } from "./fault/cut";
import { dropProtocolCommand } from "./fault/drop-protocol";
import { clearFaults } from "./fault/faults";
import { describeFault } from "./fault/describe-fault";
import { killCommand } from "./fault/kill";
import { lossCommand } from "./fault/loss";
import { pauseCommand } from "./fault/pause";
import { rebootCommand } from "./fault/reboot";
import { refuseSshCommand } from "./fault/refuse-ssh";
import { resumeCommand } from "./fault/resume";
import { WIRE_WORDS } from "./fault/wire-argument";
import { inspect } from "./inspect/inspect-lab";
import type { LabView } from "./inspect/lab-view";

/** `overlaynet lab fault …`: lists what goes wrong; its commands make it. */
export function faultCommand(): Command {
  const fault = new Command("fault")
    .description("make something go wrong outside the nodes; without a command, list what does")
    // An option after a command's name is the command's, not this list's.
    .enablePositionalOptions()
    .option(
      "--clear [target]",
      `take all faults back, or those of a target (${WIRE_WORDS} or a VPC), and resume nodes that are paused`,
    )
    // Commander finds what was meant by an unknown command only where there is no action.
    .allowExcessArguments()
    .action(async ({ clear, format }: { clear?: string | true } & FormatOptions, { args: [unknown] }: Command) => {
      const names = fault.commands.map((command) => command.name()).join(", ");
      if (unknown !== undefined) fault.error(`error: unknown command '${unknown}'\n(There are: ${names})`);
      if (clear === undefined) await listFaults(openLab(), format);
      else await endFaults(openLab(), clear === true ? undefined : clear, format);
    })
    .commandsGroup("On a wire:")
    .addCommand(cutCommand())
    .addCommand(lossCommand())
    .addCommand(refuseSshCommand())
    .commandsGroup("Of a VPC:")
    .addCommand(dropProtocolCommand())
    .commandsGroup("Of a node:")
    .addCommand(pauseCommand())
    .addCommand(resumeCommand())
    .addCommand(killCommand())
    .addCommand(rebootCommand());
  return withHelp(withFormat(fault), {
    examples: [
      ["overlaynet lab fault", "the faults, and the packets that they took"],
      ["overlaynet lab fault loss blue-a0 --share 5%", "lose packets at blue-a0"],
      ["overlaynet lab fault --clear blue-a0", "take the faults of a node back"],
      ["overlaynet lab fault --clear", "take all faults back"],
    ],
    schema: "docs/schema/lab-fault.schema.json",
  });
}

async function listFaults(lab: Lab, format: FormatOptions["format"]): Promise<void> {
  const { faults, nodes } = await inspect(lab);
  const paused = nodes.filter((node) => node.paused).map(({ name }) => name);
  printResult(format, { faults, paused }, () => faultList(faults, paused));
}

/** A line for each fault and for each paused node. */
export function faultList(faults: LabView["faults"], paused: readonly string[]): string {
  if (faults.length + paused.length === 0) return "The lab has no faults.\n";
  const counted = faults.map((fault) =>
    fault.packets === undefined ? describeFault(fault) : `${describeFault(fault)}, ${fault.packets} packets so far`,
  );
  return [...counted, ...paused.map((name) => `${name}: is paused`)].map((line) => `${line}\n`).join("");
}

async function endFaults(lab: Lab, wanted: string | undefined, format: FormatOptions["format"]): Promise<void> {
  const { faults, resumed } = await clearFaults(lab, wanted);
  printResult(
    format,
    { faults, resumed },
    () => `Cleared ${faults.length} faults${resumed.length === 0 ? "" : `, resumed ${resumed.join(", ")}`}.\n`,
  );
}
