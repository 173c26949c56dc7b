import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { destroyAll } from "../../lab/src/fabric/destroy";
import { type Lab, openLab } from "../../lab/src/state/paths";
import { RecordStore } from "../../lab/src/state/store";
import { pulumiPath } from "../support/pulumi-path";

const ROOT = resolve(__dirname, "../..");

export interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** A Pulumi program in JavaScript with a stack of its own, on a lab of its own. */
export class PulumiProgram {
  readonly store: RecordStore;

  private constructor(
    readonly directory: string,
    readonly lab: Lab,
  ) {
    this.store = new RecordStore(lab);
  }

  static async make(text: string): Promise<PulumiProgram> {
    const directory = mkdtempSync(join(tmpdir(), "overlaynet-aws-plugin-"));
    mkdirSync(join(directory, "backend"));
    const program = new PulumiProgram(directory, openLab(join(directory, "state")));
    writeFileSync(join(directory, "index.js"), text);
    writeFileSync(join(directory, "package.json"), "{}");
    writeFileSync(
      join(directory, "Pulumi.yaml"),
      `name: plugin\nruntime: nodejs\nplugins:\n  providers:\n    - name: aws\n      path: ${join(ROOT, "lab")}\n`,
    );
    symlinkSync(join(ROOT, "node_modules"), join(directory, "node_modules"));
    const { code, output } = await program.pulumi("stack", "init", "test");
    assert.equal(code, 0, output);
    return program;
  }

  async remove(): Promise<void> {
    await destroyAll(this.lab);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Arguments such as `A=b` go to the environment. */
  pulumi(...args: string[]): Promise<Outcome> {
    const isVariable = (arg: string): boolean => /^[A-Z_]+=/.test(arg);
    const variables: NodeJS.ProcessEnv = Object.fromEntries(
      args.filter(isVariable).map((arg) => [arg.slice(0, arg.indexOf("=")), arg.slice(arg.indexOf("=") + 1)]),
    );
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      ...variables,
      PATH: pulumiPath(),
      OVERLAYNET_LAB_STATE: this.lab.state,
      PULUMI_BACKEND_URL: `file://${join(this.directory, "backend")}`,
      PULUMI_CONFIG_PASSPHRASE: "lab",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
    return new Promise((done) => {
      execFile(
        "pulumi",
        ["--non-interactive", ...args.filter((arg) => !isVariable(arg))],
        { env, cwd: this.directory, maxBuffer: 1 << 26 },
        (error, stdout, stderr) => {
          done({
            code: error === null ? 0 : typeof error.code === "number" ? error.code : -1,
            output: stdout + stderr,
          });
        },
      );
    });
  }
}
