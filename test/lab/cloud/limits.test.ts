import assert from "node:assert/strict";
import { FabricError, readCloud } from "../../../lab/src/cloud/cloud";
import { CloudRecords } from "../../support/cloud-records";

const small = (): CloudRecords =>
  new CloudRecords()
    .vpc("a", "10.1.0.0/16")
    .subnet("a1", "a", "10.1.1.0/24")
    .instance("a1", "a", "a1", "10.1.1.11")
    .instance("a2", "a", "a1", "10.1.1.12");

function problems(records: CloudRecords): readonly string[] {
  try {
    readCloud(records.list());
  } catch (error) {
    if (error instanceof FabricError) return error.problems;
    throw error;
  }
  return [];
}

/** What is wrong with the records once they are changed; nothing was before. */
function refused(change: (records: CloudRecords) => unknown): string {
  const records = small();
  assert.deepEqual(problems(records), []);
  change(records);
  return problems(records).join("\n");
}

const INTERFACE = {
  subnetId: "subnet-a1",
  privateIp: "10.1.1.50",
  privateIps: ["10.1.1.50", "10.1.1.51"],
  securityGroups: ["sg-a1"],
  sourceDestCheck: false,
  macAddress: "0a:00:00:00:00:50",
};
const ATTACHMENT = "aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment";
const attached = (records: CloudRecords, outputs: Record<string, unknown>, name = "x"): CloudRecords =>
  records
    .add("aws:ec2/networkInterface:NetworkInterface", `eni-${name}`, INTERFACE)
    .add(ATTACHMENT, `eni-attach-${name}`, {
      instanceId: "i-a1",
      networkInterfaceId: `eni-${name}`,
      deviceIndex: 1,
      ...outputs,
    });

