import assert from "node:assert/strict";
import { readCloud } from "../../../lab/src/cloud/cloud";
import type { Packet } from "../../../lab/src/reach/packet";
import { describeRule, type Direction, ruleAdmits, rulesOf } from "../../../lab/src/reach/security-group";
import type { CloudRecords } from "../../support/cloud-records";
import { echo, ip, ipip, joined, syn, three, TRANSIT, udp } from "./three-vpcs";

/** Whether a1's one ingress rule admits a packet from a2. */
function admits(rule: Record<string, unknown>, packet: Packet): boolean {
  const cloud = readCloud(
    three()
      .remove("sgr-a1-in")
      .ingress("x", "a1", { cidrIpv4: "0.0.0.0/0", ...rule })
      .list(),
  );
  const found = cloud.securityGroups.get("sg-a1")?.ingress[0];
  assert.ok(found);
  return ruleAdmits(found, "ingress", packet, "vpc-a", cloud);
}

describe("a security group's rule", () => {
  it("is for its ports, the first and the last included", () => {
    for (const [ipProtocol, to] of [
      ["tcp", (port: number) => syn(ip.a2, ip.a1, port)],
      ["udp", (port: number) => udp(ip.a2, ip.a1, port)],
    ] as const)
      assert.deepEqual(
        [21, 22, 23, 24, 25].map((port) => admits({ ipProtocol, fromPort: 22, toPort: 24 }, to(port))),
        [false, true, true, true, false],
      );
    const bare = { ...ipip(ip.a2, ip.a1), protocol: 6 };
    assert.equal(admits({ ipProtocol: "tcp", fromPort: 0, toPort: 65535 }, bare), false, "a packet without ports");
  });

  it("is for its protocol alone, or for all", () => {
    assert.equal(admits({ ipProtocol: "tcp", fromPort: 0, toPort: 65535 }, udp(ip.a2, ip.a1)), false);
    assert.equal(admits({ ipProtocol: "4" }, ipip(ip.a2, ip.a1)), true);
    assert.equal(admits({ ipProtocol: "4" }, udp(ip.a2, ip.a1)), false);
    assert.equal(admits({ ipProtocol: "-1" }, udp(ip.a2, ip.a1)), true);
  });

  it("is for its ICMP type and code, where -1 is every one", () => {
    const icmp = (fromPort: number, toPort: number): Record<string, unknown> => ({
      ipProtocol: "icmp",
      fromPort,
      toPort,
    });
    const request = echo(ip.a2, ip.a1);
    assert.deepEqual(
      [icmp(8, 0), icmp(8, -1), icmp(-1, -1), icmp(0, -1), icmp(8, 1)].map((rule) => admits(rule, request)),
      [true, true, true, false, false],
    );
    const bare = { ...ipip(ip.a2, ip.a1), protocol: 1 };
    assert.equal(admits(icmp(8, 0), bare), false, "a packet that is not said to have a type");
    assert.equal(admits(icmp(-1, -1), bare), true);
  });

  it("compares the source of what comes in, and the destination of what goes out", () => {
    const cloud = readCloud(
      three()
        .remove("sgr-a1-in", "sgr-a1-out")
        .ingress("in", "a1", { ipProtocol: "-1", cidrIpv4: `${ip.a2}/32` })
        .egress("out", "a1", { ipProtocol: "-1", cidrIpv4: `${ip.a2}/32` })
        .list(),
    );
    const admitted = (direction: Direction, packet: Packet): boolean | undefined => {
      const rule = cloud.securityGroups.get("sg-a1")?.[direction][0];
      return rule && ruleAdmits(rule, direction, packet, "vpc-a", cloud);
    };
    assert.deepEqual(
      [
        admitted("ingress", udp(ip.a2, ip.a1)),
        admitted("ingress", udp(ip.a1, ip.a2)),
        admitted("egress", udp(ip.a1, ip.a2)),
        admitted("egress", udp(ip.a2, ip.a1)),
      ],
      [true, false, true, false],
    );
  });

  it("admits nobody by a group that is gone", () => {
    assert.equal(
      admits({ ipProtocol: "-1", cidrIpv4: undefined, referencedSecurityGroupId: "sg-gone" }, udp(ip.a2, ip.a1)),
      false,
    );
  });

  it("admits members of its own VPC's groups, by any of their private addresses", () => {
    const toA2 = { ipProtocol: "-1", cidrIpv4: undefined, referencedSecurityGroupId: "sg-a2" };
    assert.equal(admits(toA2, udp(ip.a2, ip.a1)), true);
    assert.equal(admits(toA2, udp(ip.a3, ip.a1)), false);
    const cloud = readCloud(
      three()
        .remove("sgr-a1-in")
        .update("i-a2", { secondaryPrivateIps: ["10.1.1.40"] })
        .ingress("x", "a1", { ipProtocol: "-1", referencedSecurityGroupId: "sg-a2" })
        .list(),
    );
    const rule = cloud.securityGroups.get("sg-a1")?.ingress[0];
    assert.ok(rule);
    assert.equal(ruleAdmits(rule, "ingress", udp("10.1.1.40", ip.a1), "vpc-a", cloud), true);
  });

  describe("that names a group beyond a transit gateway", () => {
    const support = { securityGroupReferencingSupport: "enable" };
    /** b1's rules name a1's group; everything on the way supports it. */
    const supporting = (): CloudRecords =>
      joined()
        .update("tgw-1", support)
        .update("tgw-attach-a", support)
        .update("tgw-attach-b", support)
        .remove("sgr-b1-in", "sgr-b1-out")
        .ingress("far", "b1", { ipProtocol: "-1", referencedSecurityGroupId: "sg-a1" })
        .egress("far-out", "b1", { ipProtocol: "-1", referencedSecurityGroupId: "sg-a1" });
    const admitted = (records: CloudRecords, direction: Direction = "ingress"): boolean | undefined => {
      const cloud = readCloud(records.list());
      const rule = cloud.securityGroups.get("sg-b1")?.[direction][0];
      const packet = direction === "ingress" ? udp(ip.a1, ip.b1) : udp(ip.b1, ip.a1);
      return rule && ruleAdmits(rule, direction, packet, "vpc-b", cloud);
    };

    it("admits its members where the gateway and both attachments support that", () => {
      assert.equal(admitted(supporting()), true);
      for (const id of ["tgw-1", "tgw-attach-a", "tgw-attach-b"])
        assert.equal(admitted(supporting().update(id, { securityGroupReferencingSupport: "disable" })), false, id);
    });

    it("admits nothing out: such a reference is for what comes in", () => {
      assert.equal(admitted(supporting(), "egress"), false);
    });

    it("admits nothing where the two VPCs are on different gateways", () => {
      assert.equal(
        admitted(
          supporting()
            .add(`${TRANSIT}/transitGateway:TransitGateway`, "tgw-2", support)
            .update("tgw-attach-a", { transitGatewayId: "tgw-2" }),
        ),
        false,
      );
    });

    it("admits nothing where another VPC's attachment supports that", () => {
      const third = supporting().update("tgw-attach-a", { vpcId: "vpc-c", subnetIds: ["subnet-c1"] });
      assert.equal(admitted(third), false);
    });
  });

  it("is told by protocol, ports or type, and the other side", () => {
    const told = (outputs: Record<string, unknown>, direction: Direction = "ingress"): string | undefined => {
      const records = three().remove("sgr-a1-in", "sgr-a1-out");
      if (direction === "ingress") records.ingress("x", "a1", outputs);
      else records.egress("x", "a1", outputs);
      const rule = readCloud(records.list()).securityGroups.get("sg-a1")?.[direction][0];
      return rule && describeRule(rule, direction);
    };
    const cidrIpv4 = "10.0.0.0/8";
    assert.deepEqual(
      [
        told({ ipProtocol: "-1", cidrIpv4 }),
        told({ ipProtocol: "-1", cidrIpv4 }, "egress"),
        told({ ipProtocol: "icmp", fromPort: -1, toPort: -1, cidrIpv4 }),
        told({ ipProtocol: "icmp", fromPort: 8, toPort: -1, cidrIpv4 }),
        told({ ipProtocol: "icmp", fromPort: 3, toPort: 4, cidrIpv4 }),
        told({ ipProtocol: "udp", fromPort: 53, toPort: 53, referencedSecurityGroupId: "sg-a2" }, "egress"),
      ],
      [
        "everything from 10.0.0.0/8",
        "everything to 10.0.0.0/8",
        "ICMP from 10.0.0.0/8",
        "ICMP type 8 from 10.0.0.0/8",
        "ICMP type 3 code 4 from 10.0.0.0/8",
        "UDP 53 to sg-a2",
      ],
    );
  });

  it("is among all rules of an interface's groups, in the order of their ids", () => {
    const cloud = readCloud(
      three()
        .securityGroup("more", "a")
        .ingress("zz", "a1", { ipProtocol: "4", cidrIpv4: "0.0.0.0/0" })
        .ingress("aa", "more", { ipProtocol: "4", cidrIpv4: "0.0.0.0/0" })
        .update("i-a1", { vpcSecurityGroupIds: ["sg-a1", "sg-more"] })
        .list(),
    );
    const card = cloud.networkInterfaces.find(({ networkInterfaceId }) => networkInterfaceId === "eni-a1");
    assert.ok(card);
    assert.deepEqual(
      rulesOf(card, "ingress", cloud).map(({ id }) => id),
      ["sgr-a1-in", "sgr-aa", "sgr-zz"],
    );
    assert.deepEqual(
      rulesOf({ ...card, securityGroupIds: ["sg-gone"] }, "ingress", cloud),
      [],
      "a group that is gone has none",
    );
  });
});
