import { type Format, printResult } from "../../../../terminal/format";
import type { Fault } from "../../state/faults";

/** A fault in words: `eni-1: 25 % of what it receives is lost`. */
export function describeFault(fault: Fault): string {
  if (fault.kind === "drop-protocol") return `${fault.target}: IP protocol ${fault.protocol} is dropped`;
  if (fault.kind === "refuse-ssh") return `${fault.target}: ssh is refused (${fault.answer})`;
  const what = /^pcx-/.test(fault.target)
    ? fault.direction === "egress"
      ? "from requester to accepter"
      : "from accepter to requester"
    : fault.direction === "egress"
      ? "that it sends"
      : "that it receives";
  return `${fault.target}: ${fault.kind === "cut" ? "all" : `${Number((fault.share * 100).toFixed(4))} %`} ${what} is lost`;
}

/** Prints the faults that a command has made. */
export function printFaults(format: Format, faults: readonly Fault[]): void {
  printResult(format, { faults }, () => faults.map((fault) => `${describeFault(fault)}\n`).join(""));
}
