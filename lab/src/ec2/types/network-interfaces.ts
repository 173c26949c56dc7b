import { ApiError } from "../engine/api-error";
import { derivedId } from "../engine/ids";
import { isMap, type PropertyMap } from "../../../../wire/property-value";
import { mustText, numberOf, textOf, textsOf } from "../engine/fields";
import type { Records } from "../engine/records";
import type { ResourceRecord } from "../../state/record";
import type { Companion } from "../engine/resource-type";
import { EC2 } from "../engine/tokens";

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

/**
 * Private addresses of a subnet's network interfaces: of instances, NAT gateways and attachments of transit gateways,
 * and those of their own.
 */
export function addressesInUse(records: Records, subnetId: string): Set<string> {
  const holders = [EC2.instance, EC2.natGateway, EC2.networkInterface].flatMap((type) =>
    records.where(type, "subnetId", subnetId),
  );
  const attachments = records.ofType(EC2.transitAttachment).map(({ internal }) => internal["addresses"]);
  return new Set([
    ...holders.flatMap(({ outputs }) => [
      textOf(outputs, "privateIp") ?? "",
      ...textsOf(outputs, "secondaryPrivateIps"),
      ...textsOf(outputs, "privateIps"),
    ]),
    ...attachments.flatMap((addresses) => (isMap(addresses) ? (textOf(addresses, subnetId) ?? []) : [])),
  ]);
}
