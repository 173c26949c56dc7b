import assert from "node:assert/strict";
import type { PropertyMap } from "../../../wire/property-value";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { type Account, PUBLIC_KEY } from "../../support/account-in-memory";
import { Network } from "./network";

describe("functions that find what is there", () => {
  let network: Network;
  let other: Network;
  let account: Account;
  beforeEach(async () => {
    network = await Network.make();
    account = network.account;
    other = await Network.make(account, "10.2");
    await account.update(network.vpc, { cidrBlock: "10.1.0.0/16", tags: { Name: "blue", team: "net" } });
    await account.update(other.vpc, { cidrBlock: "10.2.0.0/16", tags: { Name: "green" } });
  });
  const call = (name: string, args: PropertyMap = {}): PropertyMap =>
    account.provider.invoke(`aws:ec2/${name}:${name}`, args);
  const ids = (name: string, args: PropertyMap = {}): unknown => call(name, args)["ids"];

  it("getVpc by id, CIDR, tags and filters", () => {
    const found: readonly PropertyMap[] = [
      { id: network.vpc.id },
      { cidrBlock: "10.1.0.0/16" },
      { tags: { team: "net" } },
      { filters: [{ name: "tag:Name", values: ["b*"] }] },
      { filters: [{ name: "tag-key", values: ["team"] }] },
      { id: network.vpc.id, tags: { Name: "blue" } },
    ];
    for (const args of found) assert.equal(call("getVpc", args)["id"], network.vpc.id, JSON.stringify(args));
    const {
      arn,
      cidrBlockAssociations,
      default: isDefault,
      enableDnsSupport,
      mainRouteTableId,
      region,
      state,
      tags,
    } = call("getVpc", { id: network.vpc.id });
    assert.deepEqual(
      [arn, isDefault, enableDnsSupport, mainRouteTableId, region, state, tags],
      [
        network.vpc.outputs["arn"],
        false,
        true,
        network.vpc.outputs["mainRouteTableId"],
        "us-east-1",
        "available",
        { Name: "blue", team: "net" },
      ],
    );
    assert.deepEqual(cidrBlockAssociations, [
      { associationId: `vpc-cidr-assoc-${network.vpc.id.slice(4)}`, cidrBlock: "10.1.0.0/16", state: "associated" },
    ]);
  });

  it("say in the provider's words that there is none, or that there are several", () => {
    const none: readonly PropertyMap[] = [
      { id: "vpc-0" },
      { default: true },
      { tags: { Name: "red" } },
      { id: network.vpc.id, tags: { Name: "green" } },
      { id: network.vpc.id, region: "eu-central-1" },
    ];
    for (const args of none) {
      assert.throws(
        () => call("getVpc", args),
        /^Error: invoking aws:ec2\/getVpc:getVpc: 1 error occurred:\n\t\* no matching EC2 VPC found\n\n$/,
        JSON.stringify(args),
      );
    }
    assert.throws(
      () => call("getVpc"),
      /multiple EC2 VPCs matched; use additional constraints to reduce matches to a single EC2 VPC/,
    );
    assert.throws(() => call("getSubnet", { vpcId: "vpc-0" }), /no matching EC2 Subnet found/);
    assert.throws(() => call("getSecurityGroup", { name: "default" }), /multiple EC2 Security Groups matched/);
    assert.throws(
      () => call("getVpc", { filters: [{ name: "colour", values: ["red"] }] }),
      /the lab does not know the filter 'colour'\. It knows cidr, /,
    );
    assert.throws(() => call("getVpc", { name: "blue" }), /there is no argument name/);
    assert.throws(
      () => call("getSubnet", { ipv6CidrBlock: "::/64" }),
      /the lab does not model the argument ipv6CidrBlock/,
    );
  });

  it("getVpcs, getSubnets and getSecurityGroups find all that match, also none", () => {
    assert.deepEqual(ids("getVpcs"), [network.vpc.id, other.vpc.id].sort());
    assert.deepEqual(ids("getVpcs", { tags: { Name: "green" } }), [other.vpc.id]);
    assert.deepEqual(ids("getSubnets", { filters: [{ name: "vpc-id", values: [network.vpc.id, "vpc-0"] }] }), [
      network.subnet.id,
    ]);
    assert.deepEqual(ids("getSubnets", { filters: [{ name: "vpc-id", values: ["vpc-0"] }] }), []);
    const groups = call("getSecurityGroups", {
      filters: [
        { name: "group-name", values: ["default"] },
        { name: "vpc-id", values: [network.vpc.id] },
      ],
    });
    assert.deepEqual(
      [groups["ids"], groups["vpcIds"]],
      [[network.vpc.outputs["defaultSecurityGroupId"]], [network.vpc.id]],
    );
  });

  it("getSubnet tells how many addresses are left", async () => {
    const args = { vpcId: network.vpc.id, availabilityZone: "us-east-1a" };
    assert.equal(call("getSubnet", args)["availableIpAddressCount"], 251);
    await network.instance("i", { secondaryPrivateIps: ["10.1.0.20", "10.1.0.21"] });
    const { availableIpAddressCount, cidrBlock, id, mapPublicIpOnLaunch } = call("getSubnet", args);
    assert.deepEqual(
      [availableIpAddressCount, cidrBlock, id, mapPublicIpOnLaunch],
      [248, "10.1.0.0/24", network.subnet.id, false],
    );
  });

  it("getSecurityGroup, getInternetGateway and getKeyPair", async () => {
    assert.deepEqual(
      call("getSecurityGroup", { name: "default", vpcId: other.vpc.id })["description"],
      "default VPC security group",
    );
    const gateway = await account.create(EC2.internetGateway, "g", { vpcId: network.vpc.id });
    const { attachments, internetGatewayId } = call("getInternetGateway", {
      filters: [{ name: "attachment.vpc-id", values: [network.vpc.id] }],
    });
    assert.deepEqual([attachments, internetGatewayId], [[{ state: "available", vpcId: network.vpc.id }], gateway.id]);
    const key = await account.create(EC2.keyPair, "k", { keyName: "k", publicKey: PUBLIC_KEY });
    const found = call("getKeyPair", { keyName: "k" });
    assert.deepEqual(
      [found["id"], found["fingerprint"], found["publicKey"]],
      [key.outputs["keyPairId"], key.outputs["fingerprint"], ""],
    );
    assert.match(String(found["createTime"]), /^\d{4}-\d\d-\d\dT/);
    assert.equal(call("getKeyPair", { keyName: "k", includePublicKey: true })["publicKey"], PUBLIC_KEY);
  });

  it("getRouteTable by VPC, subnet and whether it is the main one", async () => {
    const main = network.vpc.outputs["mainRouteTableId"];
    assert.equal(call("getRouteTable", { vpcId: network.vpc.id })["id"], main);
    // As on AWS, a subnet without an association is in no table's list.
    assert.throws(() => call("getRouteTable", { subnetId: network.subnet.id }), /no matching EC2 Route Table found/);
    const gateway = await account.create(EC2.internetGateway, "g", { vpcId: network.vpc.id });
    const table = await account.create(EC2.routeTable, "t", {
      vpcId: network.vpc.id,
      routes: [{ cidrBlock: "0.0.0.0/0", gatewayId: gateway.id }],
      tags: { Name: "t" },
    });
    const association = await account.create(EC2.routeTableAssociation, "a", {
      routeTableId: table.id,
      subnetId: network.subnet.id,
    });
    const found = call("getRouteTable", { subnetId: network.subnet.id });
    assert.deepEqual(
      [found["id"], found["associations"]],
      [
        table.id,
        [
          {
            gatewayId: "",
            main: false,
            routeTableAssociationId: association.id,
            routeTableId: table.id,
            subnetId: network.subnet.id,
          },
        ],
      ],
    );
    const [route] = found["routes"] as PropertyMap[];
    assert.deepEqual([route?.["cidrBlock"], route?.["gatewayId"]], ["0.0.0.0/0", gateway.id]);
    assert.throws(() => call("getRouteTable", { vpcId: network.vpc.id }), /multiple EC2 Route Tables matched/);
    assert.equal(
      call("getRouteTable", { vpcId: network.vpc.id, filters: [{ name: "association.main", values: ["true"] }] })["id"],
      main,
    );
    assert.deepEqual(ids("getRouteTables", { vpcId: network.vpc.id }), [String(main), table.id].sort());
    assert.deepEqual(ids("getRouteTables", { vpcId: network.vpc.id, tags: { Name: "t" } }), [table.id]);
  });

  it("getInstances finds those that run, unless others are asked for", async () => {
    const instance = await network.instance("i", { tags: { Name: "a0" }, associatePublicIpAddress: true });
    await network.instance("j");
    const args = { instanceTags: { Name: "a0" } };
    assert.deepEqual(
      [ids("getInstances", args), call("getInstances", args)["privateIps"], call("getInstances", args)["publicIps"]],
      [[instance.id], [instance.outputs["privateIp"]], [instance.outputs["publicIp"]]],
    );
    assert.deepEqual(ids("getInstances", { ...args, instanceStateNames: ["stopped"] }), []);
    assert.deepEqual(ids("getInstances", { filters: [{ name: "vpc-id", values: [other.vpc.id] }] }), []);
  });
});
