import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { INTERNET_ADDRESS } from "../../lab/src/cloud/well-known-address";
import { run } from "../../lab/src/state/privileged";
import { failures, QuickStart } from "./quick-start";
import { stopAfterFailure } from "./steps";

const NEVER = readFileSync(join(__dirname, "../../pools.yaml"), "utf8").replace(
  "ipipMode: CrossSubnet",
  "ipipMode: Never",
);

/** One VPC with a node in each of two subnets, of which the second has no public addresses. */
const PROGRAM = `
import * as overlaynet from "overlaynet";
import * as pulumi from "@pulumi/pulumi";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const config = new pulumi.Config();
const file = join(__dirname, "bastion.json");
const { privateKey, ...bastion } = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { privateKey: undefined };
const neverAcrossSubnets = config.get("neverAcrossSubnets") === "VpcRouteTables" ? "VpcRouteTables" : "Refuse";
const cluster = new overlaynet.Cluster("test", {
  ipPools: readFileSync(join(__dirname, "pools.yaml"), "utf8"),
  ipPoolsSource: "pools.yaml",
  networks: [{ name: "blue", cidrBlock: "10.1.0.0/16", natGateway: config.getBoolean("natGateway"), subnets: [{ availabilityZone: "us-east-1a", nodes: 1 }, { availabilityZone: "us-east-1b", nodes: 1, publicIp: false }] }],
  workloadsPerNode: 1,
  neverAcrossSubnets,
  vxlanVni: config.getNumber("vxlanVni"),
  vxlanPort: config.getNumber("vxlanPort"),
  ssh: {
    adminCidrBlocks: [...config.requireObject<string[]>("adminCidrBlocks"), ...(privateKey === undefined ? [] : ["10.1.0.0/16"])],
    bastion: privateKey === undefined ? undefined : { ...bastion, privateKey: pulumi.secret(privateKey) },
  },
});

export const { nodes, privateIps, workloads, topology, blocks, warnings, ssh, vpcIds, securityGroupIds } = cluster;
`;

