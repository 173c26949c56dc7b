import { Command } from "commander";
import { withHelp } from "../../../terminal/help";
import { destroyAll } from "../fabric/destroy";
import { openLab } from "../state/paths";

/** `overlaynet lab destroy` */
export function destroyCommand(): Command {
  const command = new Command("destroy")
    .description("remove everything of the lab: nodes, networks, records, keys, and the quick start's Pulumi state")
    .requiredOption("--all", "say that everything is meant")
    .action(async () => {
      const lab = openLab();
      const { nodes, namespaces } = await destroyAll(lab);
      process.stdout.write(
        `Removed ${nodes.length} nodes and ${namespaces.length} network namespaces of lab ${lab.id}.\n`,
      );
    });
  return withHelp(command, { examples: [["overlaynet lab destroy --all", "nothing of the lab is left"]] });
}
