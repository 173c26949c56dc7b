import assert from "node:assert/strict";
import { imagesOf } from "../../../lab/src/ec2/engine/images";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { Account, type Resource } from "../../support/account-in-memory";

async function made(): Promise<{
  readonly account: Account;
  readonly gateway: Resource;
  readonly one: Resource;
  readonly two: Resource;
}> {
  const account = new Account();
  const vpc = await account.create(EC2.vpc, "v", { cidrBlock: "10.10.0.0/16", enableDnsHostnames: true });
  const gateway = await account.create(EC2.internetGateway, "g", { vpcId: vpc.id });
  const subnet = await account.create(EC2.subnet, "s", { vpcId: vpc.id, cidrBlock: "10.10.1.0/24" });
  const instance = (name: string, more: object): Promise<Resource> =>
    account.create(EC2.instance, name, {
      ami: imagesOf("us-east-1")[0]?.id,
      instanceType: "t3.micro",
      subnetId: subnet.id,
      ...more,
    });
  return {
    account,
    gateway,
    one: await instance("one", {
      privateIp: "10.10.1.11",
      associatePublicIpAddress: true,
      secondaryPrivateIps: ["10.10.1.21"],
    }),
    two: await instance("two", { privateIp: "10.10.1.12" }),
  };
}

describe("aws.ec2.Eip and aws.ec2.EipAssociation", () => {
  it("have the outputs that were recorded from the provider", async () => {
    const { account, one } = await made();
    const eip = await account.create(EC2.eip, "eip", { domain: "vpc", instance: one.id, tags: { Name: "eip" } });
    const { publicIp, publicDns, associationId, ...others } = eip.outputs;
    assert.match(String(associationId), /^eipassoc-[0-9a-f]{17}$/);
    assert.equal(publicIp, "203.0.113.2");
    assert.equal(publicDns, "ec2-203-0-113-2.compute-1.amazonaws.com");
    assert.deepEqual(others, {
      address: null,
      allocationId: eip.id,
      arn: `arn:aws:ec2:us-east-1:000000000000:elastic-ip/${eip.id}`,
      associateWithPrivateIp: null,
      carrierIp: "",
      customerOwnedIp: "",
      customerOwnedIpv4Pool: "",
      domain: "vpc",
      id: eip.id,
      instance: one.id,
      ipamPoolId: "",
      networkBorderGroup: "us-east-1",
      networkInterface: one.outputs["primaryNetworkInterfaceId"],
      privateDns: "ip-10-10-1-11.ec2.internal",
      privateIp: "10.10.1.11",
      ptrRecord: "",
      publicIpv4Pool: "amazon",
      region: "us-east-1",
      tags: { Name: "eip" },
      tagsAll: { Name: "eip" },
    });
  });

  it("give the instance its public address, which it loses with them", async () => {
    const { account, one, two } = await made();
    const launched = one.outputs["publicIp"];
    const eip = await account.create(EC2.eip, "e", {});
    const association = await account.create(EC2.eipAssociation, "a", { allocationId: eip.id, instanceId: one.id });
    assert.deepEqual(
      [
        association.outputs["networkInterfaceId"],
        association.outputs["privateIpAddress"],
        association.outputs["publicIp"],
        association.outputs["allowReassociation"],
      ],
      [one.outputs["primaryNetworkInterfaceId"], "10.10.1.11", eip.outputs["publicIp"], null],
    );
    assert.deepEqual(
      [account.refresh(one)?.outputs["publicIp"], account.refresh(one)?.outputs["publicDns"]],
      [eip.outputs["publicIp"], eip.outputs["publicDns"]],
    );
    assert.equal(account.refresh(eip)?.outputs["instance"], one.id);
    await assert.rejects(
      account.create(EC2.eipAssociation, "b", { allocationId: eip.id, instanceId: two.id }),
      /Resource\.AlreadyAssociated/,
    );
    await assert.rejects(account.delete(eip), /InvalidIPAddress\.InUse/);
    await account.delete(association);
    assert.equal(account.refresh(one)?.outputs["publicIp"], launched);
    const elsewhere = await account.create(EC2.eipAssociation, "b", {
      publicIp: eip.outputs["publicIp"],
      networkInterfaceId: one.outputs["primaryNetworkInterfaceId"],
      privateIpAddress: "10.10.1.21",
    });
    assert.equal(elsewhere.outputs["instanceId"], one.id);
    assert.equal(account.refresh(one)?.outputs["publicIp"], launched, "of a secondary private address");
    await account.delete(one);
    assert.equal(account.refresh(elsewhere), undefined, "gone with the instance");
  });

  it("move with the Eip's instance, in place", async () => {
    const { account, one, two } = await made();
    const eip = await account.create(EC2.eip, "e", { instance: one.id });
    assert.deepEqual(account.diff(eip, { instance: two.id }).replaces, []);
    const moved = await account.update(eip, { instance: two.id });
    assert.deepEqual(
      [moved.outputs["instance"], moved.outputs["privateIp"], moved.outputs["publicIp"]],
      [two.id, "10.10.1.12", eip.outputs["publicIp"]],
    );
    assert.equal(account.refresh(two)?.outputs["publicIp"], eip.outputs["publicIp"]);
    const tagged = await account.update(moved, { tags: { Name: "e" } });
    assert.equal(account.refresh(tagged)?.outputs["instance"], two.id, "what is associated stays so");
    await account.delete(tagged);
    assert.equal(account.refresh(two)?.outputs["publicIp"], "");
  });

  it("hold the internet gateway, and need one", async () => {
    const { account, gateway, one, two } = await made();
    await account.delete(one);
    const eip = await account.create(EC2.eip, "e", { instance: two.id });
    await assert.rejects(account.delete(gateway), /DependencyViolation: .*mapped public address/);
    await account.delete(eip);
    await account.delete(gateway);
    await assert.rejects(account.create(EC2.eip, "e", { instance: two.id }), /Gateway\.NotAttached/);
  });

  it("are refused for what is not there, with both targets, and where the lab has no such thing", async () => {
    const { account, one } = await made();
    await assert.rejects(
      account.create(EC2.eip, "e", { instance: "i-00000000000000000" }),
      /InvalidInstanceID\.NotFound/,
    );
    await assert.rejects(
      account.create(EC2.eip, "e", { networkInterface: "eni-0" }),
      /InvalidNetworkInterfaceID\.NotFound/,
    );
    await assert.rejects(
      account.create(EC2.eip, "e", { instance: one.id, associateWithPrivateIp: "10.10.1.99" }),
      /'10\.10\.1\.99' is not assigned/,
    );
    await assert.rejects(
      account.create(EC2.eipAssociation, "a", { allocationId: "eipalloc-0", instanceId: one.id }),
      /InvalidAllocationID\.NotFound/,
    );
    await assert.rejects(
      account.create(EC2.eipAssociation, "a", { publicIp: "203.0.113.99", instanceId: one.id }),
      /InvalidAddress\.NotFound/,
    );
    assert.equal(account.faults(EC2.eip, "e", { instance: "i-1", networkInterface: "eni-1" }).length, 2);
    assert.equal(
      account.faults(EC2.eip, "e", { address: "198.51.100.7", publicIpv4Pool: "pool-1", domain: "standard" }).length,
      3,
    );
    assert.equal(account.faults(EC2.eipAssociation, "e", { allowReassociation: true }).length, 1);
  });
});
