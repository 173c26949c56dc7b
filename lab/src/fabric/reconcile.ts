import { join } from "node:path";
import type { Lab } from "../state/paths";
import { withLock } from "../state/lock";
import { RecordStore } from "../state/store";
import { applyFabric } from "./apply";
import { fabricOf } from "./model";
import { namespacePrefix } from "./names";
import { ensureSelfTest } from "./self-test";

/** Rounds that wait for their turn, by lab: whoever comes before such a round begins is served by it. */
const waiting = new Map<string, Promise<void>>();

/**
 * Brings this machine in line with the lab's records, as they are when its turn comes: makes, changes and removes network
 * namespaces of this lab, and touches nothing else. Changed rules cut no tracked connection. It can be called at any time, from
 * any number of processes; it may be called while holding `lab.lock`, as the fabric has a lock of its own.
 *
 * @throws SelfTestError when this machine cannot do it, FabricError when the records cannot be made real, CommandError otherwise
 */
export function reconcile(lab: Lab): Promise<void> {
  const joined = waiting.get(lab.state);
  if (joined) return joined;
  const round = withFabricLock(lab, "bringing the networks in line", async () => {
    waiting.delete(lab.state);
    await ensureSelfTest(lab);
    const prefix = namespacePrefix(lab);
    await applyFabric(prefix, fabricOf(prefix, new RecordStore(lab).list()), join(lab.state, "fabric", "applied.json"));
  });
  waiting.set(lab.state, round);
  // A round that never got its turn must not be joined for ever.
  const forget = (): void => {
    if (waiting.get(lab.state) === round) waiting.delete(lab.state);
  };
  round.then(forget, forget);
  return round;
}

/** Does something while no process changes the lab's networks. */
export async function withFabricLock<T>(lab: Lab, what: string, action: () => Promise<T>): Promise<T> {
  return withLock(join(lab.state, "fabric", "lock"), what, action);
}
