import { eip } from "./eip";
import { eipAssociation } from "./eip-association";
import { instance } from "./instance";
import { internetGateway } from "./internet-gateway";
import { keyPair } from "./key-pair";
import { natGateway } from "./nat-gateway";
import { networkInterface } from "./network-interface";
import { networkInterfaceAttachment } from "./network-interface-attachment";
import type { ResourceType } from "./resource-type";
import { route } from "./route";
import { routeTable } from "./route-table";
import { routeTableAssociation } from "./route-table-association";
import { securityGroup } from "./security-group";
import { securityGroupEgressRule, securityGroupIngressRule } from "./security-group-rule";
import { subnet } from "./subnet";
import { transitGateway } from "./transit-gateway";
import { transitGatewayVpcAttachment } from "./transit-gateway-attachment";
import { transitGatewayRoute, transitGatewayRouteTable, transitGatewayRouteTableAssociation, transitGatewayRouteTablePropagation } from "./transit-gateway-route-table";
import { vpc } from "./vpc";
import { vpcPeeringConnection } from "./vpc-peering-connection";

/** Every resource type of the aws package that the lab models, by token. */
export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map(
  [
    eip,
    eipAssociation,
    instance,
    internetGateway,
    keyPair,
    natGateway,
    networkInterface,
    networkInterfaceAttachment,
    route,
    routeTable,
    routeTableAssociation,
    securityGroup,
    securityGroupEgressRule,
    securityGroupIngressRule,
    subnet,
    transitGateway,
    transitGatewayRoute,
    transitGatewayRouteTable,
    transitGatewayRouteTableAssociation,
    transitGatewayRouteTablePropagation,
    transitGatewayVpcAttachment,
    vpc,
    vpcPeeringConnection,
  ].map((type) => [type.token, type]),
);
