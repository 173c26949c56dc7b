import type { IPv4CidrRange } from "ip-num";
import type { ResourceRecord } from "../state/record";
import { containsAddress, containsRange, formatCidr, isAddress, parseCidr } from "./cidr";
import { type AddressAssociation, type PublicAddress, publicAddressOf, readAddressAssociations } from "./elastic-ip";
import { type NatGateway, readNatGateways } from "../fabric/nat-gateway";
import { type NetworkAcl, readNetworkAcls } from "../fabric/network-acls";
import { interfaceAsInstance, readInterfaceAttachments, withPrimaryInterface } from "./network-interface";
import type { Reading } from "./reading";
import { readTransitGateways, type TransitGateway } from "../fabric/transit-gateway";

export type { NetworkAcl, NetworkAclEntry } from "../fabric/network-acls";

/** What the records say about the network, read and checked. */
export interface Cloud {
  readonly vpcs: ReadonlyMap<string, Vpc>;
  readonly internetGateways: readonly InternetGateway[];
  /** Active ones alone: a route to another is a black hole (VPC Peering Guide, "Update your route tables"). */
  readonly peerings: readonly Peering[];
  readonly securityGroups: ReadonlyMap<string, SecurityGroup>;
  readonly instances: readonly Instance[];
  /** Those of instances, primary and secondary ones. */
  readonly networkInterfaces: readonly NetworkInterface[];
  readonly natGateways: readonly NatGateway[];
  readonly transitGateways: readonly TransitGateway[];
  /** Of instances and NAT gateways. */
  readonly publicAddresses: readonly PublicAddress[];
}

export interface Vpc {
  readonly id: string;
  readonly cidr: IPv4CidrRange;
  readonly subnets: readonly Subnet[];
  readonly routeTables: readonly RouteTable[];
}

export interface Subnet {
  readonly id: string;
  readonly vpcId: string;
  readonly cidr: IPv4CidrRange;
  readonly availabilityZone: string;
  /** The main route table when none is associated. */
  readonly routeTableId: string;
  readonly networkAcl: NetworkAcl;
}

export interface RouteTable {
  readonly id: string;
  readonly routes: readonly VpcRoute[];
}

export interface VpcRoute {
  readonly destination: IPv4CidrRange;
  /** Id of a gateway, a peering connection, a network interface or an instance; it need not be there any more. */
  readonly target: string;
}

export interface InternetGateway {
  readonly id: string;
  readonly vpcId: string;
}

export interface Peering {
  readonly id: string;
  readonly requesterVpcId: string;
  readonly accepterVpcId: string;
}

export interface SecurityGroup {
  readonly id: string;
  readonly vpcId: string;
  readonly ingress: readonly SecurityGroupRule[];
  readonly egress: readonly SecurityGroupRule[];
}

export interface SecurityGroupRule {
  readonly id: string;
  /** IANA's protocol number, or every protocol. */
  readonly protocol: number | "all";
  /**
   * tcp, udp: ports. icmp: type and code, -1 for all. Other protocols have none, whatever was given (EC2 API,
   * IpPermission).
   */
  readonly range?: { readonly from: number; readonly to: number };
  /** A CIDR, or the private addresses of the network interfaces that have a security group. */
  readonly peer: { readonly cidr: IPv4CidrRange } | { readonly securityGroupId: string };
}

/** An instance and its primary network interface. */
export interface Instance extends NetworkInterface {
  readonly id: string;
}

/** A network interface of an instance; what it has follows it to another one. */
export interface NetworkInterface {
  readonly networkInterfaceId: string;
  readonly instanceId: string;
  /** 0 is the primary one's. */
  readonly deviceIndex: number;
  readonly subnet: Subnet;
  readonly mac: string;
  readonly privateIp: string;
  readonly secondaryPrivateIps: readonly string[];
  readonly publicIp?: string;
  readonly sourceDestCheck: boolean;
  readonly securityGroupIds: readonly string[];
}

/** Records that cannot be made real, with everything that is wrong with them. */
export class FabricError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.length === 1 ? problems[0] : `${problems.length} problems:\n  ${problems.join("\n  ")}`);
    this.name = "FabricError";
  }
}

/** Types of records that say nothing about the network. */
const notOfTheNetwork = new Set([
  "aws:ec2/keyPair:KeyPair",
  "aws:ec2/eip:Eip",
  // These change other records, which the fabric reads.
  "aws:ec2/defaultRouteTable:DefaultRouteTable",
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
  "aws:ec2/internetGatewayAttachment:InternetGatewayAttachment",
  "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation",
  "aws:ec2/peeringConnectionOptions:PeeringConnectionOptions",
  "aws:ec2/securityGroupRule:SecurityGroupRule",
  "aws:ec2/tag:Tag",
  "aws:ec2/vpcPeeringConnectionAccepter:VpcPeeringConnectionAccepter",
]);

