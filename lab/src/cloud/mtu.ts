/** MTU inside a VPC and of a peering in one region, bytes (EC2 User Guide, "Network maximum transmission unit"). */
export const VPC_MTU = 9001;
/** MTU through an internet gateway, bytes (the same page). */
export const INTERNET_MTU = 1500;
/** MTU through a NAT gateway, bytes (VPC User Guide, "NAT gateway basics"). */
export const NAT_MTU = 8500;
/** MTU through a transit gateway, bytes (Transit Gateways Guide, "Quotas"). */
export const TRANSIT_MTU = 8500;
