import type { ResourceRecord } from "../state/record";
import type { Reading } from "./reading";

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
  return reading
    .take("aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment")
    .flatMap((record): InterfaceAttachment[] => {
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
