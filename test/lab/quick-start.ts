import { spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { backendUrl } from "../../cli/src/quick-start";
import { openLab, type Lab } from "../../lab/src/state/paths";
import { pulumiPath } from "../support/pulumi-path";

const ROOT = resolve(__dirname, "../..");

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: { readonly node?: string };
  readonly outputs?: { readonly digest?: string; readonly packed?: string };
  readonly initErrors?: readonly string[];
}
export interface Deployment {
  readonly resources: readonly Resource[];
  readonly pending_operations?: readonly { readonly type: string; readonly resource: Resource }[];
}

/** One step that Pulumi planned or made, from its event log. */
export interface Step {
  readonly op: string;
  readonly type: string;
  readonly name: string;
  readonly detailedDiff: Readonly<Record<string, unknown>> | null;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/**
 * The quick-start program, or an example's, in a folder of its own, as a user's copy of it: own manifest, own Pulumi
 * backend, own lab.
 * Every ssh connection that the provider or verify makes goes through a wrapper that writes it down.
 */
export class QuickStart {
  readonly dir: string;
  readonly lab: Lab;
  readonly env: NodeJS.ProcessEnv;
  private readonly project: string;

  /** @param folder of the program, with its `lab/Pulumi.yaml`, from the project's root */
  constructor(folder = ".") {
    const source = join(ROOT, folder);
    this.dir = mkdtempSync(join(tmpdir(), "overlaynet-quickstart-"));
    mkdirSync(join(this.dir, "lab"));
    mkdirSync(join(this.dir, "backend"));
    this.lab = openLab(join(this.dir, "state"));
    for (const file of ["index.ts", "pools.yaml", "Pulumi.yaml"])
      copyFileSync(join(source, file), join(this.dir, file));
    copyFileSync(join(ROOT, "package.json"), join(this.dir, "package.json"));
    symlinkSync(join(ROOT, "node_modules"), join(this.dir, "node_modules"));
    const project = readFileSync(join(source, "lab", "Pulumi.yaml"), "utf8");
    this.project = /^name: (\S+)$/m.exec(project)?.[1] ?? "";
    writeFileSync(
      join(this.dir, "lab", "Pulumi.yaml"),
      project
        .replaceAll(/path: (\S+)$/gm, (_, path: string) => `path: ${resolve(source, "lab", path)}`)
        .replace(/proxyCommand: sh \S+/, "proxyCommand: sh lab/ssh-proxy"),
    );
    writeFileSync(
      join(this.dir, "lab", "ssh-proxy"),
      `#!/bin/sh\necho "$1" >> ${join(this.dir, "connections")}\nexec ${join(ROOT, "lab", "ssh-proxy")} "$@"\n`,
      { mode: 0o755 },
    );
    this.env = {
      ...process.env,
      PATH: pulumiPath(),
      OVERLAYNET_LAB_STATE: this.lab.state,
      PULUMI_BACKEND_URL: backendUrl(join(this.dir, "backend")),
      PULUMI_CONFIG_PASSPHRASE: "lab",
      // Brings --event-log.
      PULUMI_DEBUG_COMMANDS: "true",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      // Types are checked when the project is built, not at every run: 2 s less.
      PULUMI_NODEJS_TRANSPILE_ONLY: "true",
      // As cli/bin/overlaynet has it.
      NODE_COMPILE_CACHE: join(ROOT, ".overlaynet", "compile-cache"),
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
  }

  /** Hosts that ssh went to since the last call. */
  takeConnections(): string[] {
    const log = join(this.dir, "connections");
    if (!existsSync(log)) return [];
    const hosts = readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line !== "");
    rmSync(log);
    return hosts;
  }

  writePools(text: string): void {
    writeFileSync(join(this.dir, "pools.yaml"), text);
  }

  /** Another program in place of the quick start's. */
  writeProgram(text: string): void {
    writeFileSync(join(this.dir, "index.ts"), text);
  }

  /** Runs pulumi in the lab's project; never throws for an exit code. */
  pulumi(...args: string[]): Promise<Outcome> {
    return this.command("pulumi", ["-C", join(this.dir, "lab"), "--non-interactive", ...args]);
  }

