import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readCloud } from "../../../lab/src/cloud/cloud";
import type { Guest } from "../../../lab/src/fabric/guest";
import type { Packet } from "../../../lab/src/reach/packet";
import { reach } from "../../../lab/src/reach/reach";
import { CloudRecords } from "../../support/cloud-records";
import { connects, delivered, GuestLab, pings } from "../../support/guests";

/** Instances whose security groups let everything through, so that the network ACLs alone decide. */
describe("network ACLs, by packets (vpc/latest/userguide/vpc-network-acls.html)", function () {
  this.timeout(30_000);
  let lab: GuestLab;
  let a1: Guest, a2: Guest, b1: Guest;
  const ip = { a1: "10.1.1.11", a2: "10.1.1.12", b1: "10.1.2.11" };
  const publicIp = "203.0.113.11";
  const everything = { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" };
  const protocol4 = "ip protocol 4";
  const tcp7000 = { protocol: "6", fromPort: 7000, toPort: 7000 };
  const open = (records: CloudRecords, acl: string): CloudRecords =>
    records.aclRule(acl, "ingress", 100, "allow").aclRule(acl, "egress", 100, "allow");

  before(async () => {
    const base = new CloudRecords()
      .vpc("v", "10.1.0.0/16")
      .subnet("a", "v", "10.1.1.0/24")
      .subnet("b", "v", "10.1.2.0/24")
      .internetGateway("v", "v")
      .route("v", "0.0.0.0/0", { gatewayId: "igw-v" })
      .instance("a1", "v", "a", ip.a1, { publicIp })
      .instance("a2", "v", "a", ip.a2)
      .instance("b1", "v", "b", ip.b1);
    for (const name of ["a1", "a2", "b1"]) base.ingress(`all-${name}`, name, everything);
    lab = await GuestLab.start(base);
    [a1, a2, b1] = ["a1", "a2", "b1"].map((name) => lab.guest(name)) as [Guest, Guest, Guest];
    for (const guest of [a1, a2, b1]) await lab.listen(guest.namespace, 7000, "cat");
  });
  after(async () => lab?.remove());

  it("AWS-32 a default ACL lets everything through, one that is made lets nothing", async () => {
    await lab.apply(() => undefined);
    assert.equal(await pings(a1, ip.b1), true, "the VPC's default one, of which no record speaks");
    await lab.apply((records) => records.networkAcl("n", "v", "b"));
    assert.equal(await pings(a1, ip.b1), false, "into the subnet");
    assert.equal(await pings(b1, ip.a1), false, "out of the subnet");
    await lab.apply((records) => open(records.networkAcl("n", "v", "b"), "n"));
    assert.equal(await pings(a1, ip.b1), true);
  });

  it("AWS-32 a default ACL's own rules are what they are made", async () => {
    const withDefault = (records: CloudRecords): CloudRecords =>
      records
        .update("vpc-v", { defaultNetworkAclId: "acl-d" })
        .add("aws:ec2/defaultNetworkAcl:DefaultNetworkAcl", "acl-d", { vpcId: "vpc-v" });
    await lab.apply((records) => withDefault(records));
    assert.equal(await pings(a1, ip.b1), false);
    await lab.apply((records) => open(withDefault(records), "d"));
    assert.equal(await pings(a1, ip.b1), true);
  });

  it("AWS-32 rules hold entering and leaving a subnet, not inside it", async () => {
    await lab.apply((records) => records.networkAcl("n", "v", "a"));
    assert.equal(await pings(a1, ip.a2), true, "inside");
    assert.equal(await pings(a1, ip.b1), false, "leaving");
    assert.equal(await pings(b1, ip.a1), false, "entering");
  });

  it("AWS-32 is stateless: replies need a rule of their own", async () => {
    const oneWay = (records: CloudRecords): CloudRecords =>
      records.networkAcl("n", "v", "b").aclRule("n", "ingress", 100, "allow", tcp7000);
    await lab.apply(oneWay);
    assert.equal(await connects(a1, ip.b1, 7000), false);
    await lab.apply((records) =>
      oneWay(records).aclRule("n", "egress", 100, "allow", { protocol: "6", fromPort: 1024, toPort: 65535 }),
    );
    assert.equal(await connects(a1, ip.b1, 7000), true);
  });

  it("AWS-32 takes the first rule that matches, by number", async () => {
    const both = (records: CloudRecords, deny: number): CloudRecords =>
      open(records.networkAcl("n", "v", "b"), "n").aclRule("n", "ingress", deny, "deny", tcp7000);
    await lab.apply((records) => both(records, 99));
    assert.equal(await connects(a1, ip.b1, 7000), false);
    await lab.apply((records) => both(records, 101));
    assert.equal(await connects(a1, ip.b1, 7000), true);
  });

  it("AWS-32 tells sources, ports, ICMP types and codes apart", async () => {
    const ruled = (records: CloudRecords, outputs: object): CloudRecords =>
      records
        .networkAcl("n", "v", "b")
        .aclRule("n", "egress", 100, "allow")
        .aclRule("n", "ingress", 100, "allow", { ...outputs });
    const echo = { protocol: "1", icmpType: 8, icmpCode: 0 };
    for (const [outputs, tcp, icmp] of [
      [{ ...tcp7000, cidrBlock: `${ip.a1}/32` }, true, false],
      [{ ...tcp7000, cidrBlock: `${ip.a2}/32` }, false, false],
      [{ ...tcp7000, fromPort: 7001, toPort: 7010 }, false, false],
      [echo, false, true],
      [{ ...echo, icmpType: 13 }, false, false],
      [{ ...echo, icmpCode: 1 }, false, false],
      [{ ...echo, icmpType: -1, icmpCode: -1 }, false, true],
    ] as const) {
      const cloud = readCloud((await lab.apply((records) => ruled(records, outputs))).list());
      const model = (packet: Pick<Packet, "protocol" | "ports" | "icmp">): boolean =>
        reach(
          cloud,
          { instanceId: "i-a1" },
          { ...packet, source: ip.a1, destination: ip.b1, length: 84, dontFragment: false },
        ).verdict === "delivered";
      assert.equal(await connects(a1, ip.b1, 7000), tcp, `TCP with ${JSON.stringify(outputs)}`);
      assert.equal(
        model({ protocol: 6, ports: { source: 40000, destination: 7000 } }),
        tcp,
        `TCP in the model with ${JSON.stringify(outputs)}`,
      );
      assert.equal(await pings(a1, ip.b1), icmp, `ping with ${JSON.stringify(outputs)}`);
      assert.equal(
        model({ protocol: 1, icmp: { type: 8, code: 0, identifier: 1 } }),
        icmp,
        `ping in the model with ${JSON.stringify(outputs)}`,
      );
    }
  });

  it("AWS-32 takes any protocol number: IP in IP needs 4, in both directions", async () => {
    const numbered = (records: CloudRecords, protocol: string): CloudRecords =>
      records
        .networkAcl("n", "v", "b")
        .aclRule("n", "ingress", 100, "allow", { protocol })
        .aclRule("n", "egress", 100, "allow", { protocol });
    await lab.apply((records) => numbered(records, "94"));
    assert.equal(await delivered(b1, protocol4, () => a1.sendProtocol(4, ip.b1)), false);
    await lab.apply((records) => numbered(records, "4"));
    assert.equal(await delivered(b1, protocol4, () => a1.sendProtocol(4, ip.b1)), true);
    assert.equal(await delivered(a1, protocol4, () => b1.sendProtocol(4, ip.a1)), true);
    // What the security groups track makes no difference: the ACL has to let the other direction through as well.
    await lab.apply((records) => numbered(records, "4").remove("nacl-n-egress-100"));
    assert.equal(await delivered(a1, protocol4, () => b1.sendProtocol(4, ip.a1)), false);
  });

  it("AWS-13 cuts connections that security groups track (AWSEC2/latest/UserGuide/security-group-connection-tracking.html)", async () => {
    await lab.apply((records) => open(records.networkAcl("n", "v", "b"), "n"));
    const connection = lab.start(a1.namespace, ["socat", "-", `TCP4:${ip.b1}:7000`]);
    assert.equal(await echoed(connection, "before\n"), "before\n");
    const denied = (records: CloudRecords): CloudRecords =>
      open(records.networkAcl("n", "v", "b"), "n").aclRule("n", "ingress", 50, "deny", tcp7000);
    await lab.apply(denied);
    // The twin: a rule of a security group that goes cuts nothing, as test/lab/fabric.linux.test.ts shows; without the ACL's
    // it flows on.
    const nothing = await Promise.race([
      echoed(connection, "held\n"),
      new Promise((resolve) => setTimeout(resolve, 300, "nothing")),
    ]);
    assert.equal(nothing, "nothing");
    const flowsOn = once(connection.stdout ?? connection, "data");
    await lab.apply((records) => open(records.networkAcl("n", "v", "b"), "n"));
    // TCP sends again what was held back.
    assert.equal(String((await flowsOn)[0]), "held\n");
    connection.stdin?.end();
    await once(connection, "close");
  });

  it("AWS-32 decides about what an internet gateway brings, too", async () => {
    const arrives = async (): Promise<boolean> => {
      try {
        await lab.onInternet(["ping", "-n", "-q", "-c", "1", "-W", "0.3", publicIp]);
        return true;
      } catch {
        return false;
      }
    };
    const from = (records: CloudRecords, cidrBlock: string): CloudRecords =>
      records
        .networkAcl("n", "v", "a")
        .aclRule("n", "egress", 100, "allow")
        .aclRule("n", "ingress", 100, "allow", { cidrBlock });
    await lab.apply((records) => from(records, "198.51.100.2/32"));
    assert.equal(await arrives(), false);
    await lab.apply((records) => from(records, "198.51.100.1/32"));
    assert.equal(await arrives(), true);
  });

  it("AWS-30 lets ICMP's fragmentation needed in by a rule alone (vpc-network-acls.html#path_mtu_discovery)", async () => {
    // 1500 bytes is what an internet gateway carries: the router says so to whoever sends more.
    const tooLong = (): Promise<void> =>
      a1
        .exec(["sh", "-c", 'ping -n -q -c 1 -W 0.3 -M do -s 1572 "$1" || :', "sh", "198.51.100.1"])
        .then(() => undefined);
    const needed = "icmp type destination-unreachable icmp code frag-needed";
    const held = (records: CloudRecords): CloudRecords =>
      records
        .networkAcl("n", "v", "a")
        .aclRule("n", "egress", 100, "allow")
        .aclRule("n", "ingress", 100, "allow", { protocol: "1", icmpType: 0, icmpCode: 0 });
    await lab.apply(held);
    assert.equal(await delivered(a1, needed, tooLong), false, "a black hole");
    await lab.apply((records) =>
      held(records).aclRule("n", "ingress", 110, "allow", { protocol: "1", icmpType: 3, icmpCode: 4 }),
    );
    assert.equal(await delivered(a1, needed, tooLong), true);
  });

  it("tells which rule decided: a counter with the ACL's id and the rule's number", async () => {
    await lab.apply((records) =>
      open(records.networkAcl("n", "v", "b"), "n").aclRule("n", "ingress", 50, "deny", tcp7000),
    );
    await connects(a1, ip.b1, 7000);
    const chain = await b1.exec([
      "nsenter",
      `--net=/run/netns/lab-${lab.lab.id}-vpc-v`,
      "nft",
      "list",
      "chain",
      "ip",
      "vpc",
      "acl-n-ingress",
    ]);
    assert.ok(/tcp dport 7000.* counter packets [1-9]\d* bytes \d+ drop comment "acl-n 50"/.test(chain), chain);
    assert.ok(chain.includes('comment "acl-n *"'), chain);
  });
});

/** What comes back on a connection to an echo server. */
async function echoed({ stdin, stdout }: ChildProcess, text: string): Promise<string> {
  if (stdin === null || stdout === null) throw new Error("The connection has no pipes");
  stdin.write(text);
  const [chunk] = (await once(stdout, "data")) as [Buffer];
  return chunk.toString();
}
