import assert from "node:assert/strict";
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Schema, violations } from "../../support/json-schema";

const ROOT = resolve(__dirname, "../../..");
const CASES = join(ROOT, "test/cases/routes.json");
const MAIN =
  'require("./provider/src/commands/plan").planCommand().parseAsync(process.argv.slice(1), { from: "user" })';

function plan(args: readonly string[], input = ""): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, ["--import", "tsx", "--eval", MAIN, "--", ...args], {
    cwd: ROOT,
    input,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
}

const schema = JSON.parse(readFileSync(join(ROOT, "docs/schema/plan.schema.json"), "utf8")) as Schema & {
  readonly $defs: Readonly<Record<string, Schema>>;
};
const outputOf = (value: unknown): string[] =>
  violations(schema, { type: "array", items: { $ref: "#/$defs/plan" } }, value);
const inputOf = (value: unknown): string[] => violations(schema, { $ref: "#/$defs/topology" }, value);

const QUICK = `
name: quick
assign: true
hostMtu: 1500
nodes:
  - { name: a, ip: 10.1.0.4, subnetPrefixLen: 24 }
  - { name: b, ip: 10.2.0.4, subnetPrefixLen: 24 }
pools:
  - { name: main, cidr: 192.168.0.0/16, ipipMode: CrossSubnet }
`;

