import assert from "node:assert/strict";
import type { PropertyMap } from "../../../wire/property-value";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { imagesOf } from "../../../lab/src/ec2/engine/images";
import { Account, type Resource } from "../../support/account-in-memory";

interface Network {
  readonly vpc: Resource;
  readonly subnet: Resource;
  readonly table: Resource;
}

async function network(account: Account, name: string, cidr: string): Promise<Network> {
  const vpc = await account.create(EC2.vpc, name, { cidrBlock: `${cidr}.0.0/16` });
  const subnet = await account.create(EC2.subnet, name, {
    vpcId: vpc.id,
    cidrBlock: `${cidr}.1.0/24`,
    availabilityZone: "us-east-1a",
  });
  return { vpc, subnet, table: await account.create(EC2.routeTable, name, { vpcId: vpc.id }) };
}

function attach(account: Account, gateway: Resource, { vpc, subnet }: Network, more: object = {}): Promise<Resource> {
  return account.create(EC2.transitAttachment, "t", {
    transitGatewayId: gateway.id,
    vpcId: vpc.id,
    subnetIds: [subnet.id],
    ...more,
  });
}

/** Ids whose digits are everybody's own are told by their form. */
function shape(outputs: PropertyMap): unknown {
  return JSON.parse(JSON.stringify(outputs).replaceAll(/\b(tgw|tgw-rtb|tgw-attach|vpc|subnet)-[0-9a-f]{17}/g, "$1-…"));
}

