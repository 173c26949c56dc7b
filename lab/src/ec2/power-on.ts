import type { Backend } from "./engine/backend";
import { nodeOf } from "./types/instance-node";
import { textOf } from "./engine/fields";
import { Records } from "./engine/records";
import { DEFAULT_REGION } from "./engine/regions";
import { EC2 } from "../cloud/tokens";

/**
 * Brings a lab back after the machine was rebooted: its networks, and every node that ran and does not now, from its
 * disk. Nodes that run are left alone.
 *
 * @returns ids of the instances that were started
 * @throws AggregateError with what kept which node from starting, after the others have been
 */
export async function powerOn(backend: Backend): Promise<string[]> {
  return backend.locked("powering on", async () => {
    const all = backend.list();
    await backend.reconcile(all);
    const stopped = all.filter(
      ({ id, type, outputs }) =>
        type === EC2.instance && outputs["instanceState"] === "running" && backend.nodeState(id) !== "running",
    );
    const outcomes = await Promise.allSettled(
      stopped.map((record) =>
        backend.startNode(
          nodeOf(backend, record, new Records(all, textOf(record.outputs, "region") ?? DEFAULT_REGION)),
        ),
      ),
    );
    const failures = outcomes.flatMap((outcome): unknown[] => (outcome.status === "rejected" ? [outcome.reason] : []));
    if (failures.length > 0)
      throw new AggregateError(
        failures,
        failures.map((failure) => (failure instanceof Error ? failure.message : String(failure))).join("\n"),
      );
    return stopped.map(({ id }) => id);
  });
}
