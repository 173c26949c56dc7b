import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(__dirname, "../..");

/** A project folder with the npm package's shim, a PULUMI_HOME and a PATH of its own. */
describe("scripts/pulumi-cli --check", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "pulumi-cli-"));
    mkdirSync(join(dir, "project/scripts"), { recursive: true });
    mkdirSync(join(dir, "project/node_modules/.bin"), { recursive: true });
    mkdirSync(join(dir, "project/node_modules/pulumi"));
    cpSync(join(root, "scripts/pulumi-cli"), join(dir, "project/scripts/pulumi-cli"));
    writeFileSync(
      join(dir, "project/node_modules/pulumi/package.json"),
      '{\n    "name": "pulumi",\n    "version": "3.1.2",\n    "bin": {}\n}\n',
    );
    program("project/node_modules/pulumi/run.js", "echo v3.1.2");
    symlinkSync("../pulumi/run.js", join(dir, "project/node_modules/.bin/pulumi"));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it("finds none: the shim on the PATH is no CLI", () => {
    assert.deepEqual(check(), { code: 1, found: "" });
    assert.equal(shim(), "../pulumi/run.js");
  });

  it("finds the shim's version in PULUMI_HOME first", () => {
    program("home/versions/3.1.2/bin/pulumi", "echo v3.1.2");
    program("home/versions/3.1.2/bin/pulumi-language-nodejs", "");
    program("path/pulumi", "echo v3.9.0");
    program("path/pulumi-language-nodejs", "");
    assert.deepEqual(check(), { code: 0, found: join(dir, "home/versions/3.1.2/bin/pulumi") });
    assert.equal(shim(), "../pulumi/run.js");
  });

  it("finds one on the PATH, and the project's shim leads to it from then on", () => {
    program("path/pulumi", "echo v3.9.0");
    program("path/pulumi-language-nodejs", "");
    assert.deepEqual(check(), { code: 0, found: join(dir, "path/pulumi") });
    assert.equal(shim(), join(dir, "path/pulumi"));
    rmSync(join(dir, "path/pulumi"));
    assert.equal(check().code, 1);
  });

  it("takes none that says no version, another major version, or has no Node language host", () => {
    for (const [version, host] of [
      ["", true],
      ["v4.0.0", true],
      ["v3.9.0", false],
    ] as const) {
      program("path/pulumi", `echo ${version}`);
      if (host) program("path/pulumi-language-nodejs", "");
      assert.equal(check().code, 1, version);
      rmSync(join(dir, "path"), { recursive: true });
    }
  });

  it("takes no half-made one in PULUMI_HOME", () => {
    program("home/versions/3.1.2/bin/pulumi", "exit 1");
    program("home/versions/3.1.2/bin/pulumi-language-nodejs", "");
    assert.equal(check().code, 1);
  });

  function program(path: string, script: string): void {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), `#!/bin/sh\n${script}\n`);
    chmodSync(join(dir, path), 0o755);
  }
  function shim(): string {
    return readlinkSync(join(dir, "project/node_modules/.bin/pulumi"));
  }
  function check(): { code: number | null; found: string } {
    const PATH = [join(dir, "project/node_modules/.bin"), join(dir, "path"), "/usr/bin:/bin"].join(":");
    const { status, stdout } = spawnSync(join(dir, "project/scripts/pulumi-cli"), ["--check"], {
      env: { PATH, HOME: dir, PULUMI_HOME: join(dir, "home") },
      encoding: "utf8",
    });
    return { code: status, found: stdout.trim() };
  }
});
