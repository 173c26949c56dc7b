import { guestPortOf, namespaceOf, tapOf } from "../fabric/names";
import { reconcile } from "../fabric/reconcile";
import { inBootTurn } from "../node/boot-turns";
import { destroyNode, nodeStatus, plugInterface, startNode, stopNode, unplugInterface } from "../node/node";
import { labPublicKey } from "../state/lab-key";
import { withLock } from "../state/lock";
import type { Lab } from "../state/paths";
import { RecordStore } from "../state/store";
import type { Backend } from "./engine/backend";

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
    // With the lab's own key beside the user's: the way in of `overlaynet lab exec`.
    plugInterface: (instanceId, { deviceIndex, mac }) =>
      plugInterface(lab, instanceId, { deviceIndex, port: guestPortOf(deviceIndex), mac }),
    unplugInterface: (instanceId, deviceIndex) => unplugInterface(lab, instanceId, deviceIndex),
    startNode: async (spec) => {
      const key = await labPublicKey(lab);
      await inBootTurn(lab, spec.instanceId, () =>
        startNode(lab, { ...spec, authorizedKeys: [...spec.authorizedKeys, key] }),
      );
    },
    stopNode: (instanceId) => stopNode(lab, instanceId),
    destroyNode: (instanceId) => destroyNode(lab, instanceId),
    nodeState: (instanceId) => nodeStatus(lab, instanceId).state,
  };
}
