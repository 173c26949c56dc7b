import { namespaceOf, tapOf } from "../fabric/names";
import { reconcile } from "../fabric/reconcile";
import { consoleTail, destroyNode, nodeStatus, startNode, stopNode } from "../node/node";
import { withLock } from "../state/lock";
import type { Lab } from "../state/paths";
import { RecordStore } from "../state/store";
import type { Backend } from "./backend";

/** The lab itself behind the API. */
export function labBackend(lab: Lab): Backend {
  const store = new RecordStore(lab);
  return {
    place: lab.state,
    locked: (what, action) => withLock(lab.lock, what, action),
    list: () => store.list(),
    put: (record) => store.put(record),
    remove: (id) => store.remove(id),
    reconcile: (records) => reconcile(lab, records),
    cardOf: (instance) => ({ namespace: namespaceOf(lab, instance), tap: tapOf(instance) }),
    startNode: (spec) => startNode(lab, spec),
    stopNode: (instanceId) => stopNode(lab, instanceId),
    destroyNode: (instanceId) => destroyNode(lab, instanceId),
    nodeState: (instanceId) => nodeStatus(lab, instanceId).state,
    consoleTail: (instanceId, lines) => consoleTail(lab, instanceId, lines),
  };
}