/**
 * Reads the records.
 *
 * @throws FabricError naming every record and property that the fabric cannot make real: a type that it does not know,
 * IPv6, a VPC or
 *   subnet that is not there. References that AWS lets go stale (a route's target, a rule's security group) are no problem. Routes
 *   and rules written inside a RouteTable or SecurityGroup, and a VPC's default group with its rules, are records too.
 */
export function readCloud(records: readonly ResourceRecord[]): Cloud {
  return new Reader(records).read();
}

class Reader {
  private readonly problems: string[] = [];
  private readonly byType = new Map<string, ResourceRecord[]>();
  /** For the parts that are read in files of their own. */
  private readonly reading: Reading = {
    take: (type) => this.take(type),
    string: (record, key) => this.string(record, key),
    cidr: (record, key) => this.cidr(record, key),
    isId: (record, id) => this.isId(record, id),
    problem: (record, what) => this.problem(record, what),
  };

  constructor(records: readonly ResourceRecord[]) {
    for (const record of records) {
      const same = this.byType.get(record.type);
      if (same) same.push(record);
      else this.byType.set(record.type, [record]);
    }
  }

  read(): Cloud {
    const vpcRecords = this.take("aws:ec2/vpc:Vpc");
    const securityGroups = this.securityGroups();
    const tableOf = this.associations();
    const aclOf = readNetworkAcls(
      {
        acls: [
          ...this.take("aws:ec2/networkAcl:NetworkAcl"),
          ...this.take("aws:ec2/defaultNetworkAcl:DefaultNetworkAcl"),
        ],
        rules: this.take("aws:ec2/networkAclRule:NetworkAclRule"),
        associations: this.take("aws:ec2/networkAclAssociation:NetworkAclAssociation"),
      },
      (record, what) => this.problem(record, what),
    );
    const subnets = this.take("aws:ec2/subnet:Subnet").flatMap((record) =>
      this.subnet(record, vpcRecords, tableOf, aclOf),
    );
    const routes = this.routes();
    const routeTables = this.take("aws:ec2/routeTable:RouteTable");
    const vpcs = vpcRecords.flatMap((record): Vpc[] => {
      const cidr = this.cidr(record, "cidrBlock");
      if (cidr === undefined || !this.isId(record)) return [];
      if (truthy(record.outputs["ipv6CidrBlock"]) || record.outputs["assignGeneratedIpv6CidrBlock"] === true)
        this.problem(record, "has IPv6, which the lab does not have yet");
      const main = this.string(record, "mainRouteTableId");
      const own = routeTables
        .filter((table) => table.outputs["vpcId"] === record.id && this.isId(table))
        .map((table) => table.id);
      const tables = [...new Set([main, ...own])].map((id) => ({
        id,
        routes: routes.filter((route) => route.tableId === id).map(({ route }) => route),
      }));
      for (const { destination, target } of tables.flatMap((table) => table.routes)) {
        // A subnet's traffic may be led through an appliance (VPC User Guide, "Route tables", "Rules and
        // considerations").
        if (!containsRange(cidr, destination) || /^(eni|i|nat)-/.test(target)) continue;
        this.problem(
          record,
          `has a route for ${formatCidr(destination)} to ${target}, which is inside its own CIDR block: it can lead to a network interface, an instance or a NAT gateway alone`,
        );
      }
      const inside = subnets.filter((subnet) => subnet.vpcId === record.id);
      for (const { id, routeTableId } of inside) {
        if (!tables.some((table) => table.id === routeTableId))
          this.problems.push(`${id} is associated with ${routeTableId}, which is no route table of ${record.id}.`);
      }
      return [{ id: record.id, cidr, routeTables: tables, subnets: inside }];
    });
    const associations = readAddressAssociations(this.reading);
    const interfaceRecords = this.take("aws:ec2/networkInterface:NetworkInterface");
    const instances = this.take("aws:ec2/instance:Instance").flatMap((record) =>
      this.instance(withPrimaryInterface(record, interfaceRecords), subnets, securityGroups, associations),
    );
    const secondary = readInterfaceAttachments(this.reading).flatMap(
      ({ networkInterfaceId, instanceId, deviceIndex }): NetworkInterface[] => {
        const record = interfaceRecords.find(({ id }) => id === networkInterfaceId);
        if (deviceIndex === 0 || record === undefined || !instances.some(({ id }) => id === instanceId)) return [];
        return this.instance(interfaceAsInstance(record), subnets, securityGroups, associations).map((read) => ({
          ...read,
          instanceId,
          deviceIndex,
        }));
      },
    );
    const networkInterfaces = [...instances, ...secondary];
    const natGateways = readNatGateways(this.reading, subnets);
    const vpcsById = new Map(vpcs.map((vpc) => [vpc.id, vpc]));
    const cloud: Cloud = {
      vpcs: vpcsById,
      securityGroups,
      internetGateways: this.take("aws:ec2/internetGateway:InternetGateway")
        .filter((record) => this.isId(record) && vpcs.some((vpc) => vpc.id === record.outputs["vpcId"]))
        .map((record) => ({ id: record.id, vpcId: String(record.outputs["vpcId"]) })),
      peerings: this.take("aws:ec2/vpcPeeringConnection:VpcPeeringConnection").flatMap((record) =>
        this.peering(record, vpcRecords),
      ),
      instances,
      networkInterfaces,
      natGateways,
      transitGateways: readTransitGateways(this.reading, vpcsById),
      publicAddresses: publicAddresses(networkInterfaces, natGateways, associations),
    };
    for (const [type, records] of this.byType) {
      if (!notOfTheNetwork.has(type))
        for (const record of records) this.problem(record, "is of a type that the lab's fabric does not know");
    }
    if (this.problems.length > 0) throw new FabricError(this.problems);
    return cloud;
  }

