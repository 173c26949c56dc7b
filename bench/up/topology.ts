/** Three VPCs with three subnets each, in three zones: every kind of pair occurs, within a subnet, a VPC, and beyond. */
const NETWORKS = ["blue", "green", "red"];
const ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"];

export type Mode = "ipipMode: CrossSubnet" | "vxlanMode: Always";

/** The arguments of a cluster of `count` nodes, one workload each; subnets differ by one node at the most. */
export function clusterArgs(count: number, mode: Mode) {
  const subnets = NETWORKS.length * ZONES.length;
  return {
    ipPools: `apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: pool}
spec: {cidr: 100.64.0.0/10, ${mode}, natOutgoing: true}
`,
    networks: NETWORKS.map((name, network) => ({
      name,
      cidrBlock: `10.${network + 1}.0.0/16`,
      subnets: ZONES.map((availabilityZone, zone) => ({
        availabilityZone,
        nodes: Math.floor((count + subnets - 1 - (network * ZONES.length + zone)) / subnets),
      })),
    })),
    interconnect: "Peering" as const,
    workloadsPerNode: 1,
    ssh: { adminCidrBlocks: ["192.0.2.0/24"] },
  };
}
