import assert from "node:assert/strict";
import { once } from "node:events";
import type { Guest } from "../../../lab/src/fabric/guest";
import { namespaceOf } from "../../../lab/src/fabric/names";
import { run } from "../../../lab/src/state/privileged";
import { CloudRecords } from "../../support/cloud-records";
import { answer, connects, delivered, GuestLab, pings } from "../../support/guests";

/**
 * AWS' rules by packets, row by row. In each test one change of the records makes the opposite happen: without the
 * rule, or with it the other way round, the test fails.
 */
describe("AWS' rules, by packets", function () {
  this.timeout(30_000);
  let lab: GuestLab;
  let a1: Guest, a2: Guest, a3: Guest, b1: Guest, c1: Guest;
  /** b and c have the same addresses: both are peers of a, and not of each other. */
  const ip = { a1: "10.1.1.11", a2: "10.1.1.12", a3: "10.1.2.11", b1: "10.2.1.11", c1: "10.2.1.12", b: "10.2.0.0/16" };
  const internet = "198.51.100.1";
  const workload = { at1: "192.168.1.1", at2: "192.168.2.1" };
  const everything = { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" };
  const protocol4 = "ip protocol 4";

  before(async () => {
    lab = await GuestLab.start(
      new CloudRecords()
        .vpc("a", "10.1.0.0/16")
        .subnet("a1", "a", "10.1.1.0/24")
        .subnet("a2", "a", "10.1.2.0/24")
        .vpc("b", ip.b)
        .subnet("b1", "b", "10.2.1.0/24")
        .vpc("c", ip.b)
        .subnet("c1", "c", "10.2.1.0/24")
        .peering("ab", "a", "b")
        .peering("ac", "a", "c")
        .internetGateway("a", "a")
        .route("a", ip.b, { vpcPeeringConnectionId: "pcx-ab" })
        .route("a", "0.0.0.0/0", { gatewayId: "igw-a" })
        .route("b", "10.1.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
        .route("c", "10.1.0.0/16", { vpcPeeringConnectionId: "pcx-ac" })
        .instance("a1", "a", "a1", ip.a1, { publicIp: "203.0.113.11" })
        .instance("a2", "a", "a1", ip.a2)
        .instance("a3", "a", "a2", ip.a3)
        .instance("b1", "b", "b1", ip.b1)
        .instance("c1", "c", "c1", ip.c1),
    );
    [a1, a2, a3, b1, c1] = ["a1", "a2", "a3", "b1", "c1"].map((name) => lab.guest(name)) as [
      Guest,
      Guest,
      Guest,
      Guest,
      Guest,
    ];
    await a1.exec(["ip", "address", "add", `${workload.at1}/32`, "dev", "lo"]);
    await a1.exec(["ip", "route", "add", "192.168.2.0/26", "via", ip.a2]);
    await a2.exec(["ip", "address", "add", `${workload.at2}/32`, "dev", "lo"]);
    // A peer with the other peer's address, which is the way of what has no reverse path check.
    await c1.exec(["ip", "address", "add", `${ip.b1}/32`, "dev", "lo"]);
    for (const guest of [a2, b1]) await lab.listen(guest.namespace, 7000, "cat");
  });
  after(async () => lab?.remove());
  beforeEach(() => lab.flush());

  const opened = (records: CloudRecords): CloudRecords =>
    ["a1", "a2", "a3", "b1", "c1"].reduce((all, name) => all.ingress(`${name}-in`, name, everything), records);
  /** The records of the start, with everything let in, and a change. */
  const open = (change: (records: CloudRecords) => unknown = () => undefined): Promise<CloudRecords> =>
    lab.apply((records) => void change(opened(records)));

  it("AWS-04 a broadcast reaches nobody (vpc/latest/userguide/subnet-sizing.html)", async () => {
    await open();
    const shout = (to: string): Promise<void> =>
      a1.exec(["socat", "-u", "-", `UDP4-DATAGRAM:${to}:4000,broadcast`], "probe").then(() => undefined);
    assert.equal(await delivered(a2, "udp dport 4000", () => shout("10.1.1.255")), false);
    assert.equal(await delivered(a2, "udp dport 4000", () => shout(ip.a2)), true);
  });

  it("AWS-05 the longest prefix wins, and the local route is in a table without any other (vpc/latest/userguide/VPC_Route_Tables.html)", async () => {
    await open((r) => r.route("a", "10.2.1.0/24", { vpcPeeringConnectionId: "pcx-gone" }));
    assert.equal(await pings(a1, ip.b1), false);
    await open((r) => r.route("a", "10.2.2.0/24", { vpcPeeringConnectionId: "pcx-gone" }));
    assert.equal(await pings(a1, ip.b1), true);
    await open((r) => r.routeTable("own", "a", "a1"));
    assert.deepEqual([await pings(a1, ip.a3), await pings(a1, ip.b1)], [true, false]);
  });

  it("AWS-07 nothing is forwarded to link-local addresses, whatever the routes (vpc/latest/userguide/VPC_Route_Tables.html)", async () => {
    const appliance =
      (cidr: string) =>
      (r: CloudRecords): CloudRecords =>
        r.update("i-a3", { sourceDestCheck: false }).route("a", cidr, { networkInterfaceId: "eni-a3" });
    await open(appliance("169.254.0.0/16"));
    assert.equal(await delivered(a3, "udp dport 4000", () => a1.sendUdp(4000, "169.254.168.1")), false);
    await open(appliance("172.31.0.0/16"));
    assert.equal(await delivered(a3, "udp dport 4000", () => a1.sendUdp(4000, "172.31.168.1")), true);
  });

  it("AWS-08 a subnet without association has the main table (vpc/latest/userguide/VPC_Route_Tables.html)", async () => {
    await open((r) => r.routeTable("own", "a", "a1"));
    assert.deepEqual([await pings(a1, ip.b1), await pings(a3, ip.b1)], [false, true]);
    await open((r) => r.routeTable("own", "a", "a2"));
    assert.deepEqual([await pings(a1, ip.b1), await pings(a3, ip.b1)], [true, false]);
  });

  it("AWS-09 what goes to a neighbour's MAC address sees no route table (vpc/latest/userguide/VPC_Route_Tables.html)", async () => {
    const elsewhere = (r: CloudRecords): CloudRecords =>
      r.update("i-a2", { sourceDestCheck: false }).route("a", "192.168.2.0/26", { networkInterfaceId: "eni-gone" });
    await open(elsewhere);
    assert.equal(await delivered(a2, protocol4, () => a1.sendProtocol(4, workload.at2)), true);
    assert.equal(await delivered(a2, protocol4, () => a3.sendProtocol(4, workload.at2)), false, "by the table");
  });

  it("AWS-10 a new group lets everything out and nothing in; groups are a union of what is allowed (vpc/latest/userguide/security-group-rules.html)", async () => {
    const more = (r: CloudRecords): CloudRecords =>
      r
        .securityGroup("more", "a")
        .ingress("more", "more", { ipProtocol: "tcp", fromPort: 7000, toPort: 7000, cidrIpv4: `${ip.a1}/32` });
    await lab.apply((r) => void more(r));
    assert.equal(await connects(a1, ip.a2, 7000), false);
    await lab.apply((r) => void more(r).update("i-a2", { vpcSecurityGroupIds: ["sg-a2", "sg-more"] }));
    assert.equal(await connects(a1, ip.a2, 7000), true);
    await lab.apply(
      (r) =>
        void more(r)
          .update("i-a2", { vpcSecurityGroupIds: ["sg-a2", "sg-more"] })
          .remove("sgr-a1-out"),
    );
    assert.equal(await connects(a1, ip.a2, 7000), false, "nothing out");
  });

  it("AWS-11 replies need no rule (AWSEC2/latest/UserGuide/security-group-connection-tracking.html)", async () => {
    const tcp = { ipProtocol: "tcp", fromPort: 7000, toPort: 7000, cidrIpv4: `${ip.a1}/32` };
    await lab.apply((r) => void r.ingress("tcp", "a2", tcp).remove("sgr-a2-out"));
    assert.equal(await answer(a1, ip.a2, 7000), "hello\n");
    await lab.apply((r) => void r.ingress("tcp", "a2", tcp).remove("sgr-a1-out"));
    assert.equal(await answer(a1, ip.a2, 7000), undefined, "what is no reply");
  });

  it("AWS-12 protocol 4 is tracked by addresses and number: a missing rule shows only until the node has sent (AWSEC2/latest/UserGuide/security-group-connection-tracking.html)", async () => {
    await lab.apply((r) => void r.ingress("ipip", "a1", { ipProtocol: "4", cidrIpv4: `${ip.a2}/32` }));
    const there = (): Promise<boolean> => delivered(a2, protocol4, () => a1.sendProtocol(4, ip.a2));
    const back = (): Promise<boolean> => delivered(a1, protocol4, () => a2.sendProtocol(4, ip.a1));
    assert.deepEqual([await there(), await back(), await there()], [false, true, true]);
    await lab.flush();
    assert.equal(await there(), false);
  });

  it("AWS-13 a tracked flow goes on when its rule goes (AWSEC2/latest/UserGuide/security-group-connection-tracking.html)", async () => {
    await lab.apply(
      (r) => void r.ingress("tcp", "a2", { ipProtocol: "tcp", fromPort: 7000, toPort: 7000, cidrIpv4: `${ip.a1}/32` }),
    );
    const flow = lab.start(a1.namespace, ["socat", "-", `TCP4:${ip.a2}:7000`]);
    const echo = async (text: string): Promise<string> => {
      flow.stdin?.write(text);
      const [chunk] = (await once(flow.stdout ?? flow, "data")) as [Buffer];
      return chunk.toString();
    };
    assert.equal(await echo("before\n"), "before\n");
    await lab.apply(() => undefined);
    assert.equal(await echo("after\n"), "after\n");
    assert.equal(await connects(a1, ip.a2, 7000), false, "a new one");
    flow.stdin?.end();
    await once(flow, "close");
  });

  it("AWS-15 idle times are EC2's, for each interface (AWSEC2/latest/APIReference/API_ConnectionTrackingConfiguration.html)", async () => {
    await open();
    const card = namespaceOf(lab.lab, lab.base.get("i-a2"));
    /** Seconds left of what is tracked of a protocol at a2, the longest. */
    const left = async (protocol: string): Promise<number> => {
      const tracked = await run(["nsenter", `--net=/run/netns/${card}`, "sh", "-c", "conntrack -L 2>/dev/null"]);
      const times = tracked
        .split("\n")
        .filter((line) => line.startsWith(protocol))
        .map((line) => Number(line.split(/ +/)[2]));
      return Math.max(...times);
    };
    const within = (seconds: number, least: number, most: number): void =>
      assert.ok(seconds > least && seconds <= most, String(seconds));
    await delivered(a2, protocol4, () => a1.sendProtocol(4, ip.a2));
    within(await left("unknown"), 590, 600);
    await delivered(a2, "udp dport 4000", () => a1.sendUdp(4000, ip.a2));
    within(await left("udp"), 20, 30);
    const flow = lab.start(a1.namespace, ["socat", "-", `TCP4:${ip.a2}:7000`]);
    flow.stdin?.write("hello\n");
    await once(flow.stdout ?? flow, "data");
    within(await left("tcp"), 431_900, 432_000);
    flow.stdin?.end();
    await once(flow, "close");
    within(await left("tcp"), 0, 431_000);
  });

  it("AWS-16 protocol 4 has no ports, whatever the rule says (AWSEC2/latest/APIReference/API_IpPermission.html)", async () => {
    for (const range of [{}, { fromPort: 0, toPort: 0 }, { fromPort: 22, toPort: 23 }]) {
      await lab.apply((r) => void r.ingress("ipip", "a2", { ipProtocol: "4", ...range, cidrIpv4: `${ip.a1}/32` }));
      await lab.flush();
      assert.equal(await delivered(a2, protocol4, () => a1.sendProtocol(4, ip.a2)), true, JSON.stringify(range));
    }
    assert.equal(await delivered(a2, "ip protocol 94", () => a1.sendProtocol(94, ip.a2)), false, "another protocol");
  });

  it("AWS-17 a reference is for members' private addresses, also over an active peering, and follows them (vpc/latest/peering/vpc-peering-security-groups.html)", async () => {
    const far = (r: CloudRecords): CloudRecords =>
      r.ingress("far", "b1", { ipProtocol: "-1", referencedSecurityGroupId: "sg-a1" });
    await lab.apply((r) => void far(r));
    assert.deepEqual([await pings(a1, ip.b1), await pings(a2, ip.b1)], [true, false]);
    await lab.flush();
    await lab.apply(
      (r) =>
        void far(r)
          .update("i-a1", { vpcSecurityGroupIds: ["sg-a2"] })
          .update("i-a2", { vpcSecurityGroupIds: ["sg-a1"] }),
    );
    assert.deepEqual([await pings(a1, ip.b1), await pings(a2, ip.b1)], [false, true]);
  });

  it("AWS-18 a reference is not for what a member forwards (vpc/latest/userguide/security-group-rules.html)", async () => {
    const near = (r: CloudRecords): CloudRecords =>
      r
        .update("i-a1", { sourceDestCheck: false })
        .ingress("near", "a2", { ipProtocol: "4", referencedSecurityGroupId: "sg-a1" });
    const forwarded = (): Promise<boolean> => delivered(a2, protocol4, () => a1.sendProtocol(4, ip.a2, workload.at1));
    await lab.apply((r) => void near(r));
    assert.equal(await forwarded(), false);
    await lab.apply((r) => void near(r).ingress("pool", "a2", { ipProtocol: "4", cidrIpv4: "192.168.0.0/16" }));
    assert.equal(await forwarded(), true);
  });

  it("AWS-19 a rule that names a group is stale when the peering or the group is gone (vpc/latest/userguide/security-group-rules.html)", async () => {
    // In the name of a member, from the same subnet: the peering decides about the rule alone, not about the way.
    const named = (r: CloudRecords): CloudRecords =>
      r
        .update("i-a1", { sourceDestCheck: false })
        .ingress("far", "a2", { ipProtocol: "4", referencedSecurityGroupId: "sg-b1" });
    const inItsName = async (): Promise<boolean> => {
      await lab.flush();
      return delivered(a2, protocol4, () => a1.sendProtocol(4, ip.a2, ip.b1));
    };
    await a1.exec(["ip", "address", "add", `${ip.b1}/32`, "dev", "lo"]);
    try {
      await lab.apply((r) => void named(r));
      assert.equal(await inItsName(), true);
      await lab.apply((r) => void named(r).remove("pcx-ab"));
      assert.equal(await inItsName(), false);
      await lab.apply(
        (r) =>
          void named(r)
            .update("i-b1", { vpcSecurityGroupIds: ["sg-other"] })
            .securityGroup("other", "b")
            .remove("sg-b1", "sgr-b1-out"),
      );
      assert.equal(await inItsName(), false);
    } finally {
      await a1.exec(["ip", "address", "delete", `${ip.b1}/32`, "dev", "lo"]);
    }
  });

  it("AWS-22 the source/dest check is for what is sent and for what is received (vpc/latest/userguide/VPC_NAT_Instance.html)", async () => {
    const off =
      (...names: string[]) =>
      (r: CloudRecords): void =>
        names.forEach((name) => r.update(`i-${name}`, { sourceDestCheck: false }));
    const spoofed = (): Promise<boolean> => delivered(a2, protocol4, () => a1.sendProtocol(4, ip.a2, workload.at1));
    const foreign = (): Promise<boolean> => delivered(a2, protocol4, () => a1.sendProtocol(4, workload.at2));
    const outcomes: boolean[][] = [];
    for (const names of [[], ["a1"], ["a2"], ["a1", "a2"]]) {
      await open(off(...names));
      outcomes.push([await spoofed(), await foreign()]);
    }
    assert.deepEqual(outcomes, [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ]);
  });

  it("AWS-23 a tunnel passes with the check on, what it carries does not pass without it (vpc/latest/userguide/VPC_NAT_Instance.html)", async () => {
    await open();
    assert.equal(await delivered(a2, protocol4, () => a1.sendProtocol(4, ip.a2)), true);
    assert.equal(await delivered(a2, protocol4, () => a1.sendProtocol(4, workload.at2, workload.at1)), false);
  });

  it("AWS-24 no route leads what stays in a subnet through an appliance (vpc/latest/userguide/route-table-options.html)", async () => {
    const appliance = (r: CloudRecords): CloudRecords =>
      r
        .update("i-a3", { sourceDestCheck: false })
        .remove("r-rtb-a-0-0-0-0-0")
        .route("a", "0.0.0.0/0", { networkInterfaceId: "eni-a3" });
    await open(appliance);
    const atAppliance = await a3.count("udp dport 4000");
    assert.equal(await delivered(a2, "udp dport 4000", () => a1.sendUdp(4000, ip.a2)), true);
    assert.equal(await atAppliance(), 0);
    assert.equal(
      await delivered(a3, "udp dport 4000", () => a1.sendUdp(4000, internet)),
      true,
      "what leaves the subnet",
    );
  });

  it("AWS-25 a peering needs routes on both sides, and to be accepted (vpc/latest/peering/vpc-peering-basics.html)", async () => {
    for (const change of [
      (r: CloudRecords) => r.remove(`r-rtb-a-10-2-0-0-16`),
      (r: CloudRecords) => r.remove("r-rtb-b-10-1-0-0-16"),
      (r: CloudRecords) => r.update("pcx-ab", { acceptStatus: "pending-acceptance" }),
    ]) {
      await open(change);
      assert.equal(await pings(a1, ip.b1), false);
    }
    await open();
    assert.equal(await pings(a1, ip.b1), true);
  });

  it("AWS-26 a peer's gateways and peers are out of reach (vpc/latest/peering/vpc-peering-basics.html)", async () => {
    const onward = (r: CloudRecords): CloudRecords =>
      r.update("i-b1", { publicIp: "203.0.113.21" }).route("b", "0.0.0.0/0", { vpcPeeringConnectionId: "pcx-ab" });
    await open(onward);
    const passing = await lab.onInternet([
      "nft",
      "-e",
      "-a",
      "add table ip seen; add chain ip seen c { type filter hook prerouting priority 0; }; add rule ip seen c ip protocol 4 counter",
    ]);
    assert.ok(passing.includes("handle"));
    await b1.sendProtocol(4, internet);
    await b1.sendProtocol(4, ip.c1);
    assert.equal(await delivered(c1, protocol4, () => b1.sendProtocol(4, ip.c1)), false);
    const seen = async (): Promise<string | undefined> =>
      /counter packets (\d+)/.exec(await lab.onInternet(["nft", "list", "chain", "ip", "seen", "c"]))?.[1];
    assert.equal(await seen(), "0");
    await open((r) =>
      onward(r).remove("r-rtb-b-0-0-0-0-0").internetGateway("b", "b").route("b", "0.0.0.0/0", { gatewayId: "igw-b" }),
    );
    await b1.sendProtocol(4, internet);
    assert.equal(await seen(), "1");
  });

  it("AWS-27 replies follow the route table, also to another VPC than the question's (vpc/latest/peering/peering-configurations-partial-access.html)", async () => {
    // From c in b's name.
    const answered = async (): Promise<[atB: boolean, itself: boolean]> => {
      await lab.flush();
      const atB = await b1.count("icmp type echo-reply");
      await c1.exec(["sh", "-c", `ping -n -q -c 1 -W 0.3 -I ${ip.b1} ${ip.a1} || :`]);
      return [(await atB()) > 0, await pings(c1, ip.a1)];
    };
    const spoofing = (r: CloudRecords): CloudRecords => r.update("i-c1", { sourceDestCheck: false });
    await open(spoofing);
    assert.deepEqual(await answered(), [true, false]);
    await open((r) => spoofing(r).remove("r-rtb-a-10-2-0-0-16").route("a", ip.b, { vpcPeeringConnectionId: "pcx-ac" }));
    assert.deepEqual(await answered(), [false, true]);
  });

  it("AWS-28 a route to what is gone or pending is a black hole, without a word (vpc/latest/peering/vpc-peering-routing.html)", async () => {
    const word = await a1.count("icmp type destination-unreachable");
    await open((r) => r.update("pcx-ab", { acceptStatus: "pending-acceptance" }));
    assert.equal(await pings(a1, ip.b1), false);
    await open((r) => r.remove("r-rtb-a-0-0-0-0-0").route("a", "0.0.0.0/0", { networkInterfaceId: "eni-gone" }));
    assert.equal(await pings(a1, internet), false);
    assert.equal(await word(), 0);
    await open();
    assert.deepEqual([await pings(a1, ip.b1), await pings(a1, internet)], [true, true]);
  });

  it("AWS-29 the MTU is 9001 in a VPC and over a peering, 1500 to the internet (AWSEC2/latest/UserGuide/network_mtu.html)", async () => {
    await open();
    for (const to of [ip.a2, ip.a3, ip.b1]) assert.equal(await pings(a1, to, 9001), true, to);
    for (const to of [ip.a2, ip.a3, ip.b1]) assert.equal(await pings(a1, to, 9002), false, to);
    assert.deepEqual([await pings(a1, internet, 1500), await pings(a1, internet, 1501)], [true, false]);
    await a1.exec(["ip", "route", "flush", "cache"]);
  });

  it("AWS-30 what is too long is dropped and the sender told, and cut where it may be (AWSEC2/latest/UserGuide/network_mtu.html)", async () => {
    await open();
    const told = await a1.count("icmp type destination-unreachable icmp code frag-needed");
    const ping = (how: string): Promise<string> =>
      a1.exec(["sh", "-c", `ping -n -q -c 1 -W 0.3 -M ${how} -s 1600 ${internet} || :`]);
    assert.ok((await ping("do")).includes("100% packet loss"));
    assert.equal(await told(), 1);
    await a1.exec(["ip", "route", "flush", "cache"]);
    assert.ok((await ping("dont")).includes(" 0% packet loss"));
    assert.equal(await told(), 1);
  });

  it("AWS-34 an internet gateway translates one to one, both ways, for who has a public address (vpc/latest/userguide/VPC_Internet_Gateway.html)", async () => {
    await open();
    const sent = await a1.count(`icmp type echo-reply ip saddr ${internet} ip daddr ${ip.a1}`);
    assert.deepEqual([await pings(a1, internet), await pings(a2, internet)], [true, false]);
    assert.equal(await sent(), 1, "the guest knows its private address alone");
    assert.equal(
      await delivered(a1, `ip protocol 4 ip saddr ${internet} ip daddr ${ip.a1}`, () =>
        fromInternet(4, "203.0.113.11"),
      ),
      true,
    );
    await open((r) => r.update("i-a1", { publicIp: "" }).update("i-a2", { publicIp: "203.0.113.11" }));
    assert.equal(await delivered(a1, protocol4, () => fromInternet(4, "203.0.113.11")), false);
    assert.equal(await pings(a2, internet), true);
  });

  async function fromInternet(protocol: number, to: string): Promise<void> {
    await lab.onInternet(["socat", "-u", "-", `IP4-SENDTO:${to}:${protocol}`], "probe");
  }

  it("AWS-38 an address that is taken from an interface leads there no more, at once (AWSEC2/latest/UserGuide/using-eni.html)", async () => {
    const secondary = "10.1.1.99";
    const with2 =
      (addresses: readonly string[]) =>
      (r: CloudRecords): CloudRecords =>
        r.update("i-a2", { sourceDestCheck: false, secondaryPrivateIps: addresses });
    await open(with2([secondary]));
    assert.equal(await delivered(a2, protocol4, () => a3.sendProtocol(4, secondary)), true);
    await open(with2([]));
    assert.equal(await delivered(a2, protocol4, () => a3.sendProtocol(4, secondary)), false);
  });

  it("AWS-42 the source/dest check of a running instance changes at once, in the middle of what it sends (vpc/latest/userguide/VPC_NAT_Instance.html)", async () => {
    const forwarded = (): Promise<boolean> => delivered(a2, protocol4, () => a1.sendProtocol(4, ip.a2, workload.at1));
    const outcomes: boolean[] = [];
    for (const sourceDestCheck of [true, false, true]) {
      await open((r) => r.update("i-a1", { sourceDestCheck }));
      outcomes.push(await forwarded());
    }
    assert.deepEqual(outcomes, [false, true, false]);
  });
});
