import { ApiError } from "./api-error";
import { isMap, mustText, textOf, textsOf } from "./property-value";
import type { Records } from "./records";
import type { ResourceRecord } from "../state/record";
import { EC2 } from "./tokens";

/** A network interface, whatever it came with. */
export interface Interface {
  readonly id: string;
  readonly subnetId: string;
  /** The primary one first. */
  readonly privateIps: readonly string[];
  /** The instance that it is of. */
  readonly instanceId?: string;
}

/** The primary network interface of an instance. */
export function interfaceOf(instance: ResourceRecord): Interface {
  const { outputs } = instance;
  return {
    id: mustText(outputs, "primaryNetworkInterfaceId"),
    subnetId: mustText(outputs, "subnetId"),
    privateIps: [mustText(outputs, "privateIp"), ...textsOf(outputs, "secondaryPrivateIps")],
    instanceId: instance.id,
  };
}

/** @throws ApiError when there is none */
export function findInterface(records: Records, id: string): Interface {
  const instance = records.where(EC2.instance, "primaryNetworkInterfaceId", id)[0];
  if (instance !== undefined) return interfaceOf(instance);
  throw new ApiError("InvalidNetworkInterfaceID.NotFound", `The networkInterface ID '${id}' does not exist`);
}

/** Private addresses of a subnet's network interfaces: of instances, NAT gateways and attachments of transit gateways. */
export function addressesInUse(records: Records, subnetId: string): Set<string> {
  const holders = [EC2.instance, EC2.natGateway].flatMap((type) => records.where(type, "subnetId", subnetId));
  const attachments = records.ofType(EC2.transitAttachment).map(({ internal }) => internal["addresses"]);
  return new Set([
    ...holders.flatMap(({ outputs }) => [textOf(outputs, "privateIp") ?? "", ...textsOf(outputs, "secondaryPrivateIps")]),
    ...attachments.flatMap((addresses) => (isMap(addresses) ? (textOf(addresses, subnetId) ?? []) : [])),
  ]);
}
