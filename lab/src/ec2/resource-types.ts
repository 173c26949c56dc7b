import { defaultRouteTable } from "./default-route-table";
import { defaultSecurityGroup } from "./default-security-group";
import { instance } from "./instance";
import { internetGateway } from "./internet-gateway";
import { internetGatewayAttachment } from "./internet-gateway-attachment";
import { keyPair } from "./key-pair";
import { mainRouteTableAssociation } from "./main-route-table-association";
import { securityGroupRule } from "./multi-source-rule";
import { peeringConnectionOptions } from "./peering-connection-options";
import type { ResourceType } from "./resource-type";
import { route } from "./route";
import { routeTable } from "./route-table";
import { routeTableAssociation } from "./route-table-association";
import { securityGroup } from "./security-group";
import { securityGroupEgressRule, securityGroupIngressRule } from "./security-group-rule";
import { subnet } from "./subnet";
import { tag } from "./tag";
import { vpc } from "./vpc";
import { vpcPeeringConnection } from "./vpc-peering-connection";
import { vpcPeeringConnectionAccepter } from "./vpc-peering-connection-accepter";

/** Every resource type of the aws package that the lab models, by token. */
export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map(
  [
    defaultRouteTable,
    defaultSecurityGroup,
    instance,
    internetGateway,
    internetGatewayAttachment,
    keyPair,
    mainRouteTableAssociation,
    peeringConnectionOptions,
    route,
    routeTable,
    routeTableAssociation,
    securityGroup,
    securityGroupRule,
    securityGroupEgressRule,
    securityGroupIngressRule,
    subnet,
    tag,
    vpc,
    vpcPeeringConnection,
    vpcPeeringConnectionAccepter,
  ].map((type) => [type.token, type]),
);
