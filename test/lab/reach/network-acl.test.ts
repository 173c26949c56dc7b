import assert from "node:assert/strict";
import { readCloud } from "../../../lab/src/cloud/cloud";
import { answerTo, type Packet } from "../../../lab/src/reach/packet";
import type { Origin, Path } from "../../../lab/src/reach/path";
import { reach } from "../../../lab/src/reach/reach";
import { CloudRecords } from "../../support/cloud-records";

const ip = { a1: "10.1.1.11", a2: "10.1.1.12", b1: "10.1.2.11" };
const everything = { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" };

/** a1 and a2 in one subnet, b1 in another, which has a network ACL without rules. */
function base(): CloudRecords {
  const records = new CloudRecords()
    .vpc("v", "10.1.0.0/16")
    .subnet("a", "v", "10.1.1.0/24")
    .subnet("b", "v", "10.1.2.0/24")
    .internetGateway("v", "v")
    .route("v", "0.0.0.0/0", { gatewayId: "igw-v" })
    .networkAcl("n", "v", "b")
    .instance("a1", "v", "a", ip.a1)
    .instance("a2", "v", "a", ip.a2, { sourceDestCheck: false })
    .instance("b1", "v", "b", ip.b1, { publicIp: "203.0.113.11" });
  for (const name of Object.keys(ip)) records.ingress(`${name}-in`, name, everything);
  return records;
}

const syn = (source: string, destination: string, port = 22): Packet => ({
  source,
  destination,
  protocol: 6,
  ports: { source: 40000, destination: port },
  length: 60,
  dontFragment: false,
});

function outcome(records: CloudRecords, origin: Origin, packet: Packet): string {
  const path = reach(readCloud(records.list()), origin, packet);
  return told(path);
}

function told(path: Path): string {
  if (path.verdict === "delivered") return path.to === "internet" ? "internet" : path.to.instanceId;
  const last = path.hops.at(-1);
  return [path.code, last?.direction, last?.rule].filter((word) => word !== undefined).join(" ");
}

describe("the way of a packet through network ACLs", () => {
  const a1 = { instanceId: "i-a1" };
  const b1 = { instanceId: "i-b1" };
  const tcp22 = { protocol: "6", fromPort: 22, toPort: 22 };

  it("ends at one without a rule for it, entering and leaving", () => {
    assert.equal(outcome(base(), a1, syn(ip.a1, ip.b1)), "SUBNET_ACL_RESTRICTION ingress acl-n *");
    assert.equal(outcome(base(), b1, syn(ip.b1, ip.a1)), "SUBNET_ACL_RESTRICTION egress acl-n *");
    assert.equal(outcome(base(), b1, syn(ip.b1, "198.51.100.1")), "SUBNET_ACL_RESTRICTION egress acl-n *");
    assert.equal(
      outcome(base(), "internet", syn("198.51.100.1", "203.0.113.11")),
      "SUBNET_ACL_RESTRICTION ingress acl-n *",
    );
  });

  it("takes the first rule by number, whatever comes after", () => {
    const open = (): CloudRecords => base().aclRule("n", "ingress", 100, "allow");
    assert.equal(outcome(open(), a1, syn(ip.a1, ip.b1)), "i-b1");
    assert.equal(
      outcome(open().aclRule("n", "ingress", 99, "deny", tcp22), a1, syn(ip.a1, ip.b1)),
      "SUBNET_ACL_RESTRICTION ingress acl-n 99",
    );
    assert.equal(outcome(open().aclRule("n", "ingress", 99, "deny", tcp22), a1, syn(ip.a1, ip.b1, 23)), "i-b1");
    assert.equal(outcome(open().aclRule("n", "ingress", 101, "deny", tcp22), a1, syn(ip.a1, ip.b1)), "i-b1");
  });

  it("is judged again on the way back, though security groups track it", () => {
    const there = reach(readCloud(base().aclRule("n", "ingress", 100, "allow", tcp22).list()), a1, syn(ip.a1, ip.b1));
    const back = (records: CloudRecords): string =>
      told(reach(readCloud(records.list()), b1, answerTo(syn(ip.a1, ip.b1)), there.connections));
    assert.equal(back(base()), "SUBNET_ACL_RESTRICTION egress acl-n *");
    assert.equal(
      back(base().aclRule("n", "egress", 100, "allow", { protocol: "6", fromPort: 1024, toPort: 65535 })),
      "i-a1",
    );
  });

  it("asks none inside a subnet, also when a route leads back into it", () => {
    const closed = (): CloudRecords =>
      base().networkAcl("m", "v", "a").route("v", "192.168.0.0/16", { networkInterfaceId: "eni-a2" });
    assert.equal(outcome(closed(), a1, syn(ip.a1, ip.a2)), "i-a2");
    assert.equal(outcome(closed(), a1, syn(ip.a1, "192.168.0.1")), "i-a2");
    assert.equal(outcome(closed(), a1, syn(ip.a1, ip.b1)), "SUBNET_ACL_RESTRICTION egress acl-m *");
  });

  it("says what would let it pass", () => {
    const remedies = (records: CloudRecords, origin: Origin, packet: Packet): readonly string[] => {
      const path = reach(readCloud(records.list()), origin, packet);
      return path.verdict === "dropped" ? path.remedies : [];
    };
    assert.deepEqual(remedies(base(), a1, syn(ip.a1, ip.b1)), [
      "Add an ingress rule with any number to acl-n that allows TCP port 22 from 10.1.1.11/32.",
    ]);
    assert.deepEqual(
      remedies(base().aclRule("n", "egress", 7, "deny"), b1, { ...syn(ip.b1, ip.a1), protocol: 4, ports: undefined }),
      ["Add an egress rule with a number below 7 to acl-n that allows protocol 4 to 10.1.1.11/32."],
    );
  });
});
