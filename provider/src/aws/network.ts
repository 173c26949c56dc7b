import {
  Eip,
  type Instance,
  InternetGateway,
  NatGateway,
  Route,
  RouteTable,
  RouteTableAssociation,
  SecurityGroup,
  Subnet,
  Vpc,
  VpcPeeringConnection,
} from "@pulumi/aws/ec2";
import { SecurityGroupEgressRule, SecurityGroupIngressRule } from "@pulumi/aws/vpc";
import type * as pulumi from "@pulumi/pulumi";
import type { PoolBlock } from "../ipam/blocks";
import type { NetworkLayout, NodeLayout, PeeringLayout, SubnetLayout } from "./layout";
import { inName } from "./resource-name";
import { type Scope, tagged } from "./scope";
import type { SecurityRule } from "./security-rules";

const EVERYWHERE = "0.0.0.0/0";

/** The AWS resources of one network. */
export interface Network {
  readonly layout: NetworkLayout;
  readonly vpc: Vpc;
  /**
   * One for all subnets whose nodes have public addresses, and one for those whose have none, where there are such
   * subnets.
   */
  readonly routeTables: readonly NamedRouteTable[];
  readonly securityGroup: SecurityGroup;
  /** By the subnet's name. */
  readonly subnets: ReadonlyMap<string, PlacedSubnet>;
}

export interface NamedRouteTable {
  /** What the names of the table and its routes begin with, after the cluster's. A route's ends with its destination. */
  readonly name: string;
  readonly table: RouteTable;
}

export interface PlacedSubnet {
  readonly subnet: Subnet;
  /** What must exist before a booting instance can reach its package mirror. */
  readonly wayOut: readonly pulumi.Resource[];
}

/**
 * A VPC with its subnets, their route tables, ways to the internet, and a security group that lets nothing in yet.
 * Another CIDR is another VPC, made before the old one goes. A subnet has its CIDR once in the VPC, so the old one goes
 * first, and with it what stands in it.
 */
export function createNetwork(scope: Scope, layout: NetworkLayout): Network {
  const { parent } = scope;
  const name = `${scope.name}-${layout.name}`;
  const tags = tagged(scope, name);
  const vpc = new Vpc(`${name}-${inName(layout.cidrBlock)}`, { cidrBlock: layout.cidrBlock, tags }, { parent });
  const securityGroup = new SecurityGroup(
    // AWS refuses names that begin with "sg-", and the group's is made from this one.
    name.startsWith("sg-") ? `overlaynet-${name}` : name,
    { vpcId: vpc.id, description: `Nodes of network ${layout.name} of cluster ${scope.name}`, tags },
    // Replaced with its VPC only, the new one first: without a group that lets ssh in, nodes cannot be reached.
    { parent, ignoreChanges: ["description"] },
  );
  const egress = new SecurityGroupEgressRule(
    `${name}-egress`,
    {
      securityGroupId: securityGroup.id,
      ipProtocol: "-1",
      cidrIpv4: EVERYWHERE,
      description: "everything",
      tags: tagged(scope, `${name}-egress`),
    },
    { parent },
  );

  const subnets = new Map(
    layout.subnets.map(({ key, name: subnetName, cidrBlock, availabilityZone }) => [
      subnetName,
      new Subnet(
        `${name}-${inName(cidrBlock)}`,
        { vpcId: vpc.id, cidrBlock, availabilityZone, tags: tagged(scope, `${scope.name}-${key}`) },
        { parent, deleteBeforeReplace: true },
      ),
    ]),
  );
  const placed = new Map<string, PlacedSubnet>();
  const routeTables: NamedRouteTable[] = [];
  const route = (of: readonly SubnetLayout[], table: NamedRouteTable, wayOut: readonly pulumi.Resource[]): void => {
    routeTables.push(table);
    for (const { key, name: subnetName, cidrBlock } of of) {
      const subnet = subnets.get(subnetName);
      if (subnet === undefined) throw new Error(`there is no subnet ${key}`);
      const association = new RouteTableAssociation(
        `${name}-${inName(cidrBlock)}`,
        { subnetId: subnet.id, routeTableId: table.table.id },
        { parent },
      );
      placed.set(subnetName, { subnet, wayOut: [association, ...wayOut, egress] });
    }
  };

  const open = layout.subnets.filter(({ publicIp }) => publicIp);
  const closed = layout.subnets.filter(({ publicIp }) => !publicIp);
  let internet: Route | undefined;
  if (open.length > 0) {
    // In place, EC2 refuses to take it from a VPC whose nodes have public addresses.
    const gateway = new InternetGateway(name, { vpcId: vpc.id, tags }, { parent, replaceOnChanges: ["vpcId"] });
    const table = new RouteTable(name, { vpcId: vpc.id, tags }, { parent });
    internet = new Route(
      `${name}-${inName(EVERYWHERE)}`,
      { routeTableId: table.id, destinationCidrBlock: EVERYWHERE, gatewayId: gateway.id },
      { parent },
    );
    route(open, { name: layout.name, table }, [internet]);
  }
  if (closed.length > 0) {
    const full = `${name}-private`;
    const table = new RouteTable(full, { vpcId: vpc.id, tags: tagged(scope, full) }, { parent });
    const wayOut: pulumi.Resource[] = [];
    const { natGateway } = layout;
    const place = placed.get(natGateway?.subnet ?? "");
    if (natGateway !== undefined && place !== undefined && internet !== undefined) {
      // Of use, and to be had, only with the way of its own subnet (VPC User Guide, "NAT gateways").
      const address = new Eip(name, { domain: "vpc", tags }, { parent, dependsOn: internet });
      const gateway = new NatGateway(
        name,
        { subnetId: place.subnet.id, privateIp: natGateway.privateIp, allocationId: address.id, tags },
        // Two gateways cannot have the one public address.
        { parent, deleteBeforeReplace: true, dependsOn: [...place.wayOut] },
      );
      wayOut.push(
        new Route(
          `${full}-${inName(EVERYWHERE)}`,
          { routeTableId: table.id, destinationCidrBlock: EVERYWHERE, natGatewayId: gateway.id },
          { parent },
        ),
      );
    }
    route(closed, { name: `${layout.name}-private`, table }, wayOut);
  }
  return { layout, vpc, routeTables, securityGroup, subnets: placed };
}

