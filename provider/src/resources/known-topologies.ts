import { createHash } from "node:crypto";
import type { IpPool } from "../ippool/ippool";
import type { NodePlan } from "../plan/node-plan";
import { unpackTopology } from "../plan/packed-topology";
import { planTopology } from "../plan/plan";

/** What a reference begins with. A packed topology is base64, which has no colon. */
const REFERENCE = "topology:";
/** Hex digits of the sha256 in a reference. Every resource on a node has one. */
const DIGITS = 32;

/** A topology that this process knows. */
export interface KnownTopology {
  readonly pools: readonly IpPool[];
  /** Names of the test workloads on a node. */
  workloadsOn(node: string): readonly string[];
  /** Worked out each time, in time linear in the nodes. */
  planOf(node: string): NodePlan | undefined;
}

/**
 * The topologies that this process has seen. The engine has no place for data that every one of n resources needs: as
 * an input of each it would be in the state n times. A component therefore lays its packed topology down here, and its
 * resources name it by digest. They are registered with the provider instance that the component itself is made by, so
 * their calls come to the same process (docs/architecture.md, "Shared facts").
 */
export class KnownTopologies {
  private readonly packed = new Map<string, string>();
  private readonly planned = new Map<string, KnownTopology>();

  /** @returns a reference, the same for the same topology in every process */
  lay(packed: string): string {
    const reference = `${REFERENCE}${createHash("sha256").update(packed).digest("hex").slice(0, DIGITS)}`;
    this.packed.set(reference, packed);
    return reference;
  }

  /**
   * @param topology a reference, or the packed topology itself
   * @returns undefined for a reference that nothing was laid down for in this process
   * @throws RangeError for what is neither
   */
  find(topology: string): KnownTopology | undefined {
    const reference = topology.startsWith(REFERENCE) ? topology : this.lay(topology);
    const packed = this.packed.get(reference);
    if (packed === undefined) return undefined;
    let known = this.planned.get(reference);
    if (known === undefined) this.planned.set(reference, (known = knownTopology(packed)));
    return known;
  }
}

function knownTopology(packed: string): KnownTopology {
  const topology = unpackTopology(packed);
  const { nodes } = planTopology(topology);
  const names = Map.groupBy(topology.workloads ?? [], ({ node }) => node);
  return {
    pools: topology.pools,
    workloadsOn: (node) => names.get(node)?.flatMap(({ name }) => name ?? []) ?? [],
    planOf: (node) => nodes.get(node),
  };
}
