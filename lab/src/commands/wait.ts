import { setTimeout as sleep } from "node:timers/promises";
import { CommandError, run } from "../state/privileged";

/** How often a booting node is asked, milliseconds. */
const PAUSE = 250;

/**
 * Waits until a node answers and its systemd has settled, in a boot that is not the one given.
 *
 * @param command runs `sh -c` words on the node
 * @param notBoot boot_id of the boot that has to be over, if any
 * @throws Error with the last thing that was heard of it when the deadline passes
 */
export async function waitUntilReady(name: string, command: (script: string) => readonly string[], notBoot: string | undefined, deadlineMs: number): Promise<void> {
  const end = Date.now() + deadlineMs;
  let last = "nothing was heard of it";
  do {
    try {
      // Exit code 1 is "degraded": settled, too; what failed is the node's own affair.
      const answer = (await run(command("cat /proc/sys/kernel/random/boot_id; systemctl is-system-running || true"))).trim().split("\n");
      const [boot = "", state = ""] = answer;
      if (boot !== notBoot && (state === "running" || state === "degraded")) return;
      last = boot === notBoot ? "it has not gone down yet" : `systemd says ${state}`;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      last = error.message;
    }
    await sleep(PAUSE);
  } while (Date.now() < end);
  throw new Error(`${name} was not ready within ${deadlineMs / 1000} s: ${last}. Its console: overlaynet lab console ${name}`);
}