describe("the limits of records that are read as a cloud", () => {
  it("are those of IPv4 alone, wherever IPv6 is asked for", () => {
    for (const [change, id] of [
      [(r) => r.update("vpc-a", { assignGeneratedIpv6CidrBlock: true }), "vpc-a"],
      [(r) => r.update("subnet-a1", { ipv6CidrBlock: "2001:db8::/64" }), "subnet-a1"],
      [(r) => r.update("i-a1", { ipv6Addresses: ["2001:db8::1"] }), "i-a1"],
      [(r) => r.ingress("x", "a1", { ipProtocol: "58", cidrIpv4: "0.0.0.0/0" }), "sgr-x"],
      [(r) => r.ingress("x", "a1", { ipProtocol: "icmpv6", cidrIpv4: "0.0.0.0/0" }), "sgr-x"],
    ] as readonly [(records: CloudRecords) => unknown, string][])
      assert.match(refused(change), new RegExp(`^${id} \\(.*\\) (has|is for) (IPv6|ICMPv6)`));
    assert.equal(
      refused((r) => r.update("vpc-a", { assignGeneratedIpv6CidrBlock: false, ipv6CidrBlock: "" })),
      "",
    );
    assert.equal(
      refused((r) => r.update("i-a1", { ipv6Addresses: [] })),
      "",
    );
  });

  it("are routes to what the lab has, by IPv4 network", () => {
    for (const key of [
      "egressOnlyGatewayId",
      "carrierGatewayId",
      "coreNetworkArn",
      "localGatewayId",
      "vpcEndpointId",
      "destinationIpv6CidrBlock",
      "destinationPrefixListId",
    ]) {
      const found = refused((r) => r.route("a", "192.168.0.0/16", { gatewayId: "igw-1", [key]: "x" }));
      assert.match(found, new RegExp(`^r-rtb-a-192-168-0-0-16 .* has ${key}, which the lab does not have\\.$`));
    }
    assert.match(
      refused((r) => r.route("a", "192.168.0.0/16", {})),
      /has none of gatewayId, natGatewayId, transitGatewayId, vpcPeeringConnectionId, networkInterfaceId, instanceId\.$/,
    );
    assert.match(
      refused((r) => r.route("a", "192.168.0.9/16", { gatewayId: "igw-1" })),
      /which is no IPv4 network\.$/,
    );
  });

  it("are routes to each kind of target, each by its own key", () => {
    for (const [key, target] of [
      ["gatewayId", "igw-1"],
      ["natGatewayId", "nat-1"],
      ["transitGatewayId", "tgw-1"],
      ["vpcPeeringConnectionId", "pcx-1"],
      ["networkInterfaceId", "eni-1"],
      ["instanceId", "i-1"],
    ] as const) {
      const cloud = readCloud(
        small()
          .route("a", "192.168.0.0/16", { [key]: target })
          .list(),
      );
      assert.deepEqual(
        cloud.vpcs.get("vpc-a")?.routeTables.flatMap(({ routes }) => routes.map((route) => route.target)),
        [target],
      );
    }
  });

  it("are routes inside the VPC to an appliance alone, by the beginning of its id", () => {
    for (const target of ["eni-1", "i-1", "nat-1"])
      assert.equal(
        refused((r) => r.route("a", "10.1.1.0/24", { networkInterfaceId: target })),
        "",
        target,
      );
    for (const target of ["tgw-1", "x-eni-1"])
      assert.match(
        refused((r) => r.route("a", "10.1.1.0/24", { networkInterfaceId: target })),
        /has a route for 10\.1\.1\.0\/24 to .*, which is inside its own CIDR block/,
        target,
      );
    assert.equal(
      refused((r) => r.route("a", "10.0.0.0/8", { gatewayId: "igw-1" })),
      "",
      "around it is not inside",
    );
  });

  it("are one route table for each subnet, and none for a gateway", () => {
    const association = "aws:ec2/routeTableAssociation:RouteTableAssociation";
    const to = { subnetId: "subnet-a1", routeTableId: "rtb-a" };
    assert.equal(
      refused((r) => r.add(association, "rtbassoc-1", to)),
      "",
    );
    assert.match(
      refused((r) => r.add(association, "rtbassoc-1", { ...to, gatewayId: "igw-1" })),
      /^rtbassoc-1 .* associates a route table with a gateway/,
    );
    assert.equal(
      refused((r) => r.add(association, "rtbassoc-1", to).add(association, "rtbassoc-2", to)),
      `rtbassoc-2 (${association}) associates a second route table with subnet-a1.`,
    );
  });

  it("are ports from 0 to 65535 in order, and ICMP's from -1 to 255 in any", () => {
    const rule = (ipProtocol: string, fromPort: unknown, toPort: unknown): string =>
      refused((r) => r.ingress("x", "a1", { ipProtocol, fromPort, toPort, cidrIpv4: "0.0.0.0/0" }));
    for (const [from, to] of [
      [0, 65535],
      [22, 22],
      [0, 0],
      [65535, 65535],
    ])
      assert.equal(rule("tcp", from, to), "", `${from} to ${to}`);
    for (const [from, to] of [
      [-1, 22],
      [22, 65536],
      [23, 22],
      [1.5, 2],
      ["22", "22"],
      [undefined, 22],
      [22, undefined],
    ])
      assert.match(rule("udp", from, to), /has the ports .*; protocol 17 needs a range within 0 to 65535\.$/);
    for (const [from, to] of [
      [-1, -1],
      [8, -1],
      [3, 0],
      [255, 255],
    ])
      assert.equal(rule("icmp", from, to), "", `${from} to ${to}`);
    for (const [from, to] of [
      [-2, -1],
      [8, 256],
    ])
      assert.match(rule("icmp", from, to), /needs a range within -1 to 255/);
  });

  it("are protocols from 0 to 255, by number or name", () => {
    const rule = (ipProtocol: string): string =>
      refused((r) => r.ingress("x", "a1", { ipProtocol, cidrIpv4: "0.0.0.0/0" }));
    for (const protocol of ["0", "4", "255", "-1", "ALL"]) assert.equal(rule(protocol), "", protocol);
    for (const protocol of ["256", "999", "1234", "a47", "47a"])
      assert.match(rule(protocol), /which is neither -1, tcp, udp, icmp nor a number from 0 to 255\.$/, protocol);
  });

  it("are references to groups, of another account too", () => {
    const peer = (reference: unknown): unknown => {
      const records = small().ingress("x", "a1", {
        ipProtocol: "-1",
        cidrIpv4: "10.0.0.0/8",
        referencedSecurityGroupId: reference,
      });
      const found = readCloud(records.list()).securityGroups.get("sg-a1")?.ingress[0]?.peer;
      return found && ("cidr" in found ? "the CIDR" : found.securityGroupId);
    };
    assert.equal(peer("sg-1"), "sg-1");
    assert.equal(peer("123456789012/sg-1"), "sg-1");
    assert.equal(peer(""), "the CIDR");
  });

  it("are unicast MAC addresses in lower case", () => {
    const mac = (text: unknown): string =>
      refused((r) => r.add("aws:ec2/instance:Instance", "i-a1", r.get("i-a1").outputs, { mac: text }));
    for (const text of ["0a:00:0a:01:01:0b", "02:ff:ff:ff:ff:ff"]) assert.equal(mac(text), "", text);
    for (const text of [
      "0A:00:00:00:00:01",
      "01:00:00:00:00:01",
      "x0a:00:00:00:00:01",
      "0a:00:00:00:00:01:02",
      "",
      undefined,
      ["0a:00:00:00:00:01"],
    ])
      assert.match(mac(text), /^i-a1 .* has the MAC address .*, which is no unicast one in lower case/, String(text));
  });

  it("are IPv4 addresses, all that an interface has", () => {
    for (const outputs of [{ secondaryPrivateIps: ["ten"] }, { publicIp: "ten" }])
      assert.match(
        refused((r) => r.update("i-a1", outputs)),
        /^i-a1 .* has the address ten, which is no IPv4 address\.$/,
      );
    assert.match(
      refused((r) => r.update("i-a1", { privateIp: "" })),
      /has no privateIp/,
    );
  });

  it("are instances in a subnet that is there, whose check is said", () => {
    assert.match(
      refused((r) => r.update("i-a1", { subnetId: "subnet-z" })),
      /^i-a1 .* is in subnet-z, which is not there\.$/m,
    );
    assert.match(
      refused((r) => r.update("i-a1", { sourceDestCheck: undefined })),
      /^i-a1 .* has no sourceDestCheck\.$/,
    );
  });

  it("are ids as AWS spells them, for whatever is named after one", () => {
    const renamed = (id: string, type: string, outputs: Record<string, unknown>): string =>
      refused((r) => r.add(type, id, outputs));
    const vpc = { cidrBlock: "10.9.0.0/16", mainRouteTableId: "rtb-9" };
    assert.equal(renamed(`vpc-${"0".repeat(40)}`, "aws:ec2/vpc:Vpc", vpc), "");
    for (const id of [`vpc-${"0".repeat(41)}`, "VPC-1", "vpc", "1-vpc", "vpc_1", "vpc-1 x"])
      assert.match(renamed(id, "aws:ec2/vpc:Vpc", vpc), /which is not spelled as AWS spells ids/, id);
    const group = { vpcId: "vpc-a", name: "x" };
    assert.match(renamed("sg-x y", "aws:ec2/securityGroup:SecurityGroup", group), /has the id "sg-x y"/);
    assert.match(
      refused((r) => r.update("i-a1", { primaryNetworkInterfaceId: "eni x" })),
      /has the id "eni x"/,
    );
  });

  it("are network interfaces on 16 devices, each taken once", () => {
    for (const deviceIndex of [0, 1, 15])
      assert.equal(
        refused((r) => attached(r, { deviceIndex })),
        "",
        String(deviceIndex),
      );
    for (const deviceIndex of [-1, 16, 1.5, "1", undefined])
      assert.match(
        refused((r) => attached(r, { deviceIndex })),
        /^eni-attach-x .* has the device index .*, which is none from 0 to 15\.$/,
        String(deviceIndex),
      );
    assert.match(
      refused((r) => attached(attached(r, {}), {}, "y")),
      /^eni-attach-y .* attaches eni-y as device 1 of i-a1, one of which is taken\.$/,
    );
    assert.match(
      refused((r) =>
        attached(r, {}).add(ATTACHMENT, "eni-attach-y", {
          instanceId: "i-a2",
          networkInterfaceId: "eni-x",
          deviceIndex: 1,
        }),
      ),
      /taken/,
    );
    assert.equal(
      refused((r) => attached(attached(r, {}), { deviceIndex: 2 }, "y")),
      "",
    );
    assert.equal(
      refused((r) => attached(attached(r, {}), { instanceId: "i-a2" }, "y")),
      "",
    );
  });

  it("are told with the record and its type, one by itself and several as a list", () => {
    const one = small().update("i-a1", { sourceDestCheck: undefined });
    assert.throws(
      () => readCloud(one.list()),
      (error) =>
        error instanceof FabricError &&
        error.name === "FabricError" &&
        error.message === "i-a1 (aws:ec2/instance:Instance) has no sourceDestCheck.",
    );
    const two = one.update("i-a2", { sourceDestCheck: undefined });
    assert.throws(() => readCloud(two.list()), /^FabricError: 2 problems:\n {2}i-a1 .*\n {2}i-a2 .*$/);
  });
});

