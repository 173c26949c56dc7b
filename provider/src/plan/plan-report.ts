import type { Problem } from "../ippool/problem";
import { assignTopology } from "./assign-topology";
import { fdbInWords, neighbourInWords, routeInWords } from "./linux-state";
import type { NodePlan } from "./node-plan";
import type { Path } from "./paths";
import type { Warning } from "./warnings";
import { planTopology } from "./plan";
import type { ReadTopology } from "./topology-reader";

/**
 * What a node has to hold, in the words of `ip route`, `ip neighbour` and `bridge fdb`, each list in the order of its
 * bytes.
 */
export interface NodeReport {
  readonly routes: readonly string[];
  readonly neighbours: readonly string[];
  readonly fdb: readonly string[];
}

/**
 * The plan of one topology as it is printed. Nodes and paths are worked out as they are asked for: there may be many.
 */
export interface PlanReport {
  readonly name: string;
  readonly nodes: Iterable<readonly [string, NodeReport]>;
  readonly paths: Iterable<Path>;
  readonly warnings: readonly Warning[];
  /** Why there is no plan; nodes and paths are empty then. */
  readonly errors: readonly Problem[];
}

/** `index` is the topology's place among those of its text, from 0: its name, where it has none. */
export function planReport(read: ReadTopology, index: number): PlanReport {
  const name = read.name ?? `topology-${index + 1}`;
  const refused = (errors: readonly Problem[]): PlanReport => ({ name, nodes: [], paths: [], warnings: [], errors });
  if (read.problems.length > 0) return refused(read.problems);
  const { topology, problems } = read.assign
    ? assignTopology(read.topology)
    : { topology: read.topology, problems: [] };
  if (problems.length > 0) return refused(problems);
  const plan = planTopology(topology);
  return {
    name,
    nodes: {
      *[Symbol.iterator]() {
        for (const [node, nodePlan] of plan.nodes) yield [node, nodeReport(nodePlan)] as const;
      },
    },
    paths: plan.paths,
    warnings: [...plan.warnings, ...readingWarnings(read)],
    errors: [],
  };
}

function nodeReport({ routes, neighbours, fdb }: NodePlan): NodeReport {
  return {
    routes: routes.map(routeInWords).sort(),
    neighbours: neighbours.map(neighbourInWords).sort(),
    fdb: fdb.map(fdbInWords).sort(),
  };
}

function readingWarnings({ programClusterRoutes = "Enabled" }: ReadTopology): readonly Warning[] {
  const warnings: Warning[] = [];
  if (programClusterRoutes !== "Enabled") {
    const message = `programClusterRoutes is ${programClusterRoutes}, with which Felix leaves some routes to BIRD: all routes are planned all the same`;
    warnings.push({ code: "ProgramClusterRoutes", message });
  }
  return warnings;
}
