import { spawn } from "node:child_process";
import { privileged } from "../state/privileged";

/**
 * Runs a program as root on this terminal's own input and output, and returns its exit code; one ended by a signal
 * gives 128 and more, as in sh.
 *
 * @param stdout a file descriptor to write to instead
 */
export function runAttached(argv: readonly string[], stdout: number | "inherit" = "inherit"): Promise<number> {
  const [program = "", ...args] = privileged(argv);
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["inherit", stdout, "inherit"] });
    // It is the child's to end by: Ctrl-C, which a terminal sends to both, or what was sent to this process alone.
    const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
    const signals = ["SIGINT", "SIGTERM"] as const;
    for (const signal of signals) process.on(signal, forward);
    child.on("error", (error) => reject(new Error(`${argv[0]} could not be started: ${error.message}`)));
    child.on("close", (code, signal) => {
      for (const each of signals) process.off(each, forward);
      resolve(code ?? 128 + (signal === "SIGINT" ? 2 : 15));
    });
  });
}

/** The command in a network namespace. */
export function inNamespace(namespace: string, argv: readonly string[]): string[] {
  return ["nsenter", `--net=/run/netns/${namespace}`, ...argv];
}
