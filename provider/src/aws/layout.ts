import { DEFAULTS, type Interconnect, type NetworkArgs, type SubnetArgs } from "../generated/component-args";
import { type IpPool, poolAllows } from "../ippool/ippool";
import { isCrossSubnet, type ModeFields, poolEncapsulation } from "../ippool/pool-mode";
import type { Problem } from "../ippool/problem";
import { type Cidr, containsCidr, formatCidr, overlaps, parseCidr } from "../ippool/cidr";
import { assignNodeAddresses, defaultSubnetCidr, lastUsableAddress } from "../ipam/subnets";
import type { Warning } from "../plan/warnings";
import { layOutTransitSubnets, type TransitSubnetLayout } from "./transit-layout";

/**
 * What a cluster looks like on AWS before any of it exists: names, CIDRs, addresses and peerings from the arguments
 * alone.
 */

export interface LayoutArgs {
  readonly networks: readonly NetworkArgs[];
  /** Default: Peering. */
  readonly interconnect?: Interconnect;
  readonly pools: readonly IpPool[];
  /** Node name -> the instance's source/dest check; off where not named. */
  readonly sourceDestCheck: Readonly<Record<string, boolean>>;
}

export interface Layout {
  readonly region: string;
  readonly networks: readonly NetworkLayout[];
  readonly interconnect: Interconnect;
  /** None over a transit gateway. */
  readonly peerings: readonly PeeringLayout[];
  /** Subnets of the attachments; none over peerings. */
  readonly transitSubnets: readonly TransitSubnetLayout[];
  readonly nodes: readonly NodeLayout[];
}

export interface NetworkLayout {
  readonly name: string;
  readonly cidrBlock: string;
  readonly subnets: readonly SubnetLayout[];
  /** Networks that it is joined with, in the order of the arguments. */
  readonly peers: readonly string[];
  /** Its NAT gateway, if it has one. */
  readonly natGateway?: NatGatewayLayout;
}

export interface NatGatewayLayout {
  /** Name of the subnet that it stands in. */
  readonly subnet: string;
  /** Of its own choosing, as EC2 might give it the address that the next node is to have. */
  readonly privateIp: string;
}

export interface SubnetLayout {
  /** `<network>-<subnet>`. */
  readonly key: string;
  readonly name: string;
  readonly availabilityZone: string;
  readonly cidrBlock: string;
  readonly publicIp: boolean;
}

export interface PeeringLayout {
  /**
   * `<requester>-<accepter>`, the two in alphabetical order, so that the networks' order in the arguments does not
   * matter.
   */
  readonly key: string;
  readonly requester: string;
  readonly accepter: string;
}

export interface NodeLayout {
  /** `<network>-<subnet><ordinal>`. */
  readonly name: string;
  readonly network: string;
  readonly subnet: SubnetLayout;
  readonly privateIp: string;
  readonly sourceDestCheck: boolean;
}

export interface LaidOut {
  /** Only to be used when there are no problems. */
  readonly layout: Layout;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Warning[];
}

/** Prefix lengths that AWS takes for VPCs and subnets (VPC User Guide, "VPC CIDR blocks", "Subnet sizing"). */
const LARGEST_BLOCK = 16;
const SMALLEST_BLOCK = 28;

/**
 * Host names, the names of namespaces (`wl-<name>`) and parts (`workload-<name>`, at most 40 characters) are made from
 * it.
 */
const LONGEST_NODE_NAME = 28;

/**
 * Default quotas of an account (VPC User Guide, "Amazon VPC quotas"); a larger one may have been granted, so they are
 * only warned about.
 */
const PEERINGS_PER_VPC = 50;
const VPCS_PER_REGION = 5;

const NETWORK_NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const SUBNET_NAME = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
/** us-east-1a, and local and wavelength zones such as us-east-1-bos-1a and us-east-1-wl1-bos-wlz-1. */
const ZONE = /^([a-z]{2,3}(?:-[a-z]+)+-\d+)(?:[a-z]|(?:-[a-z0-9]+)+)$/;

