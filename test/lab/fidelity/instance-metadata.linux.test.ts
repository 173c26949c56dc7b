import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { destroyAll } from "../../../lab/src/fabric/destroy";
import type { Guest } from "../../../lab/src/fabric/guest";
import { run } from "../../../lab/src/state/privileged";
import { CloudRecords, macOfInstance } from "../../support/cloud-records";
import { GuestLab } from "../../support/guests";
import { processesOf } from "../../support/processes";

const SERVICE = "169.254.169.254";
const TOKEN_PATH = "/latest/api/token";
const SECRET = "#cloud-config\nssh_keys: {ed25519_private: not-for-others}\n";

describe("instance metadata, by packets (AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html)", function () {
  this.timeout(30_000);
  let lab: GuestLab;
  let a: Guest, b: Guest;
  let workload: string;
  const ip = { a: "10.1.1.11", b: "10.1.1.12" };

  before(async () => {
    lab = await GuestLab.start(
      new CloudRecords()
        .vpc("v", "10.1.0.0/16")
        .subnet("s", "v", "10.1.1.0/24")
        .instance("a", "v", "s", ip.a, {
          publicIp: "203.0.113.11",
          privateDns: "ip-10-1-1-11.ec2.internal",
          userData: SECRET,
          keyName: "kp",
          tags: { Name: "a" },
          instanceType: "t3.micro",
        })
        .instance("b", "v", "s", ip.b, { sourceDestCheck: false })
        .setInternal("i-a", { publicKey: "ssh-ed25519 AAAA me" }),
    );
    [a, b] = ["a", "b"].map((name) => lab.guest(name)) as [Guest, Guest];
    workload = `guest-${lab.lab.id}-workload`;
    await run(["sh", "-s"], {
      stdin: `set -eu
ip netns add ${workload}
ip -n ${a.namespace} link add wl type veth peer name eth0 netns ${workload}
ip -n ${a.namespace} address add 192.168.9.1/24 dev wl
ip -n ${a.namespace} link set wl up
ip -n ${workload} address add 192.168.9.2/24 dev eth0
ip -n ${workload} link set eth0 up
ip -n ${workload} route add default via 192.168.9.1
nsenter --net=/run/netns/${a.namespace} sh -euc 'echo 1 >/proc/sys/net/ipv4/ip_forward; nft "table ip nat { chain postrouting { type nat hook postrouting priority srcnat; oifname ens5 masquerade; }; }"'
`,
    });
  });
  after(async () => {
    await run(["sh", "-c", 'ip netns delete "$1" 2>/dev/null || :', "sh", workload]);
    await lab?.remove();
  });
  beforeEach(async () => void (await lab.apply(() => undefined)));

  const options = (
    records: CloudRecords,
    metadataOptions: Readonly<Record<string, unknown>>,
    id = "i-a",
  ): CloudRecords => records.update(id, { metadataOptions });

  it("gives an instance what it is", async () => {
    const mac = macOfInstance(ip.a);
    const card = `/latest/meta-data/network/interfaces/macs/${mac}`;
    for (const [path, says] of [
      ["/latest/meta-data/instance-id", "i-a"],
      ["/latest/meta-data/local-ipv4", ip.a],
      ["/latest/meta-data/public-ipv4", "203.0.113.11"],
      ["/latest/meta-data/mac", mac],
      ["/latest/meta-data/hostname", "ip-10-1-1-11.ec2.internal"],
      ["/latest/meta-data/placement/availability-zone", "us-east-1a"],
      ["/latest/meta-data/security-groups", "a"],
      ["/latest/meta-data/public-keys/", "0=kp"],
      ["/latest/meta-data/public-keys/0/openssh-key", "ssh-ed25519 AAAA me"],
      [`${card}/subnet-ipv4-cidr-block`, "10.1.1.0/24"],
      [`${card}/vpc-id`, "vpc-v"],
      ["/2021-07-15/meta-data/instance-id", "i-a"],
      ["/latest", "dynamic\nmeta-data\nuser-data"],
      ["/latest/user-data", SECRET],
    ] as const) {
      assert.equal((await get(a, path)).body, says, path);
    }
    assert.match((await get(a, "/latest/meta-data/")).body, /^ami-launch-index\n.*\nnetwork\/\nplacement\/\n/s);
    assert.equal((await get(a, "/latest/meta-data/nonsense")).status, 404);
    assert.equal((await get(a, "/latest/meta-data/tags/instance/Name")).status, 404);
    await lab.apply((records) => options(records, { instanceMetadataTags: "enabled" }));
    assert.equal((await get(a, "/latest/meta-data/tags/instance/Name")).body, "a");
  });

  it("shows nobody another's: user data may hold a host key", async () => {
    assert.equal((await get(b, "/latest/meta-data/instance-id")).body, "i-b");
    assert.equal((await get(b, "/latest/user-data")).status, 404);
    // By a frame to the other's MAC address, or its card's.
    for (const mac of [macOfInstance(ip.a), "02:00:00:00:00:01"]) {
      await b.exec(["ip", "route", "add", `${SERVICE}/32`, "dev", "ens5"]);
      await b.exec(["ip", "neighbour", "replace", SERVICE, "lladdr", mac, "dev", "ens5", "nud", "permanent"]);
      assert.equal((await get(b, "/latest/meta-data/instance-id")).body, "i-b", mac);
      await b.exec(["ip", "route", "delete", `${SERVICE}/32`, "dev", "ens5"]);
      await b.exec(["ip", "neighbour", "delete", SERVICE, "dev", "ens5"]);
    }
    for (const file of ["eni-a", "eni-b"].map((card) =>
      join(lab.lab.state, "fabric", "link-local", `lab-${lab.lab.id}-${card}`),
    ))
      assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(readFileSync(`/proc/${serviceProcess(lab)}/cmdline`, "utf8").includes("not-for-others"), false);
  });

  it("AWS-36 needs a token where httpTokens is required, and takes one where it is not", async () => {
    await lab.apply((records) => options(records, { httpTokens: "required" }));
    assert.equal((await get(a, "/latest/meta-data/instance-id")).status, 401, "no token");
    assert.equal(
      (await get(a, "/latest/meta-data/instance-id", { "X-aws-ec2-metadata-token": "nonsense" })).status,
      401,
      "no such token",
    );
    const token = (await put(a, "60")).body;
    assert.match(token, /^[\w-]{56}$/);
    const answer = await get(a, "/latest/meta-data/instance-id", { "X-aws-ec2-metadata-token": token });
    assert.deepEqual([answer.status, answer.body], [200, "i-a"]);
    assert.equal(
      (await get(b, "/latest/meta-data/instance-id", { "X-aws-ec2-metadata-token": token })).status,
      401,
      "another's token",
    );
    await lab.apply((records) => options(records, { httpTokens: "optional" }));
    assert.equal((await get(a, "/latest/meta-data/instance-id")).status, 200);
    assert.equal((await get(a, "/latest/meta-data/instance-id", { "X-aws-ec2-metadata-token": token })).status, 200);
    assert.equal(
      (await get(a, "/latest/meta-data/instance-id", { "X-aws-ec2-metadata-token": "nonsense" })).status,
      401,
    );
  });

  it("AWS-36 gives tokens for 1 to 21,600 seconds, and none to what came over a proxy", async () => {
    const given = await put(a, "21600");
    assert.deepEqual([given.status, given.headers["x-aws-ec2-metadata-token-ttl-seconds"]], [200, "21600"]);
    for (const seconds of ["0", "21601", "-1", "six", ""]) assert.equal((await put(a, seconds)).status, 400, seconds);
    assert.equal((await ask(a.namespace, "PUT", TOKEN_PATH, {})).status, 400);
    assert.equal((await put(a, "60", { "X-Forwarded-For": "192.0.2.1" })).status, 403);
    assert.equal((await get(a, "/latest/meta-data/instance-id", { "X-Forwarded-For": "192.0.2.1" })).status, 200);
    assert.equal((await ask(a.namespace, "POST", TOKEN_PATH, {})).status, 405);
    const [now, { body: token }] = [Date.now(), await put(a, "2")];
    const used = (): Promise<Answer> => get(a, "/latest/meta-data/mac", { "X-aws-ec2-metadata-token": token });
    assert.equal((await used()).status, 200);
    while ((await used()).status === 200)
      assert.ok(Date.now() < now + 10_000, "a token of two seconds is good for ten");
    assert.equal((await used()).status, 401);
  });

  it("AWS-36 a token does not get past the instance at hop limit 1, and does at 2", async () => {
    const fromWorkload = async (): Promise<number> =>
      (await ask(workload, "PUT", TOKEN_PATH, { "X-aws-ec2-metadata-token-ttl-seconds": "60" })).status;
    assert.equal(
      (await ask(workload, "GET", "/latest/meta-data/instance-id", {})).status,
      200,
      "IMDSv1 knows no hop limit",
    );
    assert.equal((await put(a, "60")).status, 200, "from the instance itself");
    assert.equal(await fromWorkload(), 0);
    await lab.apply((records) => options(records, { httpPutResponseHopLimit: 2 }));
    assert.equal(await fromWorkload(), 200);
  });

  it("AWS-36 refuses everything where httpEndpoint is disabled", async () => {
    await lab.apply((records) => options(records, { httpEndpoint: "disabled" }));
    assert.equal((await get(a, "/latest/meta-data/instance-id")).status, 403);
    assert.equal((await put(a, "60")).status, 403);
    assert.equal((await get(b, "/latest/meta-data/instance-id")).status, 200);
  });

  it("AWS-20 neither security groups nor network ACLs can block it (vpc/latest/userguide/vpc-network-acls.html)", async () => {
    await lab.apply((records) => records.networkAcl("n", "v", "s").remove("sgr-a-out"));
    assert.equal((await get(a, "/latest/meta-data/instance-id")).body, "i-a");
    // Nothing else of the card can be reached.
    await assert.rejects(a.exec(["socat", "-", `TCP4:${SERVICE}:81,connect-timeout=0.3`]));
    assert.equal((await ask(a.namespace, "GET", "/", {}, "169.254.254.254")).status, 0);
  });

  it("is one process, which is there again when it was killed, and knows its tokens", async () => {
    const { body: token } = await put(a, "60");
    const before = serviceProcess(lab);
    await lab.apply(() => undefined);
    assert.equal(serviceProcess(lab), before);
    process.kill(before, "SIGKILL");
    while (processesOf(lab.lab.state).some(({ pid }) => pid === before))
      await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await get(a, "/latest/meta-data/mac")).status, 0);
    await lab.apply(() => undefined);
    assert.equal((await get(a, "/latest/meta-data/mac", { "X-aws-ec2-metadata-token": token })).status, 200);
    // One of which nobody remembers the number makes way.
    await run(["rm", join(lab.lab.state, "fabric", "link-local.json")]);
    await lab.apply(() => undefined);
    assert.equal(serviceProcess(lab) !== before, true);
    assert.equal((await get(a, "/latest/meta-data/mac")).status, 200);
  });

  it("does not wait for one guest that says nothing while another asks", async () => {
    const silent = lab.start(b.namespace, ["socat", "-", `TCP4:${SERVICE}:80`]);
    assert.equal((await get(a, "/latest/meta-data/mac")).status, 200);
    silent.kill();
  });

  it("ends with the last instance, and with the lab", async () => {
    const other = await GuestLab.start(
      new CloudRecords().vpc("v", "10.1.0.0/16").subnet("s", "v", "10.1.1.0/24").instance("a", "v", "s", ip.a),
    );
    try {
      assert.ok(serviceProcess(other) > 0);
      await other.apply((records) => records.remove("i-a"));
      assert.deepEqual(processesOf(other.lab.state), []);
      await other.apply(() => undefined);
      assert.ok(serviceProcess(other) > 0);
      await destroyAll(other.lab);
      assert.deepEqual(processesOf(other.lab.state), []);
    } finally {
      await other.remove();
    }
  });
});

