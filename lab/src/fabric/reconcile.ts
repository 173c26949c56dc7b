import { join } from "node:path";
import { readFaults } from "../state/faults";
import { withLock } from "../state/lock";
import type { Lab } from "../state/paths";
import type { ResourceRecord } from "../state/record";
import { RecordStore } from "../state/store";
import { applyFabric } from "./apply";
import { serveLinkLocal } from "./link-local-services";
import { fabricOf } from "./model";
import { namespacePrefix } from "./names";
import { markOwnership, removeMarks } from "./ownership";
import { ensureSelfTest } from "./self-test";

/**
 * Brings this machine in line with the lab's records: makes, changes and removes network namespaces of this lab, and
 * touches nothing else. Changed rules cut no tracked connection. At its first use since this machine booted it proves
 * first that security groups hold.
 *
 * @param records by default those in the store when its turn comes; whoever gives others holds `lab.lock` since reading
 * them (the
 *   fabric has a lock of its own)
 * @throws SelfTestError when this machine cannot do it, FabricError when the records cannot be made real, CommandError
 * when Linux
 *   refuses something: a later call goes on from there
 */
export async function reconcile(lab: Lab, records?: readonly ResourceRecord[]): Promise<void> {
  await withFabricLock(lab, "bringing the networks in line", async () => {
    await ensureSelfTest(lab);
    const prefix = namespacePrefix(lab);
    const all = records ?? new RecordStore(lab).list();
    const namespaces = fabricOf(prefix, all, readFaults(lab));
    if (namespaces.length > 0) await markOwnership(lab);
    await applyFabric(prefix, namespaces, fabricMemory(lab));
    if (namespaces.length === 0) await removeMarks([lab.id]);
    await serveLinkLocal(lab, all);
  });
}

/** The file that remembers what was made. */
export function fabricMemory(lab: Lab): string {
  return join(lab.state, "fabric", "applied.json");
}

/** Does something while no process changes the lab's networks. */
export async function withFabricLock<T>(lab: Lab, what: string, action: () => Promise<T>): Promise<T> {
  return withLock(join(lab.state, "fabric", "lock"), what, action);
}
