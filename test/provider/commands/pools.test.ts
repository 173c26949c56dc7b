import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { calicoCases } from "../../support/calico-cases";
import { assertFits } from "../../support/json-schema";

const ROOT = resolve(__dirname, "../../..");

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command in a process of its own: exit code and streams are what is tested. */
function pools(args: readonly string[], input = ""): Run {
  const module = JSON.stringify(join(ROOT, "provider/src/commands/pools.ts"));
  const script = `require(${module}).poolsCommand().parseAsync(process.argv.slice(1), { from: "user" }).catch((error) => { console.error(error.message); process.exitCode = 1; });`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "-e", script, "--", ...args], {
    cwd: ROOT,
    encoding: "utf8",
    input,
  });
  return { status, stdout, stderr };
}

describe("overlaynet pools check", function () {
  // Each test starts a process that compiles the command first.
  this.timeout(60_000);

  let directory = "";
  before(() => (directory = mkdtempSync(join(tmpdir(), "overlaynet-pools-"))));
  after(() => rmSync(directory, { recursive: true }));
  const write = (name: string, content: string): string => {
    const file = join(directory, name);
    writeFileSync(file, content);
    return file;
  };

  const good = "apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata:\n  name: good\nspec:\n  cidr: FD00::/112\n";
  const bad = "apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata:\n  name: bad\nspec:\n  cidr: 10.0.0.1/16\n";

  it("prints the verdicts in the order of the documents, and fails when one does", () => {
    const { status, stdout } = pools(["check", "--format", "json", write("pools.yaml", `${bad}---\n${good}---\n{`)]);
    assert.equal(status, 1);
    const checks = JSON.parse(stdout) as readonly {
      readonly name: string | null;
      readonly ok: boolean;
      readonly errors: readonly unknown[];
      readonly normalized?: unknown;
    }[];
    assert.deepEqual(checks.slice(0, 2), [
      {
        name: "bad",
        ok: false,
        errors: [
          {
            path: "spec.cidr",
            message:
              "IPPool CIDR is not strictly masked; IPPool CIDR must be strictly masked; the network is 10.0.0.0/16",
            line: 6,
            column: 9,
          },
        ],
      },
      {
        name: "good",
        ok: true,
        errors: [],
        normalized: {
          cidr: "fd00::/112",
          ipipMode: "Never",
          vxlanMode: "Never",
          blockSize: 122,
          nodeSelector: "all()",
          allowedUses: ["Workload", "Tunnel"],
          assignmentMode: "Automatic",
        },
      },
    ]);
    assert.deepEqual([checks[2]?.name, checks[2]?.ok, checks.length], [null, false, 3]);
    assertFits("pools-check.schema.json", checks);
  });

  it("succeeds when all are valid, from standard input too", () => {
    assert.deepEqual(pools(["check", "-"], good), {
      status: 0,
      stdout: "<stdin>: good: ok\n",
      stderr: "",
    });
  });

  it("writes text with places that editors follow", () => {
    const file = write("bad.yaml", bad);
    const { status, stdout } = pools(["check", "--format", "text", file]);
    assert.equal(status, 1);
    assert.match(stdout, /^.*bad\.yaml:6:9: spec\.cidr: IPPool CIDR is not strictly masked/);
  });

  it("takes the option by its former name", () => {
    const file = write("former.yaml", good);
    const json = pools(["check", "--format", "json", file]);
    assert.deepEqual(JSON.parse(pools(["check", "--output", "json", file]).stdout), JSON.parse(json.stdout));
    assert.equal(pools(["check", "--output", "text", file]).stdout, pools(["check", file]).stdout);
  });

  it("judges against existing pools and blocks in use", () => {
    const existing = write(
      "existing.yaml",
      "- {name: good, spec: {cidr: 'FD00::/112'}}\n- {name: other, spec: {cidr: 10.9.0.0/16}}\n",
    );
    const input = `${good}---\n${bad.replace("10.0.0.1", "10.9.0.0")}---\n${bad.replace("bad", "third").replace("10.0.0.1", "10.7.0.0")}`;
    const { status, stdout } = pools(
      ["check", "--format", "json", "--existing", existing, "--blocks", "10.7.0.0/28, 10.8.0.0/26", "-"],
      input,
    );
    assert.equal(status, 1);
    const checks = JSON.parse(stdout) as readonly {
      readonly ok: boolean;
      readonly errors: readonly { readonly message: string }[];
    }[];
    assert.deepEqual(
      checks.map(({ errors }) => errors.map(({ message }) => message)),
      [
        [],
        ["IPPool(bad) CIDR overlaps with IPPool(other) CIDR 10.9.0.0/16"],
        ["IPPool blocksSize conflicts with existing allocations that use a different blockSize"],
      ],
    );
  });

  it("fails on what it cannot read, and says which", () => {
    const empty = pools(["check", "--format", "json", "-"], "# nothing\n");
    assert.deepEqual([empty.status, empty.stdout, empty.stderr], [1, "[]\n", "overlaynet: no IPPool in <stdin>\n"]);
    const missing = pools(["check", join(directory, "missing.yaml")]);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /ENOENT.*missing\.yaml/);
    const blocks = pools(["check", "--blocks", "10.0.0.0", "-"], good);
    assert.equal(blocks.status, 1);
    assert.match(blocks.stderr, /"10\.0\.0\.0" is not a CIDR: no '\/'/);
    const existing = pools(["check", "--existing", write("broken.yaml", "{"), "-"], good);
    assert.equal(existing.status, 1);
    assert.match(existing.stderr, /broken\.yaml:1:\d+: yaml: /);
  });

  it("gives Calico's verdict on hundreds of documents at once", () => {
    const cases = calicoCases("ippools-fuzz.json").filter(
      ({ existing, blocks, note }) => existing.length === 0 && blocks.length === 0 && note === undefined,
    );
    const { status, stdout } = pools(
      ["check", "--format", "json", "-"],
      cases.map(({ object }) => JSON.stringify(object)).join("\n---\n"),
    );
    assert.equal(status, 1);
    const checks = JSON.parse(stdout) as readonly { readonly ok: boolean; readonly normalized?: unknown }[];
    assert.ok(cases.length > 150);
    assert.deepEqual(
      checks.map(({ ok, normalized }) => ({ ok, normalized })),
      cases.map(({ expected, expectedByCrd, normalized }) => {
        const ok = expected === "ok" && expectedByCrd === "ok";
        return { ok, normalized: ok ? normalized : undefined };
      }),
    );
  });
});
