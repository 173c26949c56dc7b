import { readdirSync, readFileSync } from "node:fs";

/**
 * A node has one virtual processor, which the machine runs as processes that take turns: the guest's kernel, and one
 * for each of its programs. Left to the machine's scheduler they run on different processors, and every system call of
 * the guest waits for another one to wake up: 34 us against 12 us on one (getppid(2), programs traced, two cores of an
 * AMD EPYC, 2026-11-28). So each node keeps to one of the processors, that with the fewest nodes.
 */
export function processorForNode(): number {
  const allowed = processorsOf("self");
  latest = leastTaken(allowed, nodesProcessors(), latest);
  return latest;
}

/**
 * Of the node that this process started last: where as many nodes are on several, those that start at once are spread.
 */
let latest = -1;

/**
 * @param allowed numbers of processors, ascending, at least one
 * @param taken one entry for each node
 * @param latest which of several with the fewest come last: this one and those before it
 */
export function leastTaken(allowed: readonly number[], taken: readonly number[], latest: number): number {
  const nodesOn = (processor: number): number => taken.filter((each) => each === processor).length;
  const fewest = Math.min(...allowed.map(nodesOn));
  const candidates = allowed.filter((processor) => nodesOn(processor) === fewest);
  const [first] = candidates;
  if (first === undefined) throw new Error("this process may run on no processor");
  return candidates.find((processor) => processor > latest) ?? first;
}

/** Those of the nodes that run on this machine, of whichever lab. */
function nodesProcessors(): number[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      // supervise gives a node's kernel this name; the processes of its guest have an empty command line.
      const [name = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      const processors = /\/uml-[^/]+$/.test(name) && args.includes("umid=n") ? processorsOf(pid) : [];
      return processors.length === 1 ? processors : [];
    } catch {
      return []; // It ended while this looked.
    }
  });
}

/** Processors that a process may run on. */
function processorsOf(pid: string): number[] {
  return parseCpuList(/^Cpus_allowed_list:\t(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "");
}

/** A list as cpuset(7) writes it, "0-2,5". */
export function parseCpuList(list: string): number[] {
  return list
    .split(",")
    .filter((range) => range !== "")
    .flatMap((range) => {
      const [first, last = first] = range.split("-").map(Number);
      return first === undefined || last === undefined
        ? []
        : Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}
