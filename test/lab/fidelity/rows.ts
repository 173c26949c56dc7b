/**
 * How the lab stands to a rule of AWS: its packets or its API hold it; it keeps what is said and does nothing; it does
 * not know it.
 */
export type Status = "enforced" | "recorded only" | "not modelled";

/** A rule of AWS. */
export interface Row {
  /** `AWS-<number>` in the titles of its tests. */
  readonly number: number;
  readonly status: Status;
  readonly rule: string;
  /** Below https://docs.aws.amazon.com/. */
  readonly page: string;
  /** What is not as on AWS, also where it is enforced. */
  readonly but?: string;
  /** What happens in its place while it is not enforced. */
  readonly meanwhile?: string;
}

/** Every rule of AWS that the lab is held to. A row that is enforced has at least one test whose title has its id. */
export const rows: readonly Row[] = [
  {
    number: 1,
    status: "enforced",
    rule: "A VPC's block is /16 to /28",
    page: "vpc/latest/userguide/vpc-cidr-blocks.html",
    but: "host bits are refused, as the provider refuses them before EC2 could clear them",
  },
  {
    number: 2,
    status: "enforced",
    rule: "A subnet is /16 to /28, inside its VPC, overlaps no other, and is in one availability zone",
    page: "vpc/latest/userguide/subnet-sizing.html",
  },
  {
    number: 3,
    status: "enforced",
    rule: "A subnet's first four addresses and its last are AWS' own",
    page: "vpc/latest/userguide/subnet-sizing.html",
  },
  { number: 4, status: "enforced", rule: "No broadcast", page: "vpc/latest/userguide/subnet-sizing.html" },
  {
    number: 5,
    status: "enforced",
    rule: "A local route in every table; the longest prefix wins",
    page: "vpc/latest/userguide/VPC_Route_Tables.html",
  },
  {
    number: 6,
    status: "enforced",
    rule: "A route more specific than the local one is for a whole subnet, to a network interface or gateway",
    page: "vpc/latest/userguide/VPC_Route_Tables.html",
  },
  {
    number: 7,
    status: "enforced",
    rule: "No routes within 169.254.168.0/22, and nothing forwarded there",
    page: "vpc/latest/userguide/VPC_Route_Tables.html",
  },
  {
    number: 8,
    status: "enforced",
    rule: "The main table is for subnets without an association; one table a subnet",
    page: "vpc/latest/userguide/VPC_Route_Tables.html",
  },
  {
    number: 9,
    status: "enforced",
    rule: "Frames to a neighbour's MAC address see no route table",
    page: "vpc/latest/userguide/VPC_Route_Tables.html",
  },
  {
    number: 10,
    status: "enforced",
    rule: "Security groups: allow rules, their union; a new group lets nothing in and everything out",
    page: "vpc/latest/userguide/security-group-rules.html",
  },
  {
    number: 11,
    status: "enforced",
    rule: "Security groups are stateful: replies pass",
    page: "AWSEC2/latest/UserGuide/security-group-connection-tracking.html",
  },
  {
    number: 12,
    status: "enforced",
    rule: "Protocols other than TCP, UDP, ICMP are tracked by address and number, 600 s",
    page: "AWSEC2/latest/UserGuide/security-group-connection-tracking.html",
  },
  {
    number: 13,
    status: "enforced",
    rule: "A rule that goes cuts no tracked flow",
    page: "AWSEC2/latest/UserGuide/security-group-connection-tracking.html",
  },
  {
    number: 14,
    status: "enforced",
    rule: "Flows open to everywhere in both directions are not tracked, and stop with the rule",
    page: "AWSEC2/latest/UserGuide/security-group-connection-tracking.html",
  },
  {
    number: 15,
    status: "enforced",
    rule: "Idle times for each interface: TCP 432,000 s, UDP 30 s and 180 s as a stream, others 600 s",
    page: "AWSEC2/latest/APIReference/API_ConnectionTrackingConfiguration.html",
  },
  {
    number: 16,
    status: "enforced",
    rule: "Protocols other than TCP, UDP, ICMP have no ports, whatever the rule says",
    page: "AWSEC2/latest/APIReference/API_IpPermission.html",
  },
  {
    number: 17,
    status: "enforced",
    rule: "A rule may name a group of the VPC or of an active peer: its interfaces' private addresses",
    page: "vpc/latest/peering/vpc-peering-security-groups.html",
  },
  {
    number: 18,
    status: "enforced",
    rule: "A reference does not match what a middlebox forwards",
    page: "vpc/latest/userguide/security-group-rules.html",
  },
  {
    number: 19,
    status: "enforced",
    rule: "A rule is stale when its peering or group is gone",
    page: "vpc/latest/userguide/security-group-rules.html",
  },
  {
    number: 20,
    status: "enforced",
    rule: "Neither groups nor network ACLs block the VPC's resolver; no network ACL blocks instance metadata",
    page: "vpc/latest/userguide/security-group-rules.html",
  },
  {
    number: 21,
    status: "enforced",
    rule: "Quotas",
    page: "vpc/latest/userguide/amazon-vpc-limits.html",
    but: "VPCs per region are a warning unless `OVERLAYNET_LAB_QUOTAS` says so",
  },
  {
    number: 22,
    status: "enforced",
    rule: "Source/dest check, on by default: an interface is source or destination of what it sends and receives",
    page: "vpc/latest/userguide/VPC_NAT_Instance.html",
  },
  {
    number: 23,
    status: "enforced",
    rule: "Tunnels pass with the check on: their outer addresses are the interfaces' own",
    page: "vpc/latest/userguide/VPC_NAT_Instance.html",
  },
  {
    number: 24,
    status: "enforced",
    rule: "An appliance is in another subnet than what it is to see: no route steers traffic inside a subnet",
    page: "vpc/latest/userguide/route-table-options.html",
  },
  {
    number: 25,
    status: "enforced",
    rule: "Peering: no overlapping blocks, one a pair, routes on both sides, accepted",
    page: "vpc/latest/peering/vpc-peering-basics.html",
    but: "a pending one does not expire",
  },
  {
    number: 26,
    status: "enforced",
    rule: "Peering is not transitive, and leads to no gateway of the peer",
    page: "vpc/latest/peering/vpc-peering-basics.html",
  },
  {
    number: 27,
    status: "enforced",
    rule: "No reverse path check: replies follow the table, also to another VPC",
    page: "vpc/latest/peering/peering-configurations-partial-access.html",
  },
  {
    number: 28,
    status: "enforced",
    rule: "A route to what is pending or gone is a black hole",
    page: "vpc/latest/peering/vpc-peering-routing.html",
  },
  {
    number: 29,
    status: "enforced",
    rule: "MTU 9001 in a VPC and over peering, 1500 through an internet gateway",
    page: "AWSEC2/latest/UserGuide/network_mtu.html",
    but: "one region at a time: no peering between regions",
  },
  {
    number: 30,
    status: "enforced",
    rule: "What is longer than the MTU is dropped with DF, and the sender told",
    page: "AWSEC2/latest/UserGuide/network_mtu.html",
  },
  {
    number: 31,
    status: "enforced",
    rule: "Transit gateways: MTU 8500, TCP's MSS clamped",
    page: "vpc/latest/tgw/transit-gateway-quotas.html",
  },
  {
    number: 32,
    status: "enforced",
    rule: "Network ACLs: stateless, by number, entering and leaving a subnet, any protocol",
    page: "vpc/latest/userguide/vpc-network-acls.html",
  },
  {
    number: 33,
    status: "enforced",
    rule: "A NAT gateway passes TCP, UDP and ICMP alone, and serves no peer",
    page: "vpc/latest/userguide/nat-gateway-basics.html",
  },
  {
    number: 34,
    status: "enforced",
    rule: "An internet gateway translates one to one; the guest knows its private address alone",
    page: "vpc/latest/userguide/VPC_Internet_Gateway.html",
  },
  {
    number: 35,
    status: "not modelled",
    rule: "A flow has at most 5 Gbit/s outside a placement group",
    page: "AWSEC2/latest/UserGuide/ec2-instance-network-bandwidth.html",
  },
  {
    number: 36,
    status: "enforced",
    rule: "Instance metadata: tokens, and a hop limit for them",
    page: "AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html",
  },
  {
    number: 37,
    status: "enforced",
    rule: "DNS at the VPC's address plus two, 1,024 packets a second; time at 169.254.169.123",
    page: "vpc/latest/userguide/amazon-vpc-limits.html",
    but: "no time service",
  },
  {
    number: 38,
    status: "enforced",
    rule: "MAC address, addresses, groups and check are the interface's; a secondary one can be moved, the primary one not",
    page: "AWSEC2/latest/UserGuide/using-eni.html",
  },
  {
    number: 39,
    status: "enforced",
    rule: "Key pairs are ED25519 or RSA; the public key is the default user's from the first boot",
    page: "AWSEC2/latest/UserGuide/ec2-key-pairs.html",
  },
  {
    number: 40,
    status: "not modelled",
    rule: "EC2's API is eventually consistent",
    page: "ec2/latest/devguide/eventual-consistency.html",
    meanwhile: "what is made is seen at once",
  },
  {
    number: 41,
    status: "not modelled",
    rule: "Flow logs",
    page: "vpc/latest/userguide/flow-logs.html",
    meanwhile: "`overlaynet lab capture` sees packets",
  },
  {
    number: 42,
    status: "enforced",
    rule: "The source/dest check changes on a running instance, at once",
    page: "vpc/latest/userguide/VPC_NAT_Instance.html",
  },
  {
    number: 43,
    status: "enforced",
    rule: "A stopped instance loses the public address that it was given, and has another one when it is started",
    page: "AWSEC2/latest/UserGuide/using-instance-addressing.html",
    but: "a node that was stopped and not by the provider keeps its address",
  },
];
