import type { TopologyHost } from "../generated/resource-types";

/**
 * What nodeSelectors are matched against: the user's labels, those that Kubernetes gives every node (Well-Known
 * Labels), and the network and subnet. Ours win over the user's, as they are facts.
 */
export function nodeLabels(
  node: Pick<TopologyHost, "name" | "network" | "subnet" | "availabilityZone" | "region" | "labels">,
): Readonly<Record<string, string>> {
  const facts = {
    "kubernetes.io/hostname": node.name,
    "topology.kubernetes.io/region": node.region,
    "topology.kubernetes.io/zone": node.availabilityZone,
    "overlaynet/network": node.network,
    "overlaynet/subnet": node.subnet,
  };
  return {
    ...node.labels,
    ...Object.fromEntries(Object.entries(facts).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))),
  };
}
