import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, linkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Lab } from "./paths";

/**
 * The lab's own key into its nodes, as EC2 Instance Connect has one: the private half never leaves the state directory
 * (mode 0600), the public half is one of the nodes' authorized keys. `overlaynet lab exec` and `ssh` use it, over the
 * card.
 */
export function labKeyFile(lab: Lab): string {
  return join(lab.state, "lab_key");
}

/** A line for authorized_keys: the public half, made with the private one at first use. */
export async function labPublicKey(lab: Lab): Promise<string> {
  const file = labKeyFile(lab);
  if (!existsSync(file)) {
    // Several nodes of one process may be the first at the same moment: a name that is shared makes ssh-keygen ask
    // whether to overwrite.
    const draft = `${file}.${randomUUID()}`;
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
    const run = promisify(execFile)("ssh-keygen", [...args]);
    // There is nobody to answer a question: better an error than waiting for one.
    run.child.stdin?.end();
    return (await run).stdout;
  } catch (error) {
    throw new Error(
      `ssh-keygen (package openssh-client) failed: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
