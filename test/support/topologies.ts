import type { TopologyInputs, TopologyHost } from "../../provider/src/generated/resource-types";
import type { IpPool } from "../../provider/src/ippool/ippool";
import { loadIpPools } from "../../provider/src/ippool/load";
import type { Topology } from "../../provider/src/plan/topology";
import { ipPool, manifest } from "./ip-pool";

/** Where a node of a test stands; its subnet is the /24 around its address. */
interface Place {
  readonly name: string;
  readonly network: string;
  readonly ip: string;
}

/** The places that tests share, by what is special about them. */
export const PLACES = {
  /** As in Calico's document on overlay networking: one network with two subnets, another with one. */
  twoNetworks: [
    { name: "a1", network: "blue", ip: "10.1.0.4" },
    { name: "a2", network: "blue", ip: "10.1.0.5" },
    { name: "b1", network: "blue", ip: "10.1.1.4" },
    { name: "c1", network: "green", ip: "10.2.0.4" },
  ],
  /** Two nodes in one subnet, one in another network: each kind of pair once. */
  pairAndOne: [
    { name: "blue-0", network: "blue", ip: "10.1.1.4" },
    { name: "blue-1", network: "blue", ip: "10.1.1.5" },
    { name: "green-0", network: "green", ip: "10.2.1.4" },
  ],
} as const satisfies Readonly<Record<string, readonly Place[]>>;

/** A topology as the plan takes it: nodes in two networks, one pool, a block for each node. */
export function topology(changes: Partial<IpPool> = {}, rest: Partial<Topology> = {}): Topology {
  const pool = ipPool({ ipipMode: "CrossSubnet", ...changes });
  const kind = pool.vxlanMode !== "Never" ? "vxlanTunnelAddr" : "ipipTunnelAddr";
  const tunnelled = pool.vxlanMode !== "Never" || pool.ipipMode !== "Never";
  return {
    pools: [pool],
    nodes: PLACES.twoNetworks.map((place, index) => ({
      ...place,
      subnetPrefixLen: 24,
      ...(tunnelled && { [kind]: `192.168.0.${64 * index}` }),
    })),
    blocks: PLACES.twoNetworks.map(({ name }, index) => ({ cidr: `192.168.0.${64 * index}/26`, node: name })),
    ...rest,
  };
}

/** The inputs of a Topology resource: a pair and one, a workload on each node. */
export function topologyInputs(text = manifest()): TopologyInputs {
  return {
    pools: loadIpPools(text).pools,
    hosts: PLACES.pairAndOne.map(({ name, network, ip }) => host(name, network, ip.replace(/\d+$/, "0/24"), ip)),
    workloads: PLACES.pairAndOne.map(({ name }) => ({ name: `w-${name}`, node: name })),
  };
}

/** A host of a Topology resource. */
export function host(
  name: string,
  network: string,
  subnetCidrBlock: string,
  address: string,
  labels?: Readonly<Record<string, string>>,
): TopologyHost {
  return {
    name,
    network,
    subnet: "a",
    subnetCidrBlock,
    availabilityZone: "us-east-1a",
    region: "us-east-1",
    address,
    ...(labels && { labels }),
  };
}
