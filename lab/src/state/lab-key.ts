import { execFile } from "node:child_process";
import { existsSync, linkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Lab } from "./paths";

/**
 * The lab's own key into its nodes, as EC2 Instance Connect has one: the private half never leaves the state directory (mode 0600),
 * the public half is one of the nodes' authorized keys. `overlaynet lab exec` and `ssh` use it, over the card.
 */
export function labKeyFile(lab: Lab): string {
  return join(lab.state, "lab_key");
}

/** A line for authorized_keys: the public half, made with the private one at first use. */
export async function labPublicKey(lab: Lab): Promise<string> {
  const file = labKeyFile(lab);
  if (!existsSync(file)) {
    const draft = `${file}.${process.pid}`;
    await keygen(["-q", "-t", "ed25519", "-N", "", "-C", "overlaynet-lab", "-f", draft]);
    try {
      linkSync(draft, file);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    } finally {
      rmSync(draft, { force: true });
      rmSync(`${draft}.pub`, { force: true });
    }
  }
  return (await keygen(["-y", "-f", file])).trim();
}

async function keygen(args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)("ssh-keygen", [...args])).stdout;
  } catch (error) {
    throw new Error(`ssh-keygen (package openssh-client) failed: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
