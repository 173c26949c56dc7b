import assert from "node:assert/strict";
import { FabricError, readCloud } from "../../../lab/src/cloud/cloud";
import { CloudRecords } from "../../support/cloud-records";

const small = (): CloudRecords =>
  new CloudRecords()
    .vpc("a", "10.1.0.0/16")
    .subnet("a1", "a", "10.1.1.0/24")
    .instance("a1", "a", "a1", "10.1.1.11")
    .ingress("ipip", "a1", { ipProtocol: "4", cidrIpv4: "10.1.0.0/16" });

function problems(records: CloudRecords): readonly string[] {
  try {
    readCloud(records.list());
  } catch (error) {
    if (error instanceof FabricError) return error.problems;
    throw error;
  }
  return [];
}

describe("records read as a cloud", () => {
  it("know VPCs, subnets, tables, groups and interfaces", () => {
    const cloud = readCloud(small().routeTable("own", "a", "a1").list());
    const vpc = cloud.vpcs.get("vpc-a");
    assert.deepEqual(
      vpc?.routeTables.map(({ id }) => id),
      ["rtb-a", "rtb-own"],
    );
    assert.deepEqual(
      vpc?.subnets.map(({ id, routeTableId }) => [id, routeTableId]),
      [["subnet-a1", "rtb-own"]],
    );
    assert.deepEqual(
      cloud.securityGroups.get("sg-a1")?.ingress.map(({ id, protocol, range }) => [id, protocol, range]),
      [["sgr-ipip", 4, undefined]],
    );
    assert.deepEqual(
      cloud.instances.map(({ networkInterfaceId, privateIp, publicIp, sourceDestCheck }) => [
        networkInterfaceId,
        privateIp,
        publicIp,
        sourceDestCheck,
      ]),
      [["eni-a1", "10.1.1.11", undefined, true]],
    );
  });

  it("leave out what is terminated, not attached, not active or not of the network", () => {
    const records = small()
      .vpc("b", "10.2.0.0/16")
      .peering("pending", "a", "b", "pending-acceptance")
      .peering("deleted", "a", "gone")
      .add("aws:ec2/internetGateway:InternetGateway", "igw-a", { vpcId: "" })
      .addApart("aws:ec2/keyPair:KeyPair", "any name at all", { publicKey: "ssh-ed25519 AAAA" })
      .update("i-a1", { instanceState: "terminated" });
    const { peerings, internetGateways, instances } = readCloud(records.list());
    assert.deepEqual([peerings, internetGateways, instances], [[], [], []]);
  });

  const protocols: readonly (readonly [Record<string, unknown>, number | "all", unknown])[] = [
    [{ ipProtocol: "-1" }, "all", undefined],
    [{ ipProtocol: "all" }, "all", undefined],
    [{ ipProtocol: "4", fromPort: 0, toPort: 0 }, 4, undefined],
    [{ ipProtocol: "TCP", fromPort: 22, toPort: 22 }, 6, { from: 22, to: 22 }],
    [{ ipProtocol: "17", fromPort: 0, toPort: 65535 }, 17, { from: 0, to: 65535 }],
    [{ ipProtocol: "icmp", fromPort: -1, toPort: -1 }, 1, { from: -1, to: -1 }],
  ];
  for (const [outputs, protocol, range] of protocols) {
    it(`take ${JSON.stringify(outputs)} for protocol ${protocol}`, () => {
      const rule = readCloud(
        small()
          .ingress("x", "a1", { ...outputs, cidrIpv4: "0.0.0.0/0" })
          .remove("sgr-ipip")
          .list(),
      ).securityGroups.get("sg-a1")?.ingress[0];
      assert.deepEqual([rule?.protocol, rule?.range], [protocol, range]);
    });
  }

  const refused: Readonly<Record<string, [(records: CloudRecords) => unknown, RegExp]>> = {
    "a type that it does not know": [
      (r) => r.add("aws:ec2/vpnGateway:VpnGateway", "vgw-1", {}),
      /vgw-1 \(aws:ec2\/vpnGateway:VpnGateway\) is of a type/,
    ],
    "IPv6 of a VPC": [(r) => r.update("vpc-a", { ipv6CidrBlock: "2001:db8::/56" }), /vpc-a .* IPv6/],
    "IPv6 of a rule": [(r) => r.ingress("v6", "a1", { ipProtocol: "-1", cidrIpv6: "::/0" }), /sgr-v6 .* cidrIpv6/],
    "a prefix list": [
      (r) => r.ingress("pl", "a1", { ipProtocol: "-1", prefixListId: "pl-1" }),
      /sgr-pl .* prefixListId/,
    ],
    "host bits": [
      (r) => r.update("subnet-a1", { cidrBlock: "10.1.1.9/24" }),
      /subnet-a1 .* cidrBlock "10\.1\.1\.9\/24"/,
    ],
    "a subnet outside its VPC": [
      (r) => r.update("subnet-a1", { cidrBlock: "10.9.1.0/24" }),
      /10\.9\.1\.0\/24 is not inside 10\.1\.0\.0\/16/,
    ],
    "a subnet without VPC": [
      (r) => r.update("subnet-a1", { vpcId: "vpc-z" }),
      /subnet-a1 .* vpcId vpc-z, which is not there/,
    ],
    "an address outside its subnet": [
      (r) => r.update("i-a1", { privateIp: "10.1.2.11" }),
      /10\.1\.2\.11, which is not in 10\.1\.1\.0\/24/,
    ],
    "a group of another VPC": [
      (r) =>
        r
          .vpc("b", "10.2.0.0/16")
          .securityGroup("b", "b")
          .update("i-a1", { vpcSecurityGroupIds: ["sg-b"] }),
      /sg-b of vpc-b, but is in vpc-a/,
    ],
    "a group that is not there": [
      (r) => r.update("i-a1", { vpcSecurityGroupIds: ["sg-z"] }),
      /sg-z, which is not there/,
    ],
    "an instance without groups": [(r) => r.update("i-a1", { vpcSecurityGroupIds: [] }), /no vpcSecurityGroupIds/],
    "a multicast MAC address": [
      (r) => r.add("aws:ec2/instance:Instance", "i-a1", r.get("i-a1").outputs, { mac: "01:00:5e:00:00:01" }),
      /MAC address 01:00:5e/,
    ],
    "a route inside the VPC": [
      (r) => r.route("a", "10.1.1.0/24", { gatewayId: "igw-1" }),
      /route for 10\.1\.1\.0\/24 to igw-1, which is inside/,
    ],
    "a VPC endpoint as target": [(r) => r.route("a", "0.0.0.0/0", { vpcEndpointId: "vpce-1" }), /vpcEndpointId/],
    "a NAT gateway outside its subnet": [
      (r) =>
        r.add("aws:ec2/natGateway:NatGateway", "nat-1", {
          subnetId: "subnet-a1",
          privateIp: "10.1.2.9",
          networkInterfaceId: "eni-1",
        }),
      /nat-1 .* 10\.1\.2\.9, which is not in 10\.1\.1\.0\/24/,
    ],
    "a NAT gateway without subnet": [
      (r) =>
        r.add("aws:ec2/natGateway:NatGateway", "nat-1", {
          subnetId: "subnet-z",
          privateIp: "10.1.1.9",
          networkInterfaceId: "eni-1",
        }),
      /nat-1 .* subnet-z, which is not there/,
    ],
    "an attachment with two subnets in a zone": [
      (r) =>
        r.subnet("a2", "a", "10.1.2.0/24").add("aws:ec2transitgateway/vpcAttachment:VpcAttachment", "tgw-attach-1", {
          transitGatewayId: "tgw-1",
          vpcId: "vpc-a",
          subnetIds: ["subnet-a1", "subnet-a2"],
        }),
      /tgw-attach-1 .* two subnets in one availability zone/,
    ],
    "an attachment to a subnet elsewhere": [
      (r) =>
        r.add("aws:ec2transitgateway/vpcAttachment:VpcAttachment", "tgw-attach-1", {
          transitGatewayId: "tgw-1",
          vpcId: "vpc-a",
          subnetIds: ["subnet-z"],
        }),
      /tgw-attach-1 .* not all of which are subnets of vpc-a/,
    ],
    "an Elastic IP address that is none": [
      (r) =>
        r.add("aws:ec2/eipAssociation:EipAssociation", "eipassoc-1", {
          networkInterfaceId: "eni-a1",
          privateIpAddress: "10.1.1.11",
          publicIp: "203.0.113.1; reboot",
        }),
      /eipassoc-1 .* 203\.0\.113\.1; reboot/,
    ],
    "a route without target": [(r) => r.route("a", "0.0.0.0/0", {}), /none of gatewayId/],
    "a route table of another VPC": [
      (r) =>
        r.vpc("b", "10.2.0.0/16").add("aws:ec2/routeTableAssociation:RouteTableAssociation", "rtbassoc-1", {
          subnetId: "subnet-a1",
          routeTableId: "rtb-b",
        }),
      /rtb-b, which is no route table of vpc-a/,
    ],
    "tcp without ports": [
      (r) => r.ingress("tcp", "a1", { ipProtocol: "tcp", cidrIpv4: "0.0.0.0/0" }),
      /ports undefined to undefined/,
    ],
    "a port that is none": [
      (r) => r.ingress("tcp", "a1", { ipProtocol: "tcp", fromPort: 1, toPort: 70000, cidrIpv4: "0.0.0.0/0" }),
      /1 to 70000/,
    ],
    "a protocol that is none": [(r) => r.ingress("p", "a1", { ipProtocol: "ipip", cidrIpv4: "0.0.0.0/0" }), /"ipip"/],
    "protocol 256": [(r) => r.ingress("p", "a1", { ipProtocol: "256", cidrIpv4: "0.0.0.0/0" }), /"256"/],
    "an id that would end in a command": [
      (r) => r.ingress("x; reboot", "a1", { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" }),
      /spelled as AWS/,
    ],
    "a referenced id that would end in a command": [
      (r) => r.ingress("x", "a1", { ipProtocol: "-1", referencedSecurityGroupId: "sg-1 }" }),
      /spelled as AWS/,
    ],
  };
  for (const [what, [change, message]] of Object.entries(refused)) {
    it(`refuse ${what}`, () => {
      const records = small();
      assert.equal(problems(records).length, 0);
      change(records);
      const found = problems(records);
      assert.equal(found.filter((problem) => message.test(problem)).length, 1, found.join("\n"));
    });
  }

  it("tell all problems at once", () => {
    const records = small()
      .update("vpc-a", { ipv6CidrBlock: "2001:db8::/56" })
      .update("i-a1", { vpcSecurityGroupIds: [] });
    assert.throws(
      () => readCloud(records.list()),
      /2 problems:\n {2}i-a1 .*\n {2}vpc-a |2 problems:\n {2}vpc-a .*\n {2}i-a1 /,
    );
  });
});
