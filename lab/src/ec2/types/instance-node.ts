import { type PropertyMap, propertyMap } from "../../../../wire/property-value";
import { prefixLength, routerAddress } from "../../cloud/cidr";
import type { Backend } from "../engine/backend";
import { mustText, textOf } from "../engine/fields";
import { imagesOf } from "../engine/images";
import type { Records } from "../engine/records";
import type { Effects } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import { attachmentsOf } from "./interface-attachment";
import { nodeMemory } from "./machine-type";
import { findSubnet, subnetCidr } from "./subnet";
import { guestPortOf } from "../../fabric/names";
import { MAX_MTU, type NodeSpec } from "../../node/node-spec";
import type { ResourceRecord } from "../../state/record";

/** The node that stands for an instance. */
export function nodeOf(backend: Backend, record: ResourceRecord, records: Records): NodeSpec {
  const { outputs } = record;
  const cidr = subnetCidr(findSubnet(records, mustText(outputs, "subnetId")));
  const address = mustText(outputs, "privateIp");
  const publicKey = textOf(record.internal, "publicKey");
  const userData = textOf(outputs, "userData");
  const interfaces = attachmentsOf(records, record.id).flatMap(({ deviceIndex, networkInterfaceId }) => {
    const mac = textOf(records.find(EC2.networkInterface, networkInterfaceId)?.outputs ?? {}, "macAddress");
    return deviceIndex === 0 || mac === undefined ? [] : [{ deviceIndex, port: guestPortOf(deviceIndex), mac }];
  });
  return {
    instanceId: record.id,
    ...backend.cardOf(record),
    mac: mustText(record.internal, "mac"),
    address,
    prefixLen: prefixLength(cidr),
    gateway: routerAddress(cidr),
    mtu: MAX_MTU,
    hostname: mustText(outputs, "privateDns").split(".")[0] ?? record.id,
    authorizedKeys: publicKey === undefined ? [] : [publicKey],
    userDataBase64:
      userData === undefined ? textOf(outputs, "userDataBase64") : Buffer.from(userData, "utf8").toString("base64"),
    ...(interfaces.length > 0 && { interfaces }),
    memoryMiB: nodeMemory(mustText(outputs, "instanceType")),
    suite: imagesOf(records.region).find(({ id }) => id === outputs["ami"])?.suite,
  };
}

/**
 * Whether something changes that changes while an instance is stopped: the provider stops and starts it.
 *
 * @param after the new inputs or outputs; what is not among them stays
 */
export function restarts(before: PropertyMap, after: PropertyMap): boolean {
  return ["instanceType", "userData", "userDataBase64"].some(
    (name) => after[name] !== undefined && before[name] !== after[name],
  );
}

/** The node is started, changed and ended with its instance. */
export function nodeEffects(): Effects {
  const start = async (backend: Backend, record: ResourceRecord, records: Records): Promise<PropertyMap> => {
    await backend.startNode(nodeOf(backend, record, records));
    return { instanceState: "running" };
  };
  return {
    created: start,
    async updated(backend, before, record, records) {
      // One whose start failed is started; one that somebody stopped stays as it is.
      if (record.outputs["instanceState"] === "pending") return start(backend, record, records);
      const restart = restarts(propertyMap(before.outputs), propertyMap(record.outputs));
      if (!restart || backend.nodeState(record.id) !== "running") return {};
      await backend.stopNode(record.id);
      return start(backend, record, records);
    },
    deleting: (backend, record) => backend.destroyNode(record.id),
  };
}
