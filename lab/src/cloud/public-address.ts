import { type AddressAssociation, publicAddressOf } from "./elastic-ip";
import type { NatGateway } from "./nat-gateway";
import type { NetworkInterface } from "./network-interface";

/** A public address that an internet gateway translates to a private one, and back. */
export interface PublicAddress {
  readonly vpcId: string;
  readonly privateIp: string;
  readonly publicIp: string;
}

/** The public addresses of network interfaces and NAT gateways. */
export function publicAddresses(
  networkInterfaces: readonly NetworkInterface[],
  natGateways: readonly NatGateway[],
  associations: readonly AddressAssociation[],
): PublicAddress[] {
  const holders = [
    ...networkInterfaces.map((each) => ({ ...each, privateIps: [each.privateIp, ...each.secondaryPrivateIps] })),
    ...natGateways.map((gateway) => ({ ...gateway, privateIps: [gateway.privateIp], publicIp: undefined })),
  ];
  return holders.flatMap(({ networkInterfaceId, subnet, privateIp: primary, privateIps, publicIp: given }) =>
    privateIps.flatMap((privateIp): PublicAddress[] => {
      const publicIp = publicAddressOf(
        associations,
        networkInterfaceId,
        privateIp,
        privateIp === primary ? given : undefined,
      );
      return publicIp === undefined ? [] : [{ vpcId: subnet.vpcId, privateIp, publicIp }];
    }),
  );
}