describe("what is read of records", () => {
  it("is a secondary interface of an instance that is there, as its own record has it", () => {
    const read = (records: CloudRecords): string[] =>
      readCloud(records.list()).networkInterfaces.map(
        ({ networkInterfaceId, instanceId, deviceIndex, privateIp, secondaryPrivateIps }) =>
          [networkInterfaceId, instanceId, deviceIndex, privateIp, ...secondaryPrivateIps].join(" "),
      );
    const own = ["eni-a1 i-a1 0 10.1.1.11", "eni-a2 i-a2 0 10.1.1.12"];
    assert.deepEqual(read(attached(small(), {})), [...own, "eni-x i-a1 1 10.1.1.50 10.1.1.51"]);
    assert.deepEqual(read(attached(small(), { instanceId: "i-gone" })), own);
    assert.deepEqual(read(attached(small(), { networkInterfaceId: "eni-gone" })), own);
    assert.deepEqual(read(attached(small(), { deviceIndex: 0 })), own, "the first one is the instance's");
    assert.deepEqual(read(attached(small(), {}).update("eni-x", { privateIps: undefined })), [
      ...own,
      "eni-x i-a1 1 10.1.1.50",
    ]);
  });

  it("is an instance's first interface as its own record has it, where it has one", () => {
    const records = attached(small(), { deviceIndex: 0 }).update("i-a1", { primaryNetworkInterfaceId: "eni-x" });
    const [first] = readCloud(records.list()).instances;
    assert.deepEqual(
      [
        first?.id,
        first?.networkInterfaceId,
        first?.privateIp,
        first?.mac,
        first?.sourceDestCheck,
        first?.secondaryPrivateIps,
      ],
      ["i-a1", "eni-x", "10.1.1.50", "0a:00:00:00:00:50", false, ["10.1.1.51"]],
    );
  });

  it("is which private address each public one stands for, an Elastic IP address before the one given at launch", () => {
    const association = "aws:ec2/eipAssociation:EipAssociation";
    const records = small()
      .update("i-a1", { publicIp: "203.0.113.11", secondaryPrivateIps: ["10.1.1.40", "10.1.1.41"] })
      .update("i-a2", { publicIp: "203.0.113.12" })
      .add(association, "eipassoc-1", {
        networkInterfaceId: "eni-a1",
        privateIpAddress: "10.1.1.40",
        publicIp: "203.0.113.40",
      })
      .add(association, "eipassoc-2", {
        networkInterfaceId: "eni-a2",
        privateIpAddress: "10.1.1.12",
        publicIp: "203.0.113.99",
      })
      .add(association, "eipassoc-3", {
        networkInterfaceId: "eni-nat",
        privateIpAddress: "10.1.1.20",
        publicIp: "203.0.113.20",
      })
      .add("aws:ec2/natGateway:NatGateway", "nat-a", {
        subnetId: "subnet-a1",
        privateIp: "10.1.1.20",
        networkInterfaceId: "eni-nat",
      });
    const { publicAddresses, instances } = readCloud(records.list());
    assert.deepEqual(publicAddresses, [
      { vpcId: "vpc-a", privateIp: "10.1.1.11", publicIp: "203.0.113.11" },
      { vpcId: "vpc-a", privateIp: "10.1.1.40", publicIp: "203.0.113.40" },
      { vpcId: "vpc-a", privateIp: "10.1.1.12", publicIp: "203.0.113.99" },
      { vpcId: "vpc-a", privateIp: "10.1.1.20", publicIp: "203.0.113.20" },
    ]);
    assert.deepEqual(
      instances.map(({ publicIp }) => publicIp),
      ["203.0.113.11", "203.0.113.99"],
    );
  });

  it("is the zone of a subnet, and nothing where none is said", () => {
    const zones = (records: CloudRecords): unknown =>
      readCloud(records.list()).instances.map(({ subnet }) => subnet.availabilityZone);
    assert.deepEqual(zones(small()), ["us-east-1a", "us-east-1a"]);
    assert.deepEqual(zones(small().update("subnet-a1", { availabilityZone: undefined })), ["", ""]);
  });

  it("is a VPC's default network ACL, where it has one", () => {
    const records = small()
      .add("aws:ec2/defaultNetworkAcl:DefaultNetworkAcl", "acl-d", { vpcId: "vpc-a" })
      .update("vpc-a", { defaultNetworkAclId: "acl-d" });
    assert.equal(readCloud(records.list()).instances[0]?.subnet.networkAcl.id, "acl-d");
  });
});
