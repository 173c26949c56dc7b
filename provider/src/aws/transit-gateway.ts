import { Route, Subnet } from "@pulumi/aws/ec2";
import { Route as TransitGatewayRoute, TransitGateway, VpcAttachment } from "@pulumi/aws/ec2transitgateway";
import type { Network, Peerings } from "./network";
import { networkOf } from "./network";
import { inName } from "./resource-name";
import { type Scope, tagged } from "./scope";
import type { TransitSubnetLayout } from "./transit-layout";

/**
 * Joins the networks by one transit gateway: an attachment each, with a subnet of its own in every zone, all associated
 * with the gateway's default route table, and routes to each other. The table has a static route for each network. It is
 * not left to propagation: a VPC that takes the place of another one has that one's addresses while both are attached,
 * and is not propagated then (Transit Gateways Guide, "VPC attachments"). The VPCs' routes have the names of those over
 * peerings, so that a change of the interconnect turns them around in place. A zone has its CIDR at the VPC's end for
 * good, so no subnet is ever replaced by one with the same CIDR.
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
  const reached = new Map(
    names.map((name): [string, { attachment: VpcAttachment; route: TransitGatewayRoute }] => {
      const { vpc, layout } = networkOf(networks, name);
      const full = `${scope.name}-${name}`;
      const own = subnets
        .filter(({ network }) => network === name)
        .map(
          ({ key, cidrBlock, availabilityZone }) =>
            new Subnet(
              `${full}-${inName(cidrBlock)}`,
              { vpcId: vpc.id, cidrBlock, availabilityZone, tags: tagged(scope, `${scope.name}-${key}`) },
              { parent },
            ),
        );
      const attachment = new VpcAttachment(
        full,
        {
          transitGatewayId: gateway.id,
          vpcId: vpc.id,
          subnetIds: own.map(({ id }) => id),
          transitGatewayDefaultRouteTablePropagation: false,
          tags: tagged(scope, full),
        },
        { parent },
      );
      const route = new TransitGatewayRoute(
        `${scope.name}-${inName(layout.cidrBlock)}`,
        {
          transitGatewayRouteTableId: gateway.associationDefaultRouteTableId,
          destinationCidrBlock: layout.cidrBlock,
          transitGatewayAttachmentId: attachment.id,
        },
        { parent, deleteBeforeReplace: true },
      );
      return [name, { attachment, route }];
    }),
  );
  const routes = names.flatMap((name) =>
    names
      .filter((other) => other !== name)
      .flatMap((other) =>
        networkOf(networks, name).routeTables.map(({ name: tableName, table }) => {
          const destinationCidrBlock = networkOf(networks, other).layout.cidrBlock;
          const args = { routeTableId: table.id, destinationCidrBlock, transitGatewayId: gateway.id };
          // EC2 knows the gateway in a VPC that is attached to it alone; beyond, the gateway has to know the way.
          const dependsOn = [reached.get(name)?.attachment, reached.get(other)?.route].filter(
            (one) => one !== undefined,
          );
          return new Route(`${scope.name}-${tableName}-${inName(destinationCidrBlock)}`, args, { parent, dependsOn });
        }),
      ),
  );
  return { connections: [], routes };
}
