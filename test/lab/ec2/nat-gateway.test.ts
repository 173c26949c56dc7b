import assert from "node:assert/strict";
import { imagesOf } from "../../../lab/src/ec2/engine/images";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { Account, type Resource } from "../../support/account-in-memory";

interface Made {
  readonly account: Account;
  readonly vpc: Resource;
  readonly gateway: Resource;
  readonly subnet: Resource;
  readonly table: Resource;
}

async function made(): Promise<Made> {
  const account = new Account();
  const vpc = await account.create(EC2.vpc, "v", { cidrBlock: "10.1.0.0/16" });
  const gateway = await account.create(EC2.internetGateway, "g", { vpcId: vpc.id });
  const subnet = await account.create(EC2.subnet, "s", {
    vpcId: vpc.id,
    cidrBlock: "10.1.0.0/24",
    availabilityZone: "us-east-1a",
  });
  const table = await account.create(EC2.routeTable, "t", { vpcId: vpc.id });
  return { account, vpc, gateway, subnet, table };
}

describe("aws.ec2.NatGateway", () => {
  it("has an interface in its subnet, and its address has the allocation's", async () => {
    const { account, vpc, subnet } = await made();
    const eip = await account.create(EC2.eip, "e", { domain: "vpc" });
    const nat = await account.create(EC2.natGateway, "n", { subnetId: subnet.id, allocationId: eip.id });
    assert.deepEqual(nat.inputs["__defaults"], ["connectivityType"]);
    assert.equal(nat.outputs["publicIp"], eip.outputs["publicIp"]);
    assert.deepEqual(
      [
        nat.outputs["privateIp"],
        nat.outputs["vpcId"],
        nat.outputs["connectivityType"],
        nat.outputs["availabilityMode"],
      ],
      ["10.1.0.4", vpc.id, "public", "zonal"],
    );
    assert.match(String(nat.outputs["networkInterfaceId"]), /^eni-[0-9a-f]{17}$/);
    assert.match(String(nat.outputs["associationId"]), /^eipassoc-[0-9a-f]{17}$/);
    const now = account.refresh(eip);
    assert.deepEqual(
      [now?.outputs["networkInterface"], now?.outputs["privateIp"]],
      [nat.outputs["networkInterfaceId"], "10.1.0.4"],
    );
    const instance = await account.create(EC2.instance, "i", {
      ami: imagesOf("us-east-1")[0]?.id,
      instanceType: "t3.micro",
      subnetId: subnet.id,
    });
    assert.equal(instance.outputs["privateIp"], "10.1.0.5", "the next free address");
    await assert.rejects(account.delete(eip), /InvalidIPAddress\.InUse/);
    await assert.rejects(account.delete(subnet), /DependencyViolation/);
    await account.delete(nat);
    assert.equal(account.refresh(eip)?.outputs["associationId"], "");
    await account.delete(eip);
  });

  it("has no public address when it is private", async () => {
    const { account, subnet } = await made();
    const nat = await account.create(EC2.natGateway, "n", {
      subnetId: subnet.id,
      connectivityType: "private",
      privateIp: "10.1.0.9",
    });
    assert.deepEqual(
      [nat.outputs["privateIp"], nat.outputs["publicIp"], nat.outputs["associationId"]],
      ["10.1.0.9", "", ""],
    );
    const eip = await account.create(EC2.eip, "e", {});
    await assert.rejects(
      account.create(EC2.natGateway, "n2", { subnetId: subnet.id, connectivityType: "private", allocationId: eip.id }),
      /InvalidParameterCombination/,
    );
  });

  it("is a route's target, and leaves a black hole", async () => {
    const { account, subnet, table } = await made();
    const nat = await account.create(EC2.natGateway, "n", { subnetId: subnet.id, connectivityType: "private" });
    const route = await account.create(EC2.route, "r", {
      routeTableId: table.id,
      destinationCidrBlock: "0.0.0.0/0",
      natGatewayId: nat.id,
    });
    assert.equal(route.outputs["state"], "active");
    await account.delete(nat);
    assert.equal(account.refresh(route)?.outputs["state"], "blackhole");
    await assert.rejects(
      account.create(EC2.route, "r2", {
        routeTableId: table.id,
        destinationCidrBlock: "10.9.0.0/16",
        natGatewayId: nat.id,
      }),
      /InvalidNatGatewayID\.NotFound/,
    );
  });

  it("is refused without a gateway, an allocation or a subnet, and in another VPC's table", async () => {
    const { account, gateway, subnet, table } = await made();
    const eip = await account.create(EC2.eip, "e", {});
    await assert.rejects(
      account.create(EC2.natGateway, "n", { subnetId: subnet.id }),
      /MissingParameter: The request must include the AllocationId/,
    );
    await assert.rejects(
      account.create(EC2.natGateway, "n", { allocationId: eip.id }),
      /MissingParameter: The request must include the SubnetId/,
    );
    await account.delete(gateway);
    await assert.rejects(
      account.create(EC2.natGateway, "n", { subnetId: subnet.id, allocationId: eip.id }),
      /unexpected state 'failed', wanted target 'available'\. last error: Gateway\.NotAttached/,
    );
    const other = await account.create(EC2.vpc, "w", { cidrBlock: "10.2.0.0/16" });
    const there = await account.create(EC2.subnet, "there", { vpcId: other.id, cidrBlock: "10.2.0.0/24" });
    const nat = await account.create(EC2.natGateway, "n", { subnetId: there.id, connectivityType: "private" });
    await assert.rejects(
      account.create(EC2.route, "r", {
        routeTableId: table.id,
        destinationCidrBlock: "0.0.0.0/0",
        natGatewayId: nat.id,
      }),
      /belong to different networks/,
    );
    assert.deepEqual(
      account.faults(EC2.natGateway, "n", {
        subnetId: "subnet-1",
        availabilityMode: "regional",
        secondaryAllocationIds: ["eipalloc-1"],
      }).length,
      2,
    );
  });

  it("is replaced with its subnet, allocation or address", async () => {
    const { account, subnet } = await made();
    const nat = await account.create(EC2.natGateway, "n", { subnetId: subnet.id, connectivityType: "private" });
    for (const [input, value] of [
      ["subnetId", "subnet-2"],
      ["privateIp", "10.1.0.99"],
      ["connectivityType", "public"],
    ] as const) {
      assert.deepEqual(
        account.diff(nat, { subnetId: subnet.id, connectivityType: "private", [input]: value }).replaces,
        [input],
      );
    }
    assert.equal(
      account.diff(nat, { subnetId: subnet.id, connectivityType: "private", tags: { Name: "n" } }).replaces.length,
      0,
    );
  });
});
