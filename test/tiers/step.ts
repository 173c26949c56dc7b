import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";

/** A program that a tier runs. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A step that must have passed before this one starts. */
  readonly after?: string;
}

export interface Outcome {
  readonly name: string;
  /** null: it was ended by a signal or could not be started. */
  readonly code: number | null;
  readonly printed: string;
  readonly seconds: number;
}

const running = new Set<ChildProcess>();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    for (const child of running) child.kill(signal);
    process.exitCode = 1;
    // The children clean up; the runner ends with the last of them.
    if (running.size === 0) process.exit();
  });
}

/** Runs a step. With `show`, what it prints is seen at once; else it is only kept. */
export function runStep(root: string, { name, command, env }: Step, { show = false } = {}): Promise<Outcome> {
  const began = performance.now();
  const [program = "", ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    const printed: Buffer[] = [];
    for (const [stream, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ] as const)
      stream.on("data", (data: Buffer) => {
        printed.push(data);
        if (show) to.write(data);
      });
    const end = (code: number | null): void => {
      running.delete(child);
      resolve({
        name,
        code,
        printed: Buffer.concat(printed).toString("utf8"),
        seconds: (performance.now() - began) / 1000,
      });
    };
    child.on("error", (error) => {
      printed.push(Buffer.from(`${program} could not be started: ${error.message}\n`));
      end(null);
    });
    child.on("close", end);
  });
}

/**
 * Runs steps beside each other, as many as there are processors; a step waits for the one it comes after, and is left
 * out when that one fails. `onEnd` is told of each as it ends.
 */
export async function runSteps(
  root: string,
  steps: readonly Step[],
  onEnd: (outcome: Outcome) => void,
  atOnce = Math.max(2, availableParallelism()),
): Promise<Outcome[]> {
  const waiting = [...steps];
  const ended: Outcome[] = [];
  const under = new Set<Promise<void>>();
  const failed = (name: string): boolean => ended.some((outcome) => outcome.name === name && outcome.code !== 0);
  for (;;) {
    for (const step of waiting.filter(({ after }) => after !== undefined && failed(after))) {
      waiting.splice(waiting.indexOf(step), 1);
      const outcome = { name: step.name, code: null, printed: `not run: ${step.after} failed\n`, seconds: 0 };
      ended.push(outcome);
      onEnd(outcome);
    }
    const next = waiting.find(({ after }) => after === undefined || ended.some(({ name }) => name === after));
    if (next !== undefined && under.size < atOnce) {
      waiting.splice(waiting.indexOf(next), 1);
      const run: Promise<void> = runStep(root, next).then((outcome) => {
        under.delete(run);
        ended.push(outcome);
        onEnd(outcome);
      });
      under.add(run);
    } else if (under.size > 0) await Promise.race(under);
    else return ended;
  }
}
