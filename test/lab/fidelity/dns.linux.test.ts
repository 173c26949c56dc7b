import assert from "node:assert/strict";
import type { Guest } from "../../../lab/src/fabric/guest";
import { CloudRecords } from "../../support/cloud-records";
import { GuestLab } from "../../support/guests";

const LINK_LOCAL = "169.254.169.253";

describe("the resolver of a VPC, by packets (vpc/latest/userguide/vpc-dns.html)", function () {
  this.timeout(30_000);
  let lab: GuestLab;
  let a: Guest, c: Guest;
  const ip = { a: "10.1.1.11", b: "10.1.2.11", c: "10.2.1.11" };
  const name = (address: string): string => `ip-${address.replaceAll(".", "-")}.ec2.internal`;

  before(async () => {
    lab = await GuestLab.start(
      new CloudRecords()
        .vpc("v", "10.1.0.0/16")
        .subnet("a", "v", "10.1.1.0/24")
        .subnet("b", "v", "10.1.2.0/24")
        .vpc("w", "10.2.0.0/16")
        .subnet("c", "w", "10.2.1.0/24")
        .instance("a", "v", "a", ip.a, {
          publicIp: "203.0.113.11",
          publicDns: "ec2-203-0-113-11.compute-1.amazonaws.com",
          privateDns: name(ip.a),
        })
        .instance("b", "v", "b", ip.b, { privateDns: "i-b.eu-west-1.compute.internal" })
        .instance("c", "w", "c", ip.c),
    );
    [a, c] = ["a", "c"].map((guest) => lab.guest(guest)) as [Guest, Guest];
  });
  after(async () => lab?.remove());
  beforeEach(async () => void (await lab.apply(() => undefined)));

  it("AWS-37 answers at the VPC's address plus two and at 169.254.169.253 for names of the VPC", async () => {
    for (const server of ["10.1.0.2", LINK_LOCAL]) {
      assert.deepEqual(await lookup(a, server, name(ip.a)), { status: 0, data: [ip.a] }, server);
      assert.deepEqual(await lookup(a, server, name(ip.a).toUpperCase()), { status: 0, data: [ip.a] }, "in capitals");
      assert.deepEqual(
        await lookup(a, server, "i-b.eu-west-1.compute.internal"),
        { status: 0, data: [ip.b] },
        "by resource name",
      );
      assert.deepEqual(
        await lookup(a, server, "ip-10-1-2-11.eu-west-1.compute.internal"),
        { status: 0, data: [ip.b] },
        "and by address",
      );
      assert.deepEqual(
        await lookup(a, server, "ec2-203-0-113-11.compute-1.amazonaws.com"),
        { status: 0, data: [ip.a] },
        "a public name inside",
      );
      assert.deepEqual(
        await lookup(a, server, "11.1.1.10.in-addr.arpa", 12),
        { status: 0, data: [name(ip.a)] },
        "by address",
      );
      assert.deepEqual(await lookup(a, server, name(ip.a), 28), { status: 0, data: [] }, "no IPv6");
    }
    assert.equal(await lookup(a, "10.1.0.3", name(ip.a)), undefined, "nobody is there");
  });

  it("AWS-37 knows no names of other VPCs, none that are not there, and none of the world's", async () => {
    assert.equal((await lookup(a, LINK_LOCAL, name(ip.c)))?.status, 3);
    assert.deepEqual(await lookup(c, LINK_LOCAL, name(ip.c)), { status: 0, data: [ip.c] });
    assert.equal(await lookup(c, "10.1.0.2", name(ip.a)), undefined, "another VPC's resolver");
    assert.equal((await lookup(a, LINK_LOCAL, name("10.1.1.99")))?.status, 3);
    assert.equal((await lookup(a, LINK_LOCAL, "example.com"))?.status, 5);
  });

  it("AWS-37 follows the instances, and enableDnsSupport of the VPC", async () => {
    await lab.apply((records) => records.remove("i-b"));
    assert.equal((await lookup(a, LINK_LOCAL, "i-b.eu-west-1.compute.internal"))?.status, 3);
    await lab.apply((records) => records.update("vpc-v", { enableDnsSupport: false }));
    for (const server of ["10.1.0.2", LINK_LOCAL]) assert.equal(await lookup(a, server, name(ip.a)), undefined, server);
    await lab.apply((records) => records.update("vpc-v", { enableDnsSupport: true }));
    assert.equal((await lookup(a, LINK_LOCAL, name(ip.a)))?.status, 0);
  });

  it("AWS-20 neither security groups nor network ACLs can block it (vpc/latest/userguide/vpc-network-acls.html)", async () => {
    await lab.apply((records) => records.networkAcl("n", "v", "a").remove("sgr-a-out"));
    for (const server of ["10.1.0.2", LINK_LOCAL])
      assert.equal((await lookup(a, server, name(ip.a)))?.status, 0, server);
  });

  it("AWS-37 takes 1,024 packets a second of an interface (vpc/latest/userguide/amazon-vpc-limits.html)", async () => {
    const dropped = async (): Promise<number> => {
      const chain = await a.exec([
        "nsenter",
        `--net=/run/netns/lab-${lab.lab.id}-eni-a`,
        "nft",
        "list",
        "chain",
        "ip",
        "card",
        "input",
      ]);
      return Number(/counter packets (\d+) .*1,024 packets a second/.exec(chain)?.[1] ?? NaN);
    };
    const send = (packets: number): Promise<string> =>
      a.exec([
        "perl",
        "-e",
        'use Socket; socket(S, PF_INET, SOCK_DGRAM, 0); my $to = sockaddr_in(53, inet_aton("169.254.169.253")); send(S, "x", 0, $to) for 1 .. $ARGV[0]',
        String(packets),
      ]);
    await send(500);
    assert.equal(await dropped(), 0);
    await send(20_000);
    assert.ok((await dropped()) > 0);
  });

  it("is not brought down by what is no question", async () => {
    for (const nonsense of [
      "",
      "x",
      "\0".repeat(12),
      "\0\x01\x01\0\0\x01\0\0\0\0\0\0\x7fabc",
      "\0\x01\x01\0\0\x01\0\0\0\0\0\0\x03abc",
      "\0\x01\x01\0\0\x02\0\0\0\0\0\0\x01a\0\0\x01\0\x01",
    ]) {
      await a.exec(["socat", "-u", "-", `UDP4-SENDTO:${LINK_LOCAL}:53`], nonsense);
    }
    assert.equal((await lookup(a, LINK_LOCAL, name(ip.a)))?.status, 0);
  });
});

