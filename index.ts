import * as overlaynet from "overlaynet";
import * as pulumi from "@pulumi/pulumi";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const config = new pulumi.Config();
const region = new pulumi.Config("aws").get("region") ?? "us-east-1";

const cluster = new overlaynet.Cluster("test", {
  ipPools: readFileSync(join(__dirname, "pools.yaml"), "utf8"),
  ipPoolsSource: "pools.yaml",
  networks: [
    {
      name: "blue",
      cidrBlock: "10.1.0.0/16",
      subnets: [
        { availabilityZone: `${region}a`, nodes: 2 },
        { availabilityZone: `${region}b`, nodes: 2 },
      ],
    },
    { name: "green", cidrBlock: "10.2.0.0/16", subnets: [{ availabilityZone: `${region}a`, nodes: 2 }] },
  ],
  interconnect: "Peering",
  workloadsPerNode: 1,
  instanceType: config.get("instanceType"),
  imageId: config.get("imageId"),
  sourceDestCheck: config.getObject<Record<string, boolean>>("sourceDestCheck"),
  ssh: { adminCidrBlocks: config.getObject<string[]>("adminCidrBlocks") ?? [] },
});

export const { nodes, privateIps, workloads, topology, blocks, warnings, ssh, vpcIds, securityGroupIds } = cluster;
