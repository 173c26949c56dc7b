import type { ResourceRecord } from "../state/record";
import { containsAddress, formatCidr, isAddress } from "./cidr";
import { type AddressAssociation, publicAddressOf } from "./elastic-ip";
import { isGiven, type Reading, strings } from "./reading";
import type { SecurityGroup } from "./security-group";
import type { Subnet } from "./vpc";
import { EC2 } from "./tokens";

/** An instance and its primary network interface. */
export interface Instance extends NetworkInterface {
  readonly id: string;
}

/** A network interface of an instance; what it has follows it to another one. */
export interface NetworkInterface {
  readonly networkInterfaceId: string;
  readonly instanceId: string;
  /** 0 is the primary one's. */
  readonly deviceIndex: number;
  readonly subnet: Subnet;
  readonly mac: string;
  readonly privateIp: string;
  readonly secondaryPrivateIps: readonly string[];
  readonly publicIp?: string;
  readonly sourceDestCheck: boolean;
  readonly securityGroupIds: readonly string[];
}

/**
 * Reads instances and all their network interfaces, primary and secondary ones.
 *
 * @param associations public addresses that are associated with interfaces
 */
export function readNetworkInterfaces(
  reading: Reading,
  subnets: readonly Subnet[],
  groups: ReadonlyMap<string, SecurityGroup>,
  associations: readonly AddressAssociation[],
): { readonly instances: readonly Instance[]; readonly networkInterfaces: readonly NetworkInterface[] } {
  const records = reading.take(EC2.networkInterface);
  const instances = reading
    .take(EC2.instance)
    .flatMap((record) => readInstance(withPrimaryInterface(record, records), subnets, groups, associations, reading));
  const secondary = readInterfaceAttachments(reading).flatMap(
    ({ networkInterfaceId, instanceId, deviceIndex }): NetworkInterface[] => {
      const record = records.find(({ id }) => id === networkInterfaceId);
      if (deviceIndex === 0 || record === undefined || !instances.some(({ id }) => id === instanceId)) return [];
      return readInstance(interfaceAsInstance(record), subnets, groups, associations, reading).map((read) => ({
        ...read,
        instanceId,
        deviceIndex,
      }));
    },
  );
  return { instances, networkInterfaces: [...instances, ...secondary] };
}

function readInstance(
  record: ResourceRecord,
  subnets: readonly Subnet[],
  groups: ReadonlyMap<string, SecurityGroup>,
  associations: readonly AddressAssociation[],
  reading: Reading,
): Instance[] {
  const { outputs, internal } = record;
  if (outputs["instanceState"] === "terminated") return [];
  const subnet = subnets.find(({ id }) => id === outputs["subnetId"]);
  if (subnet === undefined) reading.problem(record, `is in ${String(outputs["subnetId"])}, which is not there`);
  const networkInterfaceId = reading.string(record, "primaryNetworkInterfaceId");
  const privateIp = reading.string(record, "privateIp");
  const { mac } = internal;
  const isMac = typeof mac === "string" && /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/.test(mac);
  if (!isMac) reading.problem(record, `has the MAC address ${String(mac)}, which is no unicast one in lower case`);
  if (!reading.isId(record) || !reading.isId(record, networkInterfaceId) || subnet === undefined || !isMac) return [];
  if (!isAddress(privateIp) || !containsAddress(subnet.cidr, privateIp))
    reading.problem(record, `has the private address ${privateIp}, which is not in ${formatCidr(subnet.cidr)}`);
  const secondaryPrivateIps = strings(outputs["secondaryPrivateIps"]);
  const publicIp = publicAddressOf(
    associations,
    networkInterfaceId,
    privateIp,
    isGiven(outputs["publicIp"]) ? reading.string(record, "publicIp") : undefined,
  );
  for (const address of [...secondaryPrivateIps, ...(publicIp === undefined ? [] : [publicIp])])
    if (!isAddress(address)) reading.problem(record, `has the address ${address}, which is no IPv4 address`);
  const securityGroupIds = strings(outputs["vpcSecurityGroupIds"]);
  if (securityGroupIds.length === 0)
    reading.problem(
      record,
      "has no vpcSecurityGroupIds; on AWS every instance has a security group, the VPC's default one at least",
    );
  for (const id of securityGroupIds) {
    const group = groups.get(id);
    if (group === undefined) reading.problem(record, `has the security group ${id}, which is not there`);
    else if (group.vpcId !== subnet.vpcId)
      reading.problem(record, `has the security group ${id} of ${group.vpcId}, but is in ${subnet.vpcId}`);
  }
  if (typeof outputs["sourceDestCheck"] !== "boolean") reading.problem(record, "has no sourceDestCheck");
  if (strings(outputs["ipv6Addresses"]).length > 0)
    reading.problem(record, "has IPv6 addresses, which the lab does not have yet");
  const sourceDestCheck = outputs["sourceDestCheck"] !== false;
  return [
    {
      id: record.id,
      networkInterfaceId,
      instanceId: record.id,
      deviceIndex: 0,
      subnet,
      mac,
      privateIp,
      secondaryPrivateIps,
      publicIp,
      sourceDestCheck,
      securityGroupIds,
    },
  ];
}

