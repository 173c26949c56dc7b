import { defaultRouteTable } from "./types/default-route-table";
import { defaultSecurityGroup } from "./types/default-security-group";
import { eip } from "./types/eip";
import { eipAssociation } from "./types/eip-association";
import { instance } from "./types/instance";
import { internetGateway } from "./types/internet-gateway";
import { internetGatewayAttachment } from "./types/internet-gateway-attachment";
import { keyPair } from "./types/key-pair";
import { mainRouteTableAssociation } from "./types/main-route-table-association";
import { securityGroupRule } from "./types/security-group-rule";
import { natGateway } from "./types/nat-gateway";
import { defaultNetworkAcl, networkAcl } from "./types/network-acl";
import { networkAclAssociation } from "./types/network-acl-association";
import { networkAclRule } from "./types/network-acl-rule";
import { networkInterface } from "./types/network-interface";
import { networkInterfaceAttachment } from "./types/network-interface-attachment";
import { peeringConnectionOptions } from "./types/peering-connection-options";
import type { ResourceType } from "./engine/resource-type";
import { route } from "./types/route";
import { routeTable } from "./types/route-table";
import { routeTableAssociation } from "./types/route-table-association";
import { securityGroup } from "./types/security-group";
import { securityGroupEgressRule, securityGroupIngressRule } from "./types/security-group-ingress-rule";
import { subnet } from "./types/subnet";
import { tag } from "./types/tag";
import { transitGateway } from "./types/transit-gateway";
import { transitGatewayVpcAttachment } from "./types/transit-gateway-attachment";
import {
  transitGatewayRoute,
  transitGatewayRouteTable,
  transitGatewayRouteTableAssociation,
  transitGatewayRouteTablePropagation,
} from "./types/transit-gateway-route-table";
import { vpc } from "./types/vpc";
import { vpcPeeringConnection } from "./types/vpc-peering-connection";
import { vpcPeeringConnectionAccepter } from "./types/vpc-peering-connection-accepter";

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