/** Everything that follows from the arguments, with all their problems at once, each at its property path. */
export function layOut(args: LayoutArgs): LaidOut {
  const problems: Problem[] = [];
  const warnings: Warning[] = [];
  const networks: NetworkLayout[] = [];
  const nodes: NodeLayout[] = [];
  const nodePaths = new Map<string, string>();
  const cidrs: { readonly cidr: Cidr; readonly network: string }[] = [];
  const regions = new Map<string, string>();
  const networkPaths = new Map<string, string>();

  if (args.networks.length === 0) problems.push({ path: "networks", message: "at least one network is needed" });

  args.networks.forEach((network, i) => {
    const at = `networks[${i}]`;
    if (!NETWORK_NAME.test(network.name)) {
      problems.push({
        path: `${at}.name`,
        message: `"${network.name}" cannot be part of host names: use lower-case letters, digits and single hyphens, with a letter first`,
      });
    }
    const before = networkPaths.get(network.name);
    if (before !== undefined)
      problems.push({ path: `${at}.name`, message: `"${network.name}" is the name of ${before} already` });
    else networkPaths.set(network.name, at);

    const vpc = readBlock(network.cidrBlock, `${at}.cidrBlock`, "VPC", problems);
    if (vpc !== undefined) {
      for (const other of cidrs) {
        if (overlaps(vpc, other.cidr)) {
          const why =
            args.interconnect === "TransitGateway"
              ? "a transit gateway has one route for each CIDR"
              : "AWS refuses to peer VPCs with overlapping CIDRs";
          const message = `${network.cidrBlock} overlaps ${formatCidr(other.cidr)} of network ${other.network}: ${why}`;
          problems.push({ path: `${at}.cidrBlock`, message });
        }
      }
      cidrs.push({ cidr: vpc, network: network.name });
    }
    if (network.subnets.length === 0)
      problems.push({ path: `${at}.subnets`, message: "at least one subnet is needed" });

    const names = network.subnets.map((subnet, j) => subnetName(subnet, `${at}.subnets[${j}]`, regions, problems));
    const blocks = vpc === undefined ? undefined : subnetBlocks(network, vpc, at, problems);
    const natSubnet = natGatewaySubnet(network, names, at, problems);
    const subnets: SubnetLayout[] = [];
    network.subnets.forEach((subnet, j) => {
      const here = `${at}.subnets[${j}]`;
      const name = names[j];
      if (name === undefined) return;
      if (names.indexOf(name) < j) {
        const message = `"${name}" is the name of ${at}.subnets[${names.indexOf(name)}] already${subnet.name === undefined ? ": give one of them a name" : ""}`;
        problems.push({ path: `${here}.${subnet.name === undefined ? "availabilityZone" : "name"}`, message });
        return;
      }
      if (!Number.isInteger(subnet.nodes) || subnet.nodes < 0) {
        problems.push({ path: `${here}.nodes`, message: `${subnet.nodes} is not a number of nodes` });
        return;
      }
      const cidrBlock = blocks?.[j];
      if (cidrBlock === undefined) return;
      const laid: SubnetLayout = {
        key: `${network.name}-${name}`,
        name,
        availabilityZone: subnet.availabilityZone,
        cidrBlock,
        publicIp: subnet.publicIp ?? DEFAULTS.Subnet.publicIp,
      };
      subnets.push(laid);

      const nodeNames = Array.from({ length: subnet.nodes }, (_, ordinal) => `${laid.key}${ordinal}`);
      const assigned = assignNodeAddresses(cidrBlock, nodeNames, name === natSubnet);
      problems.push(...assigned.problems.map((problem) => ({ ...problem, path: `${here}.${problem.path}` })));
      const longest = nodeNames.at(-1) ?? "";
      if (longest.length > LONGEST_NODE_NAME) {
        const message = `its nodes' names, such as ${longest}, have more than ${LONGEST_NODE_NAME} characters: use shorter names for the network and the subnet`;
        problems.push({ path: here, message });
      }
      for (const nodeName of nodeNames) {
        const privateIp = assigned.addresses[nodeName];
        const twin = nodePaths.get(nodeName);
        if (twin !== undefined)
          problems.push({
            path: here,
            message: `its node ${nodeName} has the same name as one of ${twin}: rename the network or the subnet`,
          });
        else nodePaths.set(nodeName, here);
        if (privateIp === undefined) continue;
        nodes.push({
          name: nodeName,
          network: network.name,
          subnet: laid,
          privateIp,
          sourceDestCheck: args.sourceDestCheck[nodeName] ?? false,
        });
      }
    });
    const ofNat = subnets.find(({ name }) => name === natSubnet);
    networks.push({
      name: network.name,
      cidrBlock: network.cidrBlock,
      subnets,
      peers: args.networks.map(({ name }) => name).filter((name) => name !== network.name),
      ...(ofNat !== undefined && {
        natGateway: { subnet: ofNat.name, privateIp: lastUsableAddress(ofNat.cidrBlock) },
      }),
    });
  });

  const [region, ...others] = regions.keys();
  for (const other of others) {
    problems.push({
      path: `${regions.get(other)}.availabilityZone`,
      message: `it is in region ${other}, but ${regions.get(region ?? "")} is in ${region}: a cluster lies in one region`,
    });
  }
  for (const name of Object.keys(args.sourceDestCheck)) {
    if (!nodePaths.has(name)) {
      problems.push({
        path: `sourceDestCheck[${JSON.stringify(name)}]`,
        message: `there is no node ${name}: the nodes are ${[...nodePaths.keys()].join(", ")}`,
      });
    }
  }

  const interconnect = args.interconnect ?? DEFAULTS.Cluster.interconnect;
  const peerings = interconnect === "Peering" ? peeringsOf(networks) : [];
  const transitSubnets =
    interconnect === "TransitGateway" && networks.length > 1 && problems.length === 0
      ? layOutTransitSubnets(networks, problems)
      : [];
  if (problems.length === 0) refuseAmbiguousNames(networks, peerings, problems);
  warnAboutPools(args, cidrs, nodes, warnings);
  warnAboutQuotas(args, warnings);
  return {
    layout: {
      region: region ?? "",
      networks,
      interconnect,
      peerings,
      transitSubnets,
      nodes,
    },
    problems,
    warnings,
  };
}

