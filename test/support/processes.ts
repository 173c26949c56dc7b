import { readdirSync, readFileSync } from "node:fs";

export interface RunningProcess {
  readonly pid: number;
  readonly commandLine: string;
}

/** Processes whose command line or environment names a lab's state directory: all that a lab or a run on it started. */
export function processesOf(state: string): RunningProcess[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((entry) => {
      const commandLine = read(`/proc/${entry}/cmdline`);
      return commandLine.includes(state) || read(`/proc/${entry}/environ`).includes(state)
        ? [{ pid: Number(entry), commandLine }]
        : [];
    });
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8").replaceAll("\0", " ");
  } catch {
    // It has ended, or is a kernel thread.
    return "";
  }
}