/** Asks a resolver by UDP and prints what it answers in hex. */
const CLIENT = `use Socket;
socket(my $socket, PF_INET, SOCK_DGRAM, 0);
send($socket, join('', <STDIN>), 0, sockaddr_in(53, inet_aton($ARGV[0])));
vec(my $ready = '', fileno($socket), 1) = 1;
my $answer = '';
recv($socket, $answer, 512, 0) if select($ready, undef, undef, 1);
print unpack('H*', $answer);
`;

/** Undefined when nothing comes back in a second. */
async function lookup(
  from: Guest,
  server: string,
  name: string,
  type = 1,
): Promise<{ readonly status: number; readonly data: readonly string[] } | undefined> {
  const labels = name
    .split(".")
    .map((label) => String.fromCharCode(label.length) + label)
    .join("");
  const question = `${labels}\0\0${String.fromCharCode(type)}\0\x01`;
  const query = `\x12\x34\x01\0\0\x01\0\0\0\0\0\0${question}`;
  const answer = Buffer.from(await from.exec(["perl", "-e", CLIENT, server], query), "hex");
  if (answer.length === 0) return undefined;
  assert.equal(answer.readUInt16BE(0), 0x1234);
  const data: string[] = [];
  for (let at = 12 + question.length, left = answer.readUInt16BE(6); left > 0; left--) {
    const length = answer.readUInt16BE(at + 10);
    const rdata = answer.subarray(at + 12, at + 12 + length);
    data.push(answer.readUInt16BE(at + 2) === 1 ? rdata.join(".") : names(rdata));
    at += 12 + length;
  }
  return { status: answer.readUInt16BE(2) & 15, data };
}

function names(rdata: Buffer): string {
  const labels: string[] = [];
  for (let at = 0; (rdata[at] ?? 0) > 0; at += (rdata[at] ?? 0) + 1)
    labels.push(rdata.subarray(at + 1, at + 1 + (rdata[at] ?? 0)).toString("latin1"));
  return labels.join(".");
}