interface Answer {
  /** 0 when there was none. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function get(from: Guest, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return ask(from.namespace, "GET", path, headers);
}

function put(from: Guest, seconds: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return ask(from.namespace, "PUT", TOKEN_PATH, { "X-aws-ec2-metadata-token-ttl-seconds": seconds, ...headers });
}

/** One HTTP request from a namespace; what has not come in a second does not come. */
async function ask(
  namespace: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  address = SERVICE,
): Promise<Answer> {
  const request = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${address}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "",
    "",
  ].join("\r\n");
  const answer = await run(
    [
      "nsenter",
      `--net=/run/netns/${namespace}`,
      "sh",
      "-c",
      'timeout 3 socat -t 1 - "TCP4:$1:80,connect-timeout=1" 2>/dev/null || :',
      "sh",
      address,
    ],
    { stdin: request },
  );
  const [head = "", ...body] = answer.split("\r\n\r\n");
  const [line = "", ...fields] = head.split("\r\n");
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1] ?? 0),
    headers: Object.fromEntries(
      fields.map((field) => [field.slice(0, field.indexOf(":")).toLowerCase(), field.slice(field.indexOf(":") + 2)]),
    ),
    body: body.join("\r\n\r\n"),
  };
}

/** The one process that serves a lab's metadata. */
function serviceProcess({ lab }: GuestLab): number {
  const found = processesOf(lab.state).filter(({ commandLine }) => commandLine.includes("/link-local-services "));
  assert.equal(found.length, 1);
  return found[0]?.pid ?? 0;
}
