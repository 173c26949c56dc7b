import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { ClusterArgs, NetworkArgs } from "../../../provider/src/generated/component-args";
import { readClusterArgs } from "../../../provider/src/resources/cluster-args";
import { planCluster } from "../../../provider/src/resources/cluster-plan";
import { manifest } from "../../support/ip-pool";
import { clearTexts, instanceOf, isSecret, recordCluster, type RecordedStack } from "./recorded-stack";

const TABLE = "aws:ec2/routeTable:RouteTable";
const ROUTE = "aws:ec2/route:Route";
const ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation";

const BASTION = {
  host: "bastion.example",
  user: "jump",
  privateKey: "BASTION-SECRET",
  hostKey: "ssh-ed25519 AAAAbastion",
};

/** A subnet with public addresses, of one node, and one without, of two. */
function network(others: Partial<NetworkArgs> = {}): NetworkArgs {
  return {
    name: "blue",
    cidrBlock: "10.1.0.0/16",
    subnets: [
      { availabilityZone: "us-east-1a", nodes: 1 },
      { availabilityZone: "us-east-1b", nodes: 2, publicIp: false },
    ],
    ...others,
  };
}

function args(networks: readonly NetworkArgs[], others: Partial<ClusterArgs> = {}): ClusterArgs {
  return {
    ipPools: manifest(),
    networks,
    workloadsPerNode: 1,
    ssh: { adminCidrBlocks: ["203.0.113.7/32"], bastion: BASTION },
    ...others,
  };
}

function inputs(stack: RecordedStack, key: string): Readonly<Record<string, unknown>> {
  return stack.resources.get(key)?.inputs ?? assert.fail(`there is no ${key}`);
}

