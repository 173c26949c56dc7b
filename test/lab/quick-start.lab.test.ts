import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { unpackTopology } from "../../provider/src/plan/packed-topology";
import { planTopology } from "../../provider/src/plan/plan";
import { processesOf } from "../support/processes";
import { failures, QuickStart } from "./quick-start";
import { stopAfterFailure } from "./steps";

const NODES = ["blue-a0", "blue-a1", "blue-b0", "blue-b1", "green-a0", "green-a1"];
const WORKLOADS = NODES.map((node) => `${node}-w0`);
const ordered = WORKLOADS.flatMap((from) => WORKLOADS.filter((to) => to !== from).map((to) => [from, to] as const));
const subnetOf = (workload: string): string => workload.replace(/\d-w0$/, "");
const sameSubnet = ([from, to]: readonly [string, string]): boolean => subnetOf(from) === subnetOf(to);
const names = (pairs: readonly (readonly [string, string])[]): string[] =>
  pairs.map(([from, to]) => `${from} ${to}`).sort();

const SEED = readFileSync(join(__dirname, "../../pools.yaml"), "utf8");
const always = SEED.replace("ipipMode: CrossSubnet", "ipipMode: Always");
const vxlan = SEED.replace("ipipMode: CrossSubnet", "vxlanMode: Always");

/**
 * The quick start from a user's seat, on real nodes: one lab, brought up once, then changed and broken step by step.
 * The steps build on each other, so that six nodes boot once; each leaves the cluster green.
 */