  private subnet(
    record: ResourceRecord,
    vpcs: readonly ResourceRecord[],
    tableOf: ReadonlyMap<string, string>,
    aclOf: ReturnType<typeof readNetworkAcls>,
  ): Subnet[] {
    const cidr = this.cidr(record, "cidrBlock");
    const vpc = this.referenced(record, "vpcId", vpcs);
    if (truthy(record.outputs["ipv6CidrBlock"])) this.problem(record, "has IPv6, which the lab does not have yet");
    if (cidr === undefined || vpc === undefined || !this.isId(record)) return [];
    const outer = parseCidr(String(vpc.outputs["cidrBlock"]));
    if (outer !== undefined && !containsRange(outer, cidr))
      this.problem(record, `${formatCidr(cidr)} is not inside ${formatCidr(outer)} of ${vpc.id}`);
    const availabilityZone = String(record.outputs["availabilityZone"] ?? "");
    const routeTableId = tableOf.get(record.id) ?? String(vpc.outputs["mainRouteTableId"]);
    return [{ id: record.id, vpcId: vpc.id, cidr, availabilityZone, routeTableId, networkAcl: aclOf(record.id, vpc) }];
  }

  /** Route table by subnet. */
  private associations(): Map<string, string> {
    const tables = new Map<string, string>();
    for (const record of this.take("aws:ec2/routeTableAssociation:RouteTableAssociation")) {
      if (truthy(record.outputs["gatewayId"]))
        this.problem(record, "associates a route table with a gateway, which the lab does not have");
      const subnet = this.string(record, "subnetId");
      if (tables.has(subnet)) this.problem(record, `associates a second route table with ${subnet}`);
      tables.set(subnet, this.string(record, "routeTableId"));
    }
    return tables;
  }

  private routes(): { tableId: string; route: VpcRoute }[] {
    const targets = [
      "gatewayId",
      "natGatewayId",
      "transitGatewayId",
      "vpcPeeringConnectionId",
      "networkInterfaceId",
      "instanceId",
    ];
    const unknown = [
      "egressOnlyGatewayId",
      "carrierGatewayId",
      "coreNetworkArn",
      "localGatewayId",
      "vpcEndpointId",
      "destinationIpv6CidrBlock",
      "destinationPrefixListId",
    ];
    return this.take("aws:ec2/route:Route").flatMap((record) => {
      for (const key of unknown)
        if (truthy(record.outputs[key])) this.problem(record, `has ${key}, which the lab does not have`);
      const destination = this.cidr(record, "destinationCidrBlock");
      // The real provider fills instanceId in beside a network interface.
      const target = targets.map((key) => record.outputs[key]).find(truthy);
      if (typeof target !== "string") this.problem(record, `has none of ${targets.join(", ")}`);
      if (destination === undefined || typeof target !== "string") return [];
      return [{ tableId: this.string(record, "routeTableId"), route: { destination, target } }];
    });
  }

