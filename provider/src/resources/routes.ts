import { printIpPools } from "../ippool/print";
import { renderRoutes } from "../node/routes";
import type { CustomResource } from "./custom-resource";
import type { RoutesInputs, RoutesOutputs } from "../generated/resource-types";
import type { NodeAccess } from "./node-access";
import { partResource } from "./on-node";
import { unpackPlan } from "./packed-plan";

/** A node's routes, NAT and CNI configuration, and the pools that they come from. */
export function routes(access: NodeAccess): CustomResource<RoutesInputs, RoutesOutputs> {
  return partResource(
    {
      title: () => "routes",
      partName: () => "routes",
      madeFrom: ["plan"],
      identity: [],
      render: ({ plan: packed }) => {
        const plan = unpackPlan(packed);
        return renderRoutes(plan, plan.pools && printIpPools(plan.pools));
      },
      outputs: (digest) => ({ digest }),
    },
    access,
  );
}
