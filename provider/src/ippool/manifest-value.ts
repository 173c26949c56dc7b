/** Where something stands in a text, 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A value of a manifest and where it stands; objects given by a program have no positions. */
export interface ManifestValue {
  readonly value: string | number | boolean | null | readonly ManifestValue[] | ReadonlyMap<string, ManifestEntry>;
  readonly position?: Position;
}

export interface ManifestEntry {
  readonly keyPosition?: Position;
  readonly value: ManifestValue;
}

export type ManifestObject = ManifestValue & { readonly value: ReadonlyMap<string, ManifestEntry> };
export type ManifestArray = ManifestValue & { readonly value: readonly ManifestValue[] };

export function isObject(value: ManifestValue): value is ManifestObject {
  return value.value instanceof Map;
}

export function isArray(value: ManifestValue): value is ManifestArray {
  return Array.isArray(value.value);
}

/** As JSON Schema counts types, which is how the kube-apiserver names them in its messages. */
export type ManifestType = "string" | "integer" | "number" | "boolean" | "null" | "array" | "object";

export function typeOf(value: ManifestValue): ManifestType {
  if (isObject(value)) return "object";
  if (isArray(value)) return "array";
  if (value.value === null) return "null";
  switch (typeof value.value) {
    case "string":
      return "string";
    case "boolean":
      return "boolean";
    default:
      return Number.isInteger(value.value) ? "integer" : "number";
  }
}

/** Levels of lists and mappings in a manifest; an IPPool in an IPPoolList has seven. */
export const MAX_DEPTH = 100;

/**
 * A plain object, as a program builds it or JSON.parse returns it. Properties that are undefined count as absent.
 * Throws a RangeError when it is nested more than MAX_DEPTH levels (an object that contains itself always is), and a
 * TypeError when it holds what no manifest can hold.
 */
export function manifestValueOf(input: unknown, depth = 0): ManifestValue {
  if (depth > MAX_DEPTH) throw new RangeError(`nested more than ${MAX_DEPTH} levels`);
  if (input === null || typeof input === "string" || typeof input === "number" || typeof input === "boolean")
    return { value: input };
  if (Array.isArray(input)) return { value: input.map((item: unknown) => manifestValueOf(item, depth + 1)) };
  if (typeof input !== "object") throw new TypeError(`a ${typeof input} has no place in a manifest`);
  const entries = Object.entries(input).filter(([, value]) => value !== undefined);
  return {
    value: new Map(
      entries.map(([key, value]): [string, ManifestEntry] => [key, { value: manifestValueOf(value, depth + 1) }]),
    ),
  };
}

/** `spec.cidr`, `metadata.labels["a/b"]`. */
export function joinPath(path: string, key: string | number): string {
  if (typeof key === "number") return `${path}[${key}]`;
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}
