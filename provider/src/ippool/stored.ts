import { CidrError, parsePoolCidr, type PoolCidr } from "./cidr";
import { isArray, isObject, type ManifestObject, type ManifestValue } from "./manifest-value";
import type { Problem } from "./problem";
import { KIND, resourcesOf } from "./resource-list";
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
 * The existing pools of a YAML or JSON text, in any of the forms in which parseIpPools takes new ones, or as `{name,
 * spec}`. Problems are those of the text, and resources of other kinds; pools themselves are taken as they are.
 */
export function readStoredPools(text: string): {
  readonly pools: readonly StoredPool[];
  readonly problems: readonly Problem[];
} {
  const pools: StoredPool[] = [];
  const problems: Problem[] = [];
  for (const document of readYamlDocuments(text)) {
    problems.push(...document.problems);
    for (const resource of document.value === undefined ? [] : resourcesOf(document.value)) {
      if ("problem" in resource) problems.push(resource.problem);
      else if (textOf(member(resource, "kind") ?? { value: KIND }) === KIND && isObject(resource))
        pools.push(storedPoolOf(resource));
      else problems.push({ path: "kind", message: `an existing pool is of kind ${KIND}`, ...resource.position });
    }
  }
  return { pools, problems };
}

/** Source: libcalico-go/lib/clientv3/ippool.go convertIpPoolFromStorage. */
function storedPoolOf(value: ManifestObject): StoredPool {
  const spec = member(value, "spec");
  const name = textOf(member(member(value, "metadata"), "name")) ?? textOf(member(value, "name")) ?? "";
  const cidrText = textOf(member(spec, "cidr")) ?? "";
  const cidr = cidrOf(cidrText);
  const given = member(spec, "blockSize")?.value;
  const givenBlockSize = typeof given === "number" ? given : undefined;
  const uses = member(spec, "allowedUses");
  const allowedUses = uses !== undefined && isArray(uses) ? uses.value.flatMap((use) => textOf(use) ?? []) : [];
  return {
    name,
    cidrText,
    cidr,
    givenBlockSize,
    blockSize: givenBlockSize || (cidr && defaultBlockSize(cidr.version)),
    allowedUses,
  };
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
