import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../state/lock";
import type { Lab } from "../state/paths";
import { hasSettled, listNodes, nodeStatus } from "./node";

/**
 * Nodes that boot at once: two a processor, as a boot waits for about half of its time. More of them would only make
 * each other late.
 */
export const bootsAtOnce = 2 * availableParallelism();

/** A node that has not settled in so many seconds is not waited for: it may never do. */
const BOOT_TIME = 60;

/** How long a node may wait for its turn, milliseconds. */
const PATIENCE = 600_000;

/** Instance ids of the lab's nodes that are on their way up, whichever process started them. */
export function bootingNodes(lab: Lab): string[] {
  return listNodes(lab).filter((id) => {
    const { state, uptime = 0 } = nodeStatus(lab, id);
    return state === "running" && uptime < BOOT_TIME && !hasSettled(lab, id);
  });
}

/**
 * Starts a node when fewer than so many boot, one after another, also where several processes start nodes of the lab.
 *
 * @param start returns when the node's kernel runs
 * @throws what `start` throws, and when the turn does not come within ten minutes
 */
export async function inBootTurn<T>(
  lab: Lab,
  instanceId: string,
  start: () => Promise<T>,
  most = bootsAtOnce,
): Promise<T> {
  return withLock(
    join(lab.state, "boot.lock"),
    `starting ${instanceId}`,
    async () => {
      while (bootingNodes(lab).length >= most) await sleep(50);
      return start();
    },
    PATIENCE,
  );
}