/** Real nodes in two subnets, the second without public addresses; the steps build on each other. */
describe("two subnets of one VPC", function () {
  this.timeout(240_000);
  stopAfterFailure();
  const quickStart = new QuickStart();
  const both = ["blue-a0-w0 blue-b0-w0", "blue-b0-w0 blue-a0-w0"];

  before(async () => {
    writeFileSync(join(quickStart.dir, "index.ts"), PROGRAM);
    quickStart.writePools(NEVER);
    const outcome = await quickStart.pulumi("stack", "init", "test");
    assert.equal(outcome.code, 0, outcome.stderr);
  });

  after(async () => quickStart.remove());

  /** `ip route` arguments in the VPC's router. */
  const router = async (...args: string[]): Promise<string> => {
    const namespaces = await run(["ip", "netns", "list"]);
    const name = namespaces
      .split("\n")
      .map((line) => line.split(" ")[0] ?? "")
      .find((line) => line.startsWith(`lab-${quickStart.lab.id}-vpc-`));
    return run(["ip", "-n", name ?? "", "route", ...args]);
  };

  /** Whether the private node itself, and its workload, reach the internet's host. */
  const reachOut = async (): Promise<readonly boolean[]> => {
    const ping = ["ping", "-n", "-c", "1", "-W", "1", INTERNET_ADDRESS];
    const outcomes = await Promise.all(
      [ping, ["ip", "netns", "exec", "wl-blue-b0-w0", ...ping]].map((command) =>
        quickStart.overlaynet("lab", "exec", "blue-b0", "--", ...command),
      ),
    );
    return outcomes.map(({ code }) => code === 0);
  };

  it("Never: is refused in preview unless it is asked for, with both ways out", async () => {
    const { code, stdout, stderr } = await quickStart.steps("preview");
    assert.notEqual(code, 0);
    assert.match(
      stdout + stderr,
      /ipPools.*IP pool ippool-cross-subnet-1 has ipipMode and vxlanMode Never, and its nodes blue-a0 .* and blue-b0 .* are in different subnets/s,
    );
    assert.match(stdout + stderr, /CrossSubnet, or let .*neverAcrossSubnets: "VpcRouteTables"/s);
  });

  it("Never: shows its routes in preview, with the blocks", async () => {
    await quickStart.pulumi("config", "set", "--stack", "test", "neverAcrossSubnets", "VpcRouteTables");
    const { code, steps, stdout, stderr } = await quickStart.steps("preview");
    assert.equal(code, 0, stdout + stderr);
    const routes = steps.filter(({ type, name }) => type === "aws:ec2/route:Route" && name.includes("192.168."));
    assert.deepEqual(
      routes.map(({ name, outputs }) => [name, outputs["destinationCidrBlock"]]).sort(),
      ["", "-private"]
        .flatMap((table) =>
          ["192.168.0.0/26", "192.168.0.64/26"].map((block) => [`test-blue${table}-${block.replace("/", "-")}`, block]),
        )
        .sort(),
    );
  });

  it("Never: carries workloads' packets as they are, with the VPC's router as the next hop", async () => {
    const up = await quickStart.steps("up");
    assert.equal(up.code, 0, up.stdout + up.stderr);
    const { code, report } = await quickStart.verify();
    assert.deepEqual(
      report.pairs.filter(({ verdict }) => verdict !== "passed"),
      [],
    );
    assert.deepEqual([code, report.passed], [0, 2]);
    for (const pair of report.pairs) {
      assert.deepEqual([pair.encapsulation, pair.mtu], ["None", 9001]);
      assert.match(pair.wire.join(), /^IP 192\.168\.\S+ > 192\.168\.\S+$/);
      assert.match(pair.reason, /the VPC's route tables lead to its blocks$/);
    }
    const { stdout } = await quickStart.overlaynet(
      "lab",
      "exec",
      "blue-a0",
      "--",
      "ip",
      "route",
      "show",
      "192.168.0.64/26",
    );
    assert.match(stdout, /^192\.168\.0\.64\/26 via 10\.1\.0\.1 dev \S+ proto 80/);
  });

  it("reaches the node without a public address by the lab's proxy command", async () => {
    assert.ok(quickStart.takeConnections().includes("10.1.1.4"));
    const { stdout } = await quickStart.pulumi("stack", "output", "nodes", "--json", "--stack", "test");
    const nodes = JSON.parse(stdout) as readonly { name: string; host: string; publicIp?: string }[];
    assert.deepEqual(
      nodes.map(({ name, host, publicIp }) => [name, host === publicIp, publicIp === undefined]),
      [
        ["blue-a0", true, false],
        ["blue-b0", false, true],
      ],
    );
  });

  it("leaves the private node without a way out, and says so", async () => {
    assert.deepEqual(await reachOut(), [false, false]);
    const { stdout } = await quickStart.pulumi("stack", "output", "warnings", "--json", "--stack", "test");
    assert.deepEqual(
      (JSON.parse(stdout) as readonly { code: string }[]).map(({ code }) => code),
      ["PrivateWithoutNatGateway"],
    );
  });

  it("changes nothing the second time", async () => {
    const { code, steps, stdout, stderr } = await quickStart.steps("up");
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(
      steps.filter(({ op }) => op !== "same" && op !== "read").map(({ op, name }) => [op, name]),
      [],
    );
  });

  it("Never: without the VPC's routes, everything between the subnets is lost", async () => {
    const tables = new Set(
      Array.from(
        (await router("show", "table", "all")).matchAll(/^192\.168\.\S+ .*table (\S+)/gm),
        ([, table]) => table ?? "",
      ),
    );
    assert.equal(tables.size, 2);
    for (const table of tables)
      for (const block of ["192.168.0.0/26", "192.168.0.64/26"]) await router("delete", block, "table", table);
    const { code, report } = await quickStart.verify();
    assert.deepEqual(failures(report), both);
    for (const { reason } of report.pairs)
      assert.match(reason, /never arrived .*the VPC's route table has no route to it/);
    assert.equal(code, 1);
  });

  const set = (key: string, value: number) => quickStart.pulumi("config", "set", "--stack", "test", key, String(value));
  const encapsulated = async (header: string): Promise<void> => {
    const { report } = await quickStart.verify();
    assert.deepEqual(
      report.pairs.filter(({ verdict }) => verdict !== "passed"),
      [],
    );
    assert.equal(report.passed, 2);
    for (const { wire } of report.pairs)
      assert.match(
        wire.join(),
        new RegExp(`^IP 10\\.1\\.\\S+ > 10\\.1\\.\\S+ ${header} \\| IP 192\\.168\\.\\S+ > 192\\.168\\.\\S+$`),
      );
  };

  it("VXLAN with an identifier and a port of its own, brought there through a bastion alone, whose key is shown nowhere", async () => {
    const { stdout } = await quickStart.pulumi("stack", "output", "--json", "--show-secrets", "--stack", "test");
    const { nodes, ssh } = JSON.parse(stdout) as {
      nodes: readonly { publicIp: string; hostKey: string }[];
      ssh: { user: string; privateKey: string };
    };
    const [node] = nodes;
    assert.ok(node);
    writeFileSync(
      join(quickStart.dir, "bastion.json"),
      JSON.stringify({ host: node.publicIp, user: ssh.user, hostKey: node.hostKey, privateKey: ssh.privateKey }),
      { mode: 0o600 },
    );
    quickStart.writePools(NEVER.replace("ipipMode: Never", "vxlanMode: Always"));
    await set("vxlanVni", 42);
    await set("vxlanPort", 8472);
    quickStart.takeConnections();
    const up = await quickStart.steps("up");
    assert.equal(up.code, 0, up.stdout + up.stderr);
    await encapsulated("udp 8472 VXLAN 42");
    assert.deepEqual([...new Set(quickStart.takeConnections())], [node.publicIp]);
    assert.doesNotMatch(
      readFileSync(join(quickStart.dir, "backend/.pulumi/stacks/overlaynet-quickstart/test.json"), "utf8"),
      /PRIVATE KEY/,
    );
  });

  it("a NAT gateway is the private node's way out, and its workloads'", async () => {
    await quickStart.pulumi("config", "set", "--stack", "test", "natGateway", "true");
    const up = await quickStart.steps("up");
    assert.equal(up.code, 0, up.stdout + up.stderr);
    assert.deepEqual(await reachOut(), [true, true]);
  });

  it("VXLAN: preview says what a change of the identifier interrupts, and up makes it", async () => {
    await set("vxlanVni", 43);
    const preview = await quickStart.steps("preview");
    assert.match(
      preview.stdout + preview.stderr,
      /VXLAN's VNI 42 becomes 43: every node makes its device vxlan\.calico anew/,
    );
    const up = await quickStart.steps("up");
    assert.equal(up.code, 0, up.stdout + up.stderr);
    await encapsulated("udp 8472 VXLAN 43");
  });

  it("pulumi destroy removes all of it", async () => {
    const { code, stdout, stderr } = await quickStart.steps("destroy");
    assert.equal(code, 0, stdout + stderr);
  });
});
