import { parseIpPools } from "./parse";
import { ipPoolSpec, type IpPoolSpec } from "./print";
import type { Problem } from "./problem";
import type { Surroundings } from "./judge-pool";

/** The verdict on one IPPool, as docs/schema/pools-check.schema.json describes it. */
export interface PoolCheck {
  /** Null when the text names none. */
  readonly name: string | null;
  readonly ok: boolean;
  readonly errors: readonly Problem[];
  /** The spec as Calico would store it; only when ok. */
  readonly normalized?: IpPoolSpec;
}

/** Judges every IPPool of a text by itself, in their order; a pool whose name exists is an update of it. */
export function checkIpPools(text: string, surroundings: Surroundings): PoolCheck[] {
  return parseIpPools(text, surroundings).documents.map(({ name = null, pool, problems }) =>
    pool === undefined
      ? { name, ok: false, errors: problems }
      : { name, ok: true, errors: [], normalized: ipPoolSpec(pool) },
  );
}
