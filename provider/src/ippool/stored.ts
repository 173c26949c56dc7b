import { CidrError, parsePoolCidr, type PoolCidr } from "./cidr";
import { isArray, isObject, type ManifestValue } from "./manifest-value";
import type { Problem } from "./problem";
import { resourcesOf } from "./resource-list";
import { defaultBlockSize } from "./spec";
import { readYamlDocuments } from "./yaml-documents";

/** A pool that is there already. It was judged when it came, perhaps by other rules, so it is taken as it is. */
export interface StoredPool {
  readonly name: string;
  readonly cidrText: string;
  /** Absent when the text is no CIDR. */
  readonly cidr?: PoolCidr;
  /** As stored; 0 and absent both mean the default. */
  readonly givenBlockSize?: number;
  readonly blockSize?: number;
  readonly allowedUses: readonly string[];
}

/**
 * The existing pools of a YAML or JSON text, in any of the forms in which parseIpPools takes new ones, or as `{name, spec}`.
 * Problems are those of the text and of pools without a name.
 */
export function readStoredPools(text: string): { readonly pools: readonly StoredPool[]; readonly problems: readonly Problem[] } {
  const pools: StoredPool[] = [];
  const problems: Problem[] = [];
  for (const document of readYamlDocuments(text)) {
    problems.push(...document.problems);
    for (const resource of document.value === undefined ? [] : resourcesOf(document.value)) {
      const pool = "problem" in resource ? undefined : storedPoolOf(resource);
      if (pool !== undefined) pools.push(pool);
      else problems.push("problem" in resource ? resource.problem : { path: "metadata.name", message: "an existing IPPool has a name", ...resource.position });
    }
  }
  return { pools, problems };
}

/**
 * Reads an existing pool from an IPPool manifest, or from `{name, spec}` for short. Undefined when it has no name.
 * Source: libcalico-go/lib/clientv3/ippool.go convertIpPoolFromStorage.
 */
function storedPoolOf(value: ManifestValue): StoredPool | undefined {
  const spec = member(value, "spec");
  const name = textOf(member(member(value, "metadata"), "name")) ?? textOf(member(value, "name"));
  if (name === undefined) return undefined;
  const cidrText = textOf(member(spec, "cidr")) ?? "";
  const cidr = cidrOf(cidrText);
  const given = member(spec, "blockSize")?.value;
  const givenBlockSize = typeof given === "number" ? given : undefined;
  const uses = member(spec, "allowedUses");
  const allowedUses = uses !== undefined && isArray(uses) ? uses.value.flatMap((use) => textOf(use) ?? []) : [];
  return { name, cidrText, cidr, givenBlockSize, blockSize: givenBlockSize || (cidr && defaultBlockSize(cidr.version)), allowedUses };
}

function member(value: ManifestValue | undefined, key: string): ManifestValue | undefined {
  return value !== undefined && isObject(value) ? value.value.get(key)?.value : undefined;
}

function textOf(value: ManifestValue | undefined): string | undefined {
  return typeof value?.value === "string" ? value.value : undefined;
}

function cidrOf(text: string): PoolCidr | undefined {
  try {
    return parsePoolCidr(text);
  } catch (error) {
    if (error instanceof CidrError) return undefined;
    throw error;
  }
}
