import * as overlaynet from "overlaynet";
import * as pulumi from "@pulumi/pulumi";
import { readFileSync } from "node:fs";
import { join } from "node:path";

// To blue workloads packets go in IP in IP, and bare inside a subnet; to green ones always in VXLAN.
const cluster = new overlaynet.Cluster("pools", {
  ipPools: readFileSync(join(__dirname, "pools.yaml"), "utf8"),
  ipPoolsSource: "pools.yaml",
  networks: [
    { name: "blue", cidrBlock: "10.1.0.0/16", subnets: [{ availabilityZone: "us-east-1a", nodes: 2 }] },
    { name: "green", cidrBlock: "10.2.0.0/16", subnets: [{ availabilityZone: "us-east-1b", nodes: 2 }] },
  ],
  workloadsPerNode: 1,
  ssh: { adminCidrBlocks: new pulumi.Config().getObject<string[]>("adminCidrBlocks") ?? [] },
});

export const { nodes, workloads, topology, ssh } = cluster;