/** That a network interface of its own is attached to an instance (EC2 User Guide, "Elastic network interfaces"). */
export interface InterfaceAttachment {
  readonly networkInterfaceId: string;
  readonly instanceId: string;
  /** 0 is the primary one's. */
  readonly deviceIndex: number;
}

/** Attachments, whoever asked for them: a NetworkInterfaceAttachment, a NetworkInterface, an Instance. */
export function readInterfaceAttachments(reading: Reading): InterfaceAttachment[] {
  const seen = new Set<string>();
  return reading.take(EC2.networkInterfaceAttachment).flatMap((record): InterfaceAttachment[] => {
    const { deviceIndex } = record.outputs;
    const networkInterfaceId = reading.string(record, "networkInterfaceId");
    const instanceId = reading.string(record, "instanceId");
    if (typeof deviceIndex !== "number" || !Number.isInteger(deviceIndex) || deviceIndex < 0 || deviceIndex > 15)
      return reading.problem(record, `has the device index ${String(deviceIndex)}, which is none from 0 to 15`) ?? [];
    for (const key of [networkInterfaceId, `${instanceId}/${deviceIndex}`]) {
      if (seen.has(key))
        return (
          reading.problem(
            record,
            `attaches ${networkInterfaceId} as device ${deviceIndex} of ${instanceId}, one of which is taken`,
          ) ?? []
        );
      seen.add(key);
    }
    return [{ networkInterfaceId, instanceId, deviceIndex }];
  });
}

/**
 * A network interface's record in the words of an instance's: MAC address, addresses, groups and check are the
 * interface's.
 */
export function interfaceAsInstance(record: ResourceRecord): ResourceRecord {
  const { subnetId, privateIp, privateIps, securityGroups, sourceDestCheck, macAddress } = record.outputs;
  const secondaryPrivateIps = Array.isArray(privateIps) ? privateIps.filter((address) => address !== privateIp) : [];
  return {
    ...record,
    outputs: {
      primaryNetworkInterfaceId: record.id,
      subnetId,
      privateIp,
      secondaryPrivateIps,
      vpcSecurityGroupIds: securityGroups,
      sourceDestCheck,
    },
    internal: { mac: macAddress },
  };
}

/** An instance's record with what its primary network interface has, where that is a record of its own. */
export function withPrimaryInterface(instance: ResourceRecord, interfaces: readonly ResourceRecord[]): ResourceRecord {
  const primary = interfaces.find(({ id }) => id === instance.outputs["primaryNetworkInterfaceId"]);
  if (primary === undefined) return instance;
  const { outputs, internal } = interfaceAsInstance(primary);
  return { ...instance, outputs: { ...instance.outputs, ...outputs }, internal: { ...instance.internal, ...internal } };
}
