import assert from "node:assert/strict";
import { readCloud } from "../../../lab/src/cloud/cloud";
import type { Packet } from "../../../lab/src/reach/packet";
import type { Path } from "../../../lab/src/reach/path";
import { echo, ip, ipip, joined, natted, syn, three, trace, udp } from "./three-vpcs";
import { reach } from "../../../lab/src/reach/reach";

/** What a packet's way says would have to change. */
const advice = (path: Path): readonly string[] => (path.verdict === "dropped" ? path.remedies : []);

const whole = (packet: Packet, length: number): Packet => ({ ...packet, length, dontFragment: true });

describe("what would have to change", () => {
  it("is the length, to what the place that dropped it carries", () => {
    const ways: [Path, number][] = [
      [trace(three(), "a1", whole(udp(ip.a1, ip.a2), 9002)), 9001],
      [trace(three(), "a1", whole(udp(ip.a1, "198.51.100.1"), 1501)), 1500],
      [trace(three(), "internet", whole(udp("198.51.100.1", "203.0.113.11"), 1501)), 1500],
      [trace(natted(), "a2", whole(udp(ip.a2, ip.b1), 8501)), 8500],
      [trace(joined(), "a1", whole(udp(ip.a1, ip.b1), 8501)), 8500],
    ];
    for (const [path, bytes] of ways)
      assert.deepEqual(advice(path), [`Send at most ${bytes} bytes, or without the DF bit.`]);
  });

  it("is the protocol, where a NAT gateway does not know it", () => {
    const [line, ...others] = advice(trace(natted(), "a2", ipip(ip.a2, "198.51.100.1")));
    assert.match(line ?? "", /UDP.*internet gateway/);
    assert.deepEqual(others, []);
  });

  it("is a subnet of the attachment, in the sender's zone", () => {
    const records = joined()
      .update("subnet-a1", { availabilityZone: "us-east-1b" })
      .update("tgw-attach-a", { subnetIds: ["subnet-a2"] });
    assert.deepEqual(advice(trace(records, "a1", udp(ip.a1, ip.b1))), ["Add a subnet in us-east-1b to tgw-attach-a."]);
  });

  it("is the check of an instance, or of an interface that is not its first", () => {
    assert.match(advice(trace(three(), "a1", udp("192.168.0.1", ip.a2)))[0] ?? "", /sourceDestCheck of i-a1 to false/);
    const cloud = readCloud(three().list());
    const second = {
      ...cloud,
      networkInterfaces: cloud.networkInterfaces.map((card) =>
        card.instanceId === "i-a1" ? { ...card, deviceIndex: 1 } : card,
      ),
    };
    const path = reach(second, { instanceId: "i-a1", networkInterfaceId: "eni-a1" }, udp("192.168.0.1", ip.a2));
    assert.match(advice(path)[0] ?? "", /sourceDestCheck of eni-a1 to false/);
  });

  describe("is a rule", () => {
    const closedOut = (packet: Packet): readonly string[] => advice(trace(three().remove("sgr-a1-out"), "a1", packet));
    const closedIn = (packet: Packet): readonly string[] => advice(trace(three().remove("sgr-a2-in"), "a1", packet));

    it("out, to the destination", () => {
      assert.deepEqual(closedOut(syn(ip.a1, ip.a2, 22)), [
        `Add an egress rule to sg-a1: ipProtocol tcp, fromPort 22, toPort 22 to ${ip.a2}/32.`,
      ]);
    });

    it("in, from the source", () => {
      assert.deepEqual(closedIn(udp(ip.a1, ip.a2)), [
        `Add an ingress rule to sg-a2: ipProtocol udp, fromPort 4789, toPort 4789 from ${ip.a1}/32.`,
      ]);
    });

    it("with what tells its protocol's packets apart", () => {
      assert.match(closedIn(echo(ip.a1, ip.a2))[0] ?? "", /: ipProtocol icmp, fromPort 8, toPort 0 from/);
      assert.match(closedIn(ipip(ip.a1, ip.a2))[0] ?? "", /: ipProtocol 4 without ports from/);
      assert.match(closedIn({ ...udp(ip.a1, ip.a2), protocol: 132 })[0] ?? "", /: ipProtocol 132, fromPort 4789/);
      const bare = { ...ipip(ip.a1, ip.a2), protocol: 1 };
      assert.match(closedIn(bare)[0] ?? "", /: ipProtocol 1 without ports from/);
    });

    it("of any of several groups", () => {
      const two = three()
        .remove("sgr-a2-in")
        .securityGroup("more", "a")
        .update("i-a2", { vpcSecurityGroupIds: ["sg-a2", "sg-more"] });
      assert.match(advice(trace(two, "a1", udp(ip.a1, ip.a2)))[0] ?? "", /to one of sg-a2, sg-more: /);
    });
  });

  describe("where a route is missing", () => {
    it("is one to the peering, whichever end made it", () => {
      assert.deepEqual(advice(trace(three().remove("r-rtb-b-10-1-0-0-16"), "b1", udp(ip.b1, ip.a1))), [
        "Add a route to rtb-b: 10.1.0.0/16 to pcx-ab.",
      ]);
      assert.deepEqual(
        advice(trace(three().remove("r-rtb-a-10-2-0-0-16", "igw-a", "r-rtb-a-0-0-0-0-0"), "a1", udp(ip.a1, ip.b1))),
        ["Add a route to rtb-a: 10.2.0.0/16 to pcx-ab."],
      );
    });

    it("is one to the internet gateway, or that and the gateway", () => {
      const unrouted = three().remove("r-rtb-a-0-0-0-0-0").internetGateway("b", "b");
      for (const destination of ["198.51.100.1", "203.0.113.11"])
        assert.deepEqual(advice(trace(unrouted, "a2", udp(ip.a2, destination))), [
          "Add a route to rtb-a: 0.0.0.0/0 to igw-a.",
        ]);
      assert.deepEqual(advice(trace(unrouted.remove("igw-b"), "b1", udp(ip.b1, "203.0.113.11"))), [
        "Attach an internet gateway to vpc-b, and add a route to rtb-b: 0.0.0.0/0 to it.",
      ]);
    });

    it("is one to the instance that has it behind it, for an address that is nobody's", () => {
      const records = three().update("i-a3", { publicIp: "203.0.113.13" });
      assert.deepEqual(advice(trace(records, "b1", udp(ip.b1, "192.168.0.1"))), [
        "Add a route to rtb-b: 192.168.0.1/32, or a network with it, to the instance of vpc-b that has it behind it.",
      ]);
    });
  });

  it("is the target of a black hole, or another route", () => {
    const path = trace(three().update("pcx-ab", { acceptStatus: "deleted" }), "a1", udp(ip.a1, ip.b1));
    const lines = advice(path);
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", /Make pcx-ab active in vpc-a.*rtb-a for 10\.2\.0\.0\/16/);
    assert.match(lines[1] ?? "", /Peer vpc-a with vpc-b/);
  });

  it("is a public address of the sender, or a sender that has one", () => {
    assert.deepEqual(advice(trace(three(), "a2", udp(ip.a2, "198.51.100.1"))), ["Give i-a2 a public address."]);
    const forwarding = three().update("i-a2", { sourceDestCheck: false });
    // b1 is an instance, but of another VPC.
    for (const source of ["192.168.0.1", ip.b1])
      assert.deepEqual(advice(trace(forwarding, "a2", udp(source, "198.51.100.1"))), [
        "Send from the primary private address of an instance of vpc-a that has a public one.",
      ]);
  });

  it("is a gateway for the VPC of a public address, or an instance that has the address", () => {
    const dark = three().update("i-c1", { publicIp: "203.0.113.31" });
    assert.deepEqual(advice(trace(dark, "internet", udp("198.51.100.1", "203.0.113.31"))), [
      "Attach an internet gateway to vpc-c, where i-c1 with 203.0.113.31 is.",
    ]);
    assert.deepEqual(advice(trace(dark, "internet", udp("198.51.100.1", "203.0.113.99"))), [
      "Give an instance the public address 203.0.113.99.",
    ]);
  });

  it("is nothing where nothing of the cloud's would help", () => {
    for (const destination of ["10.1.1.1", "10.1.1.99", "224.0.0.9", "169.254.7.7"])
      assert.deepEqual(advice(trace(three(), "a1", udp(ip.a1, destination))), [], destination);
  });
});
