import { type ChildProcess, spawn } from "node:child_process";

/** A program that a tier runs. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** What to do where the program is not installed. */
  readonly install?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it is a run of mocha, whose closing line says what it came to. */
  readonly tests?: boolean;
  /** A step that must have passed before this one starts. */
  readonly after?: string;
}

export interface Outcome {
  readonly step: Step;
  /** null: it was ended by a signal or could not be started. */
  readonly code: number | null;
  readonly printed: string;
  readonly seconds: number;
}

/** How long after its end a program's pipes are read where something else still holds them. */
const LEFT_BEHIND_MS = 1000;

const running = new Set<ChildProcess>();
let stopped = false;

/**
 * Ends what runs when a signal comes; the runner ends with the last of it, and starts nothing more. It is always SIGINT
 * that is handed on: mocha does its work in a child, which it takes along at no other.
 */
export function handOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      stopped = true;
      for (const child of running) child.kill("SIGINT");
    });
}

/** Whether a signal has ended the run before its end. */
export const wasStopped = (): boolean => stopped;

/** Runs a step. With `show`, what it prints is seen at once; else it is only kept. */
export function runStep(root: string, step: Step, { show = false } = {}): Promise<Outcome> {
  const { command, env } = step;
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
      if (!running.delete(child)) return;
      resolve({
        step,
        code,
        printed: Buffer.concat(printed).toString("utf8"),
        seconds: (performance.now() - began) / 1000,
      });
    };
    child.on("error", (error) => {
      const way = step.install === undefined ? "" : `${program} is not installed. Run: ${step.install}\n`;
      printed.push(Buffer.from(`${program} could not be started: ${error.message}\n${way}`));
      end(null);
    });
    child.on("close", end);
    // What a test left behind may hold the pipes open for ever; what is in them by now is read.
    child.on("exit", (code) => {
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        end(code);
      }, LEFT_BEHIND_MS).unref();
    });
  });
}

/**
 * Runs steps beside each other, at most `atOnce` of them; a step waits for the one it comes after, and is left out when
 * that one fails. `onEnd` is told of each as it ends. After a signal none is started any more.
 */
export async function runSteps(
  root: string,
  steps: readonly Step[],
  onEnd: (outcome: Outcome) => void,
  atOnce: number,
): Promise<Outcome[]> {
  const waiting = [...steps];
  const ended: Outcome[] = [];
  const under = new Set<Promise<void>>();
  const end = (outcome: Outcome): void => {
    ended.push(outcome);
    onEnd(outcome);
  };
  const leaveOut = (step: Step, why: string): void => {
    waiting.splice(waiting.indexOf(step), 1);
    end({ step, code: null, printed: `not run: ${why}\n`, seconds: 0 });
  };
  const outcomeOf = (name: string | undefined): Outcome | undefined => ended.find(({ step }) => step.name === name);
  for (;;) {
    for (const step of [...waiting]) {
      const before = outcomeOf(step.after);
      if (stopped) leaveOut(step, "stopped");
      else if (before !== undefined && before.code !== 0) leaveOut(step, `${step.after} failed`);
    }
    const next = waiting.find(({ after }) => after === undefined || outcomeOf(after) !== undefined);
    if (next !== undefined && under.size < atOnce) {
      waiting.splice(waiting.indexOf(next), 1);
      const run: Promise<void> = runStep(root, next).then((outcome) => {
        under.delete(run);
        end(outcome);
      });
      under.add(run);
    } else if (under.size > 0) await Promise.race(under);
    else return ended;
  }
}
