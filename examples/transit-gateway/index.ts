import * as overlaynet from "overlaynet";
import * as pulumi from "@pulumi/pulumi";
import { readFileSync } from "node:fs";
import { join } from "node:path";

// Peered, three networks would need three connections; here each has one attachment. Between networks packets may have
// 8500 bytes, less VXLAN's 50, and the workloads' MTU follows.
const cluster = new overlaynet.Cluster("transit", {
  ipPools: readFileSync(join(__dirname, "pools.yaml"), "utf8"),
  ipPoolsSource: "pools.yaml",
  networks: [
    {
      name: "blue",
      cidrBlock: "10.1.0.0/16",
      subnets: [
        { availabilityZone: "us-east-1a", nodes: 1 },
        { availabilityZone: "us-east-1b", nodes: 1 },
      ],
    },
    { name: "green", cidrBlock: "10.2.0.0/16", subnets: [{ availabilityZone: "us-east-1a", nodes: 1 }] },
    { name: "red", cidrBlock: "10.3.0.0/16", subnets: [{ availabilityZone: "us-east-1c", nodes: 1 }] },
  ],
  interconnect: "TransitGateway",
  workloadsPerNode: 1,
  ssh: { adminCidrBlocks: new pulumi.Config().getObject<string[]>("adminCidrBlocks") ?? [] },
});

export const { nodes, workloads, topology, ssh } = cluster;
