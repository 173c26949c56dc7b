import type { PropertyMap } from "../../../../wire/property-value";
import { ApiError } from "../engine/api-error";
import type { Backend } from "../engine/backend";
import { mustText, numberOf, textsOf } from "../engine/fields";
import { derivedId } from "../engine/ids";
import { between, refused, regionInput } from "../engine/input";
import type { Records } from "../engine/records";
import type { ResourceType } from "../engine/resource-type";
import type { Companion } from "../engine/companion";
import { EC2 } from "../../cloud/tokens";
import type { ResourceRecord } from "../../state/record";

/** `aws.ec2.NetworkInterfaceAttachment`: a secondary interface of a running instance. */
export const networkInterfaceAttachment: ResourceType = {
  token: EC2.networkInterfaceAttachment,
  title: "EC2 Network Interface Attachment",
  actions: { create: "AttachNetworkInterface", update: "AttachNetworkInterface", delete: "DetachNetworkInterface" },
  idPrefix: "eni-attach",
  // The provider detaches an interface first, which EC2 refuses for a primary one.
  holds: [{ to: EC2.networkInterface, by: "networkInterfaceId", when: ({ outputs }) => outputs["deviceIndex"] === 0 }],
  goesWith: [
    { to: EC2.networkInterface, by: "networkInterfaceId" },
    { to: EC2.instance, by: "instanceId" },
  ],
  inputs: {
    deviceIndex: { kind: "int", required: true, forceNew: true, lab: "enforced", check: between(0, 15) },
    instanceId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    networkCardIndex: refused("int", "a node has one network card", { computed: true, forceNew: true }),
    networkInterfaceId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    region: regionInput,
  },
  computed: ["attachmentId", "status"],
  create({ id, inputs, records }) {
    const instance = findInstance(records, mustText(inputs, "instanceId"));
    const { id: networkInterfaceId, outputs } = findOwnInterface(records, mustText(inputs, "networkInterfaceId"));
    const place = { id: instance.id, zone: mustText(instance.outputs, "availabilityZone") };
    return {
      outputs: {
        attachmentId: id,
        ...attach(
          records,
          place,
          { id: networkInterfaceId, subnetId: mustText(outputs, "subnetId") },
          numberOf(inputs, "deviceIndex") ?? 0,
        ),
      },
    };
  },
  effects: {
    async created(backend, record, records) {
      await plug(backend, records, attachmentOf(records, mustText(record.outputs, "networkInterfaceId")));
      return {};
    },
    async updated(backend, _before, record, records) {
      await plug(backend, records, attachmentOf(records, mustText(record.outputs, "networkInterfaceId")));
      return {};
    },
    deleting: (backend, record) =>
      backend.unplugInterface(mustText(record.outputs, "instanceId"), numberOf(record.outputs, "deviceIndex") ?? 1),
  },
};

/** A network interface, whatever it came with. */
export interface Interface {
  readonly id: string;
  readonly subnetId: string;
  /** The primary one first. */
  readonly privateIps: readonly string[];
  /** The instance that it is attached to. */
  readonly instanceId?: string;
}

/** The primary network interface of an instance. */
export function interfaceOf(records: Records, instance: ResourceRecord): Interface {
  return findInterface(records, mustText(instance.outputs, "primaryNetworkInterfaceId"));
}

/** @throws ApiError when there is none */
export function findInterface(records: Records, id: string): Interface {
  const record = records.find(EC2.networkInterface, id);
  if (record !== undefined) {
    const primary = mustText(record.outputs, "privateIp");
    const others = textsOf(record.outputs, "privateIps").filter((address) => address !== primary);
    return {
      id,
      subnetId: mustText(record.outputs, "subnetId"),
      privateIps: [primary, ...others],
      instanceId: attachmentOf(records, id)?.instanceId,
    };
  }
  const instance = records.where(EC2.instance, "primaryNetworkInterfaceId", id)[0];
  if (instance === undefined)
    throw new ApiError("InvalidNetworkInterfaceID.NotFound", `The networkInterface ID '${id}' does not exist`);
  const { outputs } = instance;
  return {
    id,
    subnetId: mustText(outputs, "subnetId"),
    privateIps: [mustText(outputs, "privateIp"), ...textsOf(outputs, "secondaryPrivateIps")],
    instanceId: instance.id,
  };
}