  /** Runs `pulumi preview` or another operation and gives the steps from its event log. */
  async steps(
    operation: "preview" | "up" | "refresh" | "destroy",
    ...args: string[]
  ): Promise<Outcome & { readonly steps: readonly Step[]; readonly failed: readonly string[] }> {
    const log = join(this.dir, `events-${operation}.json`);
    rmSync(log, { force: true });
    const yes = operation === "preview" ? [] : ["--yes", "--skip-preview"];
    const outcome = await this.pulumi(operation, "--stack", "test", ...yes, "--event-log", log, ...args);
    const steps: Step[] = [];
    const failed: string[] = [];
    for (const line of existsSync(log) ? readFileSync(log, "utf8").split("\n") : []) {
      if (line === "") continue;
      const event = JSON.parse(line) as Record<
        string,
        {
          metadata?: {
            op: string;
            type: string;
            urn: string;
            detailedDiff?: Record<string, unknown>;
            new?: { outputs?: Record<string, unknown> };
          };
        }
      >;
      const refused = event["resOpFailedEvent"]?.metadata;
      if (refused !== undefined) failed.push(refused.urn.split("::").at(-1) ?? "");
      const metadata = event["resOutputsEvent"]?.metadata;
      if (metadata === undefined) continue;
      steps.push({
        op: metadata.op,
        type: metadata.type,
        name: metadata.urn.split("::").at(-1) ?? "",
        detailedDiff: metadata.detailedDiff ?? null,
        outputs: metadata.new?.outputs ?? {},
      });
    }
    return { ...outcome, steps, failed };
  }

  /**
   * The stack's state as Pulumi has written it, also in the middle of an operation: the file itself, as every start of
   * Pulumi takes a second.
   */
  deployment(): Deployment {
    const file = join(this.dir, "backend", ".pulumi", "stacks", this.project, "test.json");
    const { latest } = (JSON.parse(readFileSync(file, "utf8")) as { checkpoint: { latest: Partial<Deployment> } })
      .checkpoint;
    return { ...latest, resources: latest.resources ?? [] };
  }

  /** `overlaynet` with the lab of this quick start. */
  overlaynet(...args: string[]): Promise<Outcome> {
    return this.command(join(ROOT, "cli", "bin", "overlaynet"), args);
  }

  /** Verifies the stack; the lab forgets its tracked flows before each round. */
  async verify(): Promise<{ readonly code: number; readonly report: Report; readonly stderr: string }> {
    const flush = `${join(ROOT, "cli", "bin", "overlaynet")} lab flush`;
    const outcome = await this.overlaynet(
      "verify",
      "-C",
      join(this.dir, "lab"),
      "--stack",
      "test",
      "--format",
      "json",
      "--flush",
      flush,
    );
    if (outcome.stdout === "") throw new Error(`verify printed no report: ${outcome.stderr}`);
    return { code: outcome.code, report: JSON.parse(outcome.stdout) as Report, stderr: outcome.stderr };
  }

  /** Takes everything away again, also after a failed test. */
  async remove(): Promise<void> {
    const outcome = await this.overlaynet("lab", "destroy", "--all");
    if (outcome.code !== 0) throw new Error(`lab destroy --all: ${outcome.stderr}`);
    rmSync(this.dir, { recursive: true, force: true });
  }

  command(program: string, args: readonly string[]): Promise<Outcome> {
    return new Promise((done, reject) => {
      const child = spawn(program, args, { env: this.env, cwd: this.dir, stdio: ["ignore", "pipe", "pipe"] });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
      child.on("error", reject);
      child.on("close", (code) =>
        done({
          code: code ?? -1,
          stdout: Buffer.concat(stdout).toString("utf8"),
          stderr: Buffer.concat(stderr).toString("utf8"),
        }),
      );
    });
  }
}

export interface Report {
  readonly passed: number;
  readonly failed: number;
  readonly pairs: readonly {
    readonly from: string;
    readonly to: string;
    readonly encapsulation: string;
    readonly mtu: number;
    readonly verdict: string;
    readonly reason: string;
    readonly wire: readonly string[];
  }[];
}

/** `from to` of the pairs that failed, sorted. */
export function failures(report: Report): string[] {
  return report.pairs
    .filter((p) => p.verdict !== "passed")
    .map((p) => `${p.from} ${p.to}`)
    .sort();
}
