import { loadIpPools } from "../../provider/src/ippool/load";
import type { TopologyInputs, TopologyNode } from "../../provider/src/generated/resource-types";

/** An IPPool manifest. */
export function manifest(spec: Readonly<Record<string, unknown>> = {}, name = "ippool-cross-subnet-1"): string {
  const fields = { cidr: "192.168.0.0/16", ipipMode: "CrossSubnet", natOutgoing: true, ...spec };
  const lines = Object.entries(fields).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
  return `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata:\n  name: ${name}\nspec:\n${lines.join("")}`;
}

export function node(
  name: string,
  network: string,
  subnetCidrBlock: string,
  privateIp: string,
  labels?: Readonly<Record<string, string>>,
): TopologyNode {
  return {
    name,
    network,
    subnet: "a",
    subnetCidrBlock,
    availabilityZone: "us-east-1a",
    region: "us-east-1",
    privateIp,
    ...(labels && { labels }),
  };
}

/** Two nodes in one subnet, one in another network; a workload on each. */
export function topologyInputs(text = manifest()): TopologyInputs {
  const nodes = [
    node("blue-0", "blue", "10.1.1.0/24", "10.1.1.4"),
    node("blue-1", "blue", "10.1.1.0/24", "10.1.1.5"),
    node("green-0", "green", "10.2.1.0/24", "10.2.1.4"),
  ];
  return {
    pools: loadIpPools(text).pools,
    nodes,
    workloads: nodes.map(({ name }) => ({ name: `w-${name}`, node: name })),
  };
}
