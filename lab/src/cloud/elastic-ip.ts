import { isAddress } from "./cidr";
import type { Reading } from "./reading";
import { EC2 } from "./tokens";

/** An Elastic IP address and the private address that it stands for (VPC User Guide, "Elastic IP addresses"). */
export interface AddressAssociation {
  readonly networkInterfaceId: string;
  readonly privateIp: string;
  readonly publicIp: string;
}

/** Associations, whoever asked for them: an EipAssociation, an Eip with an instance, a NAT gateway. */
export function readAddressAssociations(reading: Reading): AddressAssociation[] {
  return reading.take(EC2.eipAssociation).flatMap((record): AddressAssociation[] => {
    const networkInterfaceId = reading.string(record, "networkInterfaceId");
    const privateIp = reading.string(record, "privateIpAddress");
    const publicIp = reading.string(record, "publicIp");
    for (const address of [privateIp, publicIp])
      if (!isAddress(address))
        return reading.problem(record, `has the address ${address}, which is no IPv4 address`) ?? [];
    return [{ networkInterfaceId, privateIp, publicIp }];
  });
}

/**
 * The public address of a private one: an Elastic IP address takes the place of the one that the instance was given at
 * launch.
 */
export function publicAddressOf(
  associations: readonly AddressAssociation[],
  networkInterfaceId: string,
  privateIp: string,
  given?: string,
): string | undefined {
  return (
    associations.find((each) => each.networkInterfaceId === networkInterfaceId && each.privateIp === privateIp)
      ?.publicIp ?? given
  );
}
