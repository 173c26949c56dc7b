import { type Instance, InternetGateway, Route, RouteTable, RouteTableAssociation, SecurityGroup, Subnet, Vpc, VpcPeeringConnection } from "@pulumi/aws/ec2";
import { SecurityGroupEgressRule, SecurityGroupIngressRule } from "@pulumi/aws/vpc";
import type * as pulumi from "@pulumi/pulumi";
import type { PoolBlock } from "../ipam/blocks";
import type { NetworkLayout, NodeLayout, PeeringLayout } from "./layout";
import { type Scope, tagged } from "./scope";
import type { SecurityRule } from "./security-rules";

/** The AWS resources of one network. */
export interface Network {
  readonly layout: NetworkLayout;
  readonly vpc: Vpc;
  readonly routeTable: RouteTable;
  readonly securityGroup: SecurityGroup;
  /** By the subnet's name. */
  readonly subnets: ReadonlyMap<string, { readonly subnet: Subnet; readonly association: RouteTableAssociation }>;
  /** What has to be there before a booting instance can reach its package mirror. */
  readonly wayOut: readonly pulumi.Resource[];
}

/** A VPC with its subnets, one route table for all of them, a way to the internet, and a security group that lets nothing in yet. */
export function createNetwork(scope: Scope, layout: NetworkLayout): Network {
  const { parent } = scope;
  const name = `${scope.name}-${layout.name}`;
  const tags = tagged(scope, name);
  const vpc = new Vpc(name, { cidrBlock: layout.cidrBlock, tags }, { parent });
  const gateway = new InternetGateway(name, { vpcId: vpc.id, tags }, { parent });
  const routeTable = new RouteTable(name, { vpcId: vpc.id, tags }, { parent });
  const internet = new Route(`${name}-internet`, { routeTableId: routeTable.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: gateway.id }, { parent });
  const subnets = layout.subnets.map(({ key, name: subnetName, cidrBlock, availabilityZone }) => {
    const full = `${scope.name}-${key}`;
    const subnet = new Subnet(full, { vpcId: vpc.id, cidrBlock, availabilityZone, tags: tagged(scope, full) }, { parent });
    const association = new RouteTableAssociation(full, { subnetId: subnet.id, routeTableId: routeTable.id }, { parent });
    return [subnetName, { subnet, association }] as const;
  });
  const securityGroup = new SecurityGroup(
    name,
    {
      vpcId: vpc.id,
      // Not named after the resource: AWS refuses names that begin with "sg-", and a cluster's may.
      name: `overlaynet-${name}`,
      description: `Nodes of network ${layout.name} of cluster ${scope.name}`,
      tags,
    },
    { parent },
  );
  const egress = new SecurityGroupEgressRule(`${name}-egress`, { securityGroupId: securityGroup.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0", description: "everything" }, { parent });
  return { layout, vpc, routeTable, securityGroup, subnets: new Map(subnets), wayOut: [internet, egress] };
}

export interface Peerings {
  readonly connections: readonly VpcPeeringConnection[];
  /** On either side of every connection. */
  readonly routes: readonly Route[];
}

/** Peers the networks and routes each one's CIDR to the other: AWS does the latter on neither side by itself. */
export function peerNetworks(scope: Scope, peerings: readonly PeeringLayout[], networks: ReadonlyMap<string, Network>): Peerings {
  const { parent } = scope;
  const connections: VpcPeeringConnection[] = [];
  const routes: Route[] = [];
  for (const { key, requester, accepter } of peerings) {
    const name = `${scope.name}-${key}`;
    const from = networkOf(networks, requester);
    const to = networkOf(networks, accepter);
    const connection = new VpcPeeringConnection(name, { vpcId: from.vpc.id, peerVpcId: to.vpc.id, autoAccept: true, tags: tagged(scope, name) }, { parent });
    connections.push(connection);
    for (const [here, there] of [
      [from, to],
      [to, from],
    ] as const) {
      const args = { routeTableId: here.routeTable.id, destinationCidrBlock: there.layout.cidrBlock, vpcPeeringConnectionId: connection.id };
      routes.push(new Route(`${scope.name}-${here.layout.name}-to-${there.layout.name}`, args, { parent }));
    }
  }
  return { connections, routes };
}

/**
 * A route for each block to the primary network interface of its node, in the route table of the node's own network. It is named after the
 * block, so that one whose block moves to another node is changed, not made beside the old one, which AWS refuses.
 */
export function routeBlocks(scope: Scope, blocks: readonly PoolBlock[], nodes: readonly { readonly layout: NodeLayout; readonly instance: Instance }[], networks: ReadonlyMap<string, Network>): readonly Route[] {
  const byName = new Map(nodes.map((node) => [node.layout.name, node]));
  return blocks.flatMap(({ cidr, node: name }) => {
    const node = byName.get(name ?? "");
    if (node === undefined) return [];
    const { routeTable, layout } = networkOf(networks, node.layout.network);
    const args = { routeTableId: routeTable.id, destinationCidrBlock: cidr, networkInterfaceId: node.instance.primaryNetworkInterfaceId };
    return [new Route(`${scope.name}-${layout.name}-${cidr.replace("/", "-")}`, args, { parent: scope.parent })];
  });
}

export interface IngressRule {
  readonly rule: SecurityRule;
  readonly resource: SecurityGroupIngressRule;
}

/** The rules as resources. A reference to a peer's security group is refused until the peering is active. */
export function createIngressRules(scope: Scope, rules: readonly SecurityRule[], networks: ReadonlyMap<string, Network>, peerings: Peerings): readonly IngressRule[] {
  return rules.map((rule) => {
    const { securityGroup } = networkOf(networks, rule.network);
    const source =
      "cidr" in rule.source ? { cidrIpv4: rule.source.cidr } : { referencedSecurityGroupId: networkOf(networks, rule.source.network).securityGroup.id };
    const crosses = "network" in rule.source && rule.source.network !== rule.network;
    const ports = rule.fromPort === undefined ? {} : { fromPort: rule.fromPort, toPort: rule.toPort };
    const resource = new SecurityGroupIngressRule(
      `${scope.name}-${rule.network}-${rule.key}`,
      { securityGroupId: securityGroup.id, ipProtocol: rule.ipProtocol, description: rule.description, ...ports, ...source },
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
