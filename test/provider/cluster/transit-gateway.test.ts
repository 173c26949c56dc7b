import assert from "node:assert/strict";
import type { ClusterArgs } from "../../../provider/src/generated/component-args";
import { recordCluster, recordConstruct, type RecordedStack } from "./recorded-stack";

const args: ClusterArgs = {
  ipPools:
    "apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata:\n  name: pool-1\nspec:\n  cidr: 192.168.0.0/16\n  ipipMode: CrossSubnet\n",
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
    { name: "red", cidrBlock: "10.3.0.0/16", subnets: [{ availabilityZone: "us-east-1a", nodes: 1 }] },
  ],
  workloadsPerNode: 1,
  ssh: { adminCidrBlocks: ["203.0.113.7/32"] },
};
const GATEWAY = "aws:ec2transitgateway/transitGateway:TransitGateway";
const ATTACHMENT = "aws:ec2transitgateway/vpcAttachment:VpcAttachment";
const ROUTE = "aws:ec2/route:Route";
const RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";

describe("Cluster over a transit gateway", () => {
  let stack: RecordedStack;
  let peered: RecordedStack;
  before(async function () {
    // The first import of @pulumi/aws.
    this.timeout(60_000);
    stack = await recordCluster({ ...args, interconnect: "TransitGateway" });
    peered = await recordCluster(args);
  });

  const inputs = (key: string): Readonly<Record<string, unknown>> =>
    stack.resources.get(key)?.inputs ?? assert.fail(key);

  it("has one gateway, an attachment per network over a subnet per zone, and no peering", () => {
    assert.deepEqual(inputs(`${GATEWAY}::test`), { description: "Networks of cluster test", tags: { Name: "test" } });
    assert.deepEqual(inputs(`${ATTACHMENT}::test-blue`), {
      transitGatewayId: "id-of-test",
      vpcId: "id-of-test-blue",
      subnetIds: ["id-of-test-blue-transit-a", "id-of-test-blue-transit-b"],
      tags: { Name: "test-blue" },
    });
    assert.deepEqual(inputs("aws:ec2/subnet:Subnet::test-blue-transit-b"), {
      vpcId: "id-of-test-blue",
      cidrBlock: "10.1.255.224/28",
      availabilityZone: "us-east-1b",
      tags: { Name: "test-blue-transit-b" },
    });
    const types = [...stack.resources.values()].map(({ type }) => type);
    assert.equal(types.filter((type) => type === ATTACHMENT).length, 3);
    assert.equal(types.filter((type) => type.includes("Peering")).length, 0);
  });

  it("differs from peering by the gateway, and turns routes and rules around in place of new ones", () => {
    const come = [...stack.resources.keys()].filter((key) => !peered.resources.has(key)).sort();
    assert.deepEqual(come, [
      ...["blue-transit-a", "blue-transit-b", "green-transit-a", "red-transit-a"].map(
        (name) => `aws:ec2/subnet:Subnet::test-${name}`,
      ),
      `${GATEWAY}::test`,
      ...["blue", "green", "red"].map((name) => `${ATTACHMENT}::test-${name}`),
    ]);
    const gone = [...peered.resources.keys()].filter((key) => !stack.resources.has(key));
    assert.deepEqual(
      gone.sort(),
      ["blue-green", "blue-red", "green-red"].map(
        (name) => `aws:ec2/vpcPeeringConnection:VpcPeeringConnection::test-${name}`,
      ),
    );
  });

  it("routes each network to each other, once it is attached", () => {
    for (const [here, there, cidr] of [
      ["blue", "red", "10.3.0.0/16"],
      ["red", "blue", "10.1.0.0/16"],
    ] as const) {
      const route = stack.resources.get(`${ROUTE}::test-${here}-to-${there}`) ?? assert.fail();
      assert.deepEqual(route.inputs, {
        routeTableId: `id-of-test-${here}`,
        destinationCidrBlock: cidr,
        transitGatewayId: "id-of-test",
      });
      assert.ok(route.dependencies.includes(`${ATTACHMENT}::test-${here}`));
      assert.ok(stack.resources.get("overlaynet:index:Topology::test")?.dependencies.includes(route.key));
    }
  });

  it("lets tunnels in from the other networks' CIDRs, which references do not cross", () => {
    const { cidrIpv4, ipProtocol } = inputs(`${RULE}::test-blue-ipip-green`);
    assert.deepEqual([cidrIpv4, ipProtocol], ["10.2.0.0/16", "4"]);
    assert.equal(inputs(`${RULE}::test-blue-ipip-blue`)["referencedSecurityGroupId"], "id-of-test-blue");
    assert.equal(
      peered.resources.get(`${RULE}::test-blue-ipip-green`)?.inputs["referencedSecurityGroupId"],
      "id-of-test-green",
    );
  });

  it("plans with 8500 bytes between any two networks, and with the interface's MTU within one", () => {
    const topology = inputs("overlaynet:index:Topology::test");
    assert.equal(topology["hostMtu"], 9001);
    assert.deepEqual(
      topology["networkMtus"],
      [
        ["blue", "green"],
        ["blue", "red"],
        ["green", "red"],
      ].map((networks) => ({ networks, mtu: 8500 })),
    );
    assert.deepEqual(peered.resources.get("overlaynet:index:Topology::test")?.inputs["networkMtus"], []);
  });

  it("makes no gateway for a single network", async () => {
    const single = await recordCluster({
      ...args,
      networks: args.networks.slice(0, 1),
      interconnect: "TransitGateway",
    });
    assert.deepEqual(
      [...single.resources.keys()].filter((key) => key.includes("transit")),
      [],
    );
  });

  it("is constructed from a program's inputs", async () => {
    const { error, resources } = await recordConstruct({ ...args, interconnect: "TransitGateway" });
    assert.equal(error, undefined);
    assert.ok(resources.has(`${GATEWAY}::test`));
  });
});