/**
 * Name of the subnet that the network's NAT gateway stands in; undefined when there is none. A NAT gateway needs a way
 * to the internet itself, and serves subnets that have none (VPC User Guide, "NAT gateways"). Which subnet it is does
 * not depend on the order of the list: where several could have it, the program says which.
 */
function natGatewaySubnet(
  network: NetworkArgs,
  names: readonly (string | undefined)[],
  at: string,
  problems: Problem[],
): string | undefined {
  const { natGatewaySubnet: wanted, subnets } = network;
  const path = `${at}.natGateway`;
  if (network.natGateway !== true) {
    if (wanted !== undefined)
      problems.push({
        path: `${at}.natGatewaySubnet`,
        message: "the network has no NAT gateway: set natGateway: true, or leave natGatewaySubnet out",
      });
    return undefined;
  }
  const open = names.filter((_, i) => subnets[i]?.publicIp ?? DEFAULTS.Subnet.publicIp);
  if (open.length === 0) {
    problems.push({
      path,
      message:
        "it has to stand in a subnet with public addresses, and the network has none: add one, which may have 0 nodes",
    });
    return undefined;
  }
  if (open.length === subnets.length) {
    problems.push({
      path,
      message:
        "it serves subnets without public addresses, and the network has none: set publicIp: false on one, or leave the gateway out",
    });
    return undefined;
  }
  // A subnet without a usable name has a problem of its own.
  if (open.includes(undefined)) return undefined;
  const choice = open.join(" or ");
  if (wanted === undefined) {
    if (open.length > 1)
      problems.push({
        path,
        message: `it may stand in subnet ${choice}: name one with natGatewaySubnet, as the gateway stays where it is whatever else changes`,
      });
    return open[0];
  }
  if (open.includes(wanted)) return wanted;
  problems.push({
    path: `${at}.natGatewaySubnet`,
    message: names.includes(wanted)
      ? `subnet ${wanted} has publicIp: false, and the gateway has to stand in a subnet with public addresses: name ${choice}`
      : `there is no subnet ${wanted}: name ${choice}`,
  });
  return undefined;
}

/** The subnet's name, and its region noted; undefined when it has no usable one. */
function subnetName(
  subnet: SubnetArgs,
  at: string,
  regions: Map<string, string>,
  problems: Problem[],
): string | undefined {
  const region = ZONE.exec(subnet.availabilityZone)?.[1];
  if (region === undefined)
    problems.push({
      path: `${at}.availabilityZone`,
      message: `"${subnet.availabilityZone}" is not an availability zone, such as us-east-1a`,
    });
  else if (!regions.has(region)) regions.set(region, at);

  if (subnet.name !== undefined) {
    if (SUBNET_NAME.test(subnet.name)) return subnet.name;
    problems.push({
      path: `${at}.name`,
      message: `"${subnet.name}" cannot be part of host names: use lower-case letters, digits and single hyphens`,
    });
    return undefined;
  }
  const letter = zoneLetter(subnet.availabilityZone);
  if (letter === undefined && region !== undefined)
    problems.push({
      path: `${at}.name`,
      message: `zone ${subnet.availabilityZone} has no letter to name the subnet after: give it a name`,
    });
  return letter;
}

