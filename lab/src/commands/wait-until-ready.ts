import { setTimeout as sleep } from "node:timers/promises";
import { CommandError, run } from "../state/privileged";

/** How often a booting node is asked, milliseconds. */
const PAUSE = 250;

/** A node that is waited for. */
export interface Awaited {
  readonly name: string;
  /** `sh -c` words that are run on it over ssh: that they run at all says that sshd takes the key. */
  command(script: string): readonly string[];
  /** The last lines of its console. */
  console(lines: number): string;
}

/**
 * Waits until a node takes the lab's key and its systemd has settled, in a boot that is not the one given.
 *
 * @param notBoot boot_id of the boot that has to be over, if any
 * @throws Error when the deadline passes, with the last thing that was heard of the node, and with the last lines of
 * its console
 */
export async function waitUntilReady(
  { name, command, console }: Awaited,
  notBoot: string | undefined,
  deadlineMs: number,
): Promise<void> {
  const signal = AbortSignal.timeout(deadlineMs);
  let last = "nothing was heard of it";
  while (!signal.aborted) {
    try {
      // Exit code 1 is "degraded": settled, too; what failed is the node's own affair.
      const answer = (
        await run(command("cat /proc/sys/kernel/random/boot_id; systemctl is-system-running || true"), { signal })
      )
        .trim()
        .split("\n");
      const [boot = "", state = ""] = answer;
      if (boot !== notBoot && (state === "running" || state === "degraded")) return;
      last = boot === notBoot ? "it has not gone down yet" : `systemd says ${state}`;
    } catch (error) {
      if (!(error instanceof CommandError) && !signal.aborted) throw error;
      if (error instanceof CommandError) last = error.message;
    }
    if (!signal.aborted) await sleep(PAUSE);
  }
  const said = console(8).trim().split("\n").join("\n  ");
  throw new Error(
    `${name} was not ready within ${deadlineMs / 1000} s: ${last}.${said === "" ? " Its console has said nothing." : ` The end of its console:\n  ${said}`}`,
  );
}
