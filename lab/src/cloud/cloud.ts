import type { ResourceRecord } from "../state/record";
import { readAddressAssociations } from "./elastic-ip";
import { type InternetGateway, readInternetGateways } from "./internet-gateway";
import { type NatGateway, readNatGateways } from "./nat-gateway";
import { type Instance, type NetworkInterface, readNetworkInterfaces } from "./network-interface";
import { type Peering, readPeerings } from "./peering";
import { type PublicAddress, publicAddresses } from "./public-address";
import { Reading } from "./reading";
import { readSecurityGroups, type SecurityGroup } from "./security-group";
import { readTransitGateways, type TransitGateway } from "./transit-gateway";
import { readVpcs, type Vpc } from "./vpc";
import { EC2 } from "./tokens";

/** What the records say about the network, read and checked. */
export interface Cloud {
  readonly vpcs: ReadonlyMap<string, Vpc>;
  readonly internetGateways: readonly InternetGateway[];
  /** Active ones alone: a route to another is a black hole (VPC Peering Guide, "Update your route tables"). */
  readonly peerings: readonly Peering[];
  readonly securityGroups: ReadonlyMap<string, SecurityGroup>;
  readonly instances: readonly Instance[];
  /** Those of instances, primary and secondary ones. */
  readonly networkInterfaces: readonly NetworkInterface[];
  readonly natGateways: readonly NatGateway[];
  readonly transitGateways: readonly TransitGateway[];
  /** Of instances and NAT gateways. */
  readonly publicAddresses: readonly PublicAddress[];
}

/** Records that cannot be made real, with everything that is wrong with them. */
export class FabricError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.length === 1 ? problems[0] : `${problems.length} problems:\n  ${problems.join("\n  ")}`);
    this.name = "FabricError";
  }
}

/**
 * Reads the records.
 *
 * @throws FabricError naming every record and property that the fabric cannot make real: a type that it does not know,
 * IPv6, a VPC or
 *   subnet that is not there. References that AWS lets go stale (a route's target, a rule's security group) are no problem. Routes
 *   and rules written inside a RouteTable or SecurityGroup, and a VPC's default group with its rules, are records too.
 */
export function readCloud(records: readonly ResourceRecord[]): Cloud {
  const reading = new Reading(records.filter(({ fabric }) => fabric !== false));
  const vpcRecords = reading.take(EC2.vpc);
  const securityGroups = readSecurityGroups(reading);
  const { vpcs, subnets } = readVpcs(reading, vpcRecords);
  const associations = readAddressAssociations(reading);
  const { instances, networkInterfaces } = readNetworkInterfaces(reading, subnets, securityGroups, associations);
  const natGateways = readNatGateways(reading, subnets);
  const vpcsById = new Map(vpcs.map((vpc) => [vpc.id, vpc]));
  const cloud: Cloud = {
    vpcs: vpcsById,
    securityGroups,
    internetGateways: readInternetGateways(reading, vpcs),
    peerings: readPeerings(reading, vpcRecords),
    instances,
    networkInterfaces,
    natGateways,
    transitGateways: readTransitGateways(reading, vpcsById),
    publicAddresses: publicAddresses(networkInterfaces, natGateways, associations),
  };
  for (const record of reading.left())
    reading.problem(
      record,
      'is of a type that the lab\'s fabric does not know, as of another version. Run "overlaynet lab destroy --all" and bring the lab up anew',
    );
  if (reading.problems.length > 0) throw new FabricError(reading.problems);
  return cloud;
}
