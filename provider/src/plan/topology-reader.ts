import { RANGES } from "../generated/resource-types";
import { addressBits, type IpVersion } from "../ipam/address";
import type { AllowedUse, AssignmentMode, EncapsulationMode, IpPool } from "../ippool/ippool";
import type { ManifestValue } from "../ippool/manifest-value";
import type { Problem } from "../ippool/problem";
import { Fields, type Range } from "./fields";
import type { Block } from "../ipam/blocks";
import type { NetworkMtu, Topology, TopologyNetwork, TopologyNode, TopologyWorkload } from "./topology";

/** A topology as someone wrote it. It can be planned when it has no problems. */
export interface ReadTopology {
  readonly name?: string;
  /** Blocks and tunnel addresses that are absent are to be assigned. */
  readonly assign: boolean;
  /** FelixConfiguration's word for who programs routes to other nodes; here all of them are planned. */
  readonly programClusterRoutes?: string;
  readonly topology: Topology;
  readonly problems: readonly Problem[];
}

const MODES: readonly EncapsulationMode[] = ["Never", "Always", "CrossSubnet"];
const USES: readonly AllowedUse[] = ["Workload", "Tunnel", "LoadBalancer"];
const ASSIGNMENTS: readonly AssignmentMode[] = ["Automatic", "Manual"];
const DEFAULT_BLOCK_SIZE: Readonly<Record<IpVersion, number>> = { 4: 26, 6: 122 };

/** IP protocol numbers are one byte (RFC 791). */
const PROTOCOLS = { minimum: 0, maximum: 255 };

function prefixLengths(version: IpVersion): Range {
  return { minimum: 0, maximum: addressBits(version) };
}

/** A MAC address as Linux prints it. */
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

/** Reads one topology, with every problem in it. */
export function readTopology(value: ManifestValue): ReadTopology {
  const problems: Problem[] = [];
  const fields = new Fields(value, "", problems);
  const topology: Topology = {
    hostMtu: fields.integer("hostMtu", RANGES.Topology.hostMtu),
    vxlanVni: fields.integer("vxlanVni", RANGES.Topology.vxlanVni),
    vxlanPort: fields.integer("vxlanPort", RANGES.Topology.vxlanPort),
    nodes: fields.list("nodes", readNode, true),
    pools: fields.list("pools", readPool, true),
    blocks: fields.list("blocks", readBlock),
    workloads: fields.list("workloads", readWorkload),
    networks: fields.list("networks", readNetwork),
    networkMtus: fields.list("networkMtus", readNetworkMtu),
  };
  const name = fields.string("name");
  const assign = fields.boolean("assign") ?? false;
  const programClusterRoutes = fields.string("programClusterRoutes");
  fields.finish("note", "expected");
  reportDuplicates(topology, fields);
  return { name, assign, programClusterRoutes, topology, problems };
}

function readNode(fields: Fields): TopologyNode {
  return {
    name: fields.string("name", true) ?? "",
    ip: fields.address("ip", 4),
    subnetPrefixLen: fields.integer("subnetPrefixLen", prefixLengths(4)),
    ip6: fields.address("ip6", 6),
    subnetPrefixLen6: fields.integer("subnetPrefixLen6", prefixLengths(6)),
    ipipTunnelAddr: fields.address("ipipTunnelAddr", 4),
    vxlanTunnelAddr: fields.address("vxlanTunnelAddr", 4),
    vxlanTunnelAddr6: fields.address("vxlanTunnelAddr6", 6),
    vxlanMac: fields.matching("vxlanMac", MAC, "a MAC address such as 66:0a:0b:0c:0d:0e"),
    vxlanMac6: fields.matching("vxlanMac6", MAC, "a MAC address such as 66:0a:0b:0c:0d:0e"),
    network: fields.string("network"),
    subnet: fields.string("subnet"),
    labels: fields.strings("labels"),
  };
}

/**
 * The fields of an IPPool's spec with Calico's defaults. Whether Calico would take the pool is what `pools check`
 * tells.
 */
function readPool(fields: Fields, index: number): IpPool {
  const cidr = fields.cidr("cidr", true);
  return {
    name: fields.string("name") ?? `pool-${index}`,
    cidr: cidr ?? "0.0.0.0/32",
    ipipMode: fields.oneOf("ipipMode", MODES) ?? "Never",
    vxlanMode: fields.oneOf("vxlanMode", MODES) ?? "Never",
    natOutgoing: fields.boolean("natOutgoing") ?? false,
    disabled: fields.boolean("disabled") ?? false,
    disableBGPExport: fields.boolean("disableBGPExport") ?? false,
    blockSize: fields.integer("blockSize", prefixLengths(6)) ?? DEFAULT_BLOCK_SIZE[cidr?.includes(":") ? 6 : 4],
    nodeSelector: fields.selector("nodeSelector") ?? "all()",
    namespaceSelector: fields.selector("namespaceSelector") ?? "",
    allowedUses: fields.manyOf("allowedUses", USES) ?? ["Workload", "Tunnel"],
    assignmentMode: fields.oneOf("assignmentMode", ASSIGNMENTS) ?? "Automatic",
  };
}

function readBlock(fields: Fields): Block {
  return {
    cidr: fields.cidr("cidr", true) ?? "0.0.0.0/32",
    node: fields.string("node"),
    borrowed: fields.strings("borrowed", "addresses"),
  };
}

function readWorkload(fields: Fields): TopologyWorkload {
  return { ip: fields.address("ip", undefined, true) ?? "", node: fields.string("node", true) ?? "" };
}

function readNetwork(fields: Fields): TopologyNetwork {
  return {
    name: fields.string("name", true) ?? "",
    cidrBlocks: fields.values("cidrBlocks").flatMap((value) => value.cidr() ?? []),
    blockedProtocols: fields.values("blockedProtocols").flatMap((value) => value.integer(PROTOCOLS) ?? []),
  };
}

function readNetworkMtu(fields: Fields): NetworkMtu {
  const [first, second, ...more] = fields.values("networks").map((value) => value.string() ?? "");
  if (first === undefined || second === undefined || more.length > 0)
    fields.report("networks", "must name two networks");
  return {
    networks: [first ?? "", second ?? ""],
    mtu: fields.integer("mtu", RANGES.NetworkMtu.mtu, true) ?? RANGES.NetworkMtu.mtu.maximum,
  };
}

function reportDuplicates({ nodes, blocks, pools }: Topology, fields: Fields): void {
  const report = (list: string, property: string, names: readonly string[]): void => {
    const first = new Map<string, number>();
    names.forEach((name, index) => {
      if (name === "") return;
      const before = first.get(name);
      if (before === undefined) first.set(name, index);
      else fields.report(`${list}[${index}].${property}`, `${name} is ${list}[${before}] already`);
    });
  };
  report(
    "nodes",
    "name",
    nodes.map(({ name }) => name),
  );
  report(
    "pools",
    "name",
    pools.map(({ name }) => name),
  );
  report(
    "blocks",
    "cidr",
    blocks.map(({ cidr }) => cidr),
  );
}