describe("quick start in the lab", function () {
  this.timeout(240_000);
  stopAfterFailure();
  const quickStart = new QuickStart();

  before(async () => {
    const outcome = await quickStart.pulumi("stack", "init", "test");
    assert.equal(outcome.code, 0, outcome.stderr);
  });

  after(async () => quickStart.remove());

  const up = async (...args: string[]) => {
    const outcome = await quickStart.steps("up", ...args);
    assert.equal(outcome.code, 0, `${outcome.stdout}\n${outcome.stderr}`);
    return outcome.steps.filter((step) => step.op !== "same" && step.op !== "read");
  };

  const green = async () => {
    const { code, report } = await quickStart.verify();
    assert.deepEqual(
      report.pairs.filter((p) => p.verdict !== "passed"),
      [],
    );
    assert.equal(report.passed, 30);
    assert.equal(code, 0);
    return report;
  };

  /** What verify has to report when exactly these pairs are broken, and that it says so by its exit code. */
  const broken = async (pairs: readonly (readonly [string, string])[], reason: RegExp) => {
    const { code, report } = await quickStart.verify();
    assert.deepEqual(failures(report), names(pairs));
    for (const pair of report.pairs.filter((p) => p.verdict !== "passed")) assert.match(pair.reason, reason);
    assert.equal(code, 1);
  };

  for (const [what, text, sentence, place] of [
    [
      "both modes set",
      SEED.replace("natOutgoing", "vxlanMode: Always\n  natOutgoing"),
      /ipipMode and vxlanMode cannot both be enabled/,
      /ipPools\[0\]\.spec/,
    ],
    [
      "host bits in the CIDR",
      SEED.replace("192.168.0.0/16", "192.168.1.0/16"),
      /IPPool CIDR (?:is not|must be) strictly masked/,
      /ipPools\[0\]\.spec\.cidr/,
    ],
    [
      "IPv6 with IPIP",
      SEED.replace("192.168.0.0/16", "fd00:10::/64"),
      /IPIP is not supported on (?:an )?IPv6/,
      /ipPools\[0\]\.spec/,
    ],
    [
      "an unknown key",
      SEED.replace("natOutgoing: true", "natOutgoin: true"),
      /unknown field|natOutgoin/,
      /ipPools\[0\]\.spec\.natOutgoin/,
    ],
  ] as const) {
    it(`refuses ${what} in preview, with Calico's sentence, property path and line, and touches nothing`, async () => {
      quickStart.writePools(text);
      const { code, stdout, stderr } = await quickStart.steps("preview");
      quickStart.writePools(SEED);
      const said = stdout + stderr;
      assert.notEqual(code, 0, said);
      assert.match(said, sentence);
      assert.match(said, place);
      assert.match(said, /pools\.yaml:\d+:\d+/);
      assert.deepEqual(readdirSync(quickStart.lab.resources), []);
    });
  }

  it("previews every resource with its private address, the blocks and what the paths follow from, without ssh", async () => {
    const { code, steps, stdout, stderr } = await quickStart.steps("preview");
    assert.equal(code, 0, stdout + stderr);
    const of = (type: string) => steps.filter((step) => step.type === type);
    const addresses = of("aws:ec2/instance:Instance").map((step) => step.outputs["privateIp"]);
    assert.equal(addresses.length, NODES.length);
    assert.ok(
      addresses.every((address) => typeof address === "string" && /^10\.[12]\.\d+\.\d+$/.test(address)),
      JSON.stringify(addresses),
    );
    const topology = of("overlaynet:index:Topology")[0]?.outputs ?? {};
    const blocks = topology["blocks"];
    const paths = [...planTopology(unpackTopology(String(topology["packed"]))).paths];
    assert.ok(Array.isArray(blocks) && blocks.length === NODES.length, JSON.stringify(blocks));
    assert.equal(paths.length, NODES.length * (NODES.length - 1));
    for (const [type, count] of [
      ["Tunnel", 6],
      ["Routes", 6],
      ["Workload", 6],
      ["TunnelsReady", 1],
      ["SshKey", 7],
    ] as const)
      assert.equal(of(`overlaynet:index:${type}`).length, count, type);
    assert.deepEqual(quickStart.takeConnections(), []);
    assert.deepEqual(readdirSync(quickStart.lab.resources), []);
  });

  it("brings six nodes up whose packets are encapsulated across subnets and nowhere else", async () => {
    await up();
    const report = await green();
    for (const pair of report.pairs) {
      const inside = sameSubnet([pair.from, pair.to]);
      assert.equal(pair.encapsulation, inside ? "None" : "IPIP", `${pair.from} ${pair.to}`);
      assert.equal(pair.wire.length, 1);
      assert.match(
        pair.wire[0] ?? "",
        inside
          ? /^IP 192\.168\.\S+ > 192\.168\.\S+$/
          : /^IP 10\.\S+ > 10\.\S+ proto 4 \| IP 192\.168\.\S+ > 192\.168\.\S+$/,
      );
      assert.equal(pair.mtu, 8981);
    }
  });

  it("leaves the pools on every node, as Calico has them", async () => {
    const { stdout } = await quickStart.overlaynet(
      "lab",
      "exec",
      "blue-b0",
      "--",
      "cat",
      "/etc/overlaynet/parts/routes/ippools.yaml",
    );
    assert.match(
      stdout,
      /^apiVersion: projectcalico\.org\/v3\nkind: IPPool\nmetadata:\n {2}name: ippool-cross-subnet-1\nspec:\n {2}cidr: 192\.168\.0\.0\/16\n/,
    );
    assert.match(stdout, /ipipMode: CrossSubnet/);
  });

  it("changes nothing the second time, and asks no node", async () => {
    quickStart.takeConnections();
    assert.deepEqual(await up(), []);
    assert.deepEqual(quickStart.takeConnections(), []);
  });

  it("keeps no private key in clear, neither in its state nor in what it says", async () => {
    const state = readFileSync(join(quickStart.dir, "backend/.pulumi/stacks/overlaynet-quickstart/test.json"), "utf8");
    assert.match(state, /ssh-ed25519 /, "the check looks at the right file");
    assert.doesNotMatch(state, /PRIVATE KEY/);
    const exported = await quickStart.pulumi("stack", "output", "--json", "--stack", "test");
    assert.doesNotMatch(exported.stdout, /PRIVATE KEY/);
    assert.match(
      (await quickStart.pulumi("stack", "output", "--json", "--show-secrets", "--stack", "test")).stdout,
      /PRIVATE KEY/,
      "and would see one",
    );
  });

  it("with the source/dest check on at one node, exactly its un-encapsulated pairs fail", async () => {
    await quickStart.pulumi("config", "set", "--stack", "test", "--path", 'sourceDestCheck["blue-a0"]', "true");
    const steps = await up();
    assert.deepEqual(
      steps
        .map((step) => [step.op, step.type])
        .filter(([, type]) => type !== "pulumi:pulumi:Stack" && type !== "overlaynet:index:Cluster"),
      [["update", "aws:ec2/instance:Instance"]],
    );
    await broken(
      ordered.filter((pair) => sameSubnet(pair) && pair.some((w) => w === "blue-a0-w0")),
      /source\/dest check/,
    );
    await quickStart.pulumi("config", "rm", "--stack", "test", "--path", "sourceDestCheck");
    await up();
    await green();
  });

  it("with the rules for protocol 4 removed behind Pulumi's back, exactly the encapsulated pairs fail, and refresh and up mend it", async () => {
    const outcome = await quickStart.overlaynet("lab", "revoke", "--protocol", "4");
    assert.equal(outcome.code, 0, outcome.stderr);
    await broken(
      ordered.filter((pair) => !sameSubnet(pair)),
      /security group without protocol 4/,
    );
    const refreshed = await quickStart.steps("refresh");
    assert.equal(refreshed.code, 0, refreshed.stdout + refreshed.stderr);
    assert.ok(
      (await up()).some(
        (step) => step.op === "create" && step.type === "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
      ),
    );
    await green();
  });

  it("a node that reboots carries its workload again with no push", async () => {
    const bootId = () =>
      quickStart.overlaynet("lab", "exec", "green-a0", "--", "cat", "/proc/sys/kernel/random/boot_id");
    const before = await bootId();
    assert.equal(before.code, 0, before.stderr);
    await quickStart.overlaynet("lab", "exec", "green-a0", "--", "systemctl", "reboot");
    const ready = await quickStart.overlaynet("lab", "wait", "green-a0", "--not-boot", before.stdout.trim());
    assert.equal(ready.code, 0, ready.stderr);
    assert.notEqual((await bootId()).stdout, before.stdout);
    quickStart.takeConnections();
    await green();
    assert.deepEqual(await up(), []);
  });

  it("mends what was changed by hand on a node: shown by refresh, pushed by up to that node alone", async () => {
    const outcome = await quickStart.overlaynet(
      "lab",
      "exec",
      "blue-b0",
      "--",
      "sh",
      "-c",
      "for f in /etc/overlaynet/parts/routes/*; do echo >> $f; done",
    );
    assert.equal(outcome.code, 0, outcome.stderr);
    const refreshed = await quickStart.steps("refresh");
    assert.equal(refreshed.code, 0, refreshed.stdout + refreshed.stderr);
    const steps = (await up()).filter(
      (step) => step.type.startsWith("overlaynet:index:") && step.type !== "overlaynet:index:Cluster",
    );
    assert.deepEqual(
      steps.map((step) => [step.op, step.name]),
      [["update", "test-blue-b0"]],
    );
    await green();
  });

  it("refuses a node with another host key, naming both fingerprints; the error is that node's alone, and up heals it", async () => {
    const onNode = (script: string) => quickStart.overlaynet("lab", "exec", "blue-b1", "--", "sh", "-c", script);
    const rekey = await onNode(
      "cp -a /etc/ssh /root/ssh.kept && rm /etc/ssh/ssh_host_* && ssh-keygen -q -A && systemctl restart ssh",
    );
    assert.equal(rekey.code, 0, rekey.stderr);
    quickStart.writePools(always);
    const refused = await quickStart.steps("up");
    const said = refused.stdout + refused.stderr;
    assert.notEqual(refused.code, 0, said);
    assert.deepEqual(refused.failed, ["test-blue-b1"]);
    const [expected, seen] = await Promise.all(
      ["ssh.kept", "../etc/ssh"].map((dir) => onNode(`ssh-keygen -l -f /root/${dir}/ssh_host_ed25519_key.pub`)),
    );
    for (const fingerprint of [expected, seen].map(
      (outcome) => /SHA256:\S+/.exec(outcome?.stdout ?? "")?.[0] ?? "no fingerprint",
    ))
      assert.ok(said.includes(fingerprint), `${fingerprint} in ${said}`);
    assert.doesNotMatch(said, /PRIVATE KEY/);
    const restore = await onNode(
      "rm /etc/ssh/ssh_host_* && cp -a /root/ssh.kept/ssh_host_* /etc/ssh/ && systemctl restart ssh",
    );
    assert.equal(restore.code, 0, restore.stderr);
    await up();
  });

  it("ipipMode: Always encapsulates inside the subnets, too; two verify at once", async () => {
    for (const pair of (await Promise.all([green(), green()])).flatMap((report) => report.pairs)) {
      assert.equal(pair.encapsulation, "IPIP");
      assert.match(pair.wire[0] ?? "", /proto 4/);
    }
  });

  it("a node that cannot be reached fails alone, with host, attempts and cause, and up heals it", async () => {
    // A table that is not ours, which no push may touch.
    const rules =
      "add table inet away; add chain inet away in { type filter hook input priority 0; }; add rule inet away in ip saddr 198.51.100.1 tcp dport 22 reject with tcp reset";
    assert.equal((await quickStart.overlaynet("lab", "exec", "green-a1", "--", "nft", rules)).code, 0);
    quickStart.writePools(vxlan);
    await quickStart.pulumi("config", "set", "--stack", "test", "overlaynet:sshDeadline", "15");
    const outcome = await quickStart.steps("up");
    const said = outcome.stdout + outcome.stderr;
    assert.notEqual(outcome.code, 0, said);
    assert.deepEqual(outcome.failed, ["test-green-a1-vxlan"]);
    assert.match(said, /could not connect within 15 s and \d+ attempts; last cause: /);
    assert.equal(
      outcome.steps.filter((step) => step.op === "create" && step.type === "overlaynet:index:Tunnel").length,
      NODES.length - 1,
      "the other nodes have theirs",
    );
    const removed = await quickStart.overlaynet("lab", "exec", "green-a1", "--", "nft", "delete table inet away");
    assert.equal(removed.code, 0, "a push to other nodes took the table away");
    await quickStart.pulumi("config", "rm", "--stack", "test", "overlaynet:sshDeadline");
    await up();
  });

  it("vxlanMode: Always replaces IP in IP by VXLAN, and leaves nothing of it behind", async () => {
    for (const pair of (await green()).pairs) {
      assert.equal(pair.encapsulation, "VXLAN");
      assert.match(pair.wire[0] ?? "", /udp VXLAN/);
      assert.equal(pair.mtu, 8951);
    }
    const addresses = await quickStart.overlaynet("lab", "exec", "blue-a0", "--", "ip", "-o", "addr");
    assert.match(addresses.stdout, /vxlan\.calico/);
    assert.doesNotMatch(addresses.stdout, /tunl0 +inet /);
  });

  it("pulumi destroy leaves no namespace, process or file of the stack", async () => {
    const { code, stdout, stderr } = await quickStart.steps("destroy");
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(readdirSync(quickStart.lab.resources), []);
    assert.deepEqual(
      existsSync(join(quickStart.lab.state, "nodes")) ? readdirSync(join(quickStart.lab.state, "nodes")) : [],
      [],
    );
    const namespaces = await quickStart.command("ip", ["netns", "list"]);
    assert.doesNotMatch(namespaces.stdout, new RegExp(`lab-${quickStart.lab.id}-(?:vpc|eni)`));
    assert.deepEqual(processesOf(quickStart.lab.state), []);
  });
});
