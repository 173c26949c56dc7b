import type { ResourceRecord } from "../../../lab/src/state/record";
import { CloudRecords } from "../../support/cloud-records";
import type { Random } from "./random";

/**
 * What of a random topology stays while its rules change: VPCs, subnets and instances, so that guests can be used
 * again.
 */
export interface Shape {
  /** Among the shapes of a run. */
  readonly index: number;
  /** Begins the names of everything of it. */
  readonly name: string;
  readonly vpcs: readonly {
    readonly name: string;
    readonly cidr: string;
    readonly subnets: readonly { readonly name: string; readonly cidr: string }[];
  }[];
  readonly instances: readonly ShapedInstance[];
}

export interface ShapedInstance {
  readonly name: string;
  readonly vpc: string;
  readonly subnet: string;
  readonly address: string;
  /** The guest has it always; its network interface only sometimes. */
  readonly secondary: string;
  /** Nobody else's in any topology of the same run. */
  readonly publicIp: string;
}

/**
 * 1 to 3 VPCs with 1 to 3 subnets each and 2 to 6 instances; VPCs that are not to be peered may have the same
 * addresses.
 */
export function randomShape(random: Random, index: number): Shape {
  const name = `s${index}`;
  const vpcs = Array.from({ length: random.between(1, 3) }, (_, v) => {
    const network = `10.${random.between(1, 4)}`;
    const subnets = Array.from({ length: random.between(1, 3) }, (__, s) => ({
      name: `${name}${"abc"[v]}${s}`,
      cidr: `${network}.${s}.0/24`,
    }));
    return { name: `${name}${"abc"[v]}`, cidr: `${network}.0.0/16`, subnets };
  });
  const instances = Array.from({ length: random.between(2, 6) }, (_, i) => {
    const vpc = i < vpcs.length ? (vpcs[i] ?? random.pick(vpcs)) : random.pick(vpcs);
    const subnet = random.pick(vpc.subnets);
    const host = (last: number): string => subnet.cidr.replace(/0\/24$/, String(last));
    return {
      name: `${name}i${i}`,
      vpc: vpc.name,
      subnet: subnet.name,
      address: host(10 + i),
      secondary: host(110 + i),
      publicIp: `203.0.113.${8 * index + i + 1}`,
    };
  });
  return { index, name, vpcs, instances };
}

/** Addresses of workloads, which no network interface has. */
export const workloads = ["192.168.0.1", "192.168.0.17", "192.168.0.33", "192.168.1.1"] as const;

/** A shape with random rules, routes, peerings, gateways, public addresses and source/dest checks. */
export function randomTopology(random: Random, shape: Shape): CloudRecords {
  const records = new CloudRecords();
  const { vpcs, instances } = shape;
  for (const vpc of vpcs) {
    records.vpc(vpc.name, vpc.cidr);
    for (const subnet of vpc.subnets) records.subnet(subnet.name, vpc.name, subnet.cidr);
    records.routeTable(`${vpc.name}x`, vpc.name, ...random.some(vpc.subnets, 35).map(({ name }) => name));
    if (random.chance(50)) records.internetGateway(vpc.name, vpc.name);
  }
  const peerings: [name: string, a: string, b: string][] = [];
  for (const [i, a] of vpcs.entries()) {
    for (const b of vpcs.slice(i + 1)) {
      if (a.cidr === b.cidr || !random.chance(75)) continue;
      const name = `${a.name}${b.name.slice(-1)}`;
      const [requester, accepter] = random.chance(50) ? [a, b] : [b, a];
      records.peering(name, requester.name, accepter.name, random.chance(85) ? "active" : "pending-acceptance");
      peerings.push([name, a.name, b.name]);
    }
  }
  for (const instance of instances) {
    records
      .instance(instance.name, instance.vpc, instance.subnet, instance.address, {
        sourceDestCheck: random.chance(45),
        publicIp: random.chance(50) ? instance.publicIp : "",
        secondaryPrivateIps: random.chance(30) ? [instance.secondary] : [],
      })
      .remove(`sgr-${instance.name}-out`);
  }
  for (const vpc of vpcs) randomAcls(random, records, shape, vpc);
  for (const [i, vpc] of vpcs.entries())
    if (random.chance(40)) randomNatGateway(random, records, vpc, `198.51.100.${10 + 3 * shape.index + i}`);
  if (vpcs.length > 1 && random.chance(50)) randomTransitGateway(random, records, shape);
  for (const vpc of vpcs)
    for (const table of [vpc.name, `${vpc.name}x`]) randomRoutes(random, records, shape, peerings, vpc.name, table);
  randomGroups(random, records, shape);
  return records;
}

