import type { TopologyNode } from "../generated/resource-types";

/**
 * What nodeSelectors are matched against: the user's labels, those that Kubernetes gives every node (Well-Known
 * Labels), and the network and subnet. Ours win over the user's, as they are facts.
 */
export function nodeLabels(
  node: Omit<TopologyNode, "privateIp" | "subnetCidrBlock">,
): Readonly<Record<string, string>> {
  return {
    ...node.labels,
    "kubernetes.io/hostname": node.name,
    "topology.kubernetes.io/region": node.region,
    "topology.kubernetes.io/zone": node.availabilityZone,
    "overlaynet/network": node.network,
    "overlaynet/subnet": node.subnet,
  };
}
