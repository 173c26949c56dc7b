import assert from "node:assert/strict";
import { PulumiProgram } from "./pulumi-program";

/** A program as a user writes it. */
const PROGRAM = `
const aws = require("@pulumi/aws");
const a = new aws.ec2.Vpc("a", { cidrBlock: "10.1.0.0/16" });
const b = new aws.ec2.Vpc("b", { cidrBlock: "10.2.0.0/16" });
const inside = new aws.ec2.Vpc("inside", { cidrBlock: "10.1.128.0/17" });
const peering = new aws.ec2.VpcPeeringConnection("ab", { vpcId: a.id, peerVpcId: process.env.PEER === "inside" ? inside.id : b.id }, { deleteBeforeReplace: true });
const accepter = new aws.ec2.VpcPeeringConnectionAccepter("ab", { vpcPeeringConnectionId: peering.id, autoAccept: true, tags: { Side: "accepter" } });
new aws.ec2.PeeringConnectionOptions("ab", { vpcPeeringConnectionId: accepter.id, requester: { allowRemoteVpcDnsResolution: true } });
const gateway = new aws.ec2.InternetGateway("a", { vpcId: a.id });
new aws.ec2.DefaultRouteTable("a", { defaultRouteTableId: a.defaultRouteTableId, routes: [{ cidrBlock: "0.0.0.0/0", gatewayId: gateway.id }] });
const table = new aws.ec2.RouteTable("b", { vpcId: b.id });
new aws.ec2.MainRouteTableAssociation("b", { vpcId: b.id, routeTableId: table.id });
new aws.ec2.DefaultSecurityGroup("a", { vpcId: a.id, ingress: [{ protocol: "tcp", fromPort: 22, toPort: 22, cidrBlocks: ["192.0.2.0/24"] }] });
const group = new aws.ec2.SecurityGroup("nodes", { vpcId: b.id });
new aws.ec2.SecurityGroupRule("nodes", { type: "ingress", securityGroupId: group.id, protocol: "4", fromPort: 0, toPort: 0, self: true, cidrBlocks: undefined });
if (process.env.MORE) for (const i of [3, 4, 5]) new aws.ec2.Vpc("more" + i, { cidrBlock: "10." + i + ".0.0/16" });
new aws.ec2.Tag("a", { resourceId: table.id, key: "team", value: "net" });
`;

describe("pulumi with resources that change what others made", function () {
  this.timeout(120_000);
  let program: PulumiProgram;
  before(async () => {
    program = await PulumiProgram.make(PROGRAM);
  });
  after(() => program.remove());

  it("makes what a quota allows", async () => {
    const refused = await program.pulumi("up", "--yes", "--skip-preview", "OVERLAYNET_LAB_QUOTAS=vpcs-per-region=2");
    assert.notEqual(refused.code, 0, refused.output);
    assert.match(
      refused.output,
      /creating EC2 VPC: operation error EC2: CreateVpc, api error VpcLimitExceeded: The maximum number of VPCs has been reached\./,
    );
    assert.match(
      (await program.pulumi("preview", "OVERLAYNET_LAB_QUOTAS=vpcs=2")).output,
      /OVERLAYNET_LAB_QUOTAS: "vpcs=2" is not a quota and its number/,
    );
  });

  it("makes them, and changes nothing the second time", async () => {
    const up = await program.pulumi("up", "--yes", "--skip-preview");
    assert.equal(up.code, 0, up.output);
    const again = await program.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
    assert.equal(again.code, 0, again.output);
    assert.deepEqual(
      program.store
        .list()
        .filter(({ type }) => type === "aws:ec2/vpcPeeringConnection:VpcPeeringConnection")
        .map(({ outputs }) => outputs["acceptStatus"]),
      ["active"],
    );
  });

  it("keeps a peering connection that failed, with what AWS says of it, and replaces it when the cause is gone", async () => {
    const { code, output } = await program.pulumi("up", "--yes", "--skip-preview", "PEER=inside");
    assert.notEqual(code, 0, output);
    assert.match(
      output,
      /waiting for EC2 VPC Peering Connection \(pcx-\w+\) create: unexpected state 'failed', wanted target 'active, pending-acceptance'\. last error: Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range/,
    );
    const healed = await program.pulumi("up", "--yes", "--skip-preview");
    assert.equal(healed.code, 0, healed.output);
  });

  it("warns of what a new account would refuse", async () => {
    const { code, output } = await program.pulumi("up", "--yes", "--skip-preview", "MORE=1");
    assert.equal(code, 0, output);
    assert.match(output, /warning: 6 VPCs in us-east-1: AWS refuses the 6th \(VpcLimitExceeded\)/);
  });

  it("leaves nothing", async () => {
    const { code, output } = await program.pulumi("destroy", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    assert.deepEqual(program.store.list(), []);
  });
});