function randomRoutes(
  random: Random,
  records: CloudRecords,
  { name, vpcs, instances }: Shape,
  peerings: readonly (readonly [string, string, string])[],
  vpc: string,
  table: string,
): void {
  const inside = vpcs.find(({ name }) => name === vpc)?.cidr ?? "";
  const own = instances
    .filter((instance) => instance.vpc === vpc)
    .map(({ name }) => ({ networkInterfaceId: `eni-${name}` }));
  const overPeering = peerings
    .filter(([, a, b]) => a === vpc || b === vpc)
    .map(([name]) => ({ vpcPeeringConnectionId: `pcx-${name}` }));
  // Also one that is another VPC's, or that is not attached now: both are black holes.
  const gateways = [
    { gatewayId: `igw-${vpc}` },
    ...(random.chance(10) ? [{ gatewayId: `igw-${random.pick(vpcs).name}` }] : []),
  ];
  const gone = [{ networkInterfaceId: "eni-gone" }, { vpcPeeringConnectionId: "pcx-gone" }];
  const has = (id: string): boolean => records.list().some((record) => record.id === id);
  const nat = has(`nat-${vpc}`) ? [{ natGatewayId: `nat-${vpc}` }] : [];
  const transit = has(`tgw-${name}`) ? [{ transitGatewayId: `tgw-${name}` }] : [];
  const anything = (): ResourceRecord["outputs"] =>
    random.pick([...overPeering, ...overPeering, ...gateways, ...nat, ...transit, ...own, ...gone]);
  const add = (percent: number, destination: string, target: ResourceRecord["outputs"] | undefined): void => {
    if (target !== undefined && random.chance(percent) && destination !== inside)
      records.route(table, destination, target);
  };
  for (const other of vpcs) add(transit.length > 0 ? 60 : 0, other.cidr, transit[0]);
  for (const [pair, a, b] of peerings) {
    const other = a === vpc ? b : b === vpc ? a : undefined;
    const cidr = vpcs.find((each) => each.name === other)?.cidr;
    if (cidr !== undefined) add(70, cidr, random.chance(90) ? { vpcPeeringConnectionId: `pcx-${pair}` } : anything());
  }
  const [elsewhere] = random.some(vpcs, 30).filter(({ cidr }) => cidr !== inside);
  if (elsewhere !== undefined) add(60, random.pick(elsewhere.subnets).cidr, anything());
  add(80, "0.0.0.0/0", random.chance(80) ? random.pick([...gateways, ...nat, ...nat]) : anything());
  add(15, "198.51.100.0/24", anything());
  add(15, "203.0.113.0/25", anything());
  add(60, "192.168.0.0/16", random.chance(80) && own.length > 0 ? random.pick(own) : anything());
  add(40, "192.168.0.0/27", anything());
  add(30, "192.168.0.16/28", anything());
  add(10, "10.0.0.0/8", anything());
}

/** A NAT gateway, most often a public one. */
function randomNatGateway(random: Random, records: CloudRecords, vpc: Shape["vpcs"][number], publicIp: string): void {
  const subnet = random.pick(vpc.subnets);
  const privateIp = subnet.cidr.replace(/0\/24$/, "60");
  records.add("aws:ec2/natGateway:NatGateway", `nat-${vpc.name}`, {
    subnetId: `subnet-${subnet.name}`,
    privateIp,
    networkInterfaceId: `eni-nat${vpc.name}`,
  });
  if (random.chance(75))
    records.add("aws:ec2/eipAssociation:EipAssociation", `eipassoc-${vpc.name}`, {
      networkInterfaceId: `eni-nat${vpc.name}`,
      privateIpAddress: privateIp,
      publicIp,
    });
}