  private peering(record: ResourceRecord, vpcs: readonly ResourceRecord[]): Peering[] {
    if (record.outputs["acceptStatus"] !== "active" || !this.isId(record)) return [];
    const requesterVpcId = this.string(record, "vpcId");
    const accepterVpcId = this.string(record, "peerVpcId");
    // A peering whose VPC is gone is deleted on AWS.
    return [requesterVpcId, accepterVpcId].every((id) => vpcs.some((vpc) => vpc.id === id))
      ? [{ id: record.id, requesterVpcId, accepterVpcId }]
      : [];
  }

  private securityGroups(): Map<string, SecurityGroup> {
    const rules = (type: string): Map<string, SecurityGroupRule[]> => {
      const byGroup = new Map<string, SecurityGroupRule[]>();
      for (const record of this.take(type)) {
        const rule = this.rule(record);
        const group = this.string(record, "securityGroupId");
        if (rule) byGroup.set(group, [...(byGroup.get(group) ?? []), rule]);
      }
      return byGroup;
    };
    const ingress = rules("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    const egress = rules("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule");
    const groups = this.take("aws:ec2/securityGroup:SecurityGroup").filter((record) => this.isId(record));
    return new Map(
      groups.map((record) => [
        record.id,
        {
          id: record.id,
          vpcId: this.string(record, "vpcId"),
          ingress: ingress.get(record.id) ?? [],
          egress: egress.get(record.id) ?? [],
        },
      ]),
    );
  }

  private rule(record: ResourceRecord): SecurityGroupRule | undefined {
    const { outputs } = record;
    if (!this.isId(record)) return undefined;
    for (const key of ["cidrIpv6", "prefixListId"])
      if (truthy(outputs[key])) return this.problem(record, `has ${key}, which the lab does not have yet`);
    const name = this.string(record, "ipProtocol").toLowerCase();
    const protocol =
      name === "-1" || name === "all"
        ? "all"
        : (protocolNumbers[name] ?? (/^\d{1,3}$/.test(name) ? Number(name) : 256));
    if (protocol !== "all" && protocol > 255)
      return this.problem(
        record,
        `has the ipProtocol "${name}", which is neither -1, tcp, udp, icmp nor a number from 0 to 255`,
      );
    if (protocol === 58) return this.problem(record, "is for ICMPv6, which the lab does not have yet");
    const range = this.range(record, protocol);
    if (range === "wrong") return undefined;
    const reference = outputs["referencedSecurityGroupId"];
    if (typeof reference === "string" && reference !== "") {
      // A group of another account is ACCOUNT/GROUP.
      const securityGroupId = reference.slice(reference.lastIndexOf("/") + 1);
      return this.isId(record, securityGroupId)
        ? { id: record.id, protocol, range, peer: { securityGroupId } }
        : undefined;
    }
    const cidr = this.cidr(record, "cidrIpv4");
    return cidr && { id: record.id, protocol, range, peer: { cidr } };
  }

  private range(record: ResourceRecord, protocol: number | "all"): SecurityGroupRule["range"] | "wrong" {
    if (
      protocol !== protocolNumbers["tcp"] &&
      protocol !== protocolNumbers["udp"] &&
      protocol !== protocolNumbers["icmp"]
    )
      return undefined;
    const { fromPort: from, toPort: to } = record.outputs;
    const [least, most] = protocol === protocolNumbers["icmp"] ? [-1, 255] : [0, 65535];
    const isPort = (port: unknown): port is number =>
      typeof port === "number" && Number.isInteger(port) && port >= least && port <= most;
    if (!isPort(from) || !isPort(to) || (least === 0 && from > to)) {
      this.problem(
        record,
        `has the ports ${String(from)} to ${String(to)}; protocol ${protocol} needs a range within ${least} to ${most}`,
      );
      return "wrong";
    }
    return { from, to };
  }

  private instance(
    record: ResourceRecord,
    subnets: readonly Subnet[],
    groups: ReadonlyMap<string, SecurityGroup>,
    associations: readonly AddressAssociation[],
  ): Instance[] {
    const { outputs, internal } = record;
    if (outputs["instanceState"] === "terminated") return [];
    const subnet = subnets.find(({ id }) => id === outputs["subnetId"]);
    if (subnet === undefined) this.problem(record, `is in ${String(outputs["subnetId"])}, which is not there`);
    const networkInterfaceId = this.string(record, "primaryNetworkInterfaceId");
    const privateIp = this.string(record, "privateIp");
    const { mac } = internal;
    const isMac = typeof mac === "string" && /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/.test(mac);
    if (!isMac) this.problem(record, `has the MAC address ${String(mac)}, which is no unicast one in lower case`);
    if (!this.isId(record) || !this.isId(record, networkInterfaceId) || subnet === undefined || !isMac) return [];
    if (!isAddress(privateIp) || !containsAddress(subnet.cidr, privateIp))
      this.problem(record, `has the private address ${privateIp}, which is not in ${formatCidr(subnet.cidr)}`);
    const secondaryPrivateIps = strings(outputs["secondaryPrivateIps"]);
    const publicIp = publicAddressOf(
      associations,
      networkInterfaceId,
      privateIp,
      truthy(outputs["publicIp"]) ? this.string(record, "publicIp") : undefined,
    );
    for (const address of [...secondaryPrivateIps, ...(publicIp === undefined ? [] : [publicIp])])
      if (!isAddress(address)) this.problem(record, `has the address ${address}, which is no IPv4 address`);
    const securityGroupIds = strings(outputs["vpcSecurityGroupIds"]);
    if (securityGroupIds.length === 0)
      this.problem(
        record,
        "has no vpcSecurityGroupIds; on AWS every instance has a security group, the VPC's default one at least",
      );
    for (const id of securityGroupIds) {
      const group = groups.get(id);
      if (group === undefined) this.problem(record, `has the security group ${id}, which is not there`);
      else if (group.vpcId !== subnet.vpcId)
        this.problem(record, `has the security group ${id} of ${group.vpcId}, but is in ${subnet.vpcId}`);
    }
    if (typeof outputs["sourceDestCheck"] !== "boolean") this.problem(record, "has no sourceDestCheck");
    if (strings(outputs["ipv6Addresses"]).length > 0)
      this.problem(record, "has IPv6 addresses, which the lab does not have yet");
    const sourceDestCheck = outputs["sourceDestCheck"] !== false;
    return [
      {
        id: record.id,
        networkInterfaceId,
        instanceId: record.id,
        deviceIndex: 0,
        subnet,
        mac,
        privateIp,
        secondaryPrivateIps,
        publicIp,
        sourceDestCheck,
        securityGroupIds,
      },
    ];
  }

  /** The records of a type; what nobody took in the end is of an unknown type. */
  private take(type: string): readonly ResourceRecord[] {
    const records = this.byType.get(type) ?? [];
    this.byType.delete(type);
    return records;
  }

  private referenced(
    record: ResourceRecord,
    key: string,
    among: readonly ResourceRecord[],
  ): ResourceRecord | undefined {
    const id = this.string(record, key);
    return among.find((other) => other.id === id) ?? this.problem(record, `names ${key} ${id}, which is not there`);
  }

  private cidr(record: ResourceRecord, key: string): IPv4CidrRange | undefined {
    const text = this.string(record, key);
    return parseCidr(text) ?? this.problem(record, `has the ${key} "${text}", which is no IPv4 network`);
  }

  private string(record: ResourceRecord, key: string): string {
    const value = record.outputs[key];
    if (typeof value === "string" && value !== "") return value;
    this.problem(record, `has no ${key}`);
    return "";
  }

  /** Ids become names of namespaces, devices and nft sets. */
  private isId(record: ResourceRecord, id: string = record.id): boolean {
    if (/^[a-z]+-[a-z0-9-]{1,40}$/.test(id)) return true;
    this.problem(record, `has the id "${id}", which is not spelled as AWS spells ids`);
    return false;
  }

  private problem(record: ResourceRecord, what: string): undefined {
    this.problems.push(`${record.id} (${record.type}) ${what}.`);
  }
}

function publicAddresses(
  networkInterfaces: readonly NetworkInterface[],
  natGateways: readonly NatGateway[],
  associations: readonly AddressAssociation[],
): PublicAddress[] {
  const holders = [
    ...networkInterfaces.map((each) => ({ ...each, privateIps: [each.privateIp, ...each.secondaryPrivateIps] })),
    ...natGateways.map((gateway) => ({ ...gateway, privateIps: [gateway.privateIp], publicIp: undefined })),
  ];
  return holders.flatMap(({ networkInterfaceId, subnet, privateIp: primary, privateIps, publicIp: given }) =>
    privateIps.flatMap((privateIp): PublicAddress[] => {
      const publicIp = publicAddressOf(
        associations,
        networkInterfaceId,
        privateIp,
        privateIp === primary ? given : undefined,
      );
      return publicIp === undefined ? [] : [{ vpcId: subnet.vpcId, privateIp, publicIp }];
    }),
  );
}

const protocolNumbers: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 };

function truthy(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
