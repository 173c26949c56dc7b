import { isKnown, UNKNOWN } from "../../../wire/property-value";
import type { CustomResource } from "./custom-resource";
import type { HostKeyInputs, HostKeyOutputs } from "../generated/resource-types";
import type { NodeAccess } from "./node-access";

/** The host key that a host shows at first: read once, and pinned in the state. */
export function hostKey(access: NodeAccess): CustomResource<HostKeyInputs, HostKeyOutputs> {
  return {
    diff: (old, inputs) =>
      isKnown(inputs.incarnation) && inputs.incarnation === old.inputs.incarnation
        ? { changes: new Map() }
        : { changes: new Map([["incarnation", "update"]]), replaces: ["incarnation"] },
    async create({ incarnation: _, ...target }, context) {
      if (context.preview) return { id: "", outputs: { hostKey: UNKNOWN } };
      const proxyCommand = target.proxyCommand ?? context.config.proxyCommand;
      const key = await access.readHostKey(
        { ...target, ...(proxyCommand !== undefined && { proxyCommand }) },
        {
          signal: context.signal,
          deadlineMs: (context.timeout ?? context.config.sshDeadline) * 1000,
          status: (message) => context.status(message),
        },
      );
      await context.log(
        "info",
        `${target.host} shows host key ${key}; it is trusted from now on, as trustOnFirstUse says`,
      );
      return { id: key.slice(key.lastIndexOf(" ") + 1), outputs: { hostKey: key } };
    },
    read: async (old) => old.outputs,
    update: async (old) => old.outputs,
    delete: async () => undefined,
  };
}
