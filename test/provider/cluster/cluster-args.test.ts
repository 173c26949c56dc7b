import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { readClusterArgs } from "../../../provider/src/resources/cluster-args";

const SUBNET = { availabilityZone: "us-east-1a", nodes: 2 };

function lines(inputs: Record<string, unknown>): string[] {
  return readClusterArgs({ ipPools: "x", networks: [], ...inputs }).problems.map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

describe("arguments of a Cluster", () => {
  it("are read as they were given", () => {
    const given = {
      ipPools: "kind: IPPool",
      ipPoolsSource: "pools.yaml",
      networks: [
        { name: "blue", cidrBlock: "10.1.0.0/16", subnets: [{ ...SUBNET, name: "x", cidrBlock: "10.1.4.0/24" }] },
      ],
      interconnect: "Peering",
      neverAcrossSubnets: "VpcRouteTables",
      vxlanVni: 16777215,
      vxlanPort: 65535,
      hostMtu: 9001,
      workloadsPerNode: 1,
      sourceDestCheck: { "blue-x0": true },
      labels: { "blue-x0": { rack: "1", empty: "" } },
      ssh: { adminCidrBlocks: ["203.0.113.0/24"], user: "root", port: 2222, proxyCommand: "nc %h %p" },
      instanceType: "t3.small",
      imageId: "ami-1",
    };
    const { args, problems } = readClusterArgs(given);
    assert.deepEqual(problems, []);
    const { tags, ...rest } = args;
    assert.deepEqual(JSON.parse(JSON.stringify(rest)), given);
    for (const interconnect of ["Peering", "TransitGateway"])
      assert.equal(readClusterArgs({ ...given, interconnect }).args.interconnect, interconnect);
    assert.equal(tags, undefined);
  });

  it("are refused all at once, each at its place", () => {
    assert.deepEqual(
      lines({
        ipPools: undefined,
        networks: [{ name: 7, subnets: [{ ...SUBNET, nodes: "2" }, "x"] }, null],
        interconnect: "Carrier pigeon",
        neverAcrossSubnets: "Always",
        vxlanVni: 0,
        vxlanPort: 65536,
        hostMtu: "9001",
        workloadsPerNode: -1,
        sourceDestCheck: { "blue-a0": "no" },
        labels: { "blue-a0": { rack: 1 } },
        ssh: { adminCidrBlocks: "0.0.0.0/0", user: "" },
      }),
      [
        'neverAcrossSubnets: "Always" is not known: use "Refuse" or "VpcRouteTables"',
        "ipPools: is required",
        'interconnect: "Carrier pigeon" is not known: use "Peering" or "TransitGateway"',
        "networks[0].name: expected a text, got a number",
        "networks[0].cidrBlock: is required",
        "networks[0].subnets[0].nodes: expected a whole number from 0, got a string",
        "networks[0].subnets[1]: expected an object, got a string",
        "networks[1]: expected an object, got nothing",
        "vxlanVni: expected a whole number from 1 to 16777215, got 0",
        "vxlanPort: expected a whole number from 1 to 65535, got 65536",
        "hostMtu: expected a whole number from 576 to 9001, got a string",
        "workloadsPerNode: expected a whole number from 0, got -1",
        'sourceDestCheck["blue-a0"]: expected true or false, got a string',
        'labels["blue-a0"]["rack"]: expected a text, got a number',
        "ssh.adminCidrBlocks: expected a list, got a string",
        "ssh.user: expected a text, got an empty text",
      ],
    );
  });

  it("have to be plain where they decide which resources there are, and only there", () => {
    assert.match(lines({ ipPools: pulumi.secret("x") }).join(), /^ipPools: has to be a plain value/);
    assert.match(
      lines({
        networks: [{ name: "n", cidrBlock: "10.0.0.0/16", subnets: [{ ...SUBNET, nodes: pulumi.output(2) }] }],
      }).join(),
      /^networks\[0\]\.subnets\[0\]\.nodes: has to be a plain value/,
    );
    assert.deepEqual(
      lines({
        imageId: pulumi.output("ami-1"),
        instanceType: pulumi.output("t3.small"),
        tags: pulumi.output({ a: "b" }),
      }),
      [],
    );
  });
});
