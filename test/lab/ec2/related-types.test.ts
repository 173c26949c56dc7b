import assert from "node:assert/strict";
import type { PropertyMap } from "../../../wire/property-value";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { readCloud } from "../../../lab/src/cloud/cloud";
import { Account, type Resource } from "../../support/account-in-memory";
import { Network } from "./network";

describe("resources that change what others made", () => {
  let network: Network;
  let account: Account;
  beforeEach(async () => {
    network = await Network.make();
    account = network.account;
  });

  const ssh = { protocol: "tcp", fromPort: 22, toPort: 22, cidrBlocks: ["192.0.2.0/24"] };
  /** What the rules of a group let in or out, as the fabric has to know it. */
  const rules = (group: string, type: string = EC2.ingressRule): string[] =>
    account.backend
      .list()
      .filter((record) => record.type === type && record.outputs["securityGroupId"] === group)
      .map(
        ({ outputs: { ipProtocol, fromPort, cidrIpv4, referencedSecurityGroupId } }) =>
          `${String(ipProtocol)} ${String(fromPort ?? "")} ${String(cidrIpv4 ?? referencedSecurityGroupId)}`,
      )
      .sort();

  describe("DefaultSecurityGroup", () => {
    let group: string;
    beforeEach(() => {
      group = String(network.vpc.outputs["defaultSecurityGroupId"]);
    });

    it("revokes what was there and lets in what it says, and leaves that behind", async () => {
      assert.deepEqual([rules(group), rules(group, EC2.egressRule)], [[`-1  ${group}`], ["-1  0.0.0.0/0"]]);
      const args = { vpcId: network.vpc.id, ingress: [ssh], tags: { Name: "default" } };
      const adopted = await account.create(EC2.defaultSecurityGroup, "d", args);
      assert.deepEqual(
        [adopted.id, adopted.outputs["name"], adopted.outputs["vpcId"]],
        [group, "default", network.vpc.id],
      );
      assert.deepEqual([rules(group), rules(group, EC2.egressRule)], [["tcp 22 192.0.2.0/24"], []]);
      assert.deepEqual(account.diff(adopted, args).properties, []);
      assert.deepEqual(account.diff(account.refresh(adopted) ?? adopted, args).properties, []);
      await account.update(adopted, {
        ...args,
        ingress: [
          { ...ssh, cidrBlocks: ["198.51.100.0/24"] },
          { protocol: "-1", fromPort: 0, toPort: 0, self: true },
        ],
      });
      assert.deepEqual(rules(group), [`-1  ${group}`, "tcp 22 198.51.100.0/24"]);
      await account.delete(adopted);
      assert.deepEqual(rules(group).length, 2);
      for (const resource of [network.group, network.subnet, network.vpc]) await account.delete(resource);
      assert.deepEqual(account.backend.list(), []);
    });

    it("may keep the very rules that were there", async () => {
      const before = account.backend
        .list()
        .filter(({ outputs }) => outputs["securityGroupId"] === group)
        .map(({ id }) => id);
      const all = { protocol: "-1", fromPort: 0, toPort: 0 };
      await account.create(EC2.defaultSecurityGroup, "d", {
        vpcId: network.vpc.id,
        ingress: [{ ...all, self: true }],
        egress: [{ ...all, cidrBlocks: ["0.0.0.0/0"] }],
      });
      assert.deepEqual(
        account.backend
          .list()
          .filter(({ outputs }) => outputs["securityGroupId"] === group && outputs["securityGroupRuleId"] !== undefined)
          .map(({ id }) => id)
          .sort(),
        before.sort(),
      );
    });

    it("is not there without a VPC, and cannot be deleted as if it were another group", async () => {
      await assert.rejects(
        account.create(EC2.defaultSecurityGroup, "d", {}),
        /reading Default Security Group: couldn't find resource/,
      );
      const imported: Resource = {
        urn: `urn:pulumi:test::project::${EC2.securityGroup}::d`,
        id: group,
        inputs: {},
        outputs: { region: "us-east-1" },
      };
      await assert.rejects(
        account.delete(imported),
        /CannotDelete: the specified group: "sg-\w+" name: "default" cannot be deleted by a user/,
      );
    });
  });

  describe("DefaultRouteTable", () => {
    it("has the routes that it says, and leaves them behind", async () => {
      const table = String(network.vpc.outputs["defaultRouteTableId"]);
      const gateway = await account.create(EC2.internetGateway, "g", { vpcId: network.vpc.id });
      await account.create(EC2.route, "r", {
        routeTableId: table,
        destinationCidrBlock: "192.0.2.0/24",
        gatewayId: gateway.id,
      });
      const routes = (): unknown[] =>
        account.backend
          .list()
          .filter(({ type }) => type === EC2.route)
          .map(({ outputs }) => outputs["destinationCidrBlock"]);
      const args = { defaultRouteTableId: table, routes: [{ cidrBlock: "0.0.0.0/0", gatewayId: gateway.id }] };
      const adopted = await account.create(EC2.defaultRouteTable, "d", args);
      assert.deepEqual([adopted.id, adopted.outputs["vpcId"], routes()], [table, network.vpc.id, ["0.0.0.0/0"]]);
      assert.deepEqual(account.diff(adopted, args).properties, []);
      await account.update(adopted, { ...args, routes: [{ cidrBlock: "198.51.100.0/24", gatewayId: gateway.id }] });
      assert.deepEqual(routes(), ["198.51.100.0/24"]);
      await account.delete(adopted);
      assert.deepEqual(routes(), ["198.51.100.0/24"]);
      for (const resource of [gateway, network.group, network.subnet, network.vpc]) await account.delete(resource);
      assert.deepEqual(account.backend.list(), []);
    });

    it("refuses what a route table refuses, and a table that is not there", async () => {
      const table = String(network.vpc.outputs["defaultRouteTableId"]);
      await assert.rejects(
        account.create(EC2.defaultRouteTable, "d", { defaultRouteTableId: "rtb-0" }),
        /reading EC2 Default Route Table \(rtb-0\): .*InvalidRouteTableID\.NotFound/,
      );
      await assert.rejects(
        account.create(EC2.defaultRouteTable, "d", {
          defaultRouteTableId: table,
          routes: [{ cidrBlock: "0.0.0.0/0", gatewayId: "igw-0" }],
        }),
        /InvalidGatewayID\.NotFound/,
      );
      assert.match(
        account.faults(EC2.defaultRouteTable, "d", {
          defaultRouteTableId: table,
          routes: [{ cidrBlock: "0.0.0.0/0" }],
        })[0] ?? "",
        /exactly one target/,
      );
    });
  });

  describe("MainRouteTableAssociation", () => {
    const tableOf = (subnet: string): string | undefined =>
      [...readCloud(account.backend.list()).vpcs.values()]
        .flatMap(({ subnets }) => subnets)
        .find(({ id }) => id === subnet)?.routeTableId;

    it("gives subnets without an association another table, and the old one back", async () => {
      const original = String(network.vpc.outputs["mainRouteTableId"]);
      const table = await account.create(EC2.routeTable, "t", { vpcId: network.vpc.id });
      assert.equal(tableOf(network.subnet.id), original);
      const association = await account.create(EC2.mainRouteTableAssociation, "m", {
        vpcId: network.vpc.id,
        routeTableId: table.id,
      });
      assert.deepEqual([association.outputs["originalRouteTableId"], tableOf(network.subnet.id)], [original, table.id]);
      assert.equal(account.refresh(network.vpc)?.outputs["mainRouteTableId"], table.id);
      await assert.rejects(
        account.delete(table),
        /DependencyViolation: The routeTable 'rtb-\w+' has dependencies and cannot be deleted\./,
      );
      const other = await account.create(EC2.routeTable, "u", { vpcId: network.vpc.id });
      await account.update(association, { vpcId: network.vpc.id, routeTableId: other.id });
      assert.equal(tableOf(network.subnet.id), other.id);
      await account.delete(association);
      assert.equal(tableOf(network.subnet.id), original);
      for (const resource of [table, other]) await account.delete(resource);
    });

    it("refuses another VPC's table", async () => {
      const other = await Network.make(account, "10.2");
      const table = await account.create(EC2.routeTable, "t", { vpcId: other.vpc.id });
      await assert.rejects(
        account.create(EC2.mainRouteTableAssociation, "m", { vpcId: network.vpc.id, routeTableId: table.id }),
        /creating Main Route Table Association \(rtb-\w+\): .*InvalidParameterValue: Route table rtb-\w+ and network vpc-\w+ belong to different networks/,
      );
    });
  });

  describe("SecurityGroupRule", () => {
    const args = (more: object = {}): PropertyMap => ({
      securityGroupId: network.group.id,
      type: "ingress",
      protocol: "tcp",
      fromPort: 22,
      toPort: 22,
      cidrBlocks: ["192.0.2.0/24", "198.51.100.0/24"],
      ...more,
    });

    it("is a rule per source, in its direction", async () => {
      const rule = await account.create(EC2.securityGroupRule, "r", args());
      assert.match(rule.id, /^sgrule-\d+$/);
      assert.deepEqual(
        [rules(network.group.id), rule.outputs["securityGroupRuleId"]],
        [["tcp 22 192.0.2.0/24", "tcp 22 198.51.100.0/24"], ""],
      );
      const own = await account.create(EC2.securityGroupRule, "s", {
        securityGroupId: network.group.id,
        type: "egress",
        protocol: "4",
        fromPort: 0,
        toPort: 0,
        self: true,
      });
      assert.deepEqual(
        [rules(network.group.id, EC2.egressRule), own.outputs["sourceSecurityGroupId"]],
        [[`4  ${network.group.id}`], network.group.id],
      );
      assert.match(String(own.outputs["securityGroupRuleId"]), /^sgr-\w{17}$/);
      assert.deepEqual(account.diff(account.refresh(rule) ?? rule, args()).properties, []);
      assert.deepEqual(account.diff(rule, args({ toPort: 23 })).replaces, ["toPort"]);
      assert.deepEqual(
        [
          account.diff(rule, args({ description: "ssh" })).properties,
          account.diff(rule, args({ description: "ssh" })).replaces,
        ],
        [["description"], []],
      );
      await account.update(rule, args({ description: "ssh" }));
      assert.deepEqual(
        account.backend
          .list()
          .filter(({ type, outputs }) => type === EC2.ingressRule && outputs["securityGroupId"] === network.group.id)
          .map(({ outputs }) => outputs["description"]),
        ["ssh", "ssh"],
      );
      await account.delete(rule);
      assert.deepEqual(rules(network.group.id), []);
    });

    it("refuses duplicates, no source and two kinds of them, and another direction", async () => {
      await network.rule("x", { ipProtocol: "tcp", fromPort: 22, toPort: 22, cidrIpv4: "192.0.2.0/24" });
      await assert.rejects(
        account.create(EC2.securityGroupRule, "r", args()),
        /authorizing Security Group \(sg-\w+\) Rule: operation error EC2: AuthorizeSecurityGroupIngress, api error InvalidPermission\.Duplicate/,
      );
      await assert.rejects(
        account.create(EC2.securityGroupRule, "r", args({ cidrBlocks: [] })),
        /One of \['cidr_blocks'/,
      );
      assert.equal(
        account.faults(EC2.securityGroupRule, "r", args({ self: true }))[0],
        `Conflicting configuration arguments. "cidr_blocks": conflicts with self. Examine values at 'r.cidrBlocks'.`,
      );
      assert.equal(
        account.faults(EC2.securityGroupRule, "r", args({ type: "in" }))[0],
        `expected type to be one of ["ingress" "egress"], got in. Examine values at 'r.type'.`,
      );
    });

    it("goes with its group", async () => {
      await account.create(EC2.securityGroupRule, "r", args());
      await account.delete(network.group);
      assert.deepEqual(
        account.backend
          .list()
          .filter(
            ({ type }) =>
              type === EC2.securityGroupRule || (type === EC2.ingressRule && rules(network.group.id).length > 0),
          ),
        [],
      );
    });
  });

  describe("InternetGatewayAttachment", () => {
    it("gives a VPC a gateway, and takes it away", async () => {
      const gateway = await account.create(EC2.internetGateway, "g", {});
      const attachment = await account.create(EC2.internetGatewayAttachment, "a", {
        internetGatewayId: gateway.id,
        vpcId: network.vpc.id,
      });
      assert.equal(attachment.id, `${gateway.id}:${network.vpc.id}`);
      assert.equal(account.refresh(gateway)?.outputs["vpcId"], network.vpc.id);
      await assert.rejects(
        account.create(EC2.internetGatewayAttachment, "b", {
          internetGatewayId: (await account.create(EC2.internetGateway, "h", {})).id,
          vpcId: network.vpc.id,
        }),
        /creating EC2 Internet Gateway Attachment: .*InvalidParameterValue: Network vpc-\w+ already has an internet gateway attached/,
      );
      await assert.rejects(
        account.create(EC2.internetGatewayAttachment, "b", {
          internetGatewayId: gateway.id,
          vpcId: (await Network.make(account, "10.2")).vpc.id,
        }),
        /Resource\.AlreadyAssociated: resource igw-\w+ is already attached to network vpc-\w+/,
      );
      await assert.rejects(
        account.create(EC2.internetGatewayAttachment, "b", { internetGatewayId: "igw-0", vpcId: network.vpc.id }),
        /InvalidInternetGatewayID\.NotFound: The internetGateway ID 'igw-0' does not exist/,
      );
      const instance = await network.instance("i", { associatePublicIpAddress: true });
      await assert.rejects(
        account.delete(attachment),
        /deleting EC2 Internet Gateway Attachment \(igw-\w+:vpc-\w+\): operation error EC2: DetachInternetGateway, api error DependencyViolation: Network vpc-\w+ has some mapped public address\(es\)/,
      );
      await account.delete(instance);
      await account.delete(attachment);
      assert.equal(account.refresh(gateway)?.outputs["vpcId"], "");
      assert.equal(account.refresh(attachment), undefined);
      await account.delete(gateway);
    });
  });

  describe("Tag", () => {
    it("tags what something else manages, which shows it at the next refresh", async () => {
      const vpc = await account.create(EC2.vpc, "w", { cidrBlock: "10.9.0.0/16", tags: { Name: "w" } });
      const tag = await account.create(EC2.tag, "t", { resourceId: vpc.id, key: "team", value: "net" });
      assert.equal(tag.id, `${vpc.id},team`);
      assert.deepEqual(account.refresh(vpc)?.outputs["tags"], { Name: "w", team: "net" });
      await account.update(tag, { resourceId: vpc.id, key: "team", value: "ops" });
      assert.equal(account.refresh(tag)?.outputs["value"], "ops");
      await account.delete(tag);
      assert.deepEqual(account.refresh(vpc)?.outputs["tags"], { Name: "w" });
      assert.equal(account.refresh(tag), undefined);
    });

    it("refuses what is not there, and is gone with it", async () => {
      await assert.rejects(
        account.create(EC2.tag, "t", { resourceId: "vpc-0", key: "a", value: "b" }),
        /creating EC2 resource \(vpc-0\) tag \(a\): operation error EC2: CreateTags, api error InvalidID: The ID 'vpc-0' is not valid/,
      );
      const vpc = await account.create(EC2.vpc, "w", { cidrBlock: "10.9.0.0/16" });
      const tag = await account.create(EC2.tag, "t", { resourceId: vpc.id, key: "a", value: "" });
      await account.delete(vpc);
      assert.equal(account.refresh(tag), undefined);
      await account.delete(tag);
      assert.ok(!account.backend.list().some(({ type }) => type === EC2.tag));
    });
  });

  it("SecurityGroup and RouteTable show after a refresh what others put in them, as the provider does", async () => {
    await network.rule("a", {
      ipProtocol: "17",
      fromPort: 4789,
      toPort: 4789,
      referencedSecurityGroupId: network.group.id,
      description: "vx",
    });
    await network.rule("b", { ipProtocol: "4", cidrIpv4: "10.10.0.0/16" });
    const none = { description: "", ipv6CidrBlocks: [], prefixListIds: [], securityGroups: [] };
    assert.deepEqual(account.refresh(network.group)?.outputs["ingress"], [
      { ...none, cidrBlocks: [], description: "vx", fromPort: 4789, protocol: "udp", self: true, toPort: 4789 },
      { ...none, cidrBlocks: ["10.10.0.0/16"], fromPort: 0, protocol: "4", self: false, toPort: 0 },
    ]);
    assert.deepEqual(
      account.diff(account.refresh(network.group) ?? network.group, { vpcId: network.vpc.id }).properties,
      [],
    );
    // Whoever writes rules in the group and beside it sees the two fight, as on AWS.
    const inline = await account.create(EC2.securityGroup, "i", { vpcId: network.vpc.id, ingress: [ssh] });
    await account.create(EC2.ingressRule, "c", {
      securityGroupId: inline.id,
      ipProtocol: "4",
      cidrIpv4: "10.10.0.0/16",
    });
    assert.deepEqual(
      account.diff(account.refresh(inline) ?? inline, { vpcId: network.vpc.id, ingress: [ssh] }).properties,
      ["ingress"],
    );

    const gateway = await account.create(EC2.internetGateway, "g", { vpcId: network.vpc.id });
    const table = await account.create(EC2.routeTable, "t", { vpcId: network.vpc.id });
    await account.create(EC2.route, "r", {
      routeTableId: table.id,
      destinationCidrBlock: "0.0.0.0/0",
      gatewayId: gateway.id,
    });
    const [route] = (account.refresh(table)?.outputs["routes"] ?? []) as PropertyMap[];
    assert.deepEqual(
      [route?.["cidrBlock"], route?.["gatewayId"], route?.["vpcPeeringConnectionId"]],
      ["0.0.0.0/0", gateway.id, ""],
    );
    assert.deepEqual(account.diff(account.refresh(table) ?? table, { vpcId: network.vpc.id }).properties, []);
  });
});
