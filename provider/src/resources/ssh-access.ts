import { readHostKey } from "../ssh/host-key";
import { isPartial, pushPart, readParts, removePart } from "../ssh/push";
import { OwnedNodeError, UnreachableError } from "../ssh/ssh-error";
import type { NodeAccess } from "./node-access";

/** Nodes as they are: reached by ssh. */
export const sshAccess: NodeAccess = {
  async push(target, part, options) {
    await pushPart(target, part, options);
  },
  async remove(target, part, options) {
    await removePart(target, part, options);
  },
  read: (target, options) => readParts(target, options),
  readHostKey,
  isPartial,
  isOwnedByOther: (error) => error instanceof OwnedNodeError,
  isUnreachable: (error) => error instanceof UnreachableError,
};
