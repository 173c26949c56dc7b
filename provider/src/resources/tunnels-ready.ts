import { createHash } from "node:crypto";
import { diffProperties } from "../../../wire/property-diff";
import { isKnown, UNKNOWN } from "../../../wire/property-value";
import type { CustomResource } from "./custom-resource";
import type { TunnelsReadyInputs, TunnelsReadyOutputs } from "../generated/resource-types";

/** The barrier between tunnels and routes; there is nothing of it outside the state. */
export const tunnelsReady: CustomResource<TunnelsReadyInputs, TunnelsReadyOutputs> = {
  diff: (old, inputs) => ({ changes: diffProperties(old.inputs, inputs) }),
  create: async (inputs) => ({ id: "tunnels-ready", outputs: outputsOf(inputs) }),
  read: async (old) => old.outputs,
  update: async (_old, inputs) => outputsOf(inputs),
  delete: async () => undefined,
};

function outputsOf({ tunnels }: TunnelsReadyInputs): TunnelsReadyOutputs {
  return { digest: isKnown(tunnels) ? createHash("sha256").update(JSON.stringify(tunnels)).digest("hex") : UNKNOWN };
}
