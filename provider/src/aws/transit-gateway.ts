import { Route, Subnet } from "@pulumi/aws/ec2";
import { TransitGateway, VpcAttachment } from "@pulumi/aws/ec2transitgateway";
import type { Network, Peerings } from "./network";
import { networkOf } from "./network";
import { type Scope, tagged } from "./scope";
import type { TransitSubnetLayout } from "./transit-layout";

/**
 * Joins the networks by one transit gateway: an attachment each, with a subnet of its own in every zone, all associated
 * with the gateway's default route table and propagated to it, and routes to each other. The routes have the names of
 * those over peerings, so that a change of the interconnect turns them around in place.
 */
export function attachNetworks(
  scope: Scope,
  subnets: readonly TransitSubnetLayout[],
  networks: ReadonlyMap<string, Network>,
): Peerings {
  const { parent } = scope;
  const names = [...new Set(subnets.map(({ network }) => network))];
  if (names.length === 0) return { connections: [], routes: [] };
  const gateway = new TransitGateway(
    scope.name,
    { description: `Networks of cluster ${scope.name}`, tags: tagged(scope, scope.name) },
    { parent },
  );
  const routes = names.flatMap((name) => {
    const { vpc, routeTables } = networkOf(networks, name);
    const full = `${scope.name}-${name}`;
    const own = subnets
      .filter(({ network }) => network === name)
      .map(
        ({ key, cidrBlock, availabilityZone }) =>
          new Subnet(
            `${scope.name}-${key}`,
            { vpcId: vpc.id, cidrBlock, availabilityZone, tags: tagged(scope, `${scope.name}-${key}`) },
            { parent },
          ),
      );
    const attachment = new VpcAttachment(
      full,
      { transitGatewayId: gateway.id, vpcId: vpc.id, subnetIds: own.map(({ id }) => id), tags: tagged(scope, full) },
      { parent },
    );
    return names
      .filter((other) => other !== name)
      .flatMap((other) =>
        routeTables.map(({ name: tableName, table }) => {
          const args = {
            routeTableId: table.id,
            destinationCidrBlock: networkOf(networks, other).layout.cidrBlock,
            transitGatewayId: gateway.id,
          };
          // EC2 knows the gateway in a VPC that is attached to it alone.
          return new Route(`${scope.name}-${tableName}-to-${other}`, args, { parent, dependsOn: [attachment] });
        }),
      );
  });
  return { connections: [], routes };
}
