import assert from "node:assert/strict";
import { type Cloud, readCloud } from "../../../lab/src/cloud/cloud";
import { answerTo, type Packet } from "../../../lab/src/reach/packet";
import type { Path } from "../../../lab/src/reach/path";
import { reach } from "../../../lab/src/reach/reach";
import { CloudRecords } from "../../support/cloud-records";
import { everything, ip, ipip, joined, natted, outcome, syn, three, trace, TRANSIT, udp } from "./three-vpcs";

const INTERNET = "198.51.100.1";

/** The way in words, a place a line. */
const told = ({ hops }: Path): string => hops.map(({ kind, text }) => `${kind}: ${text}`).join("\n");

/** Whether the words are there, in this order. */
function tells(path: Path, ...words: string[]): void {
  const text = told(path);
  let at = 0;
  for (const word of words) {
    const found = text.indexOf(word, at);
    assert.ok(found >= 0, `"${word}" is not in, or not where it should be in\n${text}`);
    at = found + word.length;
  }
}

describe("at each place on a packet's way", () => {
  const off = (records: CloudRecords, ...names: string[]): CloudRecords => {
    for (const name of names) records.update(`i-${name}`, { sourceDestCheck: false });
    return records;
  };

  const cases: Readonly<Record<string, [path: () => Path, expected: string]>> = {
    "from the internet, of 1500 bytes": [
      () => trace(three(), "internet", { ...udp(INTERNET, "203.0.113.11"), length: 1500, dontFragment: true }),
      "i-a1",
    ],
    "from the internet, of 1501 bytes": [
      () => trace(three(), "internet", { ...udp(INTERNET, "203.0.113.11"), length: 1501, dontFragment: true }),
      "MTU_EXCEEDED internet 198.51.100.1",
    ],
    "to the sender itself": [() => trace(three(), "a1", udp(ip.a1, ip.a1)), "NO_POSSIBLE_DESTINATION subnet subnet-a1"],
    "to a neighbour that nobody is, by its MAC address": [
      () => trace(three(), "a1", udp(ip.a1, ip.b1), "10.1.1.99"),
      "NO_POSSIBLE_DESTINATION subnet subnet-a1",
    ],
    "to a group of hosts, by the router": [
      () => trace(three(), "a1", udp(ip.a1, "224.0.0.9"), "10.1.1.1"),
      "BROADCAST_NOT_CARRIED router vpc-a",
    ],
    "to the last address below the groups": [
      () => trace(three(), "a1", udp(ip.a1, "223.255.255.255")),
      "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS internet 198.51.100.1",
    ],
    "to the router at the other end of a peering": [
      () => trace(three(), "a1", udp(ip.a1, "10.2.1.1")),
      "ROUTER_IS_NO_HOST router vpc-b",
    ],
    "to the router, where a route leads its subnet elsewhere": [
      () =>
        trace(
          off(three(), "a3").route("a", "10.1.2.0/24", { networkInterfaceId: "eni-a3" }),
          "a1",
          udp(ip.a1, "10.1.2.1"),
        ),
      "ROUTER_IS_NO_HOST router vpc-a",
    ],
    "to nobody in a subnet at the other end of a peering": [
      () => trace(three(), "a1", udp(ip.a1, "10.2.1.99")),
      "NO_POSSIBLE_DESTINATION subnet subnet-b1",
    ],
    "in the router's name": [
      () => trace(off(three(), "a1"), "a1", udp("10.1.2.1", ip.a3)),
      "GATEWAY_REJECTS_SPOOFED_TRAFFIC router vpc-a",
    ],
    "in the name of a subnet's broadcast address": [
      () => trace(off(three(), "a1"), "a1", udp("10.1.2.255", ip.a3)),
      "GATEWAY_REJECTS_SPOOFED_TRAFFIC router vpc-a",
    ],
    "in the name of a group of hosts": [
      () => trace(off(three(), "a1"), "a1", udp("224.0.0.9", ip.a3)),
      "GATEWAY_REJECTS_SPOOFED_TRAFFIC router vpc-a",
    ],
    "in the name of the router at the other end of a peering": [
      () => trace(off(three(), "a1"), "a1", udp("10.2.1.1", ip.b1)),
      "GATEWAY_REJECTS_SPOOFED_TRAFFIC router vpc-b",
    ],
    "in the name of the router at the other end of a transit gateway": [
      () => trace(off(joined(), "a1"), "a1", udp("10.2.1.1", ip.b1)),
      "GATEWAY_REJECTS_SPOOFED_TRAFFIC router vpc-b",
    ],
    "out of a subnet whose network ACL denies it, over a peering": [
      () => trace(three().networkAcl("x", "a", "a1"), "a1", udp(ip.a1, ip.b1)),
      "SUBNET_ACL_RESTRICTION network-acl acl-x acl-x *",
    ],
    "out of a subnet whose network ACL denies it, over a transit gateway": [
      () => trace(joined().networkAcl("x", "a", "a1"), "a1", udp(ip.a1, ip.b1)),
      "SUBNET_ACL_RESTRICTION network-acl acl-x acl-x *",
    ],
    "out of a subnet whose network ACL denies it, to the internet": [
      () => trace(three().networkAcl("x", "a", "a1"), "a1", udp(ip.a1, INTERNET)),
      "SUBNET_ACL_RESTRICTION network-acl acl-x acl-x *",
    ],
    "out of a subnet whose network ACL denies it, to a NAT gateway": [
      () => trace(natted().networkAcl("x", "a", "a1"), "a2", udp(ip.a2, INTERNET)),
      "SUBNET_ACL_RESTRICTION network-acl acl-x acl-x *",
    ],
    "into the subnet of a NAT gateway whose network ACL denies it": [
      () => trace(natted().networkAcl("x", "a", "a2"), "a2", udp(ip.a2, INTERNET)),
      "SUBNET_ACL_RESTRICTION network-acl acl-x acl-x *",
    ],
    "with an answer to nothing, to a NAT gateway": [
      () => trace(natted(), "a2", { ...syn(ip.a2, INTERNET, 22), flags: "SYN-ACK" }),
      "NO_POSSIBLE_DESTINATION nat-gateway nat-a",
    ],
    "to a NAT gateway's own address, unasked": [
      () => trace(natted(), "a3", udp(ip.a3, "10.1.2.20")),
      "NO_POSSIBLE_DESTINATION nat-gateway nat-a",
    ],
    "to a neighbour of a NAT gateway": [
      () =>
        trace(
          natted().instance("a4", "a", "a2", "10.1.2.12").ingress("a4-in", "a4", everything),
          "a3",
          udp(ip.a3, "10.1.2.12"),
        ),
      "i-a4",
    ],
    "through a NAT gateway, to its neighbour": [
      () => trace(natted().route("private", "10.1.2.0/24", { natGatewayId: "nat-a" }), "a2", udp(ip.a2, ip.a3)),
      "i-a3",
    ],
    "through a NAT gateway, to nobody in its subnet": [
      () => trace(natted().route("private", "10.1.2.0/24", { natGatewayId: "nat-a" }), "a2", udp(ip.a2, "10.1.2.99")),
      "NO_POSSIBLE_DESTINATION subnet subnet-a2",
    ],
    "by a transit gateway, from one of its attachment's two zones": [
      () =>
        trace(
          joined()
            .update("subnet-a2", { availabilityZone: "us-east-1b" })
            .update("tgw-attach-a", { subnetIds: ["subnet-a1", "subnet-a2"] }),
          "a1",
          udp(ip.a1, ip.b1),
        ),
      "i-b1",
    ],
    "by a transit gateway to an attachment that is gone": [
      () =>
        trace(
          joined().add(`${TRANSIT}/route:Route`, "tgw-r", {
            transitGatewayRouteTableId: "tgw-rtb-1",
            destinationCidrBlock: "10.2.1.0/24",
            transitGatewayAttachmentId: "tgw-attach-gone",
          }),
          "a1",
          udp(ip.a1, ip.b1),
        ),
      "TGW_RTB_BAD_STATE_ROUTE transit-gateway tgw-1 tgw-rtb-1 10.2.1.0/24",
    ],
    "by a transit gateway to the router of the other VPC": [
      () => trace(joined(), "a1", udp(ip.a1, "10.2.1.1")),
      "ROUTER_IS_NO_HOST router vpc-b",
    ],
  };
  for (const [what, [path, expected]] of Object.entries(cases))
    it(`${what}: ${expected}`, () => {
      const way = path();
      assert.equal(outcome(way), expected);
      for (const { kind, text } of way.hops) assert.match(text, /^(?!.*undefined)\S.*\S$/, `${kind} says what it does`);
    });

  it("counts no more than eight route tables", () => {
    // Each VPC's table leads on to the next by a transit gateway of the two.
    const chain = (vpcs: number): Path => {
      const cloud = readCloud(chainOf(vpcs).list());
      return reach(cloud, { instanceId: "i-1" }, udp("10.1.1.11", `10.${vpcs}.1.11`));
    };
    assert.equal(outcome(chain(8)), "i-8");
    assert.equal(outcome(chain(9)), "ROUTING_LOOP router vpc-9");
  });

  describe("where two VPCs have the same addresses", () => {
    /** d is a's double: its instances have a1's and a2's addresses, and none has a public one. */
    const doubled = (): CloudRecords =>
      three()
        .vpc("d", "10.1.0.0/16")
        .subnet("d1", "d", "10.1.1.0/24")
        .internetGateway("d", "d")
        .route("d", "0.0.0.0/0", { gatewayId: "igw-d" })
        .instance("d1", "d", "d1", ip.a1)
        .instance("d2", "d", "d1", ip.a2)
        .ingress("d2-in", "d2", everything);
    const fromD1 = (packet: Packet): Path => reach(readCloud(doubled().list()), { instanceId: "i-d1" }, packet);

    it("a neighbour is one of the own subnet", () => {
      assert.equal(outcome(fromD1(udp(ip.a1, ip.a2))), "i-d2");
    });

    it("a public address is one of the own VPC", () => {
      assert.equal(
        outcome(fromD1(udp(ip.a1, INTERNET))),
        "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS internet-gateway igw-d",
      );
    });

    it("a NAT gateway is one of the own subnet", () => {
      const records = natted()
        .vpc("d", "10.1.0.0/16")
        .subnet("d2", "d", "10.1.2.0/24")
        .instance("d1", "d", "d2", ip.a3)
        .instance("d2", "d", "d2", "10.1.2.20")
        .ingress("d2-in", "d2", everything);
      const path = reach(readCloud(records.list()), { instanceId: "i-d1" }, udp(ip.a3, "10.1.2.20"));
      assert.equal(outcome(path), "i-d2");
    });
  });

  describe("of the internet", () => {
    it("a public address leads to the gateway of its own VPC", () => {
      const records = three().internetGateway("b", "b").update("i-b1", { publicIp: "203.0.113.21" });
      const path = trace(records, "internet", udp(INTERNET, "203.0.113.21"));
      assert.equal(outcome(path), "i-b1");
      assert.deepEqual(
        path.hops.filter(({ kind }) => kind === "internet-gateway" || kind === "router").map(({ id }) => id),
        ["igw-b", "vpc-b"],
      );
    });

    it("a public address leads nowhere while its VPC has no gateway, whatever others have", () => {
      const records = three().update("i-c1", { publicIp: "203.0.113.31" });
      assert.equal(
        outcome(trace(records, "internet", udp(INTERNET, "203.0.113.31"))),
        "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS internet 198.51.100.1",
      );
    });
  });

  describe("of a NAT gateway", () => {
    it("an answer of its neighbour goes back to whom it sent for", () => {
      const cloud = readCloud(natted().route("private", "10.1.2.0/24", { natGatewayId: "nat-a" }).list());
      const out = reach(cloud, { instanceId: "i-a2" }, udp(ip.a2, ip.a3));
      assert.ok(out.verdict === "delivered");
      assert.deepEqual([out.packet.source, out.mtu], ["10.1.2.20", 8500]);
      const back = reach(cloud, { instanceId: "i-a3" }, answerTo(out.packet), out.connections);
      assert.equal(outcome(back), "i-a2");
      tells(back, "nat-gateway: ", `10.1.2.20 becomes ${ip.a2}`, "router: ", "subnet-a2", "guest: delivered");
    });
  });

  describe("of a transit gateway", () => {
    /** b has a peering with c, and leads c's network to it; a sends that to b by the transit gateway. */
    const beyond = (): CloudRecords =>
      joined()
        .peering("bc", "b", "c")
        .route("b", "10.3.0.0/16", { vpcPeeringConnectionId: "pcx-bc" })
        .route("c", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-bc" })
        .route("a", "10.3.0.0/16", { transitGatewayId: "tgw-1" })
        .add(`${TRANSIT}/route:Route`, "tgw-r", {
          transitGatewayRouteTableId: "tgw-rtb-1",
          destinationCidrBlock: "10.3.0.0/16",
          transitGatewayAttachmentId: "tgw-attach-b",
        });

    it("nothing goes on over a peering, which the VPC's own instances use", () => {
      const path = trace(beyond(), "a1", udp(ip.a1, ip.c1));
      assert.equal(outcome(path), "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR peering pcx-bc");
      tells(path, "transit-gateway: 10.3.0.0/16 to tgw-attach-b", "peering: nothing of a transit gateway");
      assert.equal(outcome(trace(beyond(), "b1", udp(ip.b1, ip.c1))), "i-c1");
    });

    it("a packet comes in by the attachment's subnet in the zone that it came from, else by the first", () => {
      const records = (zone: string): CloudRecords =>
        joined()
          .subnet("b2", "b", "10.2.2.0/24")
          .subnet("b0", "b", "10.2.0.0/24")
          .update("subnet-a1", { availabilityZone: zone })
          .update("subnet-b0", { availabilityZone: "us-east-1b" })
          .update("subnet-b1", { availabilityZone: "us-east-1c" })
          .update("subnet-b2", { availabilityZone: "us-east-1d" })
          .update("tgw-attach-b", { subnetIds: ["subnet-b0", "subnet-b1", "subnet-b2"] });
      for (const [zone, subnet] of [
        ["us-east-1b", "subnet-b0"],
        ["us-east-1c", "subnet-b1"],
        ["us-east-1d", "subnet-b2"],
        ["us-east-1a", "subnet-b0"],
      ] as const)
        tells(trace(records(zone), "a1", udp(ip.a1, ip.b1)), `router: enters vpc-b by ${subnet},`);
    });
  });

  describe("its words", () => {
    it("are whose address it is, at a source/dest check, and whether it is on", () => {
      tells(
        trace(three(), "a1", udp(ip.a1, ip.a2)),
        `source-dest-check: the source ${ip.a1} is its own`,
        `source-dest-check: the destination ${ip.a2} is its own`,
      );
      tells(
        trace(three(), "a1", udp("192.168.0.1", ip.a2)),
        "source-dest-check: the source 192.168.0.1 is not its own",
      );
      tells(
        trace(three(), "a1", udp(ip.a1, "192.168.0.1"), ip.a2),
        `subnet: to the MAC address of ${ip.a2} (eni-a2)`,
        "source-dest-check: the destination 192.168.0.1 is not its own",
      );
      tells(trace(off(three(), "a1"), "a1", udp("192.168.0.1", ip.a2)), "source-dest-check: off");
    });

    it("are which rule lets it out or in, or that none does", () => {
      tells(trace(three(), "a1", udp(ip.a1, ip.a2)), "let out by sgr-a1-out", "let in by sgr-a2-in");
      tells(trace(three().remove("sgr-a2-in"), "a1", udp(ip.a1, ip.a2)), "security-group: sg-a2: no ingress rule");
      const other = { ipProtocol: "4", cidrIpv4: "0.0.0.0/0" };
      tells(
        trace(three().remove("sgr-a2-in").ingress("x", "a2", other), "a1", udp(ip.a1, ip.a2)),
        `sg-a2: no ingress rule is for UDP port 4789 from ${ip.a1}`,
      );
      tells(
        trace(
          three()
            .remove("sgr-a1-out")
            .egress("x", "a1", other)
            .securityGroup("more", "a")
            .update("i-a1", { vpcSecurityGroupIds: ["sg-a1", "sg-more"] }),
          "a1",
          udp(ip.a1, ip.a2),
        ),
        `sg-a1, sg-more: no egress rule is for UDP port 4789 to ${ip.a2}`,
      );
      const cloud = readCloud(three().list());
      const there = reach(cloud, { instanceId: "i-a1" }, ipip(ip.a1, ip.a2));
      tells(reach(cloud, { instanceId: "i-a2" }, ipip(ip.a2, ip.a1), there.connections), "tracked connection");
    });

    it("are where the router sends it, and by which route", () => {
      tells(
        trace(three(), "a1", udp(ip.a1, ip.b1)),
        "router: to the router 10.1.1.1 of subnet-a1",
        "route-table: 10.2.0.0/16 to pcx-ab",
        "network-acl: leaves subnet-a1, allowed by 100",
        "peering: to vpc-b",
        "router: enters vpc-b",
        "network-acl: enters subnet-b1, allowed by 100",
        `subnet: to ${ip.b1} (eni-b1)`,
        "guest: delivered",
      );
      const local = trace(three(), "a1", udp(ip.a1, ip.a3));
      tells(local, "route-table: 10.1.0.0/16 local");
      assert.deepEqual(
        local.hops.filter(({ kind }) => kind === "route-table").map(({ rule }) => rule),
        ["rtb-a 10.1.0.0/16"],
      );
      tells(
        trace(three().route("a", "10.2.1.0/24", { vpcPeeringConnectionId: "pcx-gone" }), "a1", udp(ip.a1, ip.b1)),
        "route-table: 10.2.1.0/24 to pcx-gone, which is gone",
      );
      tells(trace(three(), "b1", udp(ip.b1, "192.0.2.1")), "route-table: no route of rtb-b is for 192.0.2.1");
      tells(trace(three(), "b1", udp(ip.b1, ip.c1)), "peering: 10.3.1.11 is not in 10.1.0.0/16 of vpc-a");
    });

    it("are which network ACL denies it, and by which rule", () => {
      const closed = three().networkAcl("x", "a", "a1");
      tells(trace(closed, "a1", udp(ip.a1, ip.a3)), "network-acl: no egress rule of acl-x matches");
      tells(
        trace(closed.aclRule("x", "egress", 7, "deny"), "a1", udp(ip.a1, ip.a3)),
        "network-acl: denied by its egress rule 7",
      );
    });

    it("are what gateways do to its addresses", () => {
      tells(
        trace(natted(), "a2", udp(ip.a2, INTERNET)),
        `nat-gateway: source ${ip.a2} becomes 10.1.2.20`,
        "router: to the router 10.1.2.1 of subnet-a2",
        "internet-gateway: source 10.1.2.20 becomes 203.0.113.20",
        "internet: delivered",
      );
      tells(
        trace(three(), "internet", udp(INTERNET, "203.0.113.11")),
        "internet: to 203.0.113.11",
        `internet-gateway: destination 203.0.113.11 becomes ${ip.a1}`,
      );
      tells(trace(three(), "a2", udp(ip.a2, INTERNET)), `internet-gateway: ${ip.a2} has no public address in vpc-a`);
      tells(
        trace(three(), "a1", udp(ip.a1, "203.0.113.99")),
        "internet: 203.0.113.99 is no public address of an instance",
      );
    });

    it("are what a place cannot carry, and how much it could", () => {
      const long = (packet: Packet): Packet => ({ ...packet, length: 9002, dontFragment: true });
      tells(trace(three(), "a1", long(udp(ip.a1, ip.a2))), "guest: ", "9001 bytes");
      tells(trace(three(), "internet", long(udp(INTERNET, "203.0.113.11"))), "internet: ", "1500 bytes");
      const nearly = (packet: Packet): Packet => ({ ...packet, length: 9001, dontFragment: true });
      tells(
        trace(three(), "a1", nearly(udp(ip.a1, INTERNET))),
        "internet-gateway: ",
        `1500 bytes, and says so to ${ip.a1}`,
      );
      tells(
        trace(natted(), "a2", nearly(udp(ip.a2, INTERNET))),
        "nat-gateway: ",
        `8500 bytes, and says so to ${ip.a2}`,
      );
      tells(trace(joined(), "a1", nearly(udp(ip.a1, ip.b1))), "transit-gateway: ", "8500 bytes");
      tells(trace(natted(), "a2", ipip(ip.a2, INTERNET)), "nat-gateway: no protocol 4");
      tells(
        trace(natted(), "a2", { ...syn(ip.a2, INTERNET, 22), flags: "SYN-ACK" }),
        "nat-gateway: TCP port 22 begins no connection",
      );
    });

    it("are who has an address, or that nobody has", () => {
      tells(trace(three(), "a1", udp(ip.a1, "10.1.1.99")), "subnet: no network interface of 10.1.1.0/24 has 10.1.1.99");
      tells(trace(three(), "a1", udp(ip.a1, "10.2.1.99")), "subnet: no network interface of 10.2.1.0/24 has 10.2.1.99");
      tells(trace(three(), "a1", udp(ip.a1, "10.1.9.9")), "router: 10.1.9.9 is in no subnet of vpc-a");
      tells(trace(three(), "a1", udp(ip.a1, "10.1.2.1")), "router: 10.1.2.1 is its own address");
      tells(trace(three(), "a1", udp(ip.a1, "10.2.1.1")), "router: 10.2.1.1 is its own address");
      tells(trace(three(), "a1", udp(ip.a1, "224.0.0.9")), "subnet: 224.0.0.9 is no single host's");
      tells(trace(three(), "a1", udp(ip.a1, "224.0.0.9"), "10.1.1.1"), "router: 224.0.0.9 is no single host's");
      tells(trace(three(), "a1", udp(ip.a1, "169.254.7.7")), "router: 169.254.7.7 is link-local");
      tells(trace(off(three(), "a1"), "a1", udp("10.1.2.1", ip.a3)), "router: 10.1.2.1 cannot be a sender");
    });

    it("are what a transit gateway's route says, or what it lacks", () => {
      tells(trace(joined(), "a1", udp(ip.a1, ip.b1)), "transit-gateway: 10.2.0.0/16 to tgw-attach-b");
      const bare = joined().remove("assoc-a");
      tells(trace(bare, "a1", udp(ip.a1, ip.b1)), "no route table is associated with tgw-attach-a");
      tells(trace(joined().remove("prop-b"), "a1", udp(ip.a1, ip.b1)), "no route of tgw-rtb-1 is for 10.2.1.11");
      const black = joined().add(`${TRANSIT}/route:Route`, "tgw-r", {
        transitGatewayRouteTableId: "tgw-rtb-1",
        destinationCidrBlock: "10.2.1.0/24",
        blackhole: true,
      });
      tells(trace(black, "a1", udp(ip.a1, ip.b1)), "transit-gateway: tgw-rtb-1 10.2.1.0/24 is a black hole");
      const zoned = joined()
        .update("subnet-a1", { availabilityZone: "us-east-1b" })
        .update("tgw-attach-a", { subnetIds: ["subnet-a2"] });
      tells(trace(zoned, "a1", udp(ip.a1, ip.b1)), "transit-gateway: tgw-attach-a has no subnet in us-east-1b");
    });
  });

  describe("and where it begins", () => {
    /** a1 has a second interface, in the other subnet. */
    const twice = three()
      .add("aws:ec2/networkInterface:NetworkInterface", "eni-second", {
        subnetId: "subnet-a2",
        privateIp: "10.1.2.50",
        privateIps: ["10.1.2.50"],
        securityGroups: ["sg-a1"],
        sourceDestCheck: true,
        macAddress: "0a:00:00:00:00:50",
      })
      .add("aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment", "eni-attach-1", {
        instanceId: "i-a1",
        networkInterfaceId: "eni-second",
        deviceIndex: 1,
      });
    const cloud: Cloud = readCloud(twice.list());
    const first = (path: Path): string | undefined => path.hops[0]?.id;

    it("is the instance's primary interface, unless another is named", () => {
      const turned = { ...cloud, networkInterfaces: cloud.networkInterfaces.toReversed() };
      assert.equal(first(reach(turned, { instanceId: "i-a1" }, udp(ip.a1, ip.a2))), "eni-a1");
      const second = { instanceId: "i-a1", networkInterfaceId: "eni-second" };
      assert.equal(first(reach(cloud, second, udp("10.1.2.50", ip.a3))), "eni-second");
    });

    it("is nowhere where the instance has no such interface", () => {
      assert.throws(
        () => reach(cloud, { instanceId: "i-a1", networkInterfaceId: "eni-a2" }, udp(ip.a1, ip.a2)),
        /i-a1 is no instance of the cloud with eni-a2$/,
      );
      assert.throws(() => reach(cloud, { instanceId: "i-z" }, udp(ip.a1, ip.a2)), /i-z is no instance of the cloud$/);
    });
  });

  it("does not guess where the cloud lacks a VPC that it speaks of", () => {
    const cloud = readCloud(three().list());
    const without = (id: string): Cloud => ({ ...cloud, vpcs: new Map([...cloud.vpcs].filter(([key]) => key !== id)) });
    const a1 = { instanceId: "i-a1" };
    assert.throws(() => reach(without("vpc-a"), a1, udp(ip.a1, ip.a3)), /subnet-a1 is in vpc-a, which is not in the/);
    assert.throws(() => reach(without("vpc-b"), a1, udp(ip.a1, ip.b1)), /pcx-ab leads to vpc-b, which is not in the/);
    assert.throws(
      () => reach(without("vpc-a"), "internet", udp(INTERNET, "203.0.113.11")),
      /igw-a is attached to vpc-a, which is not in the cloud/,
    );
  });
});

/** So many VPCs 10.n.0.0/16 in a row, each but the last leading all else to the next by a transit gateway of the two. */
function chainOf(vpcs: number): CloudRecords {
  const records = new CloudRecords();
  const table = "tgw-rtb";
  for (let n = 1; n <= vpcs; n++) {
    records
      .vpc(`${n}`, `10.${n}.0.0/16`)
      .subnet(`${n}`, `${n}`, `10.${n}.1.0/24`)
      .instance(`${n}`, `${n}`, `${n}`, `10.${n}.1.11`)
      .ingress(`${n}-in`, `${n}`, everything);
    if (n === vpcs) break;
    records
      .route(`${n}`, "10.0.0.0/8", { transitGatewayId: `tgw-${n}` })
      .add(`${TRANSIT}/transitGateway:TransitGateway`, `tgw-${n}`, {})
      .add(`${TRANSIT}/routeTable:RouteTable`, `${table}-${n}`, { transitGatewayId: `tgw-${n}` })
      .add(`${TRANSIT}/routeTableAssociation:RouteTableAssociation`, `assoc-${n}`, {
        transitGatewayAttachmentId: `tgw-attach-${n}-${n}`,
        transitGatewayRouteTableId: `${table}-${n}`,
      })
      .add(`${TRANSIT}/route:Route`, `tgw-r-${n}`, {
        transitGatewayRouteTableId: `${table}-${n}`,
        destinationCidrBlock: "10.0.0.0/8",
        transitGatewayAttachmentId: `tgw-attach-${n}-${n + 1}`,
      });
    for (const end of [n, n + 1])
      records.add(`${TRANSIT}/vpcAttachment:VpcAttachment`, `tgw-attach-${n}-${end}`, {
        transitGatewayId: `tgw-${n}`,
        vpcId: `vpc-${end}`,
        subnetIds: [`subnet-${end}`],
      });
  }
  return records;
}
