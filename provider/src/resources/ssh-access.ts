import { isPartial, type PartState, pushPart, readParts, removePart } from "../ssh/push";
import { UnreachableError } from "../ssh/ssh-error";
import type { NodeAccess } from "./node-access";

/** Nodes as they are: reached by ssh. */
export const sshAccess: NodeAccess = {
  async push(target, part, options) {
    await pushPart(target, part, options);
  },
  async remove(target, part, options) {
    await removePart(target, part, options);
  },
  async read(target, options) {
    const states = await readParts(target, options);
    return new Map([...states].map(([name, state]) => [name, seen(state)]));
  },
  isPartial,
  isUnreachable: (error) => error instanceof UnreachableError,
};

/** How many deviations a digest tells: enough to know what happened, and no more than fits a line or two of a diff. */
const DEVIATIONS_TOLD = 4;

/** The files of a part may be as they were, and Linux hold something else: that is no digest of ours, so the next update mends it. */
function seen({ digest, deviates, deviations }: PartState): string {
  if (!deviates) return digest;
  const told = deviations.slice(0, DEVIATIONS_TOLD).join("; ");
  const untold = deviations.length - DEVIATIONS_TOLD;
  return `deviates: ${told}${untold > 0 ? `; and ${untold} more` : ""}`;
}
