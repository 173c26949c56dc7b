import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { readCloud } from "../../../lab/src/cloud/cloud";
import { answerTo, type Packet } from "../../../lab/src/reach/packet";
import type { Path } from "../../../lab/src/reach/path";
import { reach } from "../../../lab/src/reach/reach";
import type { CloudRecords } from "../../support/cloud-records";
import { echo, ip, ipip, joined, natted, outcome, syn, three, trace, TRANSIT, udp } from "./three-vpcs";

describe("the way of a packet", () => {
  const cases: Readonly<Record<string, [path: () => Path, expected: string]>> = {
    "to a neighbour": [() => trace(three(), "a1", udp(ip.a1, ip.a2)), "i-a2"],
    "over the router": [() => trace(three(), "a1", udp(ip.a1, ip.a3)), "i-a3"],
    "over a peering": [() => trace(three(), "a1", udp(ip.a1, ip.b1)), "i-b1"],
    "to the internet": [() => trace(three(), "a1", udp(ip.a1, "198.51.100.1")), "internet"],
    "from the internet": [() => trace(three(), "internet", udp("198.51.100.1", "203.0.113.11")), "i-a1"],
    "to a public address of the lab, by the internet": [
      () => trace(three().update("i-a2", { publicIp: "203.0.113.12" }), "a2", udp(ip.a2, "203.0.113.11")),
      "i-a1",
    ],

    "without an ingress rule": [
      () => trace(three().remove("sgr-b1-in"), "a1", ipip(ip.a1, ip.b1)),
      "SG_HAS_NO_RULES security-group eni-b1",
    ],
    "with an ingress rule for another port": [
      () =>
        trace(
          three()
            .remove("sgr-a2-in")
            .ingress("ssh", "a2", { ipProtocol: "tcp", fromPort: 22, toPort: 22, cidrIpv4: "0.0.0.0/0" }),
          "a1",
          syn(ip.a1, ip.a2, 23),
        ),
      "ENI_SG_RULES_MISMATCH security-group eni-a2",
    ],
    "with an egress rule for another address": [
      () =>
        trace(
          three()
            .remove("sgr-a1-out")
            .egress("o", "a1", { ipProtocol: "-1", cidrIpv4: `${ip.a3}/32` }),
          "a1",
          udp(ip.a1, ip.a2),
        ),
      "ENI_SG_RULES_MISMATCH security-group eni-a1",
    ],
    "in another's name": [
      () => trace(three(), "a1", udp("192.168.0.1", ip.a2)),
      "ENI_SOURCE_DEST_CHECK_RESTRICTION source-dest-check eni-a1",
    ],
    "to a workload by its neighbour's MAC address": [
      () => trace(three(), "a1", udp(ip.a1, "192.168.0.1"), ip.a2),
      "ENI_SOURCE_DEST_CHECK_RESTRICTION source-dest-check eni-a2",
    ],
    "to a workload by its neighbour's MAC address, with the check off": [
      () => trace(three().update("i-a2", { sourceDestCheck: false }), "a1", udp(ip.a1, "192.168.0.1"), ip.a2),
      "i-a2",
    ],
    "to a workload by a route to its instance": [
      () =>
        trace(
          three()
            .update("i-a3", { sourceDestCheck: false })
            .route("a", "192.168.0.0/26", { networkInterfaceId: "eni-a3" }),
          "a1",
          udp(ip.a1, "192.168.0.1"),
        ),
      "i-a3",
    ],
    "without a route": [
      () => trace(three().remove("r-rtb-b-10-1-0-0-16"), "b1", udp(ip.b1, ip.a1)),
      "NO_ROUTE_TO_DESTINATION route-table rtb-b",
    ],
    "by a more specific route that is a black hole": [
      () => trace(three().route("a", "10.2.1.0/24", { vpcPeeringConnectionId: "pcx-gone" }), "a1", udp(ip.a1, ip.b1)),
      "BAD_STATE_ROUTE route-table rtb-a rtb-a 10.2.1.0/24",
    ],
    "with a network ACL that lets nothing out": [
      () => trace(three().networkAcl("x", "a", "a1"), "a1", udp(ip.a1, ip.a3)),
      "SUBNET_ACL_RESTRICTION network-acl acl-x acl-x *",
    ],
    "with a network ACL that denies it on the way in": [
      () =>
        trace(
          three()
            .networkAcl("x", "b", "b1")
            .aclRule("x", "ingress", 10, "deny", { protocol: "17", fromPort: 4000, toPort: 5000 })
            .aclRule("x", "ingress", 20, "allow"),
          "a1",
          udp(ip.a1, ip.b1),
        ),
      "SUBNET_ACL_RESTRICTION network-acl acl-x acl-x 10",
    ],
    "with a network ACL that lets it in by a lower number": [
      () =>
        trace(
          three()
            .networkAcl("x", "b", "b1")
            .aclRule("x", "ingress", 10, "allow", { protocol: "17", fromPort: 4000, toPort: 5000 })
            .aclRule("x", "ingress", 20, "deny"),
          "a1",
          udp(ip.a1, ip.b1),
        ),
      "i-b1",
    ],
    "with a network ACL that lets nothing out, inside the subnet": [
      () => trace(three().networkAcl("x", "a", "a1"), "a1", udp(ip.a1, ip.a2)),
      "i-a2",
    ],
    "over a pending peering": [
      () => trace(three().update("pcx-ab", { acceptStatus: "pending-acceptance" }), "a1", udp(ip.a1, ip.b1)),
      "BAD_STATE_ROUTE route-table rtb-a rtb-a 10.2.0.0/16",
    ],
    "through a peered VPC to its peer": [
      () => trace(three(), "b1", udp(ip.b1, ip.c1)),
      "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR peering pcx-ab",
    ],
    "to nobody in the subnet": [
      () => trace(three(), "a1", udp(ip.a1, "10.1.1.99")),
      "NO_POSSIBLE_DESTINATION subnet subnet-a1",
    ],
    "to nobody in the VPC": [
      () => trace(three(), "a1", udp(ip.a1, "10.1.9.9")),
      "NO_POSSIBLE_DESTINATION router vpc-a",
    ],
    "to a subnet with a route of its own, through an appliance (AWS-6)": [
      () =>
        trace(
          three()
            .routeTable("own", "a", "a1")
            .route("own", "10.1.2.0/24", { networkInterfaceId: "eni-a2" })
            .update("i-a2", { sourceDestCheck: false }),
          "a1",
          udp(ip.a1, ip.a3),
        ),
      "i-a2",
    ],
    "to a subnet whose own route is a black hole": [
      () =>
        trace(
          three().routeTable("own", "a", "a1").route("own", "10.1.2.0/24", { networkInterfaceId: "eni-gone" }),
          "a1",
          udp(ip.a1, ip.a3),
        ),
      "BAD_STATE_ROUTE route-table rtb-own rtb-own 10.1.2.0/24",
    ],
    "to the router": [() => trace(three(), "a1", udp(ip.a1, "10.1.1.1")), "ROUTER_IS_NO_HOST router vpc-a"],
    "to the router's address in another subnet": [
      () => trace(three(), "a1", udp(ip.a1, "10.1.2.1")),
      "ROUTER_IS_NO_HOST router vpc-a",
    ],
    "to everybody": [() => trace(three(), "a1", udp(ip.a1, "10.1.1.255")), "BROADCAST_NOT_CARRIED subnet subnet-a1"],
    "to a group of hosts": [
      () => trace(three(), "a1", udp(ip.a1, "224.0.0.9")),
      "BROADCAST_NOT_CARRIED subnet subnet-a1",
    ],
    "to a link-local address": [
      () => trace(three(), "a1", udp(ip.a1, "169.254.7.7")),
      "LINK_LOCAL_NOT_ROUTED router vpc-a",
    ],
    "to the internet without a public address": [
      () => trace(three(), "a2", udp(ip.a2, "198.51.100.1")),
      "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS internet-gateway igw-a",
    ],
    "to a public address that is nobody's": [
      () => trace(three(), "a1", udp(ip.a1, "203.0.113.99")),
      "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS internet 198.51.100.1",
    ],
    "from the internet to a VPC without gateway": [
      () => trace(three().remove("igw-a"), "internet", udp("198.51.100.1", "203.0.113.11")),
      "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS internet 198.51.100.1",
    ],
    "of 9001 bytes over a peering": [
      () => trace(three(), "a1", { ...udp(ip.a1, ip.b1), length: 9001, dontFragment: true }),
      "i-b1",
    ],
    "of 9002 bytes": [
      () => trace(three(), "a1", { ...udp(ip.a1, ip.a2), length: 9002, dontFragment: true }),
      "MTU_EXCEEDED guest i-a1",
    ],
    "of 1501 bytes to the internet": [
      () => trace(three(), "a1", { ...udp(ip.a1, "198.51.100.1"), length: 1501, dontFragment: true }),
      "MTU_EXCEEDED internet-gateway igw-a",
    ],
    "of 1501 bytes to the internet, in pieces": [
      () => trace(three(), "a1", { ...udp(ip.a1, "198.51.100.1"), length: 1501 }),
      "internet",
    ],
  };
  for (const [what, [path, expected]] of Object.entries(cases))
    it(`${what}: ${expected}`, () => assert.equal(outcome(path()), expected));

  it("names every place on it, and the rules that decide", () => {
    const { hops, mtu } = trace(three(), "a1", udp(ip.a1, ip.b1));
    assert.deepEqual(
      hops.map(({ kind, id, rule }) => [kind, id, ...(rule === undefined ? [] : [rule])]),
      [
        ["source-dest-check", "eni-a1"],
        ["security-group", "eni-a1", "sgr-a1-out"],
        ["router", "vpc-a"],
        ["route-table", "rtb-a", "rtb-a 10.2.0.0/16"],
        ["network-acl", "acl-default", "acl-default 100"],
        ["peering", "pcx-ab"],
        ["router", "vpc-b"],
        ["network-acl", "acl-default", "acl-default 100"],
        ["subnet", "subnet-b1"],
        ["source-dest-check", "eni-b1"],
        ["security-group", "eni-b1", "sgr-b1-in"],
        ["guest", "i-b1"],
      ],
    );
    assert.equal(mtu, 9001);
  });

  it("tells what the deciding rule is for", () => {
    const told = (outputs: Record<string, unknown>, packet: Packet): string | undefined =>
      trace(three().remove("sgr-a2-in").ingress("x", "a2", outputs), "a1", packet).hops.find(
        ({ rule }) => rule === "sgr-x",
      )?.text;
    assert.equal(
      told({ ipProtocol: "4", cidrIpv4: "10.1.0.0/16" }, ipip(ip.a1, ip.a2)),
      "let in by sgr-x: protocol 4 from 10.1.0.0/16",
    );
    assert.equal(
      told({ ipProtocol: "tcp", fromPort: 22, toPort: 22, cidrIpv4: "10.1.0.0/16" }, syn(ip.a1, ip.a2, 22)),
      "let in by sgr-x: TCP 22 from 10.1.0.0/16",
    );
    assert.equal(
      told({ ipProtocol: "udp", fromPort: 4000, toPort: 5000, referencedSecurityGroupId: "sg-a1" }, udp(ip.a1, ip.a2)),
      "let in by sgr-x: UDP 4000-5000 from sg-a1",
    );
    assert.equal(
      told({ ipProtocol: "icmp", fromPort: 8, toPort: -1, cidrIpv4: "0.0.0.0/0" }, echo(ip.a1, ip.a2)),
      "let in by sgr-x: ICMP type 8 from 0.0.0.0/0",
    );
  });

  it("sees no route table inside a subnet", () => {
    assert.deepEqual(
      trace(three(), "a1", udp(ip.a1, ip.a2)).hops.filter(({ kind }) => kind === "route-table" || kind === "router"),
      [],
    );
  });

  it("translates at the gateway, both ways", () => {
    const out = trace(three(), "a1", udp(ip.a1, "198.51.100.1"));
    const back = trace(three(), "internet", udp("198.51.100.1", "203.0.113.11"));
    assert.ok(out.verdict === "delivered" && back.verdict === "delivered");
    assert.deepEqual([out.packet.source, back.packet.destination, out.mtu], ["203.0.113.11", ip.a1, 1500]);
  });

  it("starts at an instance of the cloud, or nowhere", () => {
    assert.throws(
      () => reach(readCloud(three().list()), { instanceId: "i-z" }, udp(ip.a1, ip.a2)),
      /i-z is no instance/,
    );
  });

  describe("and what security groups track", () => {
    const cloud = readCloud(
      three()
        .remove("sgr-a1-in", "sgr-a2-in")
        .ingress("ipip", "a1", { ipProtocol: "4", cidrIpv4: "10.1.0.0/16" })
        .list(),
    );
    const a1 = { instanceId: "i-a1" };
    const a2 = { instanceId: "i-a2" };

    it("lets protocol 4 in without a rule once it has gone out, for each interface", () => {
      const first = reach(cloud, a1, ipip(ip.a1, ip.a2));
      const second = reach(cloud, a2, ipip(ip.a2, ip.a1), first.connections);
      const third = reach(cloud, a1, ipip(ip.a1, ip.a2), second.connections);
      assert.deepEqual(
        [first, second, third].map(({ verdict }) => verdict),
        ["dropped", "delivered", "delivered"],
      );
      assert.equal(reach(cloud, a1, ipip(ip.a1, ip.a2)).verdict, "dropped", "what is tracked is in the memory alone");
    });

    it("tells ports apart for UDP", () => {
      const open = readCloud(three().remove("sgr-a1-in").list());
      const sent = reach(open, a1, udp(ip.a1, ip.a2));
      const back = answerTo(udp(ip.a1, ip.a2));
      assert.equal(reach(open, a2, back, sent.connections).verdict, "delivered");
      assert.equal(
        reach(open, a2, { ...back, ports: { source: 4789, destination: 40001 } }, sent.connections).verdict,
        "dropped",
      );
      assert.equal(reach(open, a2, back).verdict, "dropped");
    });

    it("begins with no answer", () => {
      const open = readCloud(three().remove("sgr-a2-in").list());
      for (const first of [answerTo(syn(ip.a2, ip.a1, 22)), answerTo(echo(ip.a2, ip.a1))]) {
        const { connections } = reach(open, a1, first);
        assert.equal(reach(open, a1, first, connections).verdict, "dropped");
        assert.equal(
          reach(open, a2, answerTo(first), connections).verdict,
          "delivered",
          "by its rule: everything may out, and in at a1",
        );
        assert.deepEqual(
          reach(open, a2, answerTo(first), connections)
            .hops.map(({ rule }) => rule)
            .filter((rule) => rule !== undefined),
          ["sgr-a2-out", "sgr-a1-in"],
        );
      }
    });
  });

  describe("and a reference to a group", () => {
    const referring = (): CloudRecords =>
      three().remove("sgr-b1-in").ingress("far", "b1", { ipProtocol: "-1", referencedSecurityGroupId: "sg-a1" });

    it("is for its instances' private addresses, over an active peering", () => {
      assert.equal(outcome(trace(referring(), "a1", udp(ip.a1, ip.b1))), "i-b1");
      assert.equal(outcome(trace(referring(), "a2", udp(ip.a2, ip.b1))), "ENI_SG_RULES_MISMATCH security-group eni-b1");
    });

    it("matches nothing without the peering, nor workloads' addresses", () => {
      const near = three()
        .remove("sgr-a2-in")
        .ingress("near", "a2", { ipProtocol: "-1", referencedSecurityGroupId: "sg-c1" })
        .update("i-a1", { sourceDestCheck: false });
      assert.equal(outcome(trace(near, "a1", udp(ip.c1, ip.a2))), "i-a2");
      assert.equal(
        outcome(trace(near, "a1", udp("192.168.0.1", ip.a2))),
        "ENI_SG_RULES_MISMATCH security-group eni-a2",
      );
      assert.equal(
        outcome(trace(near.remove("pcx-ca"), "a1", udp(ip.c1, ip.a2))),
        "ENI_SG_RULES_MISMATCH security-group eni-a2",
      );
    });
  });

  describe("through a NAT gateway", () => {
    it("goes to the internet under its public address, and back", () => {
      const cloud = readCloud(natted().list());
      const out = reach(cloud, { instanceId: "i-a2" }, udp(ip.a2, "198.51.100.1"));
      assert.ok(out.verdict === "delivered");
      assert.deepEqual([out.to, out.packet.source, out.mtu], ["internet", "203.0.113.20", 1500]);
      const back = reach(cloud, "internet", answerTo(out.packet), out.connections);
      assert.ok(back.verdict === "delivered");
      assert.deepEqual([back.to, back.packet.destination], [{ instanceId: "i-a2" }, ip.a2]);
      assert.equal(
        outcome(reach(cloud, "internet", answerTo(out.packet))),
        "NO_POSSIBLE_DESTINATION nat-gateway nat-a",
        "what answers nothing",
      );
    });

    it("goes nothing but TCP, UDP and ICMP", () => {
      assert.equal(
        outcome(trace(natted(), "a2", ipip(ip.a2, "198.51.100.1"))),
        "PROTOCOL_RESTRICTION nat-gateway nat-a",
      );
      assert.equal(outcome(trace(natted(), "a2", echo(ip.a2, "198.51.100.1"))), "internet");
    });

    it("goes round where the gateway's own subnet leads to it", () => {
      const round = natted()
        .remove("rtbassoc-a1", "r-rtb-a-0-0-0-0-0")
        .route("a", "0.0.0.0/0", { natGatewayId: "nat-a" });
      assert.equal(outcome(trace(round, "a2", udp(ip.a2, "198.51.100.1"))), "ROUTING_LOOP router vpc-a");
    });

    it("goes nothing to the internet without a public address, or longer than 8500 bytes anywhere", () => {
      assert.equal(
        outcome(trace(natted().remove("eipassoc-nat"), "a2", udp(ip.a2, "198.51.100.1"))),
        "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS internet-gateway igw-a",
      );
      assert.equal(
        outcome(trace(natted(), "a2", { ...udp(ip.a2, ip.b1), length: 8501, dontFragment: true })),
        "MTU_EXCEEDED nat-gateway nat-a",
      );
      assert.equal(outcome(trace(natted(), "a2", { ...udp(ip.a2, ip.b1), length: 8500, dontFragment: true })), "i-b1");
    });
  });

  describe("over a transit gateway", () => {
    const cases: Readonly<
      Record<string, [change: (records: CloudRecords) => CloudRecords, expected: string, packet?: Partial<Packet>]>
    > = {
      "with routes on all sides": [(r) => r, "i-b1"],
      "of 8500 bytes": [(r) => r, "i-b1", { length: 8500, dontFragment: true }],
      "of 8501 bytes, which it does not cut": [(r) => r, "MTU_EXCEEDED transit-gateway tgw-1", { length: 8501 }],
      "without an attachment of the VPC": [
        (r) => r.remove("tgw-attach-a"),
        "BAD_STATE_ROUTE route-table rtb-a rtb-a 10.2.0.0/16",
      ],
      "without a route table for the attachment": [
        (r) => r.remove("assoc-a"),
        "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION transit-gateway tgw-1",
      ],
      "without a route in its table": [(r) => r.remove("prop-b"), "TGW_RTB_CANNOT_ROUTE transit-gateway tgw-1"],
      "with a static black hole": [
        (r) =>
          r.add(`${TRANSIT}/route:Route`, "tgw-r", {
            transitGatewayRouteTableId: "tgw-rtb-1",
            destinationCidrBlock: "10.2.1.0/24",
            blackhole: true,
          }),
        "TGW_RTB_BAD_STATE_ROUTE transit-gateway tgw-1 tgw-rtb-1 10.2.1.0/24",
      ],
      "from a zone that the attachment has no subnet in": [
        (r) =>
          r
            .update("subnet-a1", { availabilityZone: "us-east-1b" })
            .update("tgw-attach-a", { subnetIds: ["subnet-a2"] }),
        "TGW_ROUTE_AZ_RESTRICTION transit-gateway tgw-1",
      ],
    };
    for (const [what, [change, expected, packet]] of Object.entries(cases))
      it(`${what}: ${expected}`, () =>
        assert.equal(outcome(trace(change(joined()), "a1", { ...udp(ip.a1, ip.b1), ...packet })), expected));

    it("matches a reference to a group where gateway and attachments support it", () => {
      const referring = joined()
        .remove("sgr-b1-in")
        .ingress("far", "b1", { ipProtocol: "-1", referencedSecurityGroupId: "sg-a1" });
      assert.equal(outcome(trace(referring, "a1", udp(ip.a1, ip.b1))), "ENI_SG_RULES_MISMATCH security-group eni-b1");
      for (const id of ["tgw-1", "tgw-attach-a", "tgw-attach-b"])
        referring.update(id, { securityGroupReferencingSupport: "enable" });
      assert.equal(outcome(trace(referring, "a1", udp(ip.a1, ip.b1))), "i-b1");
    });
  });

  describe("and what would have to change", () => {
    const advice = (path: Path): readonly string[] => (path.verdict === "dropped" ? path.remedies : []);
    const cases: Readonly<Record<string, [path: () => Path, expected: RegExp]>> = {
      "a rule": [
        () => trace(three().remove("sgr-b1-in"), "a1", ipip(ip.a1, ip.b1)),
        /^Add an ingress rule to sg-b1: ipProtocol 4 without ports from 10\.1\.1\.11\/32\.$/,
      ],
      "a rule with ports": [
        () => trace(three().remove("sgr-b1-in"), "a1", syn(ip.a1, ip.b1, 22)),
        /^Add an ingress rule to sg-b1: ipProtocol tcp, fromPort 22, toPort 22 from 10\.1\.1\.11\/32\.$/,
      ],
      "a rule of a network ACL": [
        () => trace(three().networkAcl("x", "a", "a1").aclRule("x", "egress", 10, "deny"), "a1", ipip(ip.a1, ip.a3)),
        /^Add an egress rule with a number below 10 to acl-x that allows protocol 4 to 10\.1\.2\.11\/32\.$/,
      ],
      "a check": [() => trace(three(), "a1", udp("192.168.0.1", ip.a2)), /^Set sourceDestCheck of i-a1 to false/],
      "a route": [
        () => trace(three().remove("r-rtb-b-10-1-0-0-16"), "b1", udp(ip.b1, ip.a1)),
        /^Add a route to rtb-b: 10\.1\.0\.0\/16 to pcx-ab\.$/,
      ],
      "a peering": [
        () => trace(three().remove("r-rtb-b-10-3-0-0-16"), "b1", udp(ip.b1, ip.c1)),
        /^Peer vpc-b with vpc-c, and add a route to rtb-b: 10\.3\.0\.0\/16 to the peering\.$/,
      ],
      "a way round a peer": [() => trace(three(), "b1", udp(ip.b1, ip.c1)), /not transitive/],
      "a gateway": [
        () => trace(three(), "b1", udp(ip.b1, "198.51.100.1")),
        /^Attach an internet gateway to vpc-b, and add a route to rtb-b: 0\.0\.0\.0\/0 to it\.$/,
      ],
      "a public address": [() => trace(three(), "a2", udp(ip.a2, "198.51.100.1")), /^Give i-a2 a public address\.$/],
      "a length": [
        () => trace(three(), "a1", { ...udp(ip.a1, "198.51.100.1"), length: 1501, dontFragment: true }),
        /^Send at most 1500 bytes, or without the DF bit\.$/,
      ],
      "a target": [
        () => trace(three().update("pcx-ab", { acceptStatus: "pending-acceptance" }), "a1", udp(ip.a1, ip.b1)),
        /^Make pcx-ab active in vpc-a/,
      ],
    };
    for (const [what, [path, expected]] of Object.entries(cases))
      it(`is ${what}`, () =>
        assert.ok(
          advice(path()).some((line) => expected.test(line)),
          advice(path()).join("\n"),
        ));
  });

  it("is found without anything that renders for Linux, and without input or output", () => {
    const room = resolve(__dirname, "../../../lab/src/reach");
    const imports = readdirSync(room).flatMap((file) =>
      [...readFileSync(join(room, file), "utf8").matchAll(/from "([^"]+)"/g)].map((match) => match[1] ?? ""),
    );
    assert.ok(imports.length > 10);
    assert.deepEqual(
      imports.filter((name) => !name.startsWith("./") && !name.startsWith("../cloud/")),
      [],
    );
  });
});
