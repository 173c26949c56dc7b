import { readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { destroyNode, listNodes } from "../node/node";
import { withLock } from "../state/lock";
import type { Lab } from "../state/paths";
import { run } from "../state/privileged";
import { existingNamespaces, removalCommands, shellCommand } from "./apply";
import { endLinkLocal } from "./link-local-services";
import { namespacePrefix } from "./names";
import { ownedIds, removeMarks } from "./ownership";
import { fabricMemory, withFabricLock } from "./reconcile";

/** What was there and is gone now. */
export interface Destroyed {
  readonly nodes: readonly string[];
  readonly namespaces: readonly string[];
}

/**
 * Everything that a lab keeps in its state directory; what else is there is somebody's. Not the passphrase of the quick
 * start's Pulumi backend: the stack's settings, which lie beside its program, go with it.
 */
const entries = [
  "resources",
  "nodes",
  "fabric",
  "faults.json",
  "faults.json.draft",
  "pulumi",
  "lab_key",
  "report.html",
  "boot.lock",
  "lock",
  "id",
];

/**
 * Removes a lab by what is its own, whatever its records say or a killed run left: nodes by their directories,
 * processes and devices with the namespaces `lab-<id>-…`, also of an id that the state directory had before its files
 * were removed by hand, records, keys, and the Pulumi state of the quick start, which would tell of what is gone.
 */
export async function destroyAll(lab: Lab): Promise<Destroyed> {
  return withLock(lab.lock, "destroying the lab", () =>
    withFabricLock(lab, "destroying the lab", async () => {
      const nodes = listNodes(lab);
      await Promise.all(nodes.map((id) => destroyNode(lab, id)));
      const sh = shellCommand(fabricMemory(lab));
      await run(sh);
      await endLinkLocal(lab);
      const ids = ownedIds(lab);
      const namespaces = ids.flatMap((id) => existingNamespaces(namespacePrefix({ id })));
      if (namespaces.length > 0)
        await run(sh, {
          stdin: [
            "set -u",
            ...namespaces.flatMap((name) => [...endProcesses(name), ...removalCommands(name)]),
            "",
          ].join("\n"),
        });
      await removeMarks(ids);
      const names = new Set(readdirSync(lab.state));
      for (const entry of entries.filter((name) => names.has(name)))
        await run(["rm", "-rf", "--", join(lab.state, entry)]);
      if (readdirSync(lab.state).length === 0) rmdirSync(lab.state);
      return { nodes, namespaces };
    }),
  );
}

/** A namespace lives for as long as a process is in it: a capture, a proxy, a node without a directory. */
function endProcesses(namespace: string): string[] {
  return [`for pid in $(ip netns pids ${namespace}); do kill -KILL "$pid" 2>/dev/null || :; done`];
}
