import { renderRoutes } from "../node/routes";
import type { CustomResource } from "./custom-resource";
import type { PartOutputs, RoutesInputs } from "./inputs";
import type { NodeAccess } from "./node-access";
import { partResource } from "./on-node";
import { unpackPlan } from "./packed-plan";

/** A node's routes, NAT and CNI configuration. */
export function routes(access: NodeAccess): CustomResource<RoutesInputs, PartOutputs> {
  return partResource(
    {
      title: () => "routes",
      partName: () => "routes",
      madeFrom: ["plan"],
      identity: [],
      render: ({ plan }) => renderRoutes(unpackPlan(plan)),
      outputs: (digest) => ({ digest }),
    },
    access,
  );
}
