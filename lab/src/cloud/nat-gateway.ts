import { containsAddress, formatCidr, isAddress } from "./cidr";
import type { Reading } from "./reading";
import type { Subnet } from "./vpc";
import { EC2 } from "./tokens";

/** A NAT gateway, public or private: which of the two is told by its private address having a public one. */
export interface NatGateway {
  readonly id: string;
  readonly networkInterfaceId: string;
  readonly subnet: Subnet;
  readonly privateIp: string;
}

export function readNatGateways(reading: Reading, subnets: readonly Subnet[]): NatGateway[] {
  return reading.take(EC2.natGateway).flatMap((record): NatGateway[] => {
    const subnet = subnets.find(({ id }) => id === record.outputs["subnetId"]);
    const networkInterfaceId = reading.string(record, "networkInterfaceId");
    const privateIp = reading.string(record, "privateIp");
    if (subnet === undefined)
      return reading.problem(record, `is in ${String(record.outputs["subnetId"])}, which is not there`) ?? [];
    if (!reading.isId(record) || !reading.isId(record, networkInterfaceId)) return [];
    if (!isAddress(privateIp) || !containsAddress(subnet.cidr, privateIp))
      return (
        reading.problem(record, `has the private address ${privateIp}, which is not in ${formatCidr(subnet.cidr)}`) ??
        []
      );
    return [{ id: record.id, networkInterfaceId, subnet, privateIp }];
  });
}
