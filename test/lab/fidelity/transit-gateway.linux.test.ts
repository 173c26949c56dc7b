import assert from "node:assert/strict";
import type { Guest } from "../../../lab/src/fabric/guest";
import { INTERNET_ADDRESS } from "../../../lab/src/cloud/well-known-address";
import { CloudRecords } from "../../support/cloud-records";
import { answer, connects, delivered, GuestLab, pings } from "../../support/guests";

type Change = (records: CloudRecords) => CloudRecords;

/** Every "no" here has its "yes" by one change. */
describe("transit gateways, by packets (vpc/latest/tgw/how-transit-gateways-work.html)", function () {
  this.timeout(30_000);
  let lab: GuestLab;
  let a1: Guest, a2: Guest, b1: Guest, c1: Guest;
  const ip = { a1: "10.1.1.11", a2: "10.1.2.11", b1: "10.2.1.11", c1: "10.3.1.11", nat: "10.1.3.20" };
  const everything = { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" };

  const routeTable =
    (name: string): Change =>
    (records) =>
      records.add("aws:ec2transitgateway/routeTable:RouteTable", `tgw-rtb-${name}`, { transitGatewayId: "tgw-1" });
  const attach =
    (vpc: string, ...subnets: string[]): Change =>
    (records) =>
      records.add("aws:ec2transitgateway/vpcAttachment:VpcAttachment", `tgw-attach-${vpc}`, {
        transitGatewayId: "tgw-1",
        vpcId: `vpc-${vpc}`,
        subnetIds: subnets.map((subnet) => `subnet-${subnet}`),
        securityGroupReferencingSupport: "enable",
      });
  const associate =
    (vpc: string, table: string): Change =>
    (records) =>
      records.add("aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation", `assoc-${vpc}`, {
        transitGatewayAttachmentId: `tgw-attach-${vpc}`,
        transitGatewayRouteTableId: `tgw-rtb-${table}`,
      });
  const propagate =
    (vpc: string, table: string): Change =>
    (records) =>
      records.add("aws:ec2transitgateway/routeTablePropagation:RouteTablePropagation", `prop-${vpc}-${table}`, {
        transitGatewayAttachmentId: `tgw-attach-${vpc}`,
        transitGatewayRouteTableId: `tgw-rtb-${table}`,
      });
  const route =
    (
      table: string,
      destinationCidrBlock: string,
      target: { transitGatewayAttachmentId: string } | { blackhole: true },
    ): Change =>
    (records) =>
      records.add(
        "aws:ec2transitgateway/route:Route",
        `troute-${table}-${destinationCidrBlock.replaceAll(/[./]/g, "-")}`,
        { transitGatewayRouteTableId: `tgw-rtb-${table}`, destinationCidrBlock, ...target },
      );
  const apply = (...changes: Change[]): Promise<unknown> =>
    lab.apply((records) => changes.forEach((change) => change(records)));

  before(async () => {
    const base = new CloudRecords()
      .vpc("a", "10.1.0.0/16")
      .subnet("a1", "a", "10.1.1.0/24")
      .subnet("a2", "a", "10.1.2.0/24")
      .update("subnet-a2", { availabilityZone: "us-east-1b" })
      .subnet("a3", "a", "10.1.3.0/24")
      .vpc("b", "10.2.0.0/16")
      .subnet("b1", "b", "10.2.1.0/24")
      .vpc("c", "10.3.0.0/16")
      .subnet("c1", "c", "10.3.1.0/24")
      .add("aws:ec2transitgateway/transitGateway:TransitGateway", "tgw-1", {
        securityGroupReferencingSupport: "disable",
      })
      .instance("a1", "a", "a1", ip.a1)
      .instance("a2", "a", "a2", ip.a2)
      .instance("b1", "b", "b1", ip.b1)
      .instance("c1", "c", "c1", ip.c1);
    for (const name of ["a1", "a2", "b1", "c1"]) base.ingress(`all-${name}`, name, everything);
    for (const vpc of ["a", "b", "c"]) base.route(vpc, "10.0.0.0/8", { transitGatewayId: "tgw-1" });
    for (const change of [
      routeTable("main"),
      ...["a", "b", "c"].flatMap((vpc) => [attach(vpc, `${vpc}1`), associate(vpc, "main"), propagate(vpc, "main")]),
    ])
      change(base);
    lab = await GuestLab.start(base);
    [a1, a2, b1, c1] = ["a1", "a2", "b1", "c1"].map((name) => lab.guest(name)) as [Guest, Guest, Guest, Guest];
    for (const { namespace } of [a1, b1, c1]) await lab.listen(namespace, 7000, "echo $SOCAT_PEERADDR; cat >/dev/null");
  });
  after(async () => lab?.remove());
  beforeEach(async () => {
    await apply();
    await lab.flush();
  });

  it("AWS-31 join all that are attached, whoever else is", async () => {
    for (const [from, to] of [
      [a1, ip.b1],
      [b1, ip.c1],
      [c1, ip.a1],
    ] as const)
      assert.equal(await connects(from, to, 7000), true, to);
    await apply((records) => records.remove("tgw-attach-b"));
    assert.equal(await connects(a1, ip.b1, 7000), false);
    assert.equal(await connects(c1, ip.a1, 7000), true);
  });

  it("AWS-31 need a route in the VPC's route table (vpc/latest/tgw/tgw-vpc-attachments.html)", async () => {
    await apply((records) => records.remove("r-rtb-b-10-0-0-0-8"));
    assert.equal(await connects(a1, ip.b1, 7000), false, "no way back");
    await apply((records) =>
      records.remove("r-rtb-b-10-0-0-0-8").route("b", "10.1.0.0/16", { transitGatewayId: "tgw-1" }),
    );
    assert.equal(await connects(a1, ip.b1, 7000), true);
    assert.equal(await connects(c1, ip.b1, 7000), false);
  });

  it("AWS-31 let through what the associated route table says: two that share a third, and not each other (vpc/latest/tgw/transit-gateway-isolated-shared.html)", async () => {
    const isolated: Change[] = [
      (records) => records.remove("assoc-c", "prop-a-main", "prop-b-main"),
      routeTable("shared"),
      associate("c", "shared"),
      propagate("a", "shared"),
      propagate("b", "shared"),
    ];
    await apply(...isolated);
    assert.equal(await connects(a1, ip.c1, 7000), true);
    assert.equal(await connects(b1, ip.c1, 7000), true);
    assert.equal(await connects(a1, ip.b1, 7000), false);
    await apply(...isolated, propagate("a", "main"), propagate("b", "main"));
    assert.equal(await connects(a1, ip.b1, 7000), true);
  });

  it("AWS-31 let nothing through from an attachment without a route table", async () => {
    await apply((records) => records.remove("assoc-a"));
    assert.equal(await delivered(b1, "udp dport 9", () => a1.sendUdp(9, ip.b1)), false);
    assert.equal(await delivered(a1, "udp dport 9", () => b1.sendUdp(9, ip.a1)), true, "to it");
    await apply();
    assert.equal(await delivered(b1, "udp dport 9", () => a1.sendUdp(9, ip.b1)), true);
  });

  it("AWS-31 put a static route before a propagated one, and the longest prefix before both (vpc/latest/tgw/tgw-route-tables.html)", async () => {
    await apply(route("main", "10.2.0.0/16", { blackhole: true }));
    assert.equal(await connects(a1, ip.b1, 7000), false);
    await apply(
      route("main", "10.2.0.0/16", { blackhole: true }),
      route("main", "10.2.1.0/24", { transitGatewayAttachmentId: "tgw-attach-b" }),
    );
    assert.equal(await connects(a1, ip.b1, 7000), true);
    await apply(route("main", "10.2.1.0/24", { transitGatewayAttachmentId: "tgw-attach-gone" }));
    assert.equal(await connects(a1, ip.b1, 7000), false, "a route to an attachment that is gone");
  });

  it("AWS-31 serve the zones of their attachments' subnets alone (vpc/latest/tgw/tgw-vpc-attachments.html)", async () => {
    assert.equal(await delivered(b1, "udp dport 9", () => a2.sendUdp(9, ip.b1)), false, "from a zone without one");
    assert.equal(await delivered(a2, "udp dport 9", () => b1.sendUdp(9, ip.a2)), true, "to it, over another zone's");
    assert.equal(await pings(b1, ip.a2), false, "no reply from it");
    assert.equal(await pings(a2, ip.a1), true, "within the VPC");
    await apply(attach("a", "a1", "a2"));
    assert.equal(await delivered(b1, "udp dport 9", () => a2.sendUdp(9, ip.b1)), true);
    assert.equal(await pings(b1, ip.a2), true);
  });

  it("AWS-31 route what enters a VPC by the route table of the attachment's subnet", async () => {
    const own: Change = (records) =>
      records
        .routeTable("own", "a", "a3")
        .route("own", "192.168.0.0/16", { networkInterfaceId: "eni-a1" })
        .update("i-a1", { sourceDestCheck: false })
        .route("b", "192.168.0.0/16", { transitGatewayId: "tgw-1" });
    const toPool = route("main", "192.168.0.0/16", { transitGatewayAttachmentId: "tgw-attach-a" });
    const send = (): Promise<void> => b1.sendUdp(9, "192.168.7.7");
    await apply(own, toPool);
    assert.equal(await delivered(a1, "udp dport 9", send), false, "the table of a1, which has no such route");
    await apply(own, toPool, attach("a", "a3"));
    assert.equal(await delivered(a1, "udp dport 9", send), true, "the table of a3");
  });

  it("AWS-31 carry 8500 bytes; more is dropped, and who forbids fragments is told (vpc/latest/tgw/transit-gateway-quotas.html)", async () => {
    assert.equal(await pings(a1, ip.b1, 8500), true);
    const tooLong = await a1.count("icmp type destination-unreachable icmp code frag-needed");
    assert.equal(await pings(a1, ip.b1, 8501), false);
    assert.equal(await tooLong(), 1);
    await a1.exec(["ip", "route", "flush", "cache"]);
    const send = (bytes: number): Promise<string> =>
      a1.exec(["socat", "-b", "9000", "-u", "-", `UDP4-SENDTO:${ip.b1}:9,ip-mtu-discover=0`], "x".repeat(bytes - 28));
    assert.equal(await delivered(b1, "udp dport 9", async () => void (await send(8501))), false);
    assert.equal(await delivered(b1, "udp dport 9", async () => void (await send(8500))), true);
    await apply((records) =>
      records
        .peering("ab", "a", "b")
        .route("a", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
        .route("b", "10.1.0.0/16", { vpcPeeringConnectionId: "pcx-ab" }),
    );
    assert.equal(await pings(a1, ip.b1, 9001), true, "over a peering");
  });

  it("AWS-31 clamp TCP's maximum segment size (vpc/latest/tgw/transit-gateway-quotas.html)", async () => {
    assert.equal(
      await delivered(
        b1,
        "tcp flags & syn != 0 tcp option maxseg size 8460",
        async () => void (await connects(a1, ip.b1, 7000)),
      ),
      true,
    );
    await apply((records) =>
      records
        .peering("ab", "a", "b")
        .route("a", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
        .route("b", "10.1.0.0/16", { vpcPeeringConnectionId: "pcx-ab" }),
    );
    assert.equal(
      await delivered(
        b1,
        "tcp flags & syn != 0 tcp option maxseg size 8961",
        async () => void (await connects(a1, ip.b1, 7000)),
      ),
      true,
      "over a peering",
    );
  });

  it("AWS-17 are not crossed by security group references, unless gateway and attachments support it, for what comes in (vpc/latest/tgw/tgw-vpc-attachments.html)", async () => {
    const refer: Change = (records) =>
      records.remove("sgr-all-b1").ingress("ref", "b1", { ipProtocol: "-1", referencedSecurityGroupId: "sg-a1" });
    const support: Change = (records) => records.update("tgw-1", { securityGroupReferencingSupport: "enable" });
    await apply(refer);
    assert.equal(await connects(a1, ip.b1, 7000), false);
    await apply(refer, support);
    assert.equal(await connects(a1, ip.b1, 7000), true);
    assert.equal(await connects(c1, ip.b1, 7000), false, "not a member");
    await apply(refer, support, (records) =>
      records.update("tgw-attach-a", { securityGroupReferencingSupport: "disable" }),
    );
    assert.equal(await connects(a1, ip.b1, 7000), false);
    await apply(support, (records) =>
      records.remove("sgr-a1-out").egress("ref", "a1", { ipProtocol: "-1", referencedSecurityGroupId: "sg-b1" }),
    );
    assert.equal(await connects(a1, ip.b1, 7000), false, "for what goes out");
    await apply(support, (records) =>
      records.remove("sgr-a1-out").egress("ref", "a1", { ipProtocol: "-1", cidrIpv4: "10.2.0.0/16" }),
    );
    assert.equal(await connects(a1, ip.b1, 7000), true);
  });

  it("AWS-26 do not lead on into a peering, nor to an internet gateway", async () => {
    const peered: Change = (records) =>
      records
        .remove("tgw-attach-c", "assoc-c", "prop-c-main")
        .peering("ac", "a", "c")
        .route("a", "10.3.0.0/16", { vpcPeeringConnectionId: "pcx-ac" })
        .remove("r-rtb-c-10-0-0-0-8")
        .route("c", "10.0.0.0/8", { vpcPeeringConnectionId: "pcx-ac" });
    await apply(peered, route("main", "10.3.0.0/16", { transitGatewayAttachmentId: "tgw-attach-a" }));
    assert.equal(await connects(a1, ip.c1, 7000), true, "the peering itself");
    assert.equal(await delivered(c1, "udp dport 9", () => b1.sendUdp(9, ip.c1)), false);
    await apply();
    assert.equal(await delivered(c1, "udp dport 9", () => b1.sendUdp(9, ip.c1)), true, "an attachment of its own");
  });

  it("AWS-33 lead to another VPC's NAT gateway, and by it to the internet (vpc/latest/tgw/transit-gateway-nat-igw.html)", async () => {
    const host = await lab.internet();
    await lab.listen(host.namespace, 7000, "echo $SOCAT_PEERADDR; cat >/dev/null");
    const out: Change = (records) =>
      records
        .internetGateway("a", "a")
        .add("aws:ec2/natGateway:NatGateway", "nat-a", {
          subnetId: "subnet-a3",
          privateIp: ip.nat,
          networkInterfaceId: "eni-nat",
        })
        .add("aws:ec2/eipAssociation:EipAssociation", "eipassoc-nat", {
          networkInterfaceId: "eni-nat",
          privateIpAddress: ip.nat,
          publicIp: "203.0.113.20",
        })
        .routeTable("public", "a", "a3")
        .route("public", "10.0.0.0/8", { transitGatewayId: "tgw-1" })
        .route("public", "0.0.0.0/0", { gatewayId: "igw-a" })
        .route("b", "0.0.0.0/0", { transitGatewayId: "tgw-1" });
    const toA = route("main", "0.0.0.0/0", { transitGatewayAttachmentId: "tgw-attach-a" });
    await apply(out, toA, (records) => records.route("a", "0.0.0.0/0", { gatewayId: "igw-a" }));
    assert.equal(await connects(b1, INTERNET_ADDRESS, 7000), false, "by the internet gateway");
    await apply(out, toA, (records) => records.route("a", "0.0.0.0/0", { natGatewayId: "nat-a" }));
    assert.equal(await answer(b1, INTERNET_ADDRESS, 7000), "203.0.113.20\n");
  });
});