describe("subnets without public addresses", () => {
  let stack: RecordedStack;
  before(async function () {
    // The first import of @pulumi/aws.
    this.timeout(60_000);
    stack = await recordCluster(
      args([
        network({ natGateway: true }),
        { name: "green", cidrBlock: "10.2.0.0/16", subnets: [{ availabilityZone: "us-east-1a", nodes: 1 }] },
      ]),
    );
  });

  it("have instances without one, in a route table of their own", () => {
    for (const [node, open] of [
      ["blue-a0", true],
      ["blue-b0", false],
      ["blue-b1", false],
    ] as const)
      assert.equal(instanceOf(stack, node).inputs["associatePublicIpAddress"], open, node);
    assert.deepEqual(
      ["10.1.0.0-24", "10.1.1.0-24"].map(
        (subnet) => inputs(stack, `${ASSOCIATION}::test-blue-${subnet}`)["routeTableId"],
      ),
      ["id-of-test-blue", "id-of-test-blue-private"],
    );
    const routes = [...stack.resources.values()]
      .filter(({ type }) => type === ROUTE)
      .map(
        ({ name, inputs: { routeTableId, destinationCidrBlock, gatewayId, natGatewayId, vpcPeeringConnectionId } }) => [
          name,
          routeTableId,
          destinationCidrBlock,
          gatewayId ?? natGatewayId ?? vpcPeeringConnectionId,
        ],
      );
    assert.deepEqual(routes.sort(), [
      ["test-blue-0.0.0.0-0", "id-of-test-blue", "0.0.0.0/0", "id-of-test-blue"],
      ["test-blue-10.2.0.0-16", "id-of-test-blue", "10.2.0.0/16", "id-of-test-blue-green"],
      ["test-blue-private-0.0.0.0-0", "id-of-test-blue-private", "0.0.0.0/0", "id-of-test-blue"],
      ["test-blue-private-10.2.0.0-16", "id-of-test-blue-private", "10.2.0.0/16", "id-of-test-blue-green"],
      ["test-green-0.0.0.0-0", "id-of-test-green", "0.0.0.0/0", "id-of-test-green"],
      ["test-green-10.1.0.0-16", "id-of-test-green", "10.1.0.0/16", "id-of-test-blue-green"],
    ]);
  });

  it("go out by the NAT gateway, which stands in the other subnet, and boot after it", () => {
    assert.deepEqual(inputs(stack, "aws:ec2/natGateway:NatGateway::test-blue"), {
      allocationId: "id-of-test-blue",
      subnetId: "id-of-test-blue-10.1.0.0-24",
      // The last that AWS leaves, away from those that nodes get.
      privateIp: "10.1.0.254",
      tags: { Name: "test-blue" },
    });
    assert.deepEqual(inputs(stack, "aws:ec2/eip:Eip::test-blue"), { domain: "vpc", tags: { Name: "test-blue" } });
    assert.ok(
      stack.resources
        .get("aws:ec2/natGateway:NatGateway::test-blue")
        ?.dependencies.includes(`${ROUTE}::test-blue-0.0.0.0-0`),
    );
    const after = (node: string): boolean =>
      instanceOf(stack, node).dependencies.includes(`${ROUTE}::test-blue-private-0.0.0.0-0`);
    assert.deepEqual([after("blue-b0"), after("blue-a0")], [true, false]);
  });

  it("are reached at their private address through the bastion, whose key is a secret", async () => {
    for (const [node, host] of [
      ["blue-a0", "10.1.0.4"],
      ["blue-b0", "10.1.1.4"],
    ] as const) {
      const { bastion, ...connection } = inputs(stack, `overlaynet:index:Routes::test-${node}`)["connection"] as Record<
        string,
        Record<string, unknown>
      >;
      assert.equal(connection["host"], host, node);
      const { privateKey, ...clear } = bastion ?? {};
      assert.ok(isSecret(privateKey));
      assert.deepEqual(clear, { host: "bastion.example", port: 22, user: "jump", hostKey: "ssh-ed25519 AAAAbastion" });
    }
    assert.deepEqual(
      [...stack.resources.values()].filter((resource) =>
        clearTexts(resource.inputs).some((text) => text.includes("BASTION-SECRET")),
      ),
      [],
    );
    const nodes = await new Promise<Readonly<Record<string, unknown>>[]>((resolve) =>
      stack.cluster.nodes.apply((all) => resolve(all.map((node) => ({ ...node })))),
    );
    assert.deepEqual(
      nodes.map(({ host, publicIp }) => [host, publicIp]),
      [
        ["10.1.0.4", "198.18.0.18"],
        ["10.1.1.4", undefined],
        ["10.1.1.5", undefined],
        ["10.2.0.4", "198.18.0.19"],
      ],
    );
    const bastion = stack.cluster.ssh.bastion as { readonly privateKey: pulumi.Input<string> } | undefined;
    assert.ok(await pulumi.isSecret(pulumi.output(bastion?.privateKey)));
  });

  it("are reached at their private address by a proxy command, the others at their public one", async () => {
    const { resources } = await recordCluster(
      args([network()], { ssh: { adminCidrBlocks: [], proxyCommand: "enter %h %p" } }),
    );
    const hosts = ["blue-a0", "blue-b0"].map(
      (node) =>
        (resources.get(`overlaynet:index:Routes::test-${node}`)?.inputs["connection"] as { host?: unknown } | undefined)
          ?.host,
    );
    assert.deepEqual(hosts, ["198.18.0.18", "10.1.1.4"]);
  });

  it("alone need neither internet gateway nor NAT gateway, and the image has to bring all", async () => {
    const closed = args([network({ subnets: [{ availabilityZone: "us-east-1a", nodes: 1, publicIp: false }] })]);
    const { resources } = await recordCluster(closed);
    assert.deepEqual(
      [...resources.keys()].filter((key) => /Gateway|:Eip|:Route:|:RouteTable:/.test(key)),
      [`${TABLE}::test-blue-private`],
    );
    const plan = planCluster(closed, undefined);
    assert.deepEqual(
      plan.warnings.map(({ code }) => code),
      ["PrivateWithoutNatGateway"],
    );
    assert.match(
      plan.warnings[0]?.message ?? "",
      /^nodes of blue-a have no way to the internet: .*Set natGateway: true on network blue/,
    );
    assert.deepEqual(planCluster(args([network({ natGateway: true })]), undefined).warnings, []);
  });

  it("have the routes of blocks as the others have", async () => {
    const never = await recordCluster(
      args([network()], { ipPools: manifest({ ipipMode: "Never" }), neverAcrossSubnets: "VpcRouteTables" }),
    );
    const blocks = [...never.resources.values()]
      .filter(({ type, name }) => type === ROUTE && name.includes("192.168."))
      .map(({ name, inputs: { routeTableId } }) => [name, routeTableId]);
    assert.deepEqual(
      blocks.sort(),
      ["", "-private"]
        .flatMap((table) =>
          [0, 64, 128].map((first) => [`test-blue${table}-192.168.0.${first}-26`, `id-of-test-blue${table}`]),
        )
        .sort(),
    );
  });

  it("are refused where nothing reaches them, and a NAT gateway where it is of no use", () => {
    const problems = (networks: readonly NetworkArgs[], ssh: ClusterArgs["ssh"], proxyCommand?: string): string[] =>
      planCluster(args(networks, { ssh }), proxyCommand).problems.map(({ path, message }) => `${path}: ${message}`);
    const admin = { adminCidrBlocks: ["203.0.113.7/32"] };
    const unreachable =
      "networks[0].subnets[1].publicIp: nodes without public addresses cannot be reached from here: give ssh.bastion, a host that reaches them, or ssh.proxyCommand, a command that does";
    assert.deepEqual(problems([network()], admin), [unreachable]);
    assert.deepEqual(problems([network()], admin, "enter %h %p"), []);
    assert.deepEqual(problems([network()], { ...admin, bastion: BASTION }), []);
    assert.deepEqual(
      problems([network({ natGateway: true, subnets: [{ availabilityZone: "us-east-1a", nodes: 1 }] })], admin),
      [
        "networks[0].natGateway: it serves subnets without public addresses, and the network has none: set publicIp: false on one, or leave the gateway out",
      ],
    );
    assert.deepEqual(
      problems(
        [network({ natGateway: true, subnets: [{ availabilityZone: "us-east-1a", nodes: 1, publicIp: false }] })],
        { ...admin, bastion: BASTION },
      ),
      [
        "networks[0].natGateway: it has to stand in a subnet with public addresses, and the network has none: add one, which may have 0 nodes",
      ],
    );
    assert.match(
      problems([network(), network({ name: "blue-private", cidrBlock: "10.2.0.0/16" })], {
        ...admin,
        bastion: BASTION,
      }).join("\n"),
      /the private subnets of network blue and network blue-private would both be named blue-private/,
    );
  });

  it("take a bastion whose parts are not known yet, and all of its parts", () => {
    const read = (bastion: unknown) => readClusterArgs({ ipPools: "x", networks: [], ssh: { bastion } });
    assert.deepEqual(
      read({ ...BASTION, host: pulumi.output("10.0.0.9"), privateKey: pulumi.secret("key") }).problems,
      [],
    );
    assert.deepEqual(
      read({ port: 70000, user: "" }).problems.map(({ path, message }) => `${path}: ${message}`),
      [
        "ssh.bastion.host: is missing",
        "ssh.bastion.privateKey: is missing",
        "ssh.bastion.hostKey: is missing",
        "ssh.bastion.port: must be a whole number from 1 to 65535, not 70000",
        "ssh.bastion.user: must not be empty",
      ],
    );
  });
});