describe("aws.ec2transitgateway", () => {
  it("has the inputs and outputs that were recorded from the provider, and what 7.48 adds", async () => {
    const account = new Account();
    const one = await network(account, "a", "10.1");
    const gateway = await account.create(EC2.transitGateway, "tgw", { tags: { Name: "tgw" } });
    assert.deepEqual(gateway.inputs["__defaults"], [
      "amazonSideAsn",
      "autoAcceptSharedAttachments",
      "defaultRouteTableAssociation",
      "defaultRouteTablePropagation",
      "dnsSupport",
      "multicastSupport",
      "securityGroupReferencingSupport",
      "vpnEcmpSupport",
    ]);
    assert.deepEqual(shape(gateway.outputs), {
      amazonSideAsn: 64512,
      arn: "arn:aws:ec2:us-east-1:000000000000:transit-gateway/tgw-…",
      associationDefaultRouteTableId: "tgw-rtb-…",
      autoAcceptSharedAttachments: "disable",
      defaultRouteTableAssociation: "enable",
      defaultRouteTablePropagation: "enable",
      description: "",
      dnsSupport: "enable",
      encryptionSupport: "disable",
      id: "tgw-…",
      multicastSupport: "disable",
      ownerId: "000000000000",
      propagationDefaultRouteTableId: "tgw-rtb-…",
      region: "us-east-1",
      securityGroupReferencingSupport: "disable",
      tags: { Name: "tgw" },
      tagsAll: { Name: "tgw" },
      transitGatewayCidrBlocks: null,
      vpnEcmpSupport: "enable",
    });
    assert.equal(gateway.outputs["associationDefaultRouteTableId"], gateway.outputs["propagationDefaultRouteTableId"]);
    const attachment = await attach(account, gateway, one);
    assert.deepEqual(attachment.inputs["__defaults"], ["applianceModeSupport", "dnsSupport", "ipv6Support"]);
    assert.deepEqual(shape(attachment.outputs), {
      applianceModeSupport: "disable",
      arn: "arn:aws:ec2:us-east-1:000000000000:transit-gateway-attachment/tgw-attach-…",
      dnsSupport: "enable",
      id: "tgw-attach-…",
      ipv6Support: "disable",
      region: "us-east-1",
      securityGroupReferencingSupport: "enable",
      subnetIds: ["subnet-…"],
      tags: null,
      tagsAll: {},
      transitGatewayDefaultRouteTableAssociation: true,
      transitGatewayDefaultRouteTablePropagation: true,
      transitGatewayId: "tgw-…",
      vpcId: "vpc-…",
      vpcOwnerId: "000000000000",
    });
    const table = await account.create(EC2.transitRouteTable, "trt", {
      transitGatewayId: gateway.id,
      tags: { Name: "trt" },
    });
    assert.deepEqual(shape(table.outputs), {
      arn: "arn:aws:ec2:us-east-1:000000000000:transit-gateway-route-table/tgw-rtb-…",
      defaultAssociationRouteTable: false,
      defaultPropagationRouteTable: false,
      id: "tgw-rtb-…",
      region: "us-east-1",
      tags: { Name: "trt" },
      tagsAll: { Name: "trt" },
      transitGatewayId: "tgw-…",
    });
    const joined = { transitGatewayAttachmentId: attachment.id, transitGatewayRouteTableId: table.id };
    const propagation = await account.create(EC2.transitPropagation, "tpr", joined);
    assert.equal(propagation.id, `${table.id}_${attachment.id}`);
    assert.deepEqual(propagation.outputs, {
      ...joined,
      id: propagation.id,
      region: "us-east-1",
      resourceId: one.vpc.id,
      resourceType: "vpc",
    });
    const route = await account.create(EC2.transitRoute, "tr", { ...joined, destinationCidrBlock: "10.2.0.0/16" });
    assert.equal(route.id, `${table.id}_10.2.0.0/16`);
    assert.deepEqual(route.outputs, {
      ...joined,
      blackhole: false,
      destinationCidrBlock: "10.2.0.0/16",
      id: route.id,
      region: "us-east-1",
    });
    assert.equal(account.refresh(route)?.id, route.id);
  });

  it("propagates no VPC that overlaps one which is attached already, also once that is gone", async () => {
    const account = new Account();
    const [one, twin, other] = [
      await network(account, "a", "10.1"),
      await network(account, "b", "10.1"),
      await network(account, "c", "10.2"),
    ];
    const gateway = await account.create(EC2.transitGateway, "tgw", {});
    const first = await attach(account, gateway, one);
    const second = await attach(account, gateway, twin);
    const third = await attach(account, gateway, other);
    const propagated = (): unknown[] =>
      [...account.backend.records.values()]
        .filter(({ type }) => type === EC2.transitPropagation)
        .map(({ outputs }) => outputs["transitGatewayAttachmentId"]);
    assert.deepEqual(propagated(), [first.id, third.id]);
    await account.delete(first);
    await account.update(second, { ...second.inputs, tags: { a: "b" } });
    assert.deepEqual(propagated(), [third.id]);
    await account.update(third, { ...third.inputs, tags: { a: "b" } });
    assert.deepEqual(propagated(), [third.id]);
  });

  it("associates and propagates by default, unless gateway or attachment says no", async () => {
    const account = new Account();
    const [one, two] = [await network(account, "a", "10.1"), await network(account, "b", "10.2")];
    const gateway = await account.create(EC2.transitGateway, "tgw", {});
    const attachment = await attach(account, gateway, one);
    const table = await account.create(EC2.transitRouteTable, "trt", { transitGatewayId: gateway.id });
    const joined = { transitGatewayAttachmentId: attachment.id, transitGatewayRouteTableId: table.id };
    await assert.rejects(account.create(EC2.transitAssociation, "tas", joined), /Resource\.AlreadyAssociated/);
    assert.equal(
      account.faults(EC2.transitAssociation, "tas", { ...joined, replaceExistingAssociation: true }).length,
      1,
    );
    const loose = {
      transitGatewayId: gateway.id,
      vpcId: one.vpc.id,
      subnetIds: [one.subnet.id],
      transitGatewayDefaultRouteTableAssociation: false,
    };
    assert.deepEqual(account.diff(attachment, loose).replaces, []);
    await account.update(attachment, loose);
    const association = await account.create(EC2.transitAssociation, "tas", joined);
    assert.deepEqual(
      [association.id, association.outputs["replaceExistingAssociation"]],
      [`${table.id}_${attachment.id}`, false],
    );
    await assert.rejects(account.delete(table), /IncorrectState/);
    const manual = await account.create(EC2.transitGateway, "manual", {
      defaultRouteTableAssociation: "disable",
      defaultRouteTablePropagation: "disable",
    });
    assert.deepEqual(
      [manual.outputs["associationDefaultRouteTableId"], manual.outputs["propagationDefaultRouteTableId"]],
      ["", ""],
    );
    const unjoined = await attach(account, manual, two);
    assert.deepEqual(
      [
        unjoined.outputs["transitGatewayDefaultRouteTableAssociation"],
        unjoined.outputs["transitGatewayDefaultRouteTablePropagation"],
      ],
      [false, false],
    );
    await assert.rejects(
      account.create(EC2.transitAssociation, "tas", { ...joined, transitGatewayAttachmentId: unjoined.id }),
      /belong to different transit gateways/,
    );
    await account.delete(attachment);
    assert.equal(account.refresh(association), undefined, "gone with the attachment");
  });

  it("is a route's target in the tables of attached VPCs, and leaves a black hole", async () => {
    const account = new Account();
    const one = await network(account, "a", "10.1");
    const gateway = await account.create(EC2.transitGateway, "tgw", {});
    const wanted = { routeTableId: one.table.id, destinationCidrBlock: "10.0.0.0/8", transitGatewayId: gateway.id };
    await assert.rejects(account.create(EC2.route, "r", wanted), /InvalidTransitGatewayID\.NotFound/);
    const attachment = await attach(account, gateway, one);
    const route = await account.create(EC2.route, "r", wanted);
    assert.deepEqual([route.outputs["state"], route.outputs["transitGatewayId"]], ["active", gateway.id]);
    await assert.rejects(account.delete(gateway), /IncorrectState: .* has non-deleted VPC Attachments/);
    await assert.rejects(account.delete(one.subnet), /DependencyViolation/);
    await assert.rejects(account.delete(one.vpc), /DependencyViolation/);
    await account.delete(attachment);
    assert.equal(account.refresh(route)?.outputs["state"], "blackhole");
    await account.delete(gateway);
  });

  it("takes an address in each of an attachment's subnets, one subnet a zone", async () => {
    const account = new Account();
    const one = await network(account, "a", "10.1");
    const gateway = await account.create(EC2.transitGateway, "tgw", {});
    const attachment = await attach(account, gateway, one);
    await assert.rejects(attach(account, gateway, one), /DuplicateTransitGatewayAttachment/);
    const instance = (privateIp?: string): Promise<Resource> =>
      account.create(EC2.instance, "i", {
        ami: imagesOf("us-east-1")[0]?.id,
        instanceType: "t3.micro",
        subnetId: one.subnet.id,
        privateIp,
      });
    assert.equal((await instance()).outputs["privateIp"], "10.1.1.5");
    await assert.rejects(instance("10.1.1.4"), /InvalidIPAddress\.InUse/);
    const same = await account.create(EC2.subnet, "same", {
      vpcId: one.vpc.id,
      cidrBlock: "10.1.2.0/24",
      availabilityZone: "us-east-1a",
    });
    const other = await account.create(EC2.subnet, "other", {
      vpcId: one.vpc.id,
      cidrBlock: "10.1.3.0/24",
      availabilityZone: "us-east-1b",
    });
    const inputs = { transitGatewayId: gateway.id, vpcId: one.vpc.id };
    await assert.rejects(
      account.update(attachment, { ...inputs, subnetIds: [one.subnet.id, same.id] }),
      /DuplicateSubnetsInSameZone/,
    );
    const wider = await account.update(attachment, { ...inputs, subnetIds: [one.subnet.id, other.id] });
    assert.deepEqual(wider.outputs["subnetIds"], [one.subnet.id, other.id]);
    await assert.rejects(account.delete(other), /DependencyViolation/);
    const strange = await network(account, "b", "10.2");
    await assert.rejects(
      account.update(wider, { ...inputs, subnetIds: [strange.subnet.id] }),
      /InvalidSubnetID\.NotFound/,
    );
  });

  it("lets rules for what comes in name groups of attached VPCs, where it supports that", async () => {
    const account = new Account();
    const [one, two] = [await network(account, "a", "10.1"), await network(account, "b", "10.2")];
    const gateway = await account.create(EC2.transitGateway, "tgw", {});
    await attach(account, gateway, one);
    await attach(account, gateway, two);
    const near = await account.create(EC2.securityGroup, "near", { vpcId: one.vpc.id });
    const far = await account.create(EC2.securityGroup, "far", { vpcId: two.vpc.id });
    const rule = { securityGroupId: near.id, referencedSecurityGroupId: far.id, ipProtocol: "4" };
    await assert.rejects(account.create(EC2.ingressRule, "r", rule), /InvalidGroup\.NotFound/);
    await account.update(gateway, { securityGroupReferencingSupport: "enable" });
    assert.match((await account.create(EC2.ingressRule, "r", rule)).id, /^sgr-/);
    await assert.rejects(account.create(EC2.egressRule, "r", rule), /InvalidGroup\.NotFound/);
  });

  it("refuses by name what the lab does not have", () => {
    const account = new Account();
    const faults = account.faults(EC2.transitGateway, "tgw", {
      multicastSupport: "enable",
      encryptionSupport: "enable",
      transitGatewayCidrBlocks: ["10.9.0.0/24"],
    });
    assert.deepEqual(
      faults.map((fault) => /multicastSupport|encryption_support|transitGatewayCidrBlocks/.exec(fault)?.[0]).sort(),
      ["encryption_support", "multicastSupport", "transitGatewayCidrBlocks"],
    );
    assert.equal(
      account.faults(EC2.transitAttachment, "t", {
        transitGatewayId: "tgw-1",
        vpcId: "vpc-1",
        subnetIds: ["subnet-1"],
        applianceModeSupport: "enable",
        ipv6Support: "enable",
      }).length,
      2,
    );
    assert.equal(
      account.faults(EC2.transitRoute, "t", {
        transitGatewayRouteTableId: "tgw-rtb-1",
        destinationCidrBlock: "10.2.0.1/16",
      }).length,
      1,
    );
  });

  it("refuses a static route twice, with two targets, and without one", async () => {
    const account = new Account();
    const gateway = await account.create(EC2.transitGateway, "tgw", {});
    const attachment = await attach(account, gateway, await network(account, "a", "10.1"));
    const route = {
      transitGatewayRouteTableId: gateway.outputs["associationDefaultRouteTableId"],
      destinationCidrBlock: "10.9.0.0/16",
    };
    await assert.rejects(account.create(EC2.transitRoute, "r", route), /InvalidParameterCombination/);
    await assert.rejects(
      account.create(EC2.transitRoute, "r", { ...route, blackhole: true, transitGatewayAttachmentId: attachment.id }),
      /InvalidParameterCombination/,
    );
    const made = await account.create(EC2.transitRoute, "r", { ...route, blackhole: true });
    await assert.rejects(account.create(EC2.transitRoute, "r", { ...route, blackhole: true }), /RouteAlreadyExists/);
    assert.deepEqual(account.diff(made, { ...route, transitGatewayAttachmentId: attachment.id }).replaces, [
      "blackhole",
      "transitGatewayAttachmentId",
    ]);
  });
});