/** A transit gateway that joins most of the VPCs, with one route table. */
function randomTransitGateway(random: Random, records: CloudRecords, { name, vpcs }: Shape): void {
  const type = (kind: string): string => `aws:ec2transitgateway/${kind[0]?.toLowerCase()}${kind.slice(1)}:${kind}`;
  const support = (): string => (random.chance(70) ? "enable" : "disable");
  const [gateway, table] = [`tgw-${name}`, `tgw-rtb-${name}`];
  records
    .add(type("TransitGateway"), gateway, { securityGroupReferencingSupport: support() })
    .add(type("RouteTable"), table, { transitGatewayId: gateway });
  for (const vpc of random.some(vpcs, 90)) {
    const attachment = `tgw-attach-${vpc.name}`;
    const ends = { transitGatewayAttachmentId: attachment, transitGatewayRouteTableId: table };
    records.add(type("VpcAttachment"), attachment, {
      transitGatewayId: gateway,
      vpcId: `vpc-${vpc.name}`,
      subnetIds: [`subnet-${random.pick(vpc.subnets).name}`],
      securityGroupReferencingSupport: support(),
    });
    if (random.chance(90)) records.add(type("RouteTableAssociation"), `tgw-assoc-${vpc.name}`, ends);
    if (random.chance(85)) records.add(type("RouteTablePropagation"), `tgw-prop-${vpc.name}`, ends);
    const destinationCidrBlock = random.pick([
      random.pick(vpcs).cidr,
      random.pick(vpc.subnets).cidr,
      "192.168.0.0/16",
      "0.0.0.0/0",
    ]);
    if (random.chance(35))
      records.add(type("Route"), `tgw-route-${destinationCidrBlock.replaceAll(/[./]/g, "-")}-${name}`, {
        transitGatewayRouteTableId: table,
        destinationCidrBlock,
        ...(random.chance(30) ? { blackhole: true } : { transitGatewayAttachmentId: attachment }),
      });
  }
}

/** Network ACLs of some subnets, most of which let through what no rule of theirs is about. */
function randomAcls(
  random: Random,
  records: CloudRecords,
  { vpcs, instances }: Shape,
  vpc: Shape["vpcs"][number],
): void {
  for (const subnet of random.some(vpc.subnets, 30)) {
    records.networkAcl(subnet.name, vpc.name, subnet.name);
    for (const direction of ["ingress", "egress"] as const) {
      for (let i = random.below(4); i > 0; i--) {
        const cidrBlock = random.pick([
          "0.0.0.0/0",
          "10.0.0.0/8",
          random.pick(vpcs).cidr,
          random.pick(random.pick(vpcs).subnets).cidr,
          `${random.pick(instances).address}/32`,
          "192.168.0.0/27",
          "198.51.100.0/24",
        ]);
        records.aclRule(subnet.name, direction, 100 * i + random.below(100), random.chance(50) ? "deny" : "allow", {
          ...randomAclProtocol(random),
          cidrBlock,
        });
      }
      if (random.chance(80)) records.aclRule(subnet.name, direction, 1000, "allow");
    }
  }
}

function randomAclProtocol(random: Random): ResourceRecord["outputs"] {
  const [fromPort, toPort] = random.pick([
    [0, 65535],
    [22, 80],
    [4789, 4789],
    [20000, 65535],
  ] as const);
  const [icmpType, icmpCode] = random.pick([
    [-1, -1],
    [8, -1],
    [0, 0],
    [8, 1],
  ] as const);
  return random.pick([
    { protocol: "-1" },
    { protocol: "6", fromPort, toPort },
    { protocol: "17", fromPort, toPort },
    { protocol: "1", icmpType, icmpCode },
    { protocol: String(random.pick(portless)) },
  ]);
}

