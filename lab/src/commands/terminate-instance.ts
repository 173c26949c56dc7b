import { labBackend } from "../ec2/lab-backend";
import { propertyMap } from "../../../wire/property-value";
import { Ec2Provider } from "../ec2/provider";
import type { Lab } from "../state/paths";
import { RecordStore } from "../state/store";
import { findNode, type LabNode } from "./find-node";

/**
 * Terminates an instance as somebody at AWS' console would: its node and disk are gone at once, its addresses are free,
 * and Pulumi hears of it at its next refresh.
 *
 * @throws when no node or several are meant, or the instance has `disableApiTermination`
 */
export async function terminateInstance(lab: Lab, wanted: string): Promise<LabNode> {
  const node = findNode(lab, wanted);
  const record = new RecordStore(lab).get(node.id);
  if (record !== undefined)
    await new Ec2Provider(labBackend(lab)).delete({ urn: record.urn }, record.id, {
      outputs: propertyMap(record.outputs),
    });
  return node;
}
