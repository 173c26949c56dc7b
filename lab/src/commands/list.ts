import { Command } from "commander";
import { type FormatOptions, printResult, withFormat } from "../../../terminal/format";
import { withHelp } from "../../../terminal/help";
import { table } from "../../../terminal/table";
import { openLab } from "../state/paths";
import { type LabNode, labNodes } from "./find-node";

/** `overlaynet lab list` */
export function listCommand(): Command {
  const command = new Command("list")
    .description("list the nodes with their VPCs, addresses and state")
    .action(({ format }: FormatOptions) => {
      const nodes = labNodes(openLab());
      printResult(format, nodes, () => nodeTable(nodes));
    });
  return withHelp(withFormat(command), {
    examples: [
      ["overlaynet lab list", "a table of the nodes"],
      ["overlaynet lab list --format json", "the same for a program"],
    ],
    schema: "docs/schema/lab-list.schema.json",
  });
}

/** The nodes as aligned columns. */
export function nodeTable(nodes: readonly LabNode[]): string {
  if (nodes.length === 0) return "The lab has no nodes.\n";
  return table(
    ["NAME", "INSTANCE", "VPC", "ZONE", "PRIVATE", "PUBLIC", "STATE"],
    nodes.map(({ name, id, vpc, availabilityZone, privateIp, publicIp, state }) => [
      name,
      id,
      vpc,
      availabilityZone,
      privateIp,
      publicIp || "-",
      state,
    ]),
  );
}