function randomGroups(random: Random, records: CloudRecords, shape: Shape): void {
  const { vpcs, instances } = shape;
  const shared = vpcs.flatMap((vpc) => ["p", "q"].map((suffix) => ({ vpc: vpc.name, name: `${vpc.name}${suffix}` })));
  for (const { name, vpc } of shared) records.securityGroup(name, vpc);
  for (const instance of instances) {
    const more = random
      .some(
        shared.filter(({ vpc }) => vpc === instance.vpc),
        40,
      )
      .map(({ name }) => `sg-${name}`);
    records.update(`i-${instance.name}`, { vpcSecurityGroupIds: [`sg-${instance.name}`, ...more] });
  }
  const groups = [...shared.map(({ name }) => name), ...instances.map(({ name }) => name)];
  for (const group of groups) {
    const rule = (direction: "ingress" | "egress", number: number, outputs: ResourceRecord["outputs"]): void =>
      void records[direction](`${group}-${direction.slice(0, 2)}${number}`, group, outputs);
    if (random.chance(35)) rule("ingress", 9, { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" });
    for (let i = random.below(4); i > 0; i--)
      rule("ingress", i, { ...randomProtocol(random), ...randomPeer(random, shape, groups) });
    if (random.chance(75)) rule("egress", 9, { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" });
    else
      for (let i = random.below(4); i > 0; i--)
        rule("egress", i, { ...randomProtocol(random), ...randomPeer(random, shape, groups) });
  }
}

/** Ports that rules and probes have in common. */
export const ports = [22, 80, 4789, 7000] as const;
/** Protocols without ports that rules and probes have in common. */
export const portless = [4, 94, 50] as const;

function randomProtocol(random: Random): ResourceRecord["outputs"] {
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2:
      return { ipProtocol: "-1" };
    case 3: {
      const [from, to] = random.pick([
        [0, 65535],
        [22, 22],
        [80, 4789],
        [4789, 4789],
        [7000, 7010],
        [23, 79],
      ] as const);
      return { ipProtocol: random.pick(["tcp", "6"]), fromPort: from, toPort: to };
    }
    case 4: {
      const [from, to] = random.pick([
        [0, 65535],
        [4789, 4789],
        [22, 80],
        [7000, 7000],
      ] as const);
      return { ipProtocol: random.pick(["udp", "17"]), fromPort: from, toPort: to };
    }
    case 5: {
      const [from, to] = random.pick([
        [-1, -1],
        [8, -1],
        [8, 0],
        [0, -1],
        [3, 4],
        [8, 1],
      ] as const);
      return { ipProtocol: random.pick(["icmp", "1"]), fromPort: from, toPort: to };
    }
    default:
      return { ipProtocol: String(random.pick(portless)), ...(random.chance(50) ? { fromPort: 0, toPort: 0 } : {}) };
  }
}

function randomPeer(random: Random, { vpcs, instances }: Shape, groups: readonly string[]): ResourceRecord["outputs"] {
  const group = (name: string): ResourceRecord["outputs"] => ({
    referencedSecurityGroupId: `${random.chance(20) ? "000000000000/" : ""}sg-${name}`,
  });
  if (random.chance(40)) return group(random.chance(95) ? random.pick(groups) : "gone");
  const vpc = random.pick(vpcs);
  const instance = random.pick(instances);
  return {
    cidrIpv4: random.pick([
      "0.0.0.0/0",
      "0.0.0.0/0",
      "10.0.0.0/8",
      vpc.cidr,
      random.pick(vpc.subnets).cidr,
      `${instance.address}/32`,
      `${instance.secondary}/32`,
      `${instance.publicIp}/32`,
      "192.168.0.0/16",
      "192.168.0.0/27",
      "198.51.100.1/32",
      "203.0.113.0/24",
    ]),
  };
}