export interface Peerings {
  readonly connections: readonly VpcPeeringConnection[];
  /** On either side of every connection. */
  readonly routes: readonly Route[];
}

/** Peers the networks and routes each one's CIDR to the other: AWS does the latter on neither side by itself. */
export function peerNetworks(
  scope: Scope,
  peerings: readonly PeeringLayout[],
  networks: ReadonlyMap<string, Network>,
): Peerings {
  const { parent } = scope;
  const connections: VpcPeeringConnection[] = [];
  const routes: Route[] = [];
  for (const { key, requester, accepter } of peerings) {
    const name = `${scope.name}-${key}`;
    const from = networkOf(networks, requester);
    const to = networkOf(networks, accepter);
    const connection = new VpcPeeringConnection(
      name,
      { vpcId: from.vpc.id, peerVpcId: to.vpc.id, autoAccept: true, tags: tagged(scope, name) },
      { parent },
    );
    connections.push(connection);
    for (const [here, there] of [
      [from, to],
      [to, from],
    ] as const) {
      for (const { name: tableName, table } of here.routeTables) {
        const args = {
          routeTableId: table.id,
          destinationCidrBlock: there.layout.cidrBlock,
          vpcPeeringConnectionId: connection.id,
        };
        routes.push(new Route(`${scope.name}-${tableName}-${inName(there.layout.cidrBlock)}`, args, { parent }));
      }
    }
  }
  return { connections, routes };
}

/**
 * A route for each block to the primary network interface of its node, in every route table of the node's own network.
 * It is named after the block, so that one whose block moves to another node is changed, not made beside the old one,
 * which AWS refuses.
 */
export function routeBlocks(
  scope: Scope,
  blocks: readonly PoolBlock[],
  nodes: readonly { readonly layout: NodeLayout; readonly instance: Instance }[],
  networks: ReadonlyMap<string, Network>,
): readonly Route[] {
  const byName = new Map(nodes.map((node) => [node.layout.name, node]));
  return blocks.flatMap(({ cidr, node: name }) => {
    const node = byName.get(name ?? "");
    if (node === undefined) return [];
    return networkOf(networks, node.layout.network).routeTables.map(({ name: tableName, table }) => {
      const args = {
        routeTableId: table.id,
        destinationCidrBlock: cidr,
        networkInterfaceId: node.instance.primaryNetworkInterfaceId,
      };
      return new Route(`${scope.name}-${tableName}-${inName(cidr)}`, args, { parent: scope.parent });
    });
  });
}

export interface IngressRule {
  readonly rule: SecurityRule;
  readonly resource: SecurityGroupIngressRule;
}

/** The rules as resources. A reference to a peer's security group is refused until the peering is active. */
export function createIngressRules(
  scope: Scope,
  rules: readonly SecurityRule[],
  networks: ReadonlyMap<string, Network>,
  peerings: Peerings,
): readonly IngressRule[] {
  return rules.map((rule) => {
    const { securityGroup } = networkOf(networks, rule.network);
    const source =
      "cidr" in rule.source
        ? { cidrIpv4: rule.source.cidr }
        : { referencedSecurityGroupId: networkOf(networks, rule.source.network).securityGroup.id };
    const crosses = "network" in rule.source && rule.source.network !== rule.network;
    const ports = rule.fromPort === undefined ? {} : { fromPort: rule.fromPort, toPort: rule.toPort };
    const name = `${scope.name}-${rule.network}-${rule.key}`;
    const resource = new SecurityGroupIngressRule(
      name,
      // Tagged, so that the id of one that Pulumi lost sight of can be found by its name.
      {
        securityGroupId: securityGroup.id,
        ipProtocol: rule.ipProtocol,
        description: rule.description,
        ...ports,
        ...source,
        tags: tagged(scope, name),
      },
      { parent: scope.parent, dependsOn: crosses ? [...peerings.connections] : [] },
    );
    return { rule, resource };
  });
}

export function networkOf(networks: ReadonlyMap<string, Network>, name: string): Network {
  const network = networks.get(name);
  if (network === undefined) throw new Error(`there is no network ${name}`);
  return network;
}
