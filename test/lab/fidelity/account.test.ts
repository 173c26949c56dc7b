import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { imagesOf } from "../../../lab/src/ec2/engine/images";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { Account, PUBLIC_KEY, type Resource } from "../../support/account-in-memory";

/** What EC2's API says to what is asked of it. Each refusal has its twin: the same, changed to what AWS takes. */
describe("AWS' rules, at the API", () => {
  const ami = imagesOf("us-east-1").find(({ architecture }) => architecture === "x86_64")?.id ?? "";
  let account: Account;
  let vpc: Resource;
  let subnet: Resource;
  let group: Resource;
  beforeEach(async () => {
    account = new Account();
    vpc = await account.create(EC2.vpc, "v", { cidrBlock: "10.1.0.0/16" });
    subnet = await account.create(EC2.subnet, "s", {
      vpcId: vpc.id,
      cidrBlock: "10.1.0.0/24",
      availabilityZone: "us-east-1a",
    });
    group = await account.create(EC2.securityGroup, "g", { vpcId: vpc.id });
  });

  it("AWS-01 a VPC's block is /16 to /28, a network (vpc/latest/userguide/vpc-cidr-blocks.html)", () => {
    const faults = (cidrBlock: string): string[] => account.faults(EC2.vpc, "x", { cidrBlock });
    for (const [cidr, says] of [
      ["10.0.0.0/15", /between 16 and 28/],
      ["10.0.0.0/29", /between 16 and 28/],
      ["100.68.0.18/18", /expected 100\.68\.0\.0\/18, got 100\.68\.0\.18\/18/],
    ] as const) {
      assert.match(faults(cidr).join(), says);
    }
    for (const cidr of ["10.0.0.0/16", "10.0.0.0/28", "100.68.0.0/18"]) assert.deepEqual(faults(cidr), []);
  });

  it("AWS-02 a subnet is /16 to /28, in its VPC, overlaps no other, in one zone (vpc/latest/userguide/subnet-sizing.html)", async () => {
    const make = (cidrBlock: string, more: object = {}): Promise<Resource> =>
      account.create(EC2.subnet, "x", { vpcId: vpc.id, cidrBlock, ...more });
    await assert.rejects(make("10.1.1.0/29"), /InvalidSubnet\.Range/);
    await assert.rejects(make("10.2.0.0/24"), /InvalidSubnet\.Range/);
    await assert.rejects(make("10.1.0.128/25"), /InvalidSubnet\.Conflict/);
    await assert.rejects(make("10.1.1.0/24", { availabilityZone: "us-east-1z" }), /availabilityZone is invalid/);
    const made = await make("10.1.1.0/28", { availabilityZone: "us-east-1b" });
    assert.equal(made.outputs["availabilityZone"], "us-east-1b");
  });

  it("AWS-03 the first four addresses of a subnet and its last are nobody's (vpc/latest/userguide/subnet-sizing.html)", async () => {
    const launch = (more: object = {}): Promise<Resource> =>
      account.create(EC2.instance, "x", {
        ami,
        instanceType: "t3.micro",
        subnetId: subnet.id,
        vpcSecurityGroupIds: [group.id],
        ...more,
      });
    for (const last of [0, 1, 2, 3, 255])
      await assert.rejects(launch({ privateIp: `10.1.0.${last}` }), /reserved address range/);
    assert.equal((await launch()).outputs["privateIp"], "10.1.0.4");
    assert.equal((await launch({ privateIp: "10.1.0.254" })).outputs["privateIp"], "10.1.0.254");
  });

  it("AWS-07 no route within 169.254.168.0/22 (vpc/latest/userguide/VPC_Route_Tables.html)", async () => {
    const gateway = await account.create(EC2.internetGateway, "i", { vpcId: vpc.id });
    const table = await account.create(EC2.routeTable, "t", { vpcId: vpc.id });
    const route = (destinationCidrBlock: string): Promise<Resource> =>
      account.create(EC2.route, "x", { routeTableId: table.id, destinationCidrBlock, gatewayId: gateway.id });
    for (const cidr of ["169.254.168.0/22", "169.254.169.254/32", "169.254.171.0/24"])
      await assert.rejects(route(cidr), /169\.254\.168\.0\/22, which is reserved/);
    await route("169.254.172.0/24");
  });

  it("AWS-19 a reference to a group of a VPC that is no peer is refused (vpc/latest/userguide/security-group-rules.html)", async () => {
    const other = await account.create(EC2.vpc, "w", { cidrBlock: "10.2.0.0/16" });
    const far = await account.create(EC2.securityGroup, "f", { vpcId: other.id });
    const rule = (): Promise<Resource> =>
      account.create(EC2.ingressRule, "x", {
        securityGroupId: group.id,
        ipProtocol: "4",
        referencedSecurityGroupId: far.id,
      });
    await assert.rejects(rule(), /different networks/);
    await account.create(EC2.peering, "p", { vpcId: vpc.id, peerVpcId: other.id, autoAccept: true });
    await rule();
  });

  it("AWS-21 a group has at most 60 rules in a direction (vpc/latest/userguide/amazon-vpc-limits.html)", async () => {
    const rule = (type: string, port: number): Promise<Resource> =>
      account.create(type, `r${port}`, {
        securityGroupId: group.id,
        ipProtocol: "tcp",
        fromPort: port,
        toPort: port,
        cidrIpv4: "10.0.0.0/8",
      });
    const rules: Resource[] = [];
    for (let port = 1; port <= 60; port++) rules.push(await rule(EC2.ingressRule, port));
    await assert.rejects(rule(EC2.ingressRule, 61), /RulesPerSecurityGroupLimitExceeded/);
    await rule(EC2.egressRule, 61);
    assert.ok(rules[0]);
    await account.delete(rules[0]);
    await rule(EC2.ingressRule, 61);
  });

  it("AWS-25 blocks of peers do not overlap, and a pair has one peering (vpc/latest/peering/vpc-peering-basics.html)", async () => {
    const peer = async (cidrBlock: string): Promise<string> =>
      (await account.create(EC2.vpc, cidrBlock, { cidrBlock })).id;
    const join = (peerVpcId: string): Promise<Resource> =>
      account.create(EC2.peering, "x", { vpcId: vpc.id, peerVpcId });
    await assert.rejects(join(await peer("10.1.128.0/17")), /overlapping CIDR range/);
    const apart = await peer("10.2.0.0/16");
    assert.equal((await join(apart)).outputs["acceptStatus"], "pending-acceptance");
    await assert.rejects(join(apart), /exists already/);
  });

  it("AWS-39 key pairs are ED25519 or RSA (AWSEC2/latest/UserGuide/ec2-key-pairs.html)", async () => {
    const importKey = (name: string, key: string): Promise<Resource> =>
      account.create(EC2.keyPair, name, { publicKey: key });
    const field = (bytes: Buffer): Buffer =>
      Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 0xff]), bytes]);
    const { publicKey: made } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const { e = "", n = "" } = made.export({ format: "jwk" });
    const numbers = [e, n].map((text) =>
      field(Buffer.concat([Buffer.from(text === n ? [0] : []), Buffer.from(text, "base64url")])),
    );
    const rsa = `ssh-rsa ${Buffer.concat([field(Buffer.from("ssh-rsa")), ...numbers]).toString("base64")}`;
    assert.deepEqual(
      [(await importKey("a", PUBLIC_KEY)).outputs["keyType"], (await importKey("b", rsa)).outputs["keyType"]],
      ["ed25519", "rsa"],
    );
    const ecdsa = Buffer.concat([
      field(Buffer.from("ecdsa-sha2-nistp256")),
      field(Buffer.from("nistp256")),
      field(Buffer.alloc(65)),
    ]).toString("base64");
    await assert.rejects(importKey("c", `ecdsa-sha2-nistp256 ${ecdsa}`), /InvalidKeyPair\.Format/);
  });
});