describe("overlaynet plan", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "overlaynet-plan-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("prints JSON for a file, as the schema says", () => {
    const file = join(folder, "quick.yaml");
    writeFileSync(file, QUICK);
    const { status, stdout, stderr } = plan(["--format", "json", file]);
    assert.deepEqual([status, stderr], [0, ""]);
    const output = JSON.parse(stdout) as unknown;
    assert.deepEqual(outputOf(output), []);
    assert.deepEqual(output, [
      {
        name: "quick",
        nodes: {
          a: {
            routes: [
              "192.168.0.64/26 via 10.2.0.4 dev tunl0 proto 80 onlink mtu 1480",
              "blackhole 192.168.0.0/26 proto 80",
            ],
            neighbours: [],
            fdb: [],
          },
          b: {
            routes: [
              "192.168.0.0/26 via 10.1.0.4 dev tunl0 proto 80 onlink mtu 1480",
              "blackhole 192.168.0.64/26 proto 80",
            ],
            neighbours: [],
            fdb: [],
          },
        },
        paths: [
          {
            from: "a",
            to: "b",
            pool: "main",
            encapsulation: "IPIP",
            nextHop: "10.2.0.4",
            outer: { source: "10.1.0.4", destination: "10.2.0.4" },
            mtu: 1480,
            reason: "main has ipipMode CrossSubnet: 10.2.0.4 is outside 10.1.0.0/24",
            hops: ["a", "tunl0", "eth0 10.1.0.4", "eth0 10.2.0.4", "tunl0", "b"],
          },
          {
            from: "b",
            to: "a",
            pool: "main",
            encapsulation: "IPIP",
            nextHop: "10.1.0.4",
            outer: { source: "10.2.0.4", destination: "10.1.0.4" },
            mtu: 1480,
            reason: "main has ipipMode CrossSubnet: 10.1.0.4 is outside 10.2.0.0/24",
            hops: ["b", "tunl0", "eth0 10.2.0.4", "eth0 10.1.0.4", "tunl0", "a"],
          },
        ],
        warnings: [],
      },
    ]);
  });

  it("prints a table for standard input", () => {
    const { status, stdout } = plan(["-"], QUICK);
    assert.equal(status, 0);
    assert.equal(
      stdout,
      `== quick
FROM  TO  POOL  ENCAPSULATION  NEXT HOP  MTU   REASON
a     b   main  IPIP           10.2.0.4  1480  main has ipipMode CrossSubnet: 10.2.0.4 is outside 10.1.0.0/24
b     a   main  IPIP           10.1.0.4  1480  main has ipipMode CrossSubnet: 10.1.0.4 is outside 10.2.0.0/24

-- a
route      192.168.0.64/26 via 10.2.0.4 dev tunl0 proto 80 onlink mtu 1480
route      blackhole 192.168.0.0/26 proto 80

-- b
route      192.168.0.0/26 via 10.1.0.4 dev tunl0 proto 80 onlink mtu 1480
route      blackhole 192.168.0.64/26 proto 80

`,
    );
  });

  it("takes all of Calico's cases at once, as input and output of the schema", () => {
    const { status, stdout } = plan(["--format", "json", CASES]);
    assert.equal(status, 0);
    const output = JSON.parse(stdout) as { name: string }[];
    assert.deepEqual(outputOf(output), []);
    const cases = JSON.parse(readFileSync(CASES, "utf8")) as { name: string }[];
    assert.deepEqual(
      output.map(({ name }) => name),
      cases.map(({ name }) => name),
    );
    assert.deepEqual(cases.flatMap(inputOf), []);
  });

  it("takes VXLAN's identifier and port, and says them with the paths", () => {
    const topology = {
      vxlanVni: 42,
      vxlanPort: 8472,
      assign: true,
      nodes: ["4", "5"].map((last) => ({ name: `n${last}`, ip: `10.0.0.${last}`, subnetPrefixLen: 24 })),
      pools: [{ cidr: "192.168.0.0/16", vxlanMode: "Always" }],
    };
    assert.deepEqual(inputOf(topology), []);
    const { status, stdout } = plan(["--format", "json", "-"], JSON.stringify(topology));
    assert.equal(status, 0);
    const output = JSON.parse(stdout) as { paths: { outer: unknown }[] }[];
    assert.deepEqual(outputOf(output), []);
    assert.deepEqual(output[0]?.paths[0]?.outer, { source: "10.0.0.4", destination: "10.0.0.5", port: 8472, vni: 42 });
    const wrong = JSON.stringify({ ...topology, vxlanVni: 2 ** 24, vxlanPort: 0 });
    assert.match(
      plan(["-"], wrong).stdout,
      /vxlanVni: must be a whole number from 1 to 16777215, not 16777216\n.*vxlanPort: must be a whole number from 1 to 65535, not 0/,
    );
  });

  it("plans what it can, says what it cannot, and exits 1", () => {
    const { status, stdout } = plan(
      ["--format", "json", "-"],
      `${QUICK}---\nname: broken\nnodes: [{ name: a, ip: 10.0.0 }]\n`,
    );
    assert.equal(status, 1);
    const output = JSON.parse(stdout) as { nodes: object; errors?: unknown }[];
    assert.deepEqual(outputOf(output), []);
    assert.deepEqual(
      output.map(({ nodes }) => Object.keys(nodes)),
      [["a", "b"], []],
    );
    assert.deepEqual(output[1]?.errors, [
      { path: "nodes[0].ip", message: 'must be an IPv4 address, not "10.0.0"', line: 12, column: 24 },
      { path: "pools", message: "is missing", line: 11, column: 1 },
    ]);
    const table = plan(["-"], "nodes: 5\npools: []\n");
    assert.deepEqual(
      [table.status, table.stdout],
      [1, "== topology-1\nerror: line 1, column 8: nodes: must be a list, not 5\n\n"],
    );
  });

  it("says when there is nothing to plan, or no such file", () => {
    assert.deepEqual([plan(["-"]).status, plan(["-"]).stderr], [1, "overlaynet: - holds no topology\n"]);
    assert.match(plan([join(folder, "none")]).stderr, /ENOENT.*none/);
  });

  it("has a schema that refuses what it should", () => {
    assert.deepEqual(
      outputOf([
        {
          name: "x",
          nodes: { a: { routes: [1], fdb: [] } },
          paths: [{}],
          warnings: [{ code: "Other", message: "" }],
          more: 1,
        },
      ]),
      [
        "$[0].more is unknown",
        "$[0].nodes.a.neighbours is missing",
        "$[0].nodes.a.routes[0] is integer, not string",
        ...["from", "to", "pool", "encapsulation", "nextHop", "mtu", "reason", "hops"].map(
          (name) => `$[0].paths[0].${name} is missing`,
        ),
        '$[0].warnings[0].code is "Other"',
      ],
    );
    assert.deepEqual(
      inputOf({ nodes: [{ subnetPrefixLen: 33 }], pools: [{ cidr: "10.0.0.0/8", ipipMode: "never" }], hostmtu: 9 }),
      [
        "$.hostmtu is unknown",
        "$.nodes[0].name is missing",
        "$.nodes[0].subnetPrefixLen is above 32",
        '$.pools[0].ipipMode is "never"',
      ],
    );
  });
});
