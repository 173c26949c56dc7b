import { formatCidr, overlaps, type PoolCidr } from "./cidr";
import { Decoder } from "./decode";
import type { IpPool } from "./ippool";
import { isObject, type ManifestObject, type ManifestValue, type Position, typeOf } from "./manifest-value";
import { decodeMetadata, nameOf, namePosition } from "./metadata";
import type { Problem } from "./problem";
import { API_VERSION, KIND } from "./resource-list";
import { type DecodedSpec, decodeSpec, poolOf } from "./spec";
import { decodeStatus } from "./status";
import type { StoredPool } from "./stored";

/** What a pool is judged against besides itself. */
export interface Surroundings {
  /** A pool of the same name is being updated; the others must not overlap. */
  readonly existing?: readonly StoredPool[];
  /** Blocks in use. */
  readonly blocks?: readonly PoolCidr[];
}

export interface JudgedPool {
  /** As written, also when it is no valid name. */
  readonly name?: string;
  /** Absent when there is a problem. */
  readonly pool?: IpPool;
  readonly problems: readonly Problem[];
  /** Where its name and its CIDR stand, for problems with other pools. */
  readonly namePosition?: Position;
  readonly cidrPosition?: Position;
}

/**
 * Judges one IPPool resource by all rules of both of Calico's validators, for its creation, or for its update when a
 * pool of its name exists. Paths are relative to the resource.
 */
export function judgeIpPool(value: ManifestValue, surroundings: Surroundings = {}): JudgedPool {
  const decoder = new Decoder();
  if (!isObject(value)) {
    decoder.report("", value.position, `json: cannot unmarshal ${typeOf(value)} into Go value of type v3.IPPool`);
    return { problems: decoder.problems };
  }
  const given = nameOf(value);
  if (!checkType(decoder, value)) return { name: given, problems: decoder.problems };
  decoder.knownFields(value, "", ["apiVersion", "kind", "metadata", "spec", "status"]);
  const name = decodeMetadata(decoder, value.value.get("metadata"), value);
  const spec = decodeSpec(decoder, value.value.get("spec"), value);
  decodeStatus(decoder, value.value.get("status"));
  if (spec !== undefined) checkSurroundings(decoder, given ?? "", spec, surroundings);
  const pool =
    decoder.problems.length === 0 && name !== undefined && spec !== undefined ? poolOf(name, spec) : undefined;
  return {
    name: given,
    pool,
    problems: decoder.problems,
    namePosition: namePosition(value),
    cidrPosition: spec?.positionOf("cidr"),
  };
}

function checkType(decoder: Decoder, object: ManifestObject): boolean {
  const apiVersion = object.value.get("apiVersion")?.value;
  const kind = object.value.get("kind")?.value;
  if (apiVersion?.value === API_VERSION && kind?.value === KIND) return true;
  const wrong = apiVersion?.value === API_VERSION ? "kind" : "apiVersion";
  const position = object.value.get(wrong)?.value.position ?? object.position;
  const text = (value: ManifestValue | undefined): string =>
    value === undefined || value.value === null || typeof value.value === "object" ? "" : String(value.value);
  decoder.report(
    wrong,
    position,
    `Unknown object type: ${text(apiVersion)}/${text(kind)}`,
    `no matches for kind: an IP pool is of apiVersion ${API_VERSION}, kind ${KIND}`,
  );
  return false;
}

function checkSurroundings(
  decoder: Decoder,
  name: string,
  spec: DecodedSpec,
  { existing = [], blocks = [] }: Surroundings,
): void {
  const old = existing.find((stored) => stored.name === name);
  if (old !== undefined) return checkUpdate(decoder, old, spec);
  const { cidr, blockSize, positionOf } = spec;
  if (cidr === undefined) return;
  for (const other of existing) {
    if (other.cidr !== undefined && overlaps(cidr, other.cidr))
      decoder.report("spec.cidr", positionOf("cidr"), overlap(name, other.name, other.cidrText));
  }
  if (blockSize !== undefined && blocks.some((block) => block.prefixLength !== blockSize && overlaps(block, cidr))) {
    decoder.report(
      "spec.blockSize",
      positionOf("blockSize"),
      "IPPool blocksSize conflicts with existing allocations that use a different blockSize",
    );
  }
}

/** Calico's sentence for two pools that overlap, about the one that comes later. */
export function overlap(name: string, other: string, otherCidr: string): string {
  return `IPPool(${name}) CIDR overlaps with IPPool(${other}) CIDR ${otherCidr}`;
}

function checkUpdate(decoder: Decoder, old: StoredPool, spec: DecodedSpec): void {
  const { cidr, cidrText, givenBlockSize, blockSize, allowedUses, positionOf } = spec;
  // calicoctl compares networks, the CRD texts.
  if (cidrText !== undefined && cidrText !== old.cidrText) {
    const sameNetwork = cidr !== undefined && old.cidr !== undefined && formatCidr(cidr) === formatCidr(old.cidr);
    decoder.report(
      "spec.cidr",
      positionOf("cidr"),
      sameNetwork ? undefined : "IPPool CIDR cannot be modified",
      "CIDR cannot be changed; follow IP pool migration guide to avoid corruption.",
      `it is ${old.cidrText}`,
    );
  }
  const changed = blockSize !== undefined && old.blockSize !== undefined && blockSize !== old.blockSize;
  const changedText =
    givenBlockSize !== undefined && old.givenBlockSize !== undefined && givenBlockSize !== old.givenBlockSize;
  if (changed || changedText) {
    decoder.report(
      "spec.blockSize",
      positionOf("blockSize"),
      changed ? "IPPool BlockSize cannot be modified" : undefined,
      changedText ? "Block size cannot be changed; follow IP pool migration guide to avoid corruption." : undefined,
      `it is ${old.givenBlockSize ?? old.blockSize}`,
    );
  }
  if (old.allowedUses.includes("LoadBalancer") && allowedUses?.some((use) => use !== "LoadBalancer")) {
    decoder.report(
      "spec.allowedUses",
      positionOf("allowedUses"),
      "IPPool allowed use cannot be changed from LoadBalacer to Workload or Tunnel",
    );
  }
}
