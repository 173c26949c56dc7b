/** Every resource type of the aws package that the lab models: a file, and the names of its types, a line. */
export { vpcDhcpOptions, vpcDhcpOptionsAssociation } from "./dhcp-options";
export { eip, eipAssociation } from "./elastic-ip";
export { instance } from "./instance";
export { networkInterfaceAttachment } from "./interface-attachment";
export { internetGateway, internetGatewayAttachment } from "./internet-gateway";
export { keyPair } from "./key-pair";
export { natGateway } from "./nat-gateway";
export { defaultNetworkAcl, networkAcl, networkAclAssociation } from "./network-acl";
export { networkAclRule } from "./network-acl-entry";
export { networkInterface } from "./network-interface";
export { route } from "./route";
export { defaultRouteTable, mainRouteTableAssociation, routeTable, routeTableAssociation } from "./route-table";
export { defaultSecurityGroup, securityGroup } from "./security-group";
export { securityGroupEgressRule, securityGroupIngressRule, securityGroupRule } from "./security-group-rule";
export { subnet } from "./subnet";
export { tag } from "./tag";
export { transitGateway, transitGatewayVpcAttachment } from "./transit-gateway";
export {
  transitGatewayRoute,
  transitGatewayRouteTable,
  transitGatewayRouteTableAssociation,
  transitGatewayRouteTablePropagation,
} from "./transit-gateway-route-table";
export { vpc } from "./vpc";
export { peeringConnectionOptions, vpcPeeringConnection, vpcPeeringConnectionAccepter } from "./vpc-peering-connection";
