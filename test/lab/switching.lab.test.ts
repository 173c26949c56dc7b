import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { RecordStore } from "../../lab/src/state/store";
import { QuickStart, type Report } from "./quick-start";
import { stopAfterFailure } from "./steps";
import { account } from "../support/traffic";
import { WorkloadTraffic } from "./workload-traffic";

type Mode = "IPIP CrossSubnet" | "IPIP Always" | "VXLAN CrossSubnet" | "VXLAN Always" | "Never";

const pool = (mode: Mode, name = "pool", cidr = "192.168.0.0/16"): string => {
  const [encapsulation, when] = mode.split(" ");
  const key = encapsulation === "IPIP" ? "ipipMode" : "vxlanMode";
  return `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata:\n  name: ${name}\nspec:\n  cidr: ${cidr}\n  natOutgoing: true\n${when === undefined ? "" : `  ${key}: ${when}\n`}`;
};

/** Packets a second from every workload to every other, as the plan of the product asks for. */
const RATE = 1000;
const DOCS = resolve(__dirname, "../../docs/switching.md");

interface Switch {
  readonly from: Mode;
  readonly to: Mode;
  readonly sent: number;
  readonly lost: number;
}

/** A cluster of real nodes whose pool changes its mode. */
class SwitchingCluster extends WorkloadTraffic {
  /** @param encapsulates modes with which anything is encapsulated here, and security groups need a rule for it */
  constructor(
    readonly networks: string,
    private readonly encapsulates: (mode: Mode) => boolean,
  ) {
    super(new QuickStart(), RATE);
    this.program({});
  }

  /** Writes the program with other networks or more arguments. */
  program({
    networks = this.networks,
    more = "workloadsPerNode: 1,",
  }: {
    readonly networks?: string;
    readonly more?: string;
  }): void {
    this.quickStart.writeProgram(`
      import * as overlaynet from "overlaynet";
      import * as pulumi from "@pulumi/pulumi";
      import { readFileSync } from "node:fs";
      import { join } from "node:path";
      const cluster = new overlaynet.Cluster("test", {
        ipPools: readFileSync(join(__dirname, "pools.yaml"), "utf8"),
        networks: ${networks},
        ssh: { adminCidrBlocks: new pulumi.Config().requireObject("adminCidrBlocks") },
        ${more}
      });
      export const { nodes, workloads, topology, ssh } = cluster;`);
  }

  async start(pools: string): Promise<void> {
    this.quickStart.writePools(pools);
    const made = await this.quickStart.pulumi("stack", "init", "test");
    assert.equal(made.code, 0, made.stderr);
    await this.up();
    await this.readWorkloads();
  }

  async change(pools: string): Promise<void> {
    this.quickStart.writePools(pools);
    await this.up();
  }

  async up(): Promise<void> {
    const outcome = await this.quickStart.steps("up");
    assert.equal(outcome.code, 0, `${outcome.stdout}\n${outcome.stderr}`);
  }

  /** Verifies all pairs. */
  async verified(pairs: number): Promise<Report> {
    const { code, report } = await this.quickStart.verify();
    assert.deepEqual(
      report.pairs.filter(({ verdict }) => verdict !== "passed"),
      [],
    );
    assert.equal(report.passed, pairs);
    assert.equal(code, 0);
    return report;
  }

  /** Nothing but what the plan says, on any node and in any security group. */
  async holdsOnly(mode: Mode): Promise<void> {
    assert.deepEqual(await this.unlikePlan(), [], mode);
    const protocols = new RecordStore(this.quickStart.lab)
      .list()
      .filter(({ type }) => type.includes("IngressRule"))
      .map(({ outputs }) => `${String(outputs["ipProtocol"])} ${String(outputs["fromPort"] ?? "")}`.trim());
    assert.equal(
      protocols.includes("4"),
      mode.startsWith("IPIP") && this.encapsulates(mode),
      `${mode}: ${protocols.join(", ")}`,
    );
    assert.equal(
      protocols.includes("udp 4789"),
      mode.startsWith("VXLAN") && this.encapsulates(mode),
      `${mode}: ${protocols.join(", ")}`,
    );
  }
}

/** Switches along the way, under traffic, and gives what each one lost. */
async function tour(cluster: SwitchingCluster, way: readonly Mode[]): Promise<Switch[]> {
  await cluster.startTraffic();
  await sleep(1000);
  for (const [i, mode] of way.entries()) {
    if (i === 0) continue;
    await cluster.nextPhase();
    await cluster.change(pool(mode));
    await cluster.holdsOnly(mode);
  }
  const reports = await cluster.stopTraffic();
  const { sent, lost, broken } = account(reports, way.length);
  if (lost.some((packets) => packets > 0))
    process.stderr.write(`${(await cluster.drops()).join("\n")}\n${JSON.stringify([...reports])}\n`);
  assert.deepEqual(broken, []);
  return way.slice(1).map((to, i) => ({ from: way[i] ?? to, to, sent: sent[i + 1] ?? 0, lost: lost[i + 1] ?? 0 }));
}

