import { Command } from "commander";
import { withHelp } from "../../../terminal/help";
import { type Lab, openLab } from "../state/paths";
import { run } from "../state/privileged";
import { findNode, labNodes } from "./find-node";
import { NODE_WORDS } from "./node-argument";

/** `overlaynet lab flush` */
export function flushCommand(): Command {
  const command = new Command("flush")
    .description(
      "make security groups forget tracked connections, so that each packet has to be let in by a rule again",
    )
    .argument("[nodes...]", `nodes, each by ${NODE_WORDS}; default: all`)
    .action((nodes: string[]) => flush(openLab(), nodes));
  return withHelp(command, {
    examples: [
      ["overlaynet lab flush", "at all nodes"],
      ["overlaynet lab flush blue-a0 green-a0", "at two nodes"],
      ['overlaynet verify -C lab --flush "overlaynet lab flush"', "before each round of verify"],
    ],
  });
}

async function flush(lab: Lab, wanted: readonly string[]): Promise<void> {
  const nodes = wanted.length === 0 ? labNodes(lab) : wanted.map((name) => findNode(lab, name));
  const commands = nodes
    .flatMap(({ namespace, otherNamespaces = [] }) => [namespace, ...otherNamespaces])
    .map(
      (namespace) =>
        `nsenter --net=/run/netns/${namespace} conntrack --flush 2>/dev/null || { echo "in namespace ${namespace}" >&2; exit 1; }`,
    );
  await run(["sh", "-s"], { stdin: `${commands.join("\n")}\n` });
}
