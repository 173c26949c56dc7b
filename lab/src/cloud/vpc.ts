import type { IPv4CidrRange } from "ip-num";
import type { ResourceRecord } from "../state/record";
import { containsRange, formatCidr, parseCidr } from "./cidr";
import { type NetworkAcl, readNetworkAcls } from "./network-acl";
import { isGiven, type Reading } from "./reading";
import { readRoutes, readRouteTableAssociations, type RouteTable } from "./route-table";
import { EC2 } from "./tokens";

export interface Vpc {
  readonly id: string;
  readonly cidr: IPv4CidrRange;
  readonly subnets: readonly Subnet[];
  readonly routeTables: readonly RouteTable[];
}

export interface Subnet {
  readonly id: string;
  readonly vpcId: string;
  readonly cidr: IPv4CidrRange;
  readonly availabilityZone: string;
  /** The main route table when none is associated. */
  readonly routeTableId: string;
  readonly networkAcl: NetworkAcl;
}

/** Reads VPCs with their subnets, route tables and network ACLs. */
export function readVpcs(
  reading: Reading,
  records: readonly ResourceRecord[],
): { readonly vpcs: readonly Vpc[]; readonly subnets: readonly Subnet[] } {
  const tableOf = readRouteTableAssociations(reading);
  const aclOf = readNetworkAcls(reading);
  const subnets = reading.take(EC2.subnet).flatMap((record) => readSubnet(record, reading, records, tableOf, aclOf));
  const routes = readRoutes(reading);
  const routeTables = reading.take(EC2.routeTable);
  const vpcs = records.flatMap((record): Vpc[] => {
    const cidr = reading.cidr(record, "cidrBlock");
    if (cidr === undefined || !reading.isId(record)) return [];
    if (isGiven(record.outputs["ipv6CidrBlock"]) || record.outputs["assignGeneratedIpv6CidrBlock"] === true)
      reading.problem(record, "has IPv6, which the lab does not have yet");
    const main = reading.string(record, "mainRouteTableId");
    const own = routeTables
      .filter((table) => table.outputs["vpcId"] === record.id && reading.isId(table))
      .map((table) => table.id);
    const tables = [...new Set([main, ...own])].map((id) => ({
      id,
      routes: routes.filter((route) => route.tableId === id).map(({ route }) => route),
    }));
    for (const { destination, target } of tables.flatMap((table) => table.routes)) {
      // A subnet's traffic may be led through an appliance (VPC User Guide, "Route tables", "Rules and
      // considerations").
      if (!containsRange(cidr, destination) || /^(eni|i|nat)-/.test(target)) continue;
      reading.problem(
        record,
        `has a route for ${formatCidr(destination)} to ${target}, which is inside its own CIDR block: it can lead to a network interface, an instance or a NAT gateway alone`,
      );
    }
    const inside = subnets.filter((subnet) => subnet.vpcId === record.id);
    for (const { id, routeTableId } of inside) {
      if (!tables.some((table) => table.id === routeTableId))
        reading.problems.push(`${id} is associated with ${routeTableId}, which is no route table of ${record.id}.`);
    }
    return [{ id: record.id, cidr, routeTables: tables, subnets: inside }];
  });
  return { vpcs, subnets };
}

function readSubnet(
  record: ResourceRecord,
  reading: Reading,
  vpcs: readonly ResourceRecord[],
  tableOf: ReadonlyMap<string, string>,
  aclOf: ReturnType<typeof readNetworkAcls>,
): Subnet[] {
  const cidr = reading.cidr(record, "cidrBlock");
  const vpc = reading.referenced(record, "vpcId", vpcs);
  if (isGiven(record.outputs["ipv6CidrBlock"])) reading.problem(record, "has IPv6, which the lab does not have yet");
  if (cidr === undefined || vpc === undefined || !reading.isId(record)) return [];
  const outer = parseCidr(String(vpc.outputs["cidrBlock"]));
  if (outer !== undefined && !containsRange(outer, cidr))
    reading.problem(record, `${formatCidr(cidr)} is not inside ${formatCidr(outer)} of ${vpc.id}`);
  const availabilityZone = String(record.outputs["availabilityZone"] ?? "");
  const routeTableId = tableOf.get(record.id) ?? String(vpc.outputs["mainRouteTableId"]);
  return [{ id: record.id, vpcId: vpc.id, cidr, availabilityZone, routeTableId, networkAcl: aclOf(record.id, vpc) }];
}
