import type { IPv4CidrRange } from "ip-num";
import { isGiven, type Reading } from "./reading";
import { EC2 } from "./tokens";

export interface RouteTable {
  readonly id: string;
  readonly routes: readonly VpcRoute[];
}

export interface VpcRoute {
  readonly destination: IPv4CidrRange;
  /** Id of a gateway, a peering connection, a network interface or an instance; it need not be there any more. */
  readonly target: string;
}

/** The id of the route table by that of the subnet which it is associated with. */
export function readRouteTableAssociations(reading: Reading): Map<string, string> {
  const tables = new Map<string, string>();
  for (const record of reading.take(EC2.routeTableAssociation)) {
    if (isGiven(record.outputs["gatewayId"]))
      reading.problem(record, "associates a route table with a gateway, which the lab does not have");
    const subnet = reading.string(record, "subnetId");
    if (tables.has(subnet)) reading.problem(record, `associates a second route table with ${subnet}`);
    tables.set(subnet, reading.string(record, "routeTableId"));
  }
  return tables;
}

/** Routes by the id of their table. */
export function readRoutes(reading: Reading): { readonly tableId: string; readonly route: VpcRoute }[] {
  const targets = [
    "gatewayId",
    "natGatewayId",
    "transitGatewayId",
    "vpcPeeringConnectionId",
    "networkInterfaceId",
    "instanceId",
  ];
  const unknown = [
    "egressOnlyGatewayId",
    "carrierGatewayId",
    "coreNetworkArn",
    "localGatewayId",
    "vpcEndpointId",
    "destinationIpv6CidrBlock",
    "destinationPrefixListId",
  ];
  return reading.take(EC2.route).flatMap((record) => {
    for (const key of unknown)
      if (isGiven(record.outputs[key])) reading.problem(record, `has ${key}, which the lab does not have`);
    const destination = reading.cidr(record, "destinationCidrBlock");
    // The real provider fills instanceId in beside a network interface.
    const target = targets.map((key) => record.outputs[key]).find(isGiven);
    if (typeof target !== "string") reading.problem(record, `has none of ${targets.join(", ")}`);
    if (destination === undefined || typeof target !== "string") return [];
    return [{ tableId: reading.string(record, "routeTableId"), route: { destination, target } }];
  });
}
