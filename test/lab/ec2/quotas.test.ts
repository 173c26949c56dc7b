import assert from "node:assert/strict";
import { parseProviderConfig } from "../../../lab/src/ec2/provider-config";
import { DEFAULT_QUOTAS, parseQuotas } from "../../../lab/src/ec2/engine/quotas";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { Account, type Resource } from "../../support/account-in-memory";
import { Network } from "./network";

/** An account with quotas as OVERLAYNET_LAB_QUOTAS would say. */
function accountWith(text: string): Account {
  const account = new Account();
  const { quotas, problems } = parseQuotas(text);
  assert.deepEqual(problems, []);
  account.provider.config = { region: "us-east-1", defaultTags: {}, quotas };
  return account;
}

describe("quotas of an account (AWS-21)", () => {
  it("are read from OVERLAYNET_LAB_QUOTAS, with all that is wrong with it", () => {
    assert.deepEqual(parseQuotas(""), { quotas: DEFAULT_QUOTAS, problems: [] });
    assert.deepEqual(parseQuotas(" vpcs-per-region=5 , peerings-per-vpc=125,").quotas, {
      ...DEFAULT_QUOTAS,
      "vpcs-per-region": 5,
      "peerings-per-vpc": 125,
    });
    const { problems } = parseQuotas("vpcs=5,routes-per-route-table=many,rules-per-security-group=500");
    assert.equal(problems.length, 3);
    assert.match(problems[0] ?? "", /^"vpcs=5" is not a quota and its number\. The quotas are vpcs-per-region, /);
    assert.match(problems[2] ?? "", /is 2500: AWS grants no more than 1000$/);
    const { failures, config } = parseProviderConfig({}, { OVERLAYNET_LAB_QUOTAS: "vpcs=5" });
    assert.match(failures[0]?.reason ?? "", /^OVERLAYNET_LAB_QUOTAS: "vpcs=5"/);
    assert.deepEqual(config.quotas, DEFAULT_QUOTAS);
    assert.equal("quotas" in parseProviderConfig({}, {}).config, false);
  });

  it("of VPCs in a region is a warning from the sixth on, and a refusal where it is set", async () => {
    const account = new Account();
    const warnings: string[] = [];
    account.provider.warn = (urn, message) => void warnings.push(`${urn.split("::").at(-1)}: ${message}`);
    const vpc = (i: number, region?: string): Promise<Resource> =>
      account.create(EC2.vpc, `v${i}`, { cidrBlock: `10.${i}.0.0/16`, ...(region === undefined ? {} : { region }) });
    for (let i = 0; i < 5; i++) await vpc(i);
    await vpc(9, "eu-central-1");
    assert.deepEqual(warnings, []);
    await vpc(5);
    assert.match(
      warnings[0] ?? "",
      /^v5: 6 VPCs in us-east-1: AWS refuses the 6th \(VpcLimitExceeded\) unless the quota "VPCs per Region" was raised/,
    );

    const strict = accountWith("vpcs-per-region=1");
    await strict.create(EC2.vpc, "v", { cidrBlock: "10.1.0.0/16" });
    await assert.rejects(
      strict.create(EC2.vpc, "w", { cidrBlock: "10.2.0.0/16" }),
      /creating EC2 VPC: operation error EC2: CreateVpc, api error VpcLimitExceeded: The maximum number of VPCs has been reached\./,
    );
    await strict.create(EC2.vpc, "w", { cidrBlock: "10.2.0.0/16", region: "eu-central-1" });
  });

  it("of rules counts each direction by itself, and rules written in the group with the others", async () => {
    const account = accountWith("rules-per-security-group=2");
    const network = await Network.make(account);
    const says =
      /RulesPerSecurityGroupLimitExceeded: The maximum number of rules per security group has been reached\./;
    await network.rule("a", { ipProtocol: "4", cidrIpv4: "10.0.0.0/8" });
    await network.rule("b", { ipProtocol: "4", cidrIpv4: "172.16.0.0/12" });
    await assert.rejects(network.rule("c", { ipProtocol: "4", cidrIpv4: "192.168.0.0/16" }), says);
    await account.create(EC2.egressRule, "d", {
      securityGroupId: network.group.id,
      ipProtocol: "4",
      cidrIpv4: "192.168.0.0/16",
    });
    const inline = { protocol: "4", fromPort: 0, toPort: 0, cidrBlocks: ["10.0.0.0/8", "172.16.0.0/12"] };
    await assert.rejects(
      account.create(EC2.securityGroup, "h", { vpcId: network.vpc.id, ingress: [{ ...inline, self: true }] }),
      says,
    );
    const group = await account.create(EC2.securityGroup, "h", { vpcId: network.vpc.id, ingress: [inline] });
    await assert.rejects(
      account.create(EC2.securityGroupRule, "e", {
        securityGroupId: group.id,
        type: "ingress",
        protocol: "-1",
        fromPort: 0,
        toPort: 0,
        self: true,
      }),
      says,
    );
  });

  it("of groups per interface", async () => {
    const network = await Network.make();
    const groups = [network.group.id];
    for (const name of ["b", "c", "d", "e", "f"])
      groups.push((await network.account.create(EC2.securityGroup, name, { vpcId: network.vpc.id })).id);
    await assert.rejects(
      network.instance("i", { vpcSecurityGroupIds: groups }),
      /creating EC2 Instance: .*SecurityGroupsPerInterfaceLimitExceeded: The maximum number of security groups per interface has been reached\./,
    );
    const instance = await network.instance("i", { vpcSecurityGroupIds: groups.slice(1) });
    await assert.rejects(
      network.account.update(instance, network.instanceArgs({ vpcSecurityGroupIds: groups })),
      /updating EC2 Instance .*SecurityGroupsPerInterfaceLimitExceeded/,
    );
  });

  it("of routes per table, whoever made them", async () => {
    const account = accountWith("routes-per-route-table=2");
    const network = await Network.make(account);
    const gateway = await account.create(EC2.internetGateway, "g", { vpcId: network.vpc.id });
    const routes = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"].map((cidrBlock) => ({
      cidrBlock,
      gatewayId: gateway.id,
    }));
    const says = /RouteLimitExceeded: The maximum number of routes has been reached\./;
    await assert.rejects(account.create(EC2.routeTable, "t", { vpcId: network.vpc.id, routes }), says);
    const table = await account.create(EC2.routeTable, "t", { vpcId: network.vpc.id, routes: routes.slice(1) });
    await assert.rejects(
      account.create(EC2.route, "r", {
        routeTableId: table.id,
        destinationCidrBlock: "192.0.2.0/24",
        gatewayId: gateway.id,
      }),
      says,
    );
  });

  it("of active peering connections per VPC: the accepting is refused", async () => {
    const account = accountWith("peerings-per-vpc=1");
    const hub = await Network.make(account);
    const [b, c] = [await Network.make(account, "10.2"), await Network.make(account, "10.3")];
    const peering = (name: string, peer: Network, autoAccept: boolean): Promise<Resource> =>
      account.create(EC2.peering, name, { vpcId: hub.vpc.id, peerVpcId: peer.vpc.id, autoAccept });
    await peering("p", b, true);
    const says = /ActiveVpcPeeringConnectionPerVpcLimitExceeded/;
    await assert.rejects(peering("q", c, true), says);
    const pending = await peering("q", c, false);
    await assert.rejects(account.update(pending, { vpcId: hub.vpc.id, peerVpcId: c.vpc.id, autoAccept: true }), says);
    await assert.rejects(
      account.create(EC2.peeringAccepter, "a", { vpcPeeringConnectionId: pending.id, autoAccept: true }),
      says,
    );
  });
});