/**
 * CIDRs of the network's subnets by position: the given ones, and those of the zones' letters for the rest. Undefined
 * where there is none, with the problem noted.
 */
function subnetBlocks(
  network: NetworkArgs,
  vpc: Cidr,
  at: string,
  problems: Problem[],
): readonly (string | undefined)[] {
  const placed: { readonly cidr: Cidr; readonly index: number; readonly given: boolean }[] = [];
  network.subnets.forEach(({ cidrBlock }, index) => {
    if (cidrBlock === undefined) return;
    const path = `${at}.subnets[${index}].cidrBlock`;
    const cidr = readBlock(cidrBlock, path, "subnet", problems);
    if (cidr === undefined) return;
    if (!containsCidr(vpc, cidr))
      problems.push({ path, message: `${cidrBlock} is not inside the VPC's ${network.cidrBlock}` });
    const other = placed.find((one) => overlaps(cidr, one.cidr));
    if (other !== undefined)
      problems.push({
        path,
        message: `${cidrBlock} overlaps ${formatCidr(other.cidr)} of ${at}.subnets[${other.index}]`,
      });
    placed.push({ cidr, index, given: true });
  });
  return network.subnets.map(({ cidrBlock, availabilityZone }, index) => {
    if (cidrBlock !== undefined) return placed.some((one) => one.index === index) ? cidrBlock : undefined;
    const path = `${at}.subnets[${index}].cidrBlock`;
    const letter = zoneLetter(availabilityZone);
    if (letter === undefined) {
      // What is no zone has a problem of its own.
      if (ZONE.test(availabilityZone))
        problems.push({
          path,
          message: `zone ${availabilityZone} has no letter, after which the default would be chosen: give the subnet a cidrBlock`,
        });
      return undefined;
    }
    const block = defaultSubnetCidr(network.cidrBlock, letter);
    if (block === undefined) {
      problems.push({
        path,
        message: `the VPC ${network.cidrBlock} is too small for the default CIDR of zones with the letter ${letter}: give the subnet a cidrBlock, or the network a larger one`,
      });
      return undefined;
    }
    const cidr = parseCidr(block);
    const other = placed.find((one) => overlaps(cidr, one.cidr));
    if (other !== undefined) {
      const of = `${at}.subnets[${other.index}]`;
      const message = other.given
        ? `the default of zones with the letter ${letter}, ${block}, overlaps ${formatCidr(other.cidr)} of ${of}: give the subnet a cidrBlock`
        : `${block} is the default of zones with the letter ${letter}, and ${of} has it: give the newer of the two a cidrBlock`;
      problems.push({ path, message });
      return undefined;
    }
    placed.push({ cidr, index, given: false });
    return block;
  });
}

/** The letter at the end of a zone, also of local zones; wavelength zones have none. */
function zoneLetter(availabilityZone: string): string | undefined {
  return ZONE.test(availabilityZone) ? /[a-z]$/.exec(availabilityZone)?.[0] : undefined;
}

