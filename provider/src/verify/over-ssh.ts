import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SshPool } from "../ssh/pool";
import { asRoot, sudoAdvice } from "../ssh/root-shell";
import { RemoteCommandError } from "../ssh/ssh-error";
import type { Inventory } from "./inventory";
import { verify, type RunOnNode, type VerifyReport } from "./verify";

export interface OverSshOptions {
  /** Shell command that makes the cloud forget its tracked flows; run before each round. */
  readonly flushCommand?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly progress?: (message: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * A node that does not answer within this is reported, milliseconds: verify looks at what is there, it waits for
 * nothing.
 */
const DEADLINE_MS = 20_000;

/** Verifies a stack over ssh: one connection per node for the whole run. */
export async function verifyOverSsh(inventory: Inventory, options: OverSshOptions = {}): Promise<VerifyReport> {
  const { flushCommand, environment = process.env, signal } = options;
  const pool = new SshPool();
  const run: RunOnNode = async ({ target }, script) => {
    // The script goes in by standard input: no quoting, nothing of it in a process list.
    const { command, stdin } = asRoot(target, "sh -s", Buffer.from(script));
    const { code, stdout, stderr } = await pool.run(target, command, { stdin, deadlineMs: DEADLINE_MS, signal });
    if (code !== 0) throw new RemoteCommandError(target, "verifying", code, stderr, sudoAdvice(target, code, stderr));
    return stdout;
  };
  try {
    return await verify(inventory, {
      run,
      probe: readFileSync(probeFile(), "utf8"),
      flush: flushCommand === undefined ? undefined : () => shellCommand(flushCommand, environment),
      progress: options.progress,
    });
  } finally {
    pool.close();
  }
}

/** provider/verify/overlaynet-probe, seen from provider/src and from out/provider/src. */
function probeFile(): string {
  for (let dir = __dirname; dir !== dirname(dir); dir = dirname(dir)) {
    const file = join(dir, "provider", "verify", "overlaynet-probe");
    if (existsSync(file)) return file;
  }
  throw new Error(`provider/verify/overlaynet-probe is not above ${__dirname}: the installation is not whole`);
}

function shellCommand(command: string, env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("/bin/sh", ["-c", command], { env, stdio: ["ignore", "ignore", "pipe"] });
    const stderr: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(
            `the flush command failed with exit code ${code}: ${Buffer.concat(stderr).toString("utf8").trim()}`,
          ),
        );
    });
  });
}
