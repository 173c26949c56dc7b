import assert from "node:assert/strict";
import { imagesOf } from "../../../lab/src/ec2/engine/images";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { Account, type Resource } from "../../support/account-in-memory";

interface Made {
  readonly account: Account;
  readonly vpc: Resource;
  readonly subnet: Resource;
  instance(name: string, more: object): Promise<Resource>;
}

async function made(): Promise<Made> {
  const account = new Account();
  const vpc = await account.create(EC2.vpc, "v", { cidrBlock: "10.20.0.0/16" });
  const subnet = await account.create(EC2.subnet, "s", {
    vpcId: vpc.id,
    cidrBlock: "10.20.1.0/24",
    availabilityZone: "us-east-1a",
  });
  return {
    account,
    vpc,
    subnet,
    instance: (name, more) =>
      account.create(EC2.instance, name, { ami: imagesOf("us-east-1")[0]?.id, instanceType: "t3.micro", ...more }),
  };
}

describe("aws.ec2.NetworkInterface and aws.ec2.NetworkInterfaceAttachment", () => {
  it("have the inputs and outputs that were recorded from the provider", async () => {
    const { account, vpc, subnet } = await made();
    const group = await account.create(EC2.securityGroup, "g", { vpcId: vpc.id });
    const eni = await account.create(EC2.networkInterface, "eni", {
      privateIps: ["10.20.1.50"],
      securityGroups: [group.id],
      sourceDestCheck: false,
      subnetId: subnet.id,
      tags: { Name: "eni" },
    });
    assert.deepEqual(eni.inputs["__defaults"], []);
    const { macAddress, enaSrdSpecification, enablePrimaryIpv6, region, ...outputs } = eni.outputs;
    assert.match(String(macAddress), /^0a(:[0-9a-f]{2}){5}$/);
    assert.deepEqual([enaSrdSpecification, enablePrimaryIpv6, region], [null, false, "us-east-1"]);
    assert.deepEqual(outputs, {
      arn: `arn:aws:ec2:us-east-1:000000000000:network-interface/${eni.id}`,
      attachments: [],
      description: "",
      id: eni.id,
      interfaceType: "interface",
      ipv4PrefixCount: 0,
      ipv4Prefixes: [],
      ipv6AddressCount: 0,
      ipv6AddressListEnabled: false,
      ipv6AddressLists: [],
      ipv6Addresses: [],
      ipv6PrefixCount: 0,
      ipv6Prefixes: [],
      outpostArn: "",
      ownerId: "000000000000",
      privateDnsName: "",
      privateIp: "10.20.1.50",
      privateIpListEnabled: false,
      privateIpLists: ["10.20.1.50"],
      privateIps: ["10.20.1.50"],
      privateIpsCount: 0,
      securityGroups: [group.id],
      sourceDestCheck: false,
      subnetId: subnet.id,
      tags: { Name: "eni" },
      tagsAll: { Name: "eni" },
    });
    await assert.rejects(account.delete(group), /DependencyViolation/);
    await assert.rejects(account.delete(subnet), /DependencyViolation/);
  });

  it("get addresses and the default group where none are given, and keep them", async () => {
    const { account, vpc, subnet } = await made();
    const eni = await account.create(EC2.networkInterface, "eni", { subnetId: subnet.id, privateIpsCount: 2 });
    assert.deepEqual(
      [eni.outputs["privateIp"], eni.outputs["privateIps"]],
      ["10.20.1.4", ["10.20.1.4", "10.20.1.5", "10.20.1.6"]],
    );
    assert.deepEqual(eni.outputs["securityGroups"], [vpc.outputs["defaultSecurityGroupId"]]);
    const fewer = await account.update(eni, { subnetId: subnet.id, privateIpsCount: 1, description: "x" });
    assert.deepEqual([fewer.outputs["privateIps"], fewer.outputs["description"]], [["10.20.1.4", "10.20.1.5"], "x"]);
    await assert.rejects(
      account.create(EC2.networkInterface, "other", { subnetId: subnet.id, privateIps: ["10.20.1.5"] }),
      /InvalidIPAddress\.InUse/,
    );
    const given = await account.create(EC2.networkInterface, "given", {
      subnetId: subnet.id,
      privateIps: ["10.20.1.20", "10.20.1.21"],
    });
    const changed = { subnetId: subnet.id, privateIps: ["10.20.1.20", "10.20.1.22"] };
    assert.deepEqual(account.diff(given, changed).replaces, []);
    assert.deepEqual((await account.update(given, changed)).outputs["privateIps"], ["10.20.1.20", "10.20.1.22"]);
    assert.deepEqual(
      account.diff(given, { subnetId: subnet.id, privateIps: ["10.20.1.22"] }).replaces,
      ["privateIps"],
      "the primary one",
    );
  });

  it("are attached to a running instance, which gets a device, and detached from it", async () => {
    const { account, subnet, instance } = await made();
    const eni = await account.create(EC2.networkInterface, "eni", { subnetId: subnet.id });
    const [one, two] = [await instance("one", { subnetId: subnet.id }), await instance("two", { subnetId: subnet.id })];
    const attachment = await account.create(EC2.networkInterfaceAttachment, "a", {
      instanceId: one.id,
      networkInterfaceId: eni.id,
      deviceIndex: 1,
    });
    assert.match(attachment.id, /^eni-attach-[0-9a-f]{17}$/);
    assert.deepEqual(
      [attachment.outputs["attachmentId"], attachment.outputs["status"], attachment.outputs["networkCardIndex"]],
      [attachment.id, "attached", 0],
    );
    assert.ok(account.backend.events.includes(`plug ${one.id} 1 ${String(eni.outputs["macAddress"])}`));
    assert.deepEqual(account.refresh(eni)?.outputs["attachments"], [
      { attachmentId: attachment.id, deviceIndex: 1, instance: one.id, networkCardIndex: 0 },
    ]);
    await assert.rejects(
      account.create(EC2.networkInterfaceAttachment, "b", {
        instanceId: two.id,
        networkInterfaceId: eni.id,
        deviceIndex: 1,
      }),
      /InvalidNetworkInterface\.InUse/,
    );
    const other = await account.create(EC2.networkInterface, "other", { subnetId: subnet.id });
    for (const deviceIndex of [0, 1])
      await assert.rejects(
        account.create(EC2.networkInterfaceAttachment, "b", {
          instanceId: one.id,
          networkInterfaceId: other.id,
          deviceIndex,
        }),
        /already has an interface attached at device index/,
      );
    await account.delete(attachment);
    assert.ok(account.backend.events.includes(`unplug ${one.id} 1`));
    assert.deepEqual(account.refresh(eni)?.outputs["attachments"], []);
    const again = await account.create(EC2.networkInterfaceAttachment, "b", {
      instanceId: two.id,
      networkInterfaceId: eni.id,
      deviceIndex: 2,
    });
    await account.delete(two);
    assert.equal(account.refresh(again), undefined, "free again");
  });

  it("stay in their zone", async () => {
    const { account, vpc, subnet, instance } = await made();
    const there = await account.create(EC2.subnet, "there", {
      vpcId: vpc.id,
      cidrBlock: "10.20.2.0/24",
      availabilityZone: "us-east-1b",
    });
    const eni = await account.create(EC2.networkInterface, "eni", { subnetId: there.id });
    const one = await instance("one", { subnetId: subnet.id });
    await assert.rejects(
      account.create(EC2.networkInterfaceAttachment, "a", {
        instanceId: one.id,
        networkInterfaceId: eni.id,
        deviceIndex: 1,
      }),
      /not in the same availability zone/,
    );
  });

  it("may say themselves what they are attached to", async () => {
    const { account, subnet, instance } = await made();
    const [one, two] = [await instance("one", { subnetId: subnet.id }), await instance("two", { subnetId: subnet.id })];
    const eni = await account.create(EC2.networkInterface, "eni", {
      subnetId: subnet.id,
      attachments: [{ instance: one.id, deviceIndex: 1 }],
    });
    const moved = await account.update(eni, {
      subnetId: subnet.id,
      attachments: [{ instance: two.id, deviceIndex: 3 }],
    });
    const events = account.backend.events.filter((event) => /plug/.test(event));
    assert.deepEqual(events, [
      `plug ${one.id} 1 ${String(eni.outputs["macAddress"])}`,
      `unplug ${one.id} 1`,
      `plug ${two.id} 3 ${String(eni.outputs["macAddress"])}`,
    ]);
    await account.delete(moved);
    assert.ok(account.backend.events.includes(`unplug ${two.id} 3`));
  });

  it("are what an instance is launched with: address, MAC and groups are the primary one's, which cannot be detached", async () => {
    const { account, subnet, instance } = await made();
    const primary = await account.create(EC2.networkInterface, "primary", {
      subnetId: subnet.id,
      privateIps: ["10.20.1.30", "10.20.1.31"],
    });
    const secondary = await account.create(EC2.networkInterface, "secondary", { subnetId: subnet.id });
    const one = await instance("one", {
      networkInterfaces: [
        { networkInterfaceId: primary.id, deviceIndex: 0 },
        { networkInterfaceId: secondary.id, deviceIndex: 1 },
      ],
    });
    assert.deepEqual(
      [
        one.outputs["primaryNetworkInterfaceId"],
        one.outputs["privateIp"],
        one.outputs["secondaryPrivateIps"],
        one.outputs["subnetId"],
        one.outputs["vpcSecurityGroupIds"],
        one.outputs["publicIp"],
      ],
      [primary.id, "10.20.1.30", ["10.20.1.31"], subnet.id, primary.outputs["securityGroups"], ""],
    );
    const spec = account.backend.started.find(({ instanceId }) => instanceId === one.id);
    assert.deepEqual(
      [spec?.mac, spec?.address, spec?.interfaces],
      [
        primary.outputs["macAddress"],
        "10.20.1.30",
        [{ deviceIndex: 1, port: "gst1", mac: secondary.outputs["macAddress"] }],
      ],
    );
    await assert.rejects(
      account.delete(primary),
      /OperationNotPermitted: The network interface at device index 0 cannot be detached/,
    );
    await assert.rejects(
      account.create(EC2.networkInterfaceAttachment, "a", {
        instanceId: one.id,
        networkInterfaceId: primary.id,
        deviceIndex: 2,
      }),
      /InUse/,
    );
    await account.delete(one);
    assert.deepEqual(account.refresh(primary)?.outputs["attachments"], []);
    await account.delete(primary);
    await account.delete(secondary);
    const other = await account.create(EC2.networkInterface, "other", { subnetId: subnet.id });
    const two = await instance("two", { primaryNetworkInterface: { networkInterfaceId: other.id } });
    assert.deepEqual(
      [two.outputs["primaryNetworkInterfaceId"], two.outputs["primaryNetworkInterface"]],
      [other.id, { deleteOnTermination: false, networkInterfaceId: other.id }],
    );
  });

  it("are a route's target while they are attached, and have Elastic IP addresses", async () => {
    const { account, vpc, subnet, instance } = await made();
    await account.create(EC2.internetGateway, "g", { vpcId: vpc.id });
    const table = await account.create(EC2.routeTable, "t", { vpcId: vpc.id });
    const eni = await account.create(EC2.networkInterface, "eni", { subnetId: subnet.id });
    const route = await account.create(EC2.route, "r", {
      routeTableId: table.id,
      destinationCidrBlock: "192.168.0.0/16",
      networkInterfaceId: eni.id,
    });
    assert.deepEqual([route.outputs["state"], route.outputs["instanceId"]], ["blackhole", ""]);
    const one = await instance("one", { subnetId: subnet.id });
    await account.create(EC2.networkInterfaceAttachment, "a", {
      instanceId: one.id,
      networkInterfaceId: eni.id,
      deviceIndex: 1,
    });
    assert.equal(account.refresh(route)?.outputs["state"], "active");
    const eip = await account.create(EC2.eip, "e", { networkInterface: eni.id });
    assert.deepEqual([eip.outputs["instance"], eip.outputs["privateIp"]], [one.id, eni.outputs["privateIp"]]);
    await account.delete(one);
    assert.equal(account.refresh(eip)?.outputs["networkInterface"], eni.id, "the address stays the interface's");
  });

  it("are refused where the lab has no such thing, and beside an instance's own", async () => {
    const { account } = await made();
    assert.equal(
      account.faults(EC2.networkInterface, "eni", {
        subnetId: "subnet-1",
        interfaceType: "efa",
        ipv6AddressCount: 1,
        ipv4PrefixCount: 1,
        privateIps: ["10.0.0.300"],
      }).length,
      4,
    );
    assert.equal(
      account.faults(EC2.networkInterface, "eni", {
        subnetId: "subnet-1",
        privateIps: ["10.0.0.4"],
        privateIpsCount: 1,
      }).length,
      2,
    );
    const instance = {
      ami: imagesOf("us-east-1")[0]?.id,
      instanceType: "t3.micro",
      networkInterfaces: [{ networkInterfaceId: "eni-1", deviceIndex: 0 }],
    };
    assert.deepEqual(account.faults(EC2.instance, "i", instance), []);
    assert.match(
      account.faults(EC2.instance, "i", { ...instance, subnetId: "subnet-1", privateIp: "10.0.0.4" }).join(),
      /"network_interface": conflicts with private_ip.*conflicts with subnet_id/,
    );
    assert.equal(
      account.faults(EC2.instance, "i", {
        ...instance,
        networkInterfaces: [{ networkInterfaceId: "eni-1", deviceIndex: 0, deleteOnTermination: true }],
      }).length,
      1,
    );
  });
});
