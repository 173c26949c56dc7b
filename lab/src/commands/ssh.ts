import { join } from "node:path";
import { Command } from "commander";
import { withHelp } from "../../../terminal/help";
import { shellQuote } from "../node/user-data";
import { type Lab, openLab, projectRoot } from "../state/paths";
import { runAttached } from "./attached";
import { findNode } from "./find-node";
import { NODE } from "./node-argument";
import { NO_HOST_KEY, overCard, running, USER } from "./over-card";

/** `overlaynet lab ssh` */
export function sshCommand(): Command {
  const command = new Command("ssh")
    .description(
      "open a shell on a node as admin, over its network interface with the lab's own key: no security group or route is in the way",
    )
    .addArgument(NODE)
    .option(
      "-i, --identity <file>",
      "come with this key to the node's public address instead, as from the internet: security groups and routes apply",
    )
    .action(async (node: string, { identity }: { identity?: string }) => {
      process.exitCode = await ssh(openLab(), node, identity);
    });
  return withHelp(command, {
    examples: [
      ["overlaynet lab ssh blue-a0", "a shell on blue-a0"],
      ["overlaynet lab ssh blue-a0 -i key.pem", "the same as from the internet, with a key of yours"],
    ],
    exitCodes: { n: "as the shell on the node ended", 255: "ssh could not connect" },
  });
}

async function ssh(lab: Lab, wanted: string, identity: string | undefined): Promise<number> {
  const node = running(findNode(lab, wanted));
  if (identity === undefined) return runAttached(overCard(lab, node, []));
  if (node.publicIp === "")
    throw new Error(`${node.name} has no public address; without --identity, its network interface is the way in`);
  const proxy = `ProxyCommand=${shellQuote(join(projectRoot(), "lab", "ssh-proxy"))} %h %p`;
  return runAttached([
    "env",
    `OVERLAYNET_LAB_STATE=${lab.state}`,
    "ssh",
    "-i",
    identity,
    ...NO_HOST_KEY,
    "-o",
    proxy,
    `${USER}@${node.publicIp}`,
  ]);
}
