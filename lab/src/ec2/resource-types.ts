import { defaultRouteTable, mainRouteTableAssociation, routeTable, routeTableAssociation } from "./types/route-table";
import { defaultSecurityGroup, securityGroup } from "./types/security-group";
import { eip, eipAssociation } from "./types/elastic-ip";
import { instance } from "./types/instance";
import { internetGateway, internetGatewayAttachment } from "./types/internet-gateway";
import { keyPair } from "./types/key-pair";
import { securityGroupEgressRule, securityGroupIngressRule, securityGroupRule } from "./types/security-group-rule";
import { natGateway } from "./types/nat-gateway";
import { defaultNetworkAcl, networkAcl, networkAclAssociation } from "./types/network-acl";
import { networkAclRule } from "./types/network-acl-entry";
import { networkInterface } from "./types/network-interface";
import { networkInterfaceAttachment } from "./types/interface-attachment";
import {
  peeringConnectionOptions,
  vpcPeeringConnection,
  vpcPeeringConnectionAccepter,
} from "./types/vpc-peering-connection";
import type { ResourceType } from "./engine/resource-type";
import { route } from "./types/route";
import { subnet } from "./types/subnet";
import { tag } from "./types/tag";
import { transitGateway, transitGatewayVpcAttachment } from "./types/transit-gateway";
import {
  transitGatewayRoute,
  transitGatewayRouteTable,
  transitGatewayRouteTableAssociation,
  transitGatewayRouteTablePropagation,
} from "./types/transit-gateway-route-table";
import { vpc } from "./types/vpc";

/** Every resource type of the aws package that the lab models, by token. */
export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map(
  [
    defaultNetworkAcl,
    defaultRouteTable,
    defaultSecurityGroup,
    eip,
    eipAssociation,
    instance,
    internetGateway,
    internetGatewayAttachment,
    keyPair,
    mainRouteTableAssociation,
    natGateway,
    networkAcl,
    networkAclAssociation,
    networkAclRule,
    networkInterface,
    networkInterfaceAttachment,
    peeringConnectionOptions,
    route,
    routeTable,
    routeTableAssociation,
    securityGroup,
    securityGroupEgressRule,
    securityGroupIngressRule,
    securityGroupRule,
    subnet,
    tag,
    transitGateway,
    transitGatewayRoute,
    transitGatewayRouteTable,
    transitGatewayRouteTableAssociation,
    transitGatewayRouteTablePropagation,
    transitGatewayVpcAttachment,
    vpc,
    vpcPeeringConnection,
    vpcPeeringConnectionAccepter,
  ].map((type) => [type.token, type]),
);
