/**
 * Why a packet is not delivered. The first ones are spelled as AWS' Reachability Analyzer spells them (VPC Reachability
 * Analyzer, vpc/latest/reachability/explanation-codes.html); it has none for the others: it knows TCP and UDP alone,
 * and sends no packets.
 */
export const explanations = {
  ENI_SOURCE_DEST_CHECK_RESTRICTION:
    "the source/dest check is on, and the network interface is neither source nor destination of the packet",
  SG_HAS_NO_RULES: "the security groups of the network interface have no rule in this direction",
  ENI_SG_RULES_MISMATCH: "no rule of the security groups of the network interface matches the packet",
  GATEWAY_REJECTS_SPOOFED_TRAFFIC: "the source is the router's own address, or no single host's",
  SUBNET_ACL_RESTRICTION:
    "the subnet's network ACL does not let the packet through, which it would have to in each direction",
  NO_ROUTE_TO_DESTINATION: "the subnet's route table has no route to the destination",
  BAD_STATE_ROUTE: "the route is a black hole: its target is gone, not active, or not of this VPC",
  NO_POSSIBLE_DESTINATION: "nobody there has the address",
  PCX_REQUIRES_ADDRESS_IN_VPC_CIDR:
    "a peering connection leads to the subnets of the VPC at its other end and no further",
  PROTOCOL_RESTRICTION: "a NAT gateway passes TCP, UDP and ICMP, and nothing else",
  TGW_ROUTE_AZ_RESTRICTION:
    "the transit gateway's attachment does not serve the availability zone that the packet comes from",
  TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION: "the transit gateway has no route table for what comes from the attachment",
  TGW_RTB_CANNOT_ROUTE: "the transit gateway's route table has no route to the destination",
  TGW_RTB_BAD_STATE_ROUTE: "the transit gateway's route is a black hole",
  IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS: "the internet gateway translates no source address that has no public address",
  IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS: "no internet gateway has a network interface for this public address",

  MTU_EXCEEDED: "the packet is longer than the way carries, and must not be cut in pieces",
  BROADCAST_NOT_CARRIED: "a VPC carries neither broadcast nor multicast",
  LINK_LOCAL_NOT_ROUTED: "link-local addresses are never routed",
  ROUTING_LOOP: "routes lead it round and round",
  ROUTER_IS_NO_HOST: "the address is the VPC router's own, which answers nobody",
} as const;

export type ReasonCode = keyof typeof explanations;
