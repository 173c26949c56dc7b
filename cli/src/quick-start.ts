import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openLab } from "../../lab/src/state/paths";

/** Name of the quick start's stack in its own backend. */
export const STACK = "quickstart";

/**
 * A directory as Pulumi's backend, without files of attributes (`.attrs`) beside the state: Pulumi writes those in
 * place, and an empty one, left when it was killed there, keeps it from reading the state (gocloud.dev/blob/fileblob,
 * "metadata").
 */
export function backendUrl(directory: string): string {
  return `file://${directory}?metadata=skip`;
}

/**
 * The environment in which Pulumi keeps the quick start's state beside the lab's: its own backend directory and
 * passphrase file, nothing of the user's.
 */
export function quickStartEnvironment(): Record<string, string> {
  const lab = openLab();
  const backend = join(lab.state, "pulumi");
  mkdirSync(backend, { recursive: true, mode: 0o700 });
  const passphrase = join(lab.state, "passphrase");
  if (!existsSync(passphrase)) {
    const draft = `${passphrase}.${process.pid}`;
    writeFileSync(draft, randomBytes(24).toString("hex"), { mode: 0o600 });
    try {
      linkSync(draft, passphrase);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    } finally {
      rmSync(draft);
    }
  }
  return {
    PULUMI_BACKEND_URL: backendUrl(backend),
    PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Types are checked when the project is built, not at every run: 2 s less.
    PULUMI_NODEJS_TRANSPILE_ONLY: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    OVERLAYNET_LAB_STATE: lab.state,
  };
}

/** A word for a shell. */
export function quote(word: string): string {
  return /^[A-Za-z0-9_./:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
