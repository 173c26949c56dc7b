import { readCloud } from "../../cloud/cloud";
import { existingNamespaces } from "../../fabric/apply";
import { readCounters } from "../../fabric/counters";
import { faultCounter } from "../../fabric/faults";
import { namespaceOfId, namespacePrefix } from "../../fabric/names";
import { hasSettled, nodeStatus } from "../../node/node";
import { type Fault, readFaults } from "../../state/faults";
import { lockHolder } from "../../state/lock";
import type { Lab } from "../../state/paths";
import type { ResourceRecord } from "../../state/record";
import { RecordStore } from "../../state/store";
import { chooseNode, labNodes } from "../find-node";
import { about } from "./about";
import type { LabView } from "./lab-view";
import type { Seen } from "./seen";
import { viewOf } from "./view-of";

/**
 * `overlaynet lab inspect`: reads records, processes and namespaces, and changes nothing.
 *
 * @param wanted a node, for what concerns it alone
 */
export async function inspect(lab: Lab, wanted?: string): Promise<LabView> {
  const records = new RecordStore(lab).list();
  const namespaces = existingNamespaces(namespacePrefix(lab));
  const faults = readFaults(lab);
  const caught = await countCaught(lab, records, faults, new Set(namespaces));
  const seen: Seen = {
    faults,
    caught: (fault) => caught.get(fault),
    node: (id) => ({ ...nodeStatus(lab, id), settled: hasSettled(lab, id) }),
    namespaces,
    holder: await lockHolder(lab.lock),
  };
  const view = viewOf(lab, records, seen);
  return wanted === undefined ? view : about(view, chooseNode(labNodes(lab), wanted).id);
}

async function countCaught(
  lab: Lab,
  records: readonly ResourceRecord[],
  faults: readonly Fault[],
  namespaces: ReadonlySet<string>,
): Promise<Map<Fault, number>> {
  const caught = new Map<Fault, number>();
  if (faults.length === 0) return caught;
  const cloud = readCloud(records);
  const places = faults.flatMap((fault) => {
    const counter = faultCounter(fault, cloud);
    const name = counter === undefined ? "" : namespaceOfId(namespacePrefix(lab), counter.namespaceOf);
    return counter !== undefined && namespaces.has(name) ? [{ fault, name, comment: counter.comment }] : [];
  });
  const counters = new Map(
    await Promise.all(
      [...new Set(places.map(({ name }) => name))].map(async (name) => [name, await readCounters(name)] as const),
    ),
  );
  for (const { fault, name, comment } of places) {
    const own = counters.get(name)?.filter((each) => each.comment === comment) ?? [];
    if (own.length > 0)
      caught.set(
        fault,
        own.reduce((sum, { packets }) => sum + packets, 0),
      );
  }
  return caught;
}
