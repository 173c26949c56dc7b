import { defaultRouteTable } from "./default-route-table";
import { defaultSecurityGroup } from "./default-security-group";
import { eip } from "./eip";
import { eipAssociation } from "./eip-association";
import { instance } from "./instance";
import { internetGateway } from "./internet-gateway";
import { internetGatewayAttachment } from "./internet-gateway-attachment";
import { keyPair } from "./key-pair";
import { mainRouteTableAssociation } from "./main-route-table-association";
import { securityGroupRule } from "./multi-source-rule";
import { natGateway } from "./nat-gateway";
import { defaultNetworkAcl, networkAcl } from "./network-acl";
import { networkAclAssociation } from "./network-acl-association";
import { networkAclRule } from "./network-acl-rule";
import { networkInterface } from "./network-interface";
import { networkInterfaceAttachment } from "./network-interface-attachment";
import { peeringConnectionOptions } from "./peering-connection-options";
import type { ResourceType } from "./resource-type";
import { route } from "./route";
import { routeTable } from "./route-table";
import { routeTableAssociation } from "./route-table-association";
import { securityGroup } from "./security-group";
import { securityGroupEgressRule, securityGroupIngressRule } from "./security-group-rule";
import { subnet } from "./subnet";
import { tag } from "./tag";
import { transitGateway } from "./transit-gateway";
import { transitGatewayVpcAttachment } from "./transit-gateway-attachment";
import {
  transitGatewayRoute,
  transitGatewayRouteTable,
  transitGatewayRouteTableAssociation,
  transitGatewayRouteTablePropagation,
} from "./transit-gateway-route-table";
import { vpc } from "./vpc";
import { vpcPeeringConnection } from "./vpc-peering-connection";
import { vpcPeeringConnectionAccepter } from "./vpc-peering-connection-accepter";

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