/** Every ordered pair once. */
const BETWEEN_TUNNELS: readonly Mode[] = [
  "IPIP CrossSubnet",
  "IPIP Always",
  "VXLAN CrossSubnet",
  "VXLAN Always",
  "IPIP CrossSubnet",
  "VXLAN CrossSubnet",
  "IPIP Always",
  "VXLAN Always",
  "VXLAN CrossSubnet",
  "IPIP CrossSubnet",
  "VXLAN Always",
  "IPIP Always",
  "IPIP CrossSubnet",
];
const FROM_AND_TO_NEVER: readonly Mode[] = [
  "Never",
  "IPIP CrossSubnet",
  "Never",
  "IPIP Always",
  "Never",
  "VXLAN CrossSubnet",
  "Never",
  "VXLAN Always",
  "Never",
];

describe("switching under traffic", function () {
  // A tour is twelve switches, each an update of some 10 s on a machine that has nothing else to do; with the traffic
  // it has.
  this.timeout(1_200_000);
  const results: Switch[] = [];

  describe("in two VPCs", () => {
    const cluster = new SwitchingCluster(
      `[
      { name: "blue", cidrBlock: "10.1.0.0/16", subnets: [{ availabilityZone: "us-east-1a", nodes: 2 }] },
      { name: "green", cidrBlock: "10.2.0.0/16", subnets: [{ availabilityZone: "us-east-1a", nodes: 1 }] }]`,
      (mode) => mode !== "Never",
    );
    stopAfterFailure();
    before(() => cluster.start(pool("IPIP CrossSubnet")));
    after(() => cluster.quickStart.remove());

    for (const mode of ["IPIP CrossSubnet", "IPIP Always", "VXLAN Always", "VXLAN CrossSubnet"] as const) {
      it(`${mode} alone: every pair verified, encapsulated as planned and nothing bare beside it`, async () => {
        await cluster.change(pool(mode));
        const report = await cluster.verified(6);
        const [kind, when] = mode.split(" ");
        for (const { from, to, encapsulation, wire } of report.pairs) {
          const near = from.startsWith("blue") && to.startsWith("blue");
          assert.equal(encapsulation, near && when === "CrossSubnet" ? "None" : kind, `${from} ${to}`);
          // What a capture at the sender's interface saw, each kind of packet once.
          assert.equal(wire.length, 1);
          assert.match(
            wire[0] ?? "",
            {
              None: /^IP 192\.168\.\S+ > 192\.168\.\S+$/,
              IPIP: /^IP 10\.\S+ > 10\.\S+ proto 4 \| IP 192\.168\./,
              VXLAN: /^IP 10\.\S+ > 10\.\S+ udp VXLAN \| IP 192\.168\./,
            }[encapsulation] ?? /never/,
          );
        }
      });
    }

    it("three pools of three modes at once: every pair verified, each by the mode of its destination's pool", async () => {
      const three = [
        pool("IPIP CrossSubnet"),
        pool("VXLAN Always", "vxlan", "172.30.0.0/16"),
        pool("IPIP Always", "always", "172.29.0.0/16"),
      ].join("---\n");
      cluster.program({ more: "workloadsPerNode: 3," });
      await cluster.change(three);
      const report = await cluster.verified(9 * 6);
      const kinds = new Set(
        report.pairs.map(
          ({ encapsulation, wire }) =>
            `${encapsulation} to ${/> (\S+)$/
              .exec(wire[0] ?? "")?.[1]
              ?.split(".")
              .slice(0, 2)
              .join(".")}`,
        ),
      );
      assert.deepEqual([...kinds].sort(), ["IPIP to 172.29", "IPIP to 192.168", "None to 192.168", "VXLAN to 172.30"]);
      cluster.program({});
      await cluster.change(pool("IPIP CrossSubnet"));
      await cluster.holdsOnly("IPIP CrossSubnet");
    });

    it("loses nothing between any two of IPIP and VXLAN, CrossSubnet and Always, and leaves nothing of the old one", async () => {
      const switches = await tour(cluster, BETWEEN_TUNNELS);
      results.push(...switches);
      assert.deepEqual(
        switches.filter(({ lost }) => lost > 0),
        [],
      );
      assert.equal(new Set(switches.map(({ from, to }) => `${from} ${to}`)).size, 12);
    });

    it("loses nothing while pools and nodes come and go, natOutgoing and the MTU change", async () => {
      const one = pool("IPIP CrossSubnet");
      const grown = cluster.networks.replace("nodes: 1", "nodes: 2");
      assert.notEqual(grown, cluster.networks);
      const changes: readonly (readonly [string, string, Parameters<SwitchingCluster["program"]>[0]])[] = [
        ["a pool of another mode comes", `${one}---\n${pool("VXLAN Always", "second", "172.30.0.0/16")}`, {}],
        ["it goes", one, {}],
        ["natOutgoing off", one.replace("natOutgoing: true", "natOutgoing: false"), {}],
        ["natOutgoing on", one, {}],
        ["a smaller MTU", one, { more: "workloadsPerNode: 1, hostMtu: 8000," }],
        ["a larger MTU", one, {}],
        ["a node comes", one, { networks: grown }],
        ["it goes again", one, {}],
      ];
      await cluster.startTraffic();
      for (const [, pools, program] of changes) {
        cluster.program(program);
        await cluster.nextPhase();
        await cluster.change(pools);
      }
      await cluster.holdsOnly("IPIP CrossSubnet");
      const reports = await cluster.stopTraffic();
      const { lost, broken } = account(reports, changes.length + 1);
      if (lost.some((packets) => packets > 0)) process.stderr.write(`${(await cluster.drops()).join("\n")}\n`);
      assert.deepEqual(broken, []);
      assert.deepEqual(
        changes.map(([what], i) => `${what}: ${lost[i + 1]} lost`),
        changes.map(([what]) => `${what}: 0 lost`),
      );
    });

    it("would see what is lost: a route that is away for a moment", async () => {
      await cluster.startTraffic();
      await cluster.nextPhase();
      await cluster.on(
        "blue-a0",
        "route=$(ip route show | grep 'proto 80' | grep -v blackhole | head -n 1); ip route del $route; sleep 0.2; ip route add $route",
      );
      await cluster.nextPhase();
      const { lost } = account(await cluster.stopTraffic(), 3);
      assert.ok((lost[1] ?? 0) > 20, JSON.stringify(lost));
      assert.equal(lost[2], 0);
    });
  });

  describe("in one subnet", () => {
    const cluster = new SwitchingCluster(
      `[{ name: "blue", cidrBlock: "10.1.0.0/16", subnets: [{ availabilityZone: "us-east-1a", nodes: 2 }] }]`,
      (mode) => mode.endsWith("Always"),
    );
    stopAfterFailure();
    before(() => cluster.start(pool("Never")));
    after(() => cluster.quickStart.remove());

    it("Never alone: every pair verified, and nothing but workloads' own packets on the wire", async () => {
      const report = await cluster.verified(2);
      for (const { encapsulation, wire } of report.pairs) {
        assert.equal(encapsulation, "None");
        assert.match(wire.join("; "), /^IP 192\.168\.\S+ > 192\.168\.\S+$/);
      }
      await cluster.holdsOnly("Never");
    });

    it("loses nothing between Never and each of the others, and leaves nothing of the old one", async () => {
      const switches = await tour(cluster, FROM_AND_TO_NEVER);
      results.push(...switches);
      assert.deepEqual(
        switches.filter(({ lost }) => lost > 0),
        [],
      );
    });
  });

  // Mocha runs a suite's own tests before those of the suites in it.
  describe("afterwards", () => {
    it("is told in docs/switching.md, each of the 20 ordered pairs with what was measured", () => {
      const wanted = [BETWEEN_TUNNELS, FROM_AND_TO_NEVER].flatMap((way) =>
        way.slice(1).map((to, i) => `| ${way[i]} | ${to} |`),
      );
      assert.equal(new Set(wanted).size, 20);
      if (process.env["OVERLAYNET_WRITE_DOCS"] !== undefined) {
        assert.equal(results.length, 20);
        const table = results.map(({ from, to, sent, lost }) => `| ${from} | ${to} | ${sent} | ${lost} |`).join("\n");
        writeFileSync(
          DOCS,
          readFileSync(DOCS, "utf8").replace(
            /(\| from \|.*\n\|.*\n)[^]*?\n\n/,
            (_, head: string) => `${head}${table}\n\n`,
          ),
        );
      }
      const text = readFileSync(DOCS, "utf8");
      for (const row of wanted)
        assert.match(
          text,
          new RegExp(`^${row.replaceAll("|", "\\|")} \\d+ \\| 0 \\|$`, "m"),
          `docs/switching.md lacks ${row}; make it with OVERLAYNET_WRITE_DOCS=1 npx mocha test/lab/switching.lab.test.ts`,
        );
    });
  });
});
