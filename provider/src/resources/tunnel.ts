import { renderTunnel, tunnelPartName } from "../node/tunnel";
import { tunnelDevices } from "../plan/node-plan";
import type { CustomResource } from "./custom-resource";
import type { TunnelInputs, TunnelOutputs } from "../generated/resource-types";
import type { KnownTopologies } from "./known-topologies";
import type { NodeAccess } from "./node-access";
import { partResource } from "./on-node";
import { planIn } from "./plan-in";

/** The tunnel device of one encapsulation on a node. */
export function tunnel(access: NodeAccess, topologies: KnownTopologies): CustomResource<TunnelInputs, TunnelOutputs> {
  return partResource(
    {
      title: ({ encapsulation }) => `${encapsulation} tunnel`,
      partName: ({ encapsulation }) => tunnelPartName(encapsulation),
      madeFrom: ["topology", "encapsulation"],
      identity: ["encapsulation"],
      isFound: ({ topology }) => topologies.find(topology) !== undefined,
      render({ topology, node, encapsulation }) {
        const plan = planIn(topologies, topology, node);
        // A node that no pool of this encapsulation selects, and that none of its peers sends to so, has no device.
        return tunnelDevices(plan)[encapsulation].length > 0 ? renderTunnel(plan, encapsulation) : undefined;
      },
      outputs: (part) => part,
    },
    access,
  );
}