/** The record of a network interface of its own. @throws ApiError when there is none */
export function findOwnInterface(records: Records, id: string): ResourceRecord {
  const record = records.find(EC2.networkInterface, id);
  if (record === undefined)
    throw new ApiError("InvalidNetworkInterfaceID.NotFound", `The networkInterface ID '${id}' does not exist`);
  return record;
}

/** Where a network interface of its own is attached. */
export interface Attachment {
  readonly id: string;
  readonly networkInterfaceId: string;
  readonly instanceId: string;
  readonly deviceIndex: number;
}

export function attachmentOf(records: Records, networkInterfaceId: string): Attachment | undefined {
  return records.where(EC2.networkInterfaceAttachment, "networkInterfaceId", networkInterfaceId).map(readAttachment)[0];
}

/** Network interfaces of their own that are attached to an instance, by device index. */
export function attachmentsOf(records: Records, instanceId: string): Attachment[] {
  return records
    .where(EC2.networkInterfaceAttachment, "instanceId", instanceId)
    .map(readAttachment)
    .sort((a, b) => a.deviceIndex - b.deviceIndex);
}

function readAttachment({ id, outputs }: ResourceRecord): Attachment {
  return {
    id,
    networkInterfaceId: mustText(outputs, "networkInterfaceId"),
    instanceId: mustText(outputs, "instanceId"),
    deviceIndex: numberOf(outputs, "deviceIndex") ?? 0,
  };
}

/**
 * Outputs of an attachment, with everything that API_AttachNetworkInterface refuses refused.
 *
 * @param instance its id and zone; like the interface, it need not be there yet
 * @param replacing the attachment that this one takes the place of
 */
export function attach(
  records: Records,
  instance: { readonly id: string; readonly zone: string },
  networkInterface: { readonly id: string; readonly subnetId: string },
  deviceIndex: number,
  replacing?: string,
): PropertyMap {
  const networkInterfaceId = networkInterface.id;
  const other = attachmentOf(records, networkInterfaceId);
  if (other !== undefined && other.id !== replacing)
    throw new ApiError("InvalidNetworkInterface.InUse", `Interface: [${networkInterfaceId}] in use.`);
  if (deviceIndex < 0 || deviceIndex > 15)
    throw new ApiError("InvalidParameterValue", `'${deviceIndex}' is not a valid device index`);
  const taken =
    attachmentsOf(records, instance.id).some((each) => each.deviceIndex === deviceIndex && each.id !== replacing) ||
    (deviceIndex === 0 && records.find(EC2.instance, instance.id) !== undefined);
  if (taken)
    throw new ApiError(
      "InvalidParameterValue",
      `Instance '${instance.id}' already has an interface attached at device index '${deviceIndex}'.`,
    );
  const zone = records.find(EC2.subnet, networkInterface.subnetId)?.outputs["availabilityZone"];
  if (zone !== instance.zone)
    throw new ApiError(
      "InvalidParameterCombination",
      "You may not attach a network interface to an instance if they are not in the same availability zone",
    );
  return { networkInterfaceId, instanceId: instance.id, deviceIndex, networkCardIndex: 0, status: "attached" };
}

/** An attachment that comes with an interface or an instance. */
export function attachmentCompanion(outputs: PropertyMap): Companion {
  const id = derivedId("eni-attach", mustText(outputs, "networkInterfaceId"), mustText(outputs, "instanceId"));
  return { type: EC2.networkInterfaceAttachment, id, outputs: { ...outputs, attachmentId: id } };
}

/** @throws ApiError when there is none */
export function findInstance(records: Records, id: string): ResourceRecord {
  const record = records.find(EC2.instance, id);
  if (record === undefined) throw new ApiError("InvalidInstanceID.NotFound", `The instance ID '${id}' does not exist`);
  return record;
}

/** Gives a node the device of an interface that was attached to it. */
export async function plug(backend: Backend, records: Records, attachment: Attachment | undefined): Promise<void> {
  if (attachment === undefined || attachment.deviceIndex === 0) return;
  const record = records.find(EC2.networkInterface, attachment.networkInterfaceId);
  if (record !== undefined)
    await backend.plugInterface(attachment.instanceId, {
      deviceIndex: attachment.deviceIndex,
      mac: mustText(record.outputs, "macAddress"),
    });
}
