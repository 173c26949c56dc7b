import { renderTunnel } from "../node/tunnel";
import type { CustomResource } from "./custom-resource";
import type { TunnelInputs, TunnelOutputs } from "../generated/resource-types";
import type { NodeAccess } from "./node-access";
import { partResource } from "./on-node";
import { unpackPlan } from "./packed-plan";

/** The tunnel device of one encapsulation on a node. */
export function tunnel(access: NodeAccess): CustomResource<TunnelInputs, TunnelOutputs> {
  return partResource(
    {
      title: ({ encapsulation }) => `${encapsulation} tunnel`,
      partName: ({ encapsulation }) => `tunnel-${encapsulation.toLowerCase()}`,
      madeFrom: ["plan", "encapsulation"],
      identity: ["encapsulation"],
      render({ plan, encapsulation }) {
        const nodePlan = unpackPlan(plan);
        // A node that no pool of this encapsulation selects, and that none of its peers sends to so.
        const has =
          encapsulation === "IPIP"
            ? nodePlan.ipip !== undefined
            : nodePlan.vxlan !== undefined || nodePlan.vxlan6 !== undefined;
        return has ? renderTunnel(nodePlan, encapsulation) : undefined;
      },
      outputs: (digest) => ({ digest }),
    },
    access,
  );
}
