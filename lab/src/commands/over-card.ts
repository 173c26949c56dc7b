import { existsSync } from "node:fs";
import { consoleTail } from "../node/node";
import { labKeyFile } from "../state/lab-key";
import type { Lab } from "../state/paths";
import { inNamespace } from "./attached";
import type { LabNode } from "./find-node";
import type { Awaited } from "./wait-until-ready";

/** The default user of Debian's images on EC2, and so of the lab's. */
export const USER = "admin";

/** The wire from the card leads to this one node of this machine: there is nobody whose key could be a surprise. */
export const NO_HOST_KEY = [
  "-o",
  "StrictHostKeyChecking=no",
  "-o",
  "UserKnownHostsFile=/dev/null",
  "-o",
  "LogLevel=ERROR",
] as const;

/**
 * The words of an ssh to a node with the lab's own key, from the node's card: no security group and no route is in the
 * way.
 *
 * @throws Error when the nodes were made without the lab's key
 */
export function overCard(
  lab: Lab,
  { namespace, privateIp }: LabNode,
  options: readonly string[],
  command?: string,
): string[] {
  const key = labKeyFile(lab);
  if (!existsSync(key)) throw new Error(`${key} is not there: the nodes were made without the lab's key`);
  const ours = ["-F", "none", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"];
  return inNamespace(namespace, [
    "ssh",
    ...options,
    ...ours,
    ...NO_HOST_KEY,
    `${USER}@${privateIp}`,
    ...(command === undefined ? [] : [command]),
  ]);
}

/** @throws Error when the node does not run */
export function running(node: LabNode): LabNode {
  if (node.state !== "running") throw new Error(`${node.name} is ${node.state}`);
  return node;
}

/** A node as waitUntilReady asks it. */
export function awaited(lab: Lab, node: LabNode): Awaited {
  return {
    name: node.name,
    command: (script) => overCard(lab, node, ["-o", "ConnectTimeout=2"], script),
    console: (lines) => consoleTail(lab, node.id, lines),
  };
}
