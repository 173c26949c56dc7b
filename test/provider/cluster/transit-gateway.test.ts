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
const WAY = "aws:ec2transitgateway/route:Route";
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
      vpcId: "id-of-test-blue-10.1.0.0-16",
      subnetIds: ["id-of-test-blue-10.1.255.240-28", "id-of-test-blue-10.1.255.224-28"],
      // A VPC in the place of another one would not be propagated.
      transitGatewayDefaultRouteTablePropagation: false,
      tags: { Name: "test-blue" },
    });
    assert.deepEqual(
      [1, 2, 3].map((n) => inputs(`${WAY}::test-10.${n}.0.0-16`)["transitGatewayAttachmentId"]),
      ["blue", "green", "red"].map((name) => `id-of-test-${name}`),
    );
    assert.deepEqual(inputs("aws:ec2/subnet:Subnet::test-blue-10.1.255.224-28"), {
      vpcId: "id-of-test-blue-10.1.0.0-16",
      cidrBlock: "10.1.255.224/28",
      availabilityZone: "us-east-1b",
      tags: { Name: "test-blue-transit-b" },
    });
    const types = [...stack.resources.values()].map(({ type }) => type);
    assert.equal(types.filter((type) => type === ATTACHMENT).length, 3);
    assert.equal(types.filter((type) => type.includes("Peering")).length, 0);
  });

  it("differs from peering by the gateway, turns routes around in place, and has rules of other sources", () => {
    const isTunnelRule = (key: string): boolean => /-4-[^:]*$/.test(key);
    const come = [...stack.resources.keys()].filter((key) => !peered.resources.has(key)).sort();
    const pairs = ["blue", "green", "red"].flatMap((one) =>
      ["blue", "green", "red"].flatMap((other) => (one === other ? [] : [`${one}-4-${other}`])),
    );
    assert.equal(come.filter(isTunnelRule).length, pairs.length);
    assert.deepEqual(
      come.filter((key) => !isTunnelRule(key)),
      [
        ...["blue-10.1.255.224-28", "blue-10.1.255.240-28", "green-10.2.255.240-28", "red-10.3.255.240-28"].map(
          (name) => `aws:ec2/subnet:Subnet::test-${name}`,
        ),
        ...[1, 2, 3].map((n) => `${WAY}::test-10.${n}.0.0-16`),
        `${GATEWAY}::test`,
        ...["blue", "green", "red"].map((name) => `${ATTACHMENT}::test-${name}`),
      ],
    );
    const gone = [...peered.resources.keys()].filter((key) => !stack.resources.has(key));
    assert.deepEqual(gone.sort(), [
      ...["blue-green", "blue-red", "green-red"].map(
        (name) => `aws:ec2/vpcPeeringConnection:VpcPeeringConnection::test-${name}`,
      ),
      ...pairs.map((name) => `${RULE}::test-${name}`),
    ]);
  });

  it("routes each network to each other, once it is attached", () => {
    for (const [here, cidr] of [
      ["blue", "10.3.0.0/16"],
      ["red", "10.1.0.0/16"],
    ] as const) {
      const route = stack.resources.get(`${ROUTE}::test-${here}-${cidr.replace("/", "-")}`) ?? assert.fail();
      assert.deepEqual(route.inputs, {
        routeTableId: `id-of-test-${here}`,
        destinationCidrBlock: cidr,
        transitGatewayId: "id-of-test",
      });
      assert.ok(route.dependencies.includes(`${ATTACHMENT}::test-${here}`));
      assert.ok(route.dependencies.includes(`${WAY}::test-${cidr.replace("/", "-")}`));
      assert.ok(stack.resources.get("overlaynet:index:Topology::test")?.dependencies.includes(route.key));
    }
  });

  it("lets tunnels in from the other networks' CIDRs, which references do not cross", () => {
    const { cidrIpv4, ipProtocol } = inputs(`${RULE}::test-blue-4-10.2.0.0-16`);
    assert.deepEqual([cidrIpv4, ipProtocol], ["10.2.0.0/16", "4"]);
    assert.equal(inputs(`${RULE}::test-blue-4-blue`)["referencedSecurityGroupId"], "id-of-test-blue");
    assert.equal(
      peered.resources.get(`${RULE}::test-blue-4-green`)?.inputs["referencedSecurityGroupId"],
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
