import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Guest } from "../../../lab/src/fabric/guest";
import { CloudRecords } from "../../support/cloud-records";
import { connects, delivered, GuestLab, pings } from "../../support/guests";

describe("connection tracking, by packets (AWSEC2/latest/UserGuide/security-group-connection-tracking.html)", function () {
  this.timeout(30_000);
  let lab: GuestLab;
  let a: Guest, b: Guest;
  const ip = { a: "10.1.1.11", b: "10.1.1.12" };
  const everywhere = "0.0.0.0/0";
  const port = { ipProtocol: "tcp", fromPort: 7000, toPort: 7000 };

  before(async () => {
    lab = await GuestLab.start(
      new CloudRecords()
        .vpc("v", "10.1.0.0/16")
        .subnet("s", "v", "10.1.1.0/24")
        .instance("a", "v", "s", ip.a)
        .instance("b", "v", "s", ip.b),
    );
    [a, b] = ["a", "b"].map((name) => lab.guest(name)) as [Guest, Guest];
    await lab.listen(b.namespace, 7000, "cat");
  });
  after(async () => lab?.remove());
  beforeEach(async () => {
    await lab.apply(() => undefined);
    await lab.flush();
  });

  /** Whether a connection to b that the first records allow still carries something under the second. */
  async function outlives(
    before: (records: CloudRecords) => unknown,
    after: (records: CloudRecords) => unknown,
  ): Promise<boolean> {
    await lab.apply((records) => void before(records));
    const connection = lab.start(a.namespace, ["socat", "-", `TCP4:${ip.b}:7000`]);
    assert.equal(await echoed(connection, "before\n"), "before\n");
    await lab.apply((records) => void after(records));
    const flows = await Promise.race([
      echoed(connection, "after\n").then(() => true),
      new Promise<false>((resolve) => setTimeout(resolve, 300, false)),
    ]);
    connection.kill();
    await once(connection, "close");
    return flows;
  }

  it("AWS-13 a tracked flow goes on when its rule goes", async () => {
    const near = (records: CloudRecords): CloudRecords =>
      records.ingress("tcp", "b", { ...port, cidrIpv4: "10.1.0.0/16" });
    assert.equal(await outlives(near, () => undefined), true);
    assert.equal(await connects(a, ip.b, 7000), false, "a new one");
  });

  it("AWS-14 TCP from everywhere, with replies to everywhere, is not tracked: it stops at once when the rule goes", async () => {
    const open = (records: CloudRecords): CloudRecords =>
      records.ingress("tcp", "b", { ...port, cidrIpv4: everywhere });
    assert.equal(await outlives(open, open), true, "the rule is there");
    assert.equal(await outlives(open, () => undefined), false, "the rule is gone");
    assert.equal(
      await outlives(open, (records) => open(records).remove("sgr-b-out")),
      false,
      "the replies' rule is gone",
    );
  });

  it("AWS-14 is tracked where the other direction's rule is not open to everywhere and on all ports", async () => {
    const open = (records: CloudRecords, egress: object): CloudRecords =>
      records.ingress("tcp", "b", { ...port, cidrIpv4: everywhere }).update("sgr-b-out", { ...egress });
    for (const [egress, tracked] of [
      [{ ipProtocol: "-1", cidrIpv4: "10.0.0.0/8" }, true],
      [{ ipProtocol: "tcp", fromPort: 1, toPort: 65535, cidrIpv4: everywhere }, true],
      [{ ipProtocol: "udp", fromPort: 0, toPort: 65535, cidrIpv4: everywhere }, true],
      [{ ipProtocol: "tcp", fromPort: 0, toPort: 65535, cidrIpv4: everywhere }, false],
      [{ ipProtocol: "-1", cidrIpv4: everywhere }, false],
    ] as const) {
      assert.equal(
        await outlives(
          (records) => open(records, egress),
          (records) => open(records, egress).remove("sgr-tcp"),
        ),
        tracked,
        JSON.stringify(egress),
      );
    }
  });

  it("AWS-14 a flow that begins inside is not tracked, either, where everything is open", async () => {
    const open = (records: CloudRecords): CloudRecords =>
      records
        .ingress("all-a", "a", { ipProtocol: "-1", cidrIpv4: everywhere })
        .ingress("tcp", "b", { ...port, cidrIpv4: "10.1.0.0/16" });
    assert.equal(await outlives(open, (records) => open(records).remove("sgr-a-out")), false);
    assert.equal(
      await outlives(
        (records) => open(records).remove("sgr-all-a"),
        (records) => open(records).remove("sgr-all-a", "sgr-a-out"),
      ),
      true,
      "tracked, with nothing open inwards",
    );
  });

  it("AWS-14 ICMP and protocol 4 are tracked, however open the rules are", async () => {
    const open = (records: CloudRecords): CloudRecords =>
      records
        .ingress("all-a", "a", { ipProtocol: "-1", cidrIpv4: everywhere })
        .ingress("all-b", "b", { ipProtocol: "-1", cidrIpv4: everywhere });
    const protocol4 = "ip protocol 4";
    await lab.apply(open);
    const connection = lab.start(a.namespace, ["ping", "-n", "-i", "0.1", ip.b]);
    await once(connection.stdout ?? connection, "data");
    assert.equal(await delivered(b, protocol4, () => a.sendProtocol(4, ip.b)), true);
    assert.equal(await delivered(a, protocol4, () => b.sendProtocol(4, ip.a)), true);
    await lab.apply((records) => open(records).remove("sgr-all-b"));
    // The same ping goes on, and one that begins now does not.
    const echo = await b.count("icmp type echo-request");
    await once(connection.stdout ?? connection, "data");
    assert.ok((await echo()) > 0);
    assert.equal(await pings(a, ip.b), false);
    assert.equal(await delivered(b, protocol4, () => a.sendProtocol(4, ip.b)), true);
    connection.kill();
    await once(connection, "close");
    await lab.flush();
    assert.equal(await delivered(b, protocol4, () => a.sendProtocol(4, ip.b)), false);
  });

  it("AWS-14 UDP likewise", async () => {
    const udp = "udp dport 4789";
    const send = (): Promise<void> =>
      a.exec(["socat", "-u", "-", `UDP4-SENDTO:${ip.b}:4789,sourceport=4790,reuseaddr`], "probe").then(
        () => undefined,
        () => undefined,
      );
    const ruled = (records: CloudRecords, cidrIpv4: string): CloudRecords =>
      records.ingress("vxlan", "b", { ipProtocol: "udp", fromPort: 4789, toPort: 4789, cidrIpv4 });
    // Answered, as a connection that has seen one direction alone is no established one.
    const answered = async (cidrIpv4: string): Promise<boolean> => {
      await lab.apply((records) => ruled(records, cidrIpv4));
      await lab.flush();
      assert.equal(await delivered(b, udp, send), true);
      assert.equal(
        await delivered(a, "udp dport 4790", () =>
          b
            .exec(["socat", "-u", "-", `UDP4-SENDTO:${ip.a}:4790,sourceport=4789,reuseaddr`], "answer")
            .then(() => undefined),
        ),
        true,
      );
      await lab.apply(() => undefined);
      return delivered(b, udp, send);
    };
    assert.equal(await answered("10.1.0.0/16"), true, "tracked");
    assert.equal(await answered(everywhere), false, "not tracked");
  });

  it("AWS-30 ICMP errors of any connection are let in without a rule (AWSEC2/latest/UserGuide/network_mtu.html#path_mtu_discovery)", async () => {
    const unreachable = "icmp type destination-unreachable";
    const open = (records: CloudRecords, cidrIpv4: string): CloudRecords =>
      records
        .ingress("udp-b", "b", { ipProtocol: "udp", fromPort: 9, toPort: 9, cidrIpv4: "10.1.0.0/16" })
        .ingress("udp-a", "a", { ipProtocol: "udp", fromPort: 0, toPort: 65535, cidrIpv4 });
    // Nothing listens on b's port 9: its kernel says so.
    for (const [cidrIpv4, what] of [
      ["10.1.0.0/16", "tracked"],
      [everywhere, "not tracked"],
    ] as const) {
      await lab.apply((records) => open(records, cidrIpv4));
      await lab.flush();
      assert.equal(await delivered(a, unreachable, () => a.sendUdp(9, ip.b)), true, what);
    }
    // One that belongs to no connection needs a rule: type 3, code 1, a checksum that is right, and no packet inside.
    const stray = (): Promise<void> =>
      b.exec(["socat", "-u", "-", `IP4-SENDTO:${ip.a}:1`], "\x03\x01\x7f\x7f\x7d\x7f\0\0").then(() => undefined);
    assert.equal(await delivered(a, unreachable, stray), false, "of no connection");
    await lab.apply((records) =>
      records.ingress("icmp-a", "a", { ipProtocol: "icmp", fromPort: 3, toPort: -1, cidrIpv4: `${ip.b}/32` }),
    );
    assert.equal(await delivered(a, unreachable, stray), true, "of no connection, with a rule");
  });

  it("AWS-15 idle times for each interface: TCP 432,000 s, UDP 30 s and 180 s as a stream, protocol 4 600 s (AWSEC2/latest/APIReference/API_ConnectionTrackingConfiguration.html)", async () => {
    await lab.apply((records) => records.ingress("all", "b", { ipProtocol: "-1", cidrIpv4: "10.1.0.0/16" }));
    const entries = async (): Promise<string> =>
      b.exec(["nsenter", `--net=/run/netns/lab-${lab.lab.id}-eni-b`, "conntrack", "-L"]);
    const left = async (match: RegExp): Promise<number> => Number(match.exec(await entries())?.[1] ?? NaN);
    const within = (seconds: number, most: number): void =>
      assert.ok(seconds <= most && seconds > most - 20, `${seconds} s left of ${most}`);
    const connection = lab.start(a.namespace, ["socat", "-", `TCP4:${ip.b}:7000`]);
    await echoed(connection, "x\n");
    within(await left(/^tcp\s+6 (\d+) ESTABLISHED/m), 432_000);
    connection.kill();
    await once(connection, "close");
    await a.sendUdp(4789, ip.b);
    within(await left(/^udp\s+17 (\d+) .*dport=4789/m), 30);
    await a.sendProtocol(4, ip.b);
    within(await left(/^unknown\s+4 (\d+) /m), 600);
    assert.equal(
      (
        await b.exec([
          "nsenter",
          `--net=/run/netns/lab-${lab.lab.id}-eni-b`,
          "cat",
          "/proc/sys/net/netfilter/nf_conntrack_udp_timeout_stream",
        ])
      ).trim(),
      "180",
    );
  });
});

/** What comes back on a connection to an echo server. */
async function echoed({ stdin, stdout }: ChildProcess, text: string): Promise<string> {
  if (stdin === null || stdout === null) throw new Error("The connection has no pipes");
  stdin.write(text);
  const [chunk] = (await once(stdout, "data")) as [Buffer];
  return chunk.toString();
}
