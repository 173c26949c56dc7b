import { printIpPools } from "../ippool/print";
import { renderRoutes } from "../node/routes";
import { tunnelPartName } from "../node/tunnel";
import { workloadPartName } from "../node/workload";
import { TUNNEL_KINDS } from "../plan/encapsulation";
import { tunnelDevices } from "../plan/node-plan";
import type { CustomResource } from "./custom-resource";
import type { RoutesInputs, RoutesOutputs } from "../generated/resource-types";
import type { KnownTopologies } from "./known-topologies";
import type { NodeAccess } from "./node-access";
import { partResource } from "./on-node";
import { planIn } from "./plan-in";

/** A node's routes, NAT and CNI configuration, and the pools that they come from. */
export function routes(access: NodeAccess, topologies: KnownTopologies): CustomResource<RoutesInputs, RoutesOutputs> {
  return partResource(
    {
      title: () => "routes",
      partName: () => "routes",
      madeFrom: ["topology", "link"],
      identity: [],
      isFound: ({ topology }) => topologies.find(topology) !== undefined,
      render({ topology, node, link }) {
        const plan = planIn(topologies, topology, node);
        return renderRoutes(
          { ...plan, linkIncarnation: link === "" ? undefined : link },
          plan.pools && printIpPools(plan.pools),
        );
      },
      planned({ topology, node }) {
        const devices = tunnelDevices(planIn(topologies, topology, node));
        return new Set([
          "routes",
          ...TUNNEL_KINDS.filter((kind) => devices[kind].length > 0).map(tunnelPartName),
          ...(topologies.find(topology)?.workloadsOn(node) ?? []).map(workloadPartName),
        ]);
      },
      outputs: (part) => part,
    },
    access,
  );
}
