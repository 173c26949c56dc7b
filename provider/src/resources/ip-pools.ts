import { loadIpPools, updateProblems } from "../ippool/load";
import { diffProperties, sameProperties } from "../../../wire/property-diff";
import { isKnown, UNKNOWN, type Unknowable } from "../../../wire/property-value";
import type { CheckFailure } from "../../../wire/check-failure";
import type { CustomResource } from "./custom-resource";
import type { IpPoolsInputs, IpPoolsOutputs } from "../generated/resource-types";

/** Pools read from manifests; there is nothing of them outside the state. */
export const ipPools: CustomResource<IpPoolsInputs, IpPoolsOutputs> = {
  check(inputs, old) {
    if (!isKnown(inputs)) return { inputs, failures: [] };
    const { problems } = loadIpPools(inputs.manifests);
    // What is wrong by itself is said first; only a sound manifest is held against the one of before.
    const refused = problems.length > 0 || old === undefined ? [] : updateProblems(inputs.manifests, old.manifests);
    const failures = [...problems, ...refused].map(({ path, message, line, column }): CheckFailure => {
      const place = [inputs.source, line, column].filter((part) => part !== undefined).join(":");
      // Calico's sentence first: it is what people search for.
      return {
        property: path,
        reason: line === undefined ? message : `${message} (${inputs.source === undefined ? "line " : ""}${place})`,
      };
    });
    return { inputs, failures };
  },

  diff(old, inputs) {
    const changes = diffProperties(old.inputs, inputs);
    if (changes.size > 0 || !isKnown(inputs)) return { changes };
    // The same text may mean something else to another version of this provider.
    return sameProperties(old.outputs.pools, outputsOf(inputs).pools)
      ? { changes }
      : { changes: new Map([["pools", "update"]]), outputChanges: ["pools"] };
  },

  create: async (inputs) => ({ id: "ip-pools", outputs: outputsOf(inputs) }),
  read: async (old) => old.outputs,
  update: async (_old, inputs) => outputsOf(inputs),
  delete: async () => undefined,
};

function outputsOf(inputs: IpPoolsInputs): Unknowable<IpPoolsOutputs> {
  return { ...inputs, pools: isKnown(inputs.manifests) ? loadIpPools(inputs.manifests).pools : UNKNOWN };
}
