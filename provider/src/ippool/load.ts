import { compareCidrs, parsePoolCidr } from "./cidr";
import type { IpPool } from "./ippool";
import { manifestValueOf } from "./manifest-value";
import { type IpPoolDocument, ipPoolsOf, parseIpPools } from "./parse";
import type { Problem } from "./problem";
import { overlap } from "./judge-pool";
import { readStoredPools } from "./stored";

/** Pools in the order of the input, only those without problems; paths of problems begin with `ipPools[i]`. */
export interface LoadedIpPools {
  readonly pools: readonly IpPool[];
  readonly problems: readonly Problem[];
}

/**
 * The IP pools of a network from manifests (see parseIpPools), judged one by one and together: no name twice, no
 * overlap. All problems at once, with line and column; formatProblem writes them with the name of the file.
 */
export function loadIpPools(text: string): LoadedIpPools {
  return together(parseIpPools(text).documents);
}

/**
 * What Calico refuses of pools that are there already to be changed (CIDR, block size, allowed uses), with the way to
 * get there. A pool under another name is a new one.
 * @param stored the manifests of before
 */
export function updateProblems(text: string, stored: string): readonly Problem[] {
  const plain = new Set(loadIpPools(text).problems.map(({ path, message }) => `${path} ${message}`));
  const names = new Set(parseIpPools(text).documents.map(({ name }) => name));
  const existing = readStoredPools(stored).pools.filter(({ name }) => names.has(name));
  return parseIpPools(text, { existing })
    .documents.flatMap(({ problems }, index) =>
      problems.map((problem) => ({ ...problem, path: at(index, problem.path) })),
    )
    .filter(({ path, message }) => !plain.has(`${path} ${message}`))
    .map((problem) => ({ ...problem, message: `${problem.message}. ${MIGRATION}` }));
}

const MIGRATION =
  "Its workloads would lose their addresses. Add a pool under another name, disable this one, and remove it when its workloads are gone (docs/pool-migration.md)";

/** The same from objects, as a program builds them: a manifest's fields, or a list's. */
export function loadIpPoolObjects(objects: readonly unknown[]): LoadedIpPools {
  return together(
    objects.flatMap((object): IpPoolDocument[] => {
      try {
        return ipPoolsOf(manifestValueOf(object), {});
      } catch (error) {
        if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
        return [{ problems: [{ path: "", message: error.message }] }];
      }
    }),
  );
}

function together(documents: readonly IpPoolDocument[]): LoadedIpPools {
  const own = documents.flatMap(({ problems }, index) =>
    problems.map((problem) => ({ ...problem, path: at(index, problem.path) })),
  );
  const empty =
    documents.length === 0
      ? [
          {
            path: "ipPools",
            message: "no IPPool: give at least one manifest of apiVersion projectcalico.org/v3, kind IPPool",
          },
        ]
      : [];
  return {
    pools: documents.flatMap(({ pool }) => pool ?? []),
    problems: [...empty, ...own, ...repeatedNames(documents), ...overlaps(documents)],
  };
}

function repeatedNames(documents: readonly IpPoolDocument[]): Problem[] {
  const seen = new Set<string>();
  return documents.flatMap(({ name, namePosition }, index) => {
    if (name === undefined || !seen.has(name)) {
      if (name !== undefined) seen.add(name);
      return [];
    }
    return [{ path: at(index, "metadata.name"), message: `resource already exists: IPPool(${name})`, ...namePosition }];
  });
}

/**
 * Every pool that overlaps one before it, with one such. CIDRs overlap only by lying within each other, so that a walk
 * in the order of addresses meets a CIDR right after those around it.
 */
function overlaps(documents: readonly IpPoolDocument[]): Problem[] {
  const pools = documents.flatMap(({ pool, cidrPosition }, index) =>
    pool === undefined
      ? []
      : [{ index, name: pool.name, text: pool.cidr, cidr: parsePoolCidr(pool.cidr), position: cidrPosition }],
  );
  const order = pools.toSorted((a, b) => compareCidrs(a.cidr, b.cidr));
  const partners = new Map<number, (typeof pools)[number]>();
  /**
   * The CIDRs around the current one, the widest first, and for each the one of them all that came first in the input.
   */
  const around: { readonly pool: (typeof pools)[number]; readonly first: (typeof pools)[number] }[] = [];
  for (const pool of order) {
    for (
      let last = around.at(-1);
      last !== undefined && (last.pool.cidr.version !== pool.cidr.version || last.pool.cidr.last < pool.cidr.first);
      last = around.at(-1)
    )
      around.pop();
    const outer = around.at(-1);
    if (outer !== undefined) {
      const [earlier, later] = outer.first.index < pool.index ? [outer.first, pool] : [pool, outer.first];
      if (!partners.has(later.index)) partners.set(later.index, earlier);
    }
    around.push({ pool, first: outer !== undefined && outer.first.index < pool.index ? outer.first : pool });
  }
  return pools.flatMap((pool) => {
    const partner = partners.get(pool.index);
    return partner === undefined
      ? []
      : [
          {
            path: at(pool.index, "spec.cidr"),
            message: overlap(pool.name, partner.name, partner.text),
            ...pool.position,
          },
        ];
  });
}

function at(index: number, path: string): string {
  return path === "" ? `ipPools[${index}]` : `ipPools[${index}].${path}`;
}
