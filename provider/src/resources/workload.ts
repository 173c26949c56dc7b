import { renderWorkload, workloadNamespace, workloadPartName } from "../node/workload";
import { isKnown, UNKNOWN } from "../../../wire/property-value";
import type { CustomResource } from "./custom-resource";
import type { WorkloadInputs, WorkloadOutputs } from "../generated/resource-types";
import type { NodeAccess } from "./node-access";
import { partResource } from "./on-node";

/** A test workload on a node. */
export function workload(access: NodeAccess): CustomResource<WorkloadInputs, WorkloadOutputs> {
  return partResource(
    {
      title: ({ name }) => `workload ${name}`,
      partName: ({ name }) => workloadPartName(name),
      madeFrom: ["name", "pool", "address", "mtu"],
      identity: ["name"],
      render: ({ name, pool, address, mtu }) => renderWorkload({ name, pool, address, mtu }),
      outputs: (part, { name }) => ({ ...part, namespace: isKnown(name) ? workloadNamespace(name) : UNKNOWN }),
    },
    access,
  );
}
