import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClusterArgs } from "../../../provider/src/generated/component-args";
import { manifest } from "../../support/ip-pool";
import { recordCluster } from "./recorded-stack";

const FILE = join(__dirname, "resource-names.txt");

const COMMON = { workloadsPerNode: 1, ssh: { adminCidrBlocks: ["203.0.113.7/32"], proxyCommand: "enter %h %p" } };

/** Everything of a cluster that has a name, in two of them: by peerings, and by a transit gateway with NAT. */
const CLUSTERS: Readonly<Record<string, ClusterArgs>> = {
  peered: {
    ...COMMON,
    ipPools: [
      manifest({}, "one"),
      manifest({ cidr: "172.16.0.0/16", ipipMode: "Never", vxlanMode: "Always" }, "two"),
    ].join("---\n"),
    networks: [
      {
        name: "blue",
        cidrBlock: "10.1.0.0/16",
        subnets: [
          { availabilityZone: "us-east-1a", nodes: 2 },
          { availabilityZone: "us-east-1b", nodes: 1 },
        ],
      },
      { name: "green", cidrBlock: "10.2.0.0/16", subnets: [{ availabilityZone: "us-east-1a", nodes: 1 }] },
    ],
  },
  attached: {
    ...COMMON,
    ipPools: [
      manifest(),
      manifest({ cidr: "172.16.0.0/16", ipipMode: "Never", nodeSelector: "overlaynet/network == 'blue'" }, "plain"),
    ].join("---\n"),
    neverAcrossSubnets: "VpcRouteTables",
    interconnect: "TransitGateway",
    networks: [
      {
        name: "blue",
        cidrBlock: "10.1.0.0/16",
        natGateway: true,
        natGatewaySubnet: "front",
        subnets: [
          { name: "front", availabilityZone: "us-east-1a", nodes: 0 },
          { name: "back", availabilityZone: "us-east-1a", nodes: 1, cidrBlock: "10.1.9.0/24", publicIp: false },
          { availabilityZone: "us-east-1b", nodes: 1 },
        ],
      },
      { name: "green", cidrBlock: "10.2.0.0/16", subnets: [{ availabilityZone: "us-east-1c", nodes: 1 }] },
    ],
  },
};

describe("the resources of a cluster", () => {
  it("have these names and parents, others of which are other resources to Pulumi", async function () {
    // The first import of @pulumi/aws.
    this.timeout(60_000);
    const found: string[] = [];
    for (const [name, args] of Object.entries(CLUSTERS)) {
      const { resources } = await recordCluster(args, name);
      found.push(...[...resources.values()].map(({ place }) => place).sort());
    }
    if (process.env["OVERLAYNET_WRITE_DOCS"] !== undefined) writeFileSync(FILE, `${found.join("\n")}\n`);
    assert.deepEqual(found, readFileSync(FILE, "utf8").trimEnd().split("\n"));
  });
});
