import { planTopology } from "./plan";
import type { Topology } from "./topology";
import type { Warning } from "./warnings";

/** What cannot work on the networks as they are, whatever is done on the hosts. */
const REFUSED: ReadonlySet<string> = new Set([
  "NeverAcrossSubnets",
  "NeverAcrossNetworks",
  "OverlappingSubnets",
  "PoolOverlapsNetwork",
  "ProtocolBlocked",
  "SharedAddress",
]);

/**
 * Those of the plan's warnings that a preview refuses. A disabled pool is not refused: it gives no addresses any more,
 * and over a network it is Calico's way to say where not to masquerade to.
 */
export function refusals(topology: Topology): readonly Warning[] {
  const pools = topology.pools.filter(({ disabled }) => !disabled);
  return planTopology({ ...topology, pools }).warnings.filter(({ code }) => REFUSED.has(code));
}
