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
        "ipPools: is missing",
        "networks[0].cidrBlock: is missing",
        "networks[0].name: must be a string, not 7",
        "networks[0].subnets[0].nodes: must be a whole number from 0, not a string",
        "networks[0].subnets[1]: must be an object, not a string",
        "networks[1]: must be an object, not nothing",
        'interconnect: must be one of Peering, TransitGateway, not "Carrier pigeon"',
        'neverAcrossSubnets: must be one of Refuse, VpcRouteTables, not "Always"',
        "vxlanVni: must be a whole number from 1 to 16777215, not 0",
        "vxlanPort: must be a whole number from 1 to 65535, not 65536",
        "hostMtu: must be a whole number from 576 to 9001, not a string",
        "workloadsPerNode: must be a whole number from 0, not -1",
        "sourceDestCheck.blue-a0: must be true or false, not a string",
        "labels.blue-a0.rack: must be a string, not 1",
        "ssh.adminCidrBlocks: must be a list, not a string",
        "ssh.user: must not be empty",
      ],
    );
  });

  it("are within the bounds that schema.json gives them", () => {
    const bounds = { vxlanVni: [1, 16777215], vxlanPort: [1, 65535], hostMtu: [576, 9001] } as const;
    for (const [key, [least, most]] of Object.entries(bounds)) {
      assert.deepEqual([...lines({ [key]: least }), ...lines({ [key]: most })], []);
      for (const wrong of [least - 1, most + 1, least + 0.5])
        assert.deepEqual(lines({ [key]: wrong }), [
          `${key}: must be a whole number from ${least} to ${most}, not ${wrong}`,
        ]);
    }
    assert.deepEqual([...lines({ workloadsPerNode: 0 }), ...lines({ ssh: { port: 65535 } })], []);
    assert.deepEqual(lines({ ssh: { port: 0 } }), ["ssh.port: must be a whole number from 1 to 65535, not 0"]);
  });

  it("have no keys that nobody reads, at any depth, and the key that was meant is named", () => {
    const subnet = { availabilityZone: "us-east-1a", nodes: 1, publicIP: false, cidr: "10.5.200.0/24" };
    const given = {
      networks: [{ name: "x", cidrBlock: "10.5.0.0/16", natGatway: true, subnets: [subnet] }],
      neverAcrossSubnet: "VpcRouteTables",
      ssh: { adminCidrBlocks: ["198.51.100.1/32"], usr: "ops" },
    };
    assert.deepEqual(lines(given), [
      "networks[0].natGatway: unknown key, did you mean natGateway?",
      "networks[0].subnets[0].publicIP: unknown key, did you mean publicIp?",
      "networks[0].subnets[0].cidr: unknown key, did you mean cidrBlock?",
      "neverAcrossSubnet: unknown key, did you mean neverAcrossSubnets?",
      "ssh.usr: unknown key, did you mean user?",
    ]);
    assert.deepEqual(lines({ ssh: { bastion: { host: "h", user: "u", privateKey: "k", hostkey: "h" } } }), [
      "ssh.bastion.hostKey: is missing",
      "ssh.bastion.hostkey: unknown key, did you mean hostKey?",
    ]);
    assert.deepEqual(lines({ ssh: { colour: "red" } }), [
      "ssh.colour: unknown key, the known ones are user, port, adminCidrBlocks, proxyCommand, bastion",
    ]);
  });

  it("that are null are taken as absent", () => {
    const { args, problems } = readClusterArgs({ ipPools: "x", networks: [], ssh: null, vxlanPort: null });
    assert.deepEqual([problems, args], [[], { ipPools: "x", networks: [] }]);
    assert.deepEqual(lines({ ipPools: null }), ["ipPools: is missing"]);
  });

  it("have to be plain where they decide which resources there are, and only there", () => {
    assert.match(lines({ ipPools: pulumi.secret("x") }).join(), /^ipPools: must be a plain value/);
    assert.match(
      lines({
        networks: [{ name: "n", cidrBlock: "10.0.0.0/16", subnets: [{ ...SUBNET, nodes: pulumi.output(2) }] }],
      }).join(),
      /^networks\[0\]\.subnets\[0\]\.nodes: must be a plain value/,
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

  it("that are not known yet are looked at when they are", async () => {
    const { args, problems } = readClusterArgs({
      ipPools: "x",
      networks: [],
      instanceType: pulumi.output(7),
      ssh: { bastion: { host: pulumi.output(""), user: "u", privateKey: pulumi.secret("k"), hostKey: "h" } },
    });
    assert.deepEqual(problems, []);
    const value = (output: unknown): Promise<unknown> =>
      (pulumi.output(output) as unknown as { promise(): Promise<unknown> }).promise();
    await assert.rejects(value(args.instanceType), /^Error: instanceType: must be a string, not 7$/);
    await assert.rejects(value(args.ssh?.bastion?.host), /^Error: ssh\.bastion\.host: must not be empty$/);
    assert.equal(await value(args.ssh?.bastion?.privateKey), "k");
    assert.ok(await pulumi.isSecret(pulumi.output(args.ssh?.bastion?.privateKey)));
  });

  it("have tags that may be written as numbers, known or not", async () => {
    const { args, problems } = readClusterArgs({
      ipPools: "x",
      networks: [],
      tags: { cost: 1, billed: true, team: pulumi.output(7), name: "x" },
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(await new Promise((resolve) => pulumi.output(args.tags).apply(resolve)), {
      cost: "1",
      billed: "true",
      team: "7",
      name: "x",
    });
    assert.deepEqual(lines({ tags: { a: [] } }), ["tags.a: must be a string, not a list"]);
  });
});
