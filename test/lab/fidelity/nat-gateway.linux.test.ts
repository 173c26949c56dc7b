import assert from "node:assert/strict";
import type { Guest } from "../../../lab/src/fabric/guest";
import { INTERNET_ADDRESS } from "../../../lab/src/cloud/well-known-address";
import { CloudRecords } from "../../support/cloud-records";
import { answer, connects, delivered, GuestLab, pings } from "../../support/guests";

/** Every "no" here has its "yes" by one change. */
describe("NAT gateways, by packets (vpc/latest/userguide/vpc-nat-gateway.html)", function () {
  this.timeout(30_000);
  let lab: GuestLab;
  let host: Guest, hidden: Guest, shown: Guest, peer: Guest;
  const ip = { nat: "10.1.1.20", hidden: "10.1.2.11", shown: "10.1.1.11", peer: "10.2.1.11" };
  const elastic = "203.0.113.20";
  const everything = { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" };

  const natGateway = (records: CloudRecords): CloudRecords =>
    records
      .add("aws:ec2/natGateway:NatGateway", "nat-a", {
        subnetId: "subnet-public",
        privateIp: ip.nat,
        networkInterfaceId: "eni-nat",
        connectivityType: "public",
      })
      .add("aws:ec2/eipAssociation:EipAssociation", "eipassoc-nat", {
        networkInterfaceId: "eni-nat",
        privateIpAddress: ip.nat,
        publicIp: elastic,
        allocationId: "eipalloc-nat",
      });

  before(async () => {
    lab = await GuestLab.start(
      natGateway(
        new CloudRecords()
          .vpc("a", "10.1.0.0/16")
          .subnet("public", "a", "10.1.1.0/24")
          .subnet("private", "a", "10.1.2.0/24")
          .vpc("b", "10.2.0.0/16")
          .subnet("b", "b", "10.2.1.0/24")
          .peering("ab", "a", "b")
          .internetGateway("a", "a")
          .routeTable("public", "a", "public")
          .route("public", "0.0.0.0/0", { gatewayId: "igw-a" })
          .route("public", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
          .route("a", "0.0.0.0/0", { natGatewayId: "nat-a" })
          .route("b", "0.0.0.0/0", { vpcPeeringConnectionId: "pcx-ab" })
          .instance("hidden", "a", "private", ip.hidden)
          .instance("shown", "a", "public", ip.shown, { publicIp: "203.0.113.11" })
          .instance("peer", "b", "b", ip.peer)
          .ingress("hidden", "hidden", everything)
          .ingress("shown", "shown", everything),
      ),
    );
    [hidden, shown, peer] = ["hidden", "shown", "peer"].map((name) => lab.guest(name)) as [Guest, Guest, Guest];
    host = await lab.internet();
    for (const { namespace } of [host, peer]) await lab.listen(namespace, 7000, "echo $SOCAT_PEERADDR; cat >/dev/null");
    for (const { namespace } of [hidden, shown]) await lab.listen(namespace, 7000, "cat");
  });
  after(async () => lab?.remove());
  beforeEach(async () => {
    await lab.apply(() => undefined);
    await lab.flush();
  });

  it("AWS-33 lets an instance without a public address reach the internet, under the gateway's Elastic IP address", async () => {
    assert.equal(await answer(hidden, INTERNET_ADDRESS, 7000), `${elastic}\n`);
    assert.equal(await pings(hidden, INTERNET_ADDRESS), true);
    await lab.apply((records) => records.remove("r-rtb-a-0-0-0-0-0").route("a", "0.0.0.0/0", { gatewayId: "igw-a" }));
    assert.equal(
      await connects(hidden, INTERNET_ADDRESS, 7000),
      false,
      "by the internet gateway, which knows no public address for it",
    );
  });

  it("AWS-33 passes TCP, UDP and ICMP only: VXLAN, not protocol 4 (vpc/latest/userguide/nat-gateway-basics.html)", async () => {
    assert.equal(
      await delivered(host, `udp dport 4789 ip saddr ${elastic}`, () => hidden.sendUdp(4789, INTERNET_ADDRESS)),
      true,
    );
    assert.equal(await delivered(host, "ip protocol 4", () => hidden.sendProtocol(4, INTERNET_ADDRESS)), false);
    assert.equal(
      await delivered(host, "ip protocol 4 ip saddr 203.0.113.11", () => shown.sendProtocol(4, INTERNET_ADDRESS)),
      true,
      "by the internet gateway",
    );
  });

  it("AWS-33 lets nothing in that an instance did not begin", async () => {
    assert.equal(await connects(host, elastic, 7000), false);
    assert.equal(await pings(host, elastic), false);
    // The address itself leads in: to an instance that has it.
    await lab.apply((records) =>
      records.update("eipassoc-nat", { networkInterfaceId: "eni-shown", privateIpAddress: ip.shown }),
    );
    assert.equal(await connects(host, elastic, 7000), true);
  });

  it("AWS-33 serves nobody over a peering (vpc/latest/userguide/nat-gateway-basics.html)", async () => {
    assert.equal(await connects(peer, INTERNET_ADDRESS, 7000), false);
    assert.equal(await connects(peer, ip.hidden, 7000), false, "no way back but through the gateway");
    await lab.apply((records) => records.route("a", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ab" }));
    assert.equal(await connects(peer, ip.hidden, 7000), true, "the peering itself leads into the VPC");
    assert.equal(await connects(peer, INTERNET_ADDRESS, 7000), false);
  });

  it("AWS-33 is seen by others as its private address", async () => {
    await lab.apply((records) =>
      records
        .ingress("nat", "peer", { ipProtocol: "tcp", fromPort: 7000, toPort: 7000, cidrIpv4: `${ip.nat}/32` })
        .route("b", "10.1.0.0/16", { vpcPeeringConnectionId: "pcx-ab" }),
    );
    assert.equal(await answer(hidden, ip.peer, 7000), `${ip.nat}\n`);
    await lab.apply((records) =>
      records
        .ingress("nat", "peer", { ipProtocol: "tcp", fromPort: 7000, toPort: 7000, cidrIpv4: `${ip.nat}/32` })
        .route("b", "10.1.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
        .route("a", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ab" }),
    );
    assert.equal(await connects(hidden, ip.peer, 7000), false, "under its own address");
  });

  it("AWS-33 gets nowhere on the internet when it is private", async () => {
    await lab.apply((records) => records.remove("eipassoc-nat").update("nat-a", { connectivityType: "private" }));
    assert.equal(await connects(hidden, INTERNET_ADDRESS, 7000), false);
    await lab.apply(() => undefined);
    assert.equal(await connects(hidden, INTERNET_ADDRESS, 7000), true);
  });

  it("AWS-33 is a black hole when it is gone (AWSEC2/latest/APIReference/API_Route.html)", async () => {
    await lab.apply((records) => records.remove("nat-a", "eipassoc-nat"));
    assert.equal(await connects(hidden, INTERNET_ADDRESS, 7000), false);
    await lab.apply(() => undefined);
    assert.equal(await connects(hidden, INTERNET_ADDRESS, 7000), true);
  });

  it("AWS-29 carries 8500 bytes, and says so to who sends more (vpc/latest/userguide/nat-gateway-basics.html)", async () => {
    const overPeering = (records: CloudRecords): CloudRecords => records.ingress("all", "peer", everything);
    await lab.apply(overPeering);
    assert.equal(await pings(hidden, ip.peer, 8500), true);
    const tooLong = await hidden.count("icmp type destination-unreachable icmp code frag-needed");
    assert.equal(await pings(hidden, ip.peer, 8501), false);
    assert.equal(await tooLong(), 1);
    await hidden.exec(["ip", "route", "flush", "cache"]);
    await lab.apply((records) => overPeering(records).route("a", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ab" }));
    assert.equal(await pings(hidden, ip.peer, 9001), true, "without the gateway");
  });
});
