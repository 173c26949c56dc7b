import { renderTunnel, tunnelPartName } from "../node/tunnel";
import { tunnelDevices } from "../plan/node-plan";
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
      partName: ({ encapsulation }) => tunnelPartName(encapsulation),
      madeFrom: ["plan", "encapsulation"],
      identity: ["encapsulation"],
      render({ plan, encapsulation }) {
        const nodePlan = unpackPlan(plan);
        // A node that no pool of this encapsulation selects, and that none of its peers sends to so, has no device.
        const has = tunnelDevices(nodePlan)[encapsulation].length > 0;
        return has ? renderTunnel(nodePlan, encapsulation) : undefined;
      },
      outputs: (digest) => ({ digest }),
    },
    access,
  );
}