/** A CIDR as AWS takes it: IPv4, /16 to /28, no host bits. */
function readBlock(text: string, path: string, what: string, problems: Problem[]): Cidr | undefined {
  let cidr: Cidr;
  try {
    cidr = parseCidr(text);
  } catch (error) {
    problems.push({ path, message: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
  const masked = formatCidr(cidr);
  if (cidr.version !== 4) problems.push({ path, message: `${text} is IPv6: a ${what} needs an IPv4 CIDR` });
  else if (cidr.prefixLength < LARGEST_BLOCK || cidr.prefixLength > SMALLEST_BLOCK) {
    problems.push({
      path,
      message: `${text} is a /${cidr.prefixLength}: AWS takes a /${LARGEST_BLOCK} to a /${SMALLEST_BLOCK} for a ${what}`,
    });
  } else if (masked !== text) problems.push({ path, message: `${text} has host bits set: did you mean ${masked}?` });
  else return cidr;
  return undefined;
}

/** Every network with every other: peering is not transitive. */
function peeringsOf(networks: readonly NetworkLayout[]): readonly PeeringLayout[] {
  const names = [...new Set(networks.map(({ name }) => name))].sort();
  return names.flatMap((requester, i) =>
    names.slice(i + 1).map((accepter) => ({ key: `${requester}-${accepter}`, requester, accepter })),
  );
}

/**
 * Hyphens join names, and may be in them: `a-b` with `c` would be named as `a` with `b-c`. What ends with an address
 * or a CIDR cannot be misread, as names have no dots.
 */
function refuseAmbiguousNames(
  networks: readonly NetworkLayout[],
  peerings: readonly PeeringLayout[],
  problems: Problem[],
): void {
  const all = [
    ...networks.flatMap(({ name, subnets, peers }) => [
      // As the route table of its subnets without public addresses.
      { kind: "network", key: name, of: `network ${name}` },
      ...(subnets.some(({ publicIp }) => !publicIp)
        ? [{ kind: "network", key: `${name}-private`, of: `the private subnets of network ${name}` }]
        : []),
      ...subnets.map((subnet) => ({ kind: "subnet", key: subnet.key, of: `subnet ${subnet.name} of network ${name}` })),
      // Whatever VXLAN's port is.
      ...["4", "udp-N"].flatMap((protocol) =>
        [name, ...peers].map((peer) => ({
          kind: "rule",
          key: `${name}-${protocol}-${peer}`.replaceAll(/-udp-\d+(?=-)/g, "-udp-N"),
          of: `the rules of ${name} for ${peer}`,
        })),
      ),
    ]),
    ...peerings.map(({ key, requester, accepter }) => ({
      kind: "peering",
      key,
      of: `the peering of ${requester} and ${accepter}`,
    })),
  ];
  const first = new Map<string, string>();
  for (const { kind, key, of } of all) {
    const other = first.get(`${kind} ${key}`);
    if (other !== undefined)
      problems.push({
        path: "networks",
        message: `${other} and ${of} would both be named ${key}: rename one of the networks`,
      });
    else first.set(`${kind} ${key}`, of);
  }
}

function warnAboutPools(
  args: LayoutArgs,
  cidrs: readonly { readonly cidr: Cidr; readonly network: string }[],
  nodes: readonly NodeLayout[],
  warnings: Warning[],
): void {
  const checked = nodes.filter((node) => node.sourceDestCheck).map(({ name }) => name);
  for (const pool of args.pools) {
    for (const { cidr, network } of cidrs) {
      if (!overlaps(parseCidr(pool.cidr), cidr)) continue;
      const message = `IP pool ${pool.name} (${pool.cidr}) overlaps the VPC of network ${network} (${formatCidr(cidr)}): the VPC's addresses in it cannot be told from workloads'. Choose another CIDR for one of them`;
      warnings.push({ code: "PoolOverlapsVpc", message });
    }
    if (checked.length > 0 && sendsUnencapsulated(pool)) {
      const message = `the source/dest check is on at ${checked.join(", ")}: EC2 drops what is sent un-encapsulated between their workloads of IP pool ${pool.name} and others'`;
      warnings.push({ code: "SourceDestCheck", message });
    }
  }
}

/**
 * Whether workload addresses of the pool appear in packets on the wire: inside a subnet (CrossSubnet), or everywhere
 * (Never).
 */
export function sendsUnencapsulated(pool: ModeFields & Pick<IpPool, "allowedUses">): boolean {
  return (poolEncapsulation(pool) === "None" || isCrossSubnet(pool)) && !poolAllows(pool, "LoadBalancer");
}

function warnAboutQuotas(args: LayoutArgs, warnings: Warning[]): void {
  const count = args.networks.length;
  if (count > VPCS_PER_REGION) {
    warnings.push({
      code: "VpcQuota",
      message: `${count} networks need ${count} VPCs, and an account has ${VPCS_PER_REGION} per region unless more were granted`,
    });
  }
  if (args.interconnect !== "TransitGateway" && count - 1 > PEERINGS_PER_VPC) {
    warnings.push({
      code: "PeeringQuota",
      message: `${count} networks in a full mesh need ${count - 1} peerings per VPC, and a VPC has ${PEERINGS_PER_VPC} unless more were granted`,
    });
  }
}
