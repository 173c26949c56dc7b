import { Command } from "commander";
import { type FormatOptions, withFormat } from "../../../terminal/format";
import { withHelp } from "../../../terminal/help";
import { planTopology } from "../plan/plan";
import type { Path } from "../plan/paths";
import { parseTopologyOutput } from "../verify/inventory";
import { pathTableLines } from "../verify/report";
import { stackOutputs } from "../verify/stack-outputs";
import { printPieces } from "./print-pieces";
import { CWD, type ProjectOptions, STACK } from "./project-options";

/** `overlaynet paths`: which way packets go between the nodes of a stack, and why. */
export function pathsCommand(): Command {
  const command = new Command("paths")
    .description("print which way packets between workloads go, for every pair of nodes of a stack, and why")
    .argument("[from]", "only from this node")
    .argument("[to]", "only to this node")
    .addOption(CWD)
    .addOption(STACK)
    .action(
      async (
        from: string | undefined,
        to: string | undefined,
        { cwd, stack, format }: ProjectOptions & FormatOptions,
      ) => {
        const topology = parseTopologyOutput(await stackOutputs(cwd, { stack, showSecrets: false }));
        const names = new Set(topology.nodes.map(({ name }) => name));
        for (const name of [from, to])
          if (name !== undefined && !names.has(name))
            throw new Error(`there is no node ${name}: the nodes are ${[...names].join(", ")}`);
        const { paths } = planTopology(topology);
        const chosen: Iterable<Path> = {
          *[Symbol.iterator]() {
            for (const path of paths)
              if ((from === undefined || path.from === from) && (to === undefined || path.to === to)) yield path;
          },
        };
        await printPieces(format === "json" ? jsonList(chosen) : pathTableLines(chosen));
      },
    );
  return withHelp(withFormat(command), {
    examples: [
      ["overlaynet paths", "every pair of nodes of the selected stack"],
      ["overlaynet paths blue-a0 green-a0", "one pair"],
      ["overlaynet paths -C lab --format json", "for a program"],
    ],
    exitCodes: { 0: "done", 1: "the stack has no such output, or no such node" },
    schema: "docs/schema/paths.schema.json",
  });
}

/** A list of millions of paths is longer than a string can be. */
function* jsonList(paths: Iterable<Path>): Generator<string, undefined> {
  let separator = "[\n";
  for (const path of paths) {
    yield `${separator}${JSON.stringify(path)}`;
    separator = ",\n";
  }
  yield separator === "[\n" ? "[]\n" : "\n]\n";
}
