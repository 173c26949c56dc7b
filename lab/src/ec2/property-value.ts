import { Struct } from "google-protobuf/google/protobuf/struct_pb";

/** A property of a resource. In previews any of them may be UNKNOWN. */
export type PropertyValue = null | boolean | number | string | PropertyValue[] | PropertyMap;
export interface PropertyMap {
  [key: string]: PropertyValue;
}

/**
 * Stands for what is not known before the update. Source: pulumi sdk/go/common/resource/plugin/rpc.go,
 * UnknownStringValue.
 */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Envelopes: {[SIGNATURE]: which, …}. Source: pulumi sdk/go/common/resource/sig/sig.go. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** Properties without envelopes, and which of the top ones hold a secret somewhere. */
export interface Properties {
  readonly values: PropertyMap;
  readonly secrets: ReadonlySet<string>;
}

/** Takes the envelopes off. */
export function unwrap(struct: Struct | undefined): Properties {
  const secrets = new Set<string>();
  const bare = (value: PropertyValue, top: string): PropertyValue => {
    if (Array.isArray(value)) return value.map((item) => bare(item, top));
    if (!isMap(value)) return value;
    if (value[SIGNATURE] === SECRET || (value[SIGNATURE] === OUTPUT && value["secret"] === true)) secrets.add(top);
    if (value[SIGNATURE] === SECRET) return bare(value["value"] ?? null, top);
    if (value[SIGNATURE] === OUTPUT) return "value" in value ? bare(value["value"] ?? null, top) : UNKNOWN;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, bare(item, top)]));
  };
  const all = propertyMap(struct?.toJavaScript() ?? {});
  return { values: Object.fromEntries(Object.entries(all).map(([key, value]) => [key, bare(value, key)])), secrets };
}

/** Puts the named top properties into secret envelopes. */
export function wrap(values: PropertyMap, secrets: ReadonlySet<string> = new Set()): Struct {
  const entries = Object.entries(values).map(([key, value]) => [
    key,
    secrets.has(key) ? { [SIGNATURE]: SECRET, value } : value,
  ]);
  return Struct.fromJavaScript(Object.fromEntries(entries) as PropertyMap);
}

/**
 * A value from JSON or a record as properties; undefined members are left out.
 *
 * @throws TypeError for what no property can be
 */
export function propertyValue(value: unknown): PropertyValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map(propertyValue);
  if (typeof value !== "object") throw new TypeError(`a ${typeof value} cannot be a property`);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, propertyValue(item)]));
}

export function propertyMap(value: unknown): PropertyMap {
  const map = propertyValue(value);
  if (!isMap(map)) throw new TypeError("not a map of properties");
  return map;
}

export function isMap(value: unknown): value is PropertyMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether no part of a value is UNKNOWN. */
export function isKnown(value: PropertyValue): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).every(isKnown);
  return value !== UNKNOWN;
}

/** Whether two values are the same and known, whatever the order of keys. */
export function isSame(a: PropertyValue, b: PropertyValue): boolean {
  if (a === UNKNOWN || b === UNKNOWN) return false;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => isSame(item, b[i] ?? null));
  if (isMap(a) && isMap(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length && keys.every((key) => key in b && isSame(a[key] ?? null, b[key] ?? null))
    );
  }
  return a === b;
}

type Values = Readonly<Record<string, unknown>>;

/** A string of properties that went through `check`, or of a record; empty is none. */
export function textOf(values: Values, key: string): string | undefined {
  const value = values[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** As {@link textOf}, of what is always there. */
export function mustText(values: Values, key: string): string {
  const value = textOf(values, key);
  if (value === undefined) throw new TypeError(`${key} is missing`);
  return value;
}

export function numberOf(values: Values, key: string): number | undefined {
  const value = values[key];
  return typeof value === "number" ? value : undefined;
}

export function textsOf(values: Values, key: string): string[] {
  const value = values[key];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

export function mapsOf(values: Values, key: string): PropertyMap[] {
  const value = values[key];
  return Array.isArray(value) ? value.filter(isMap) : [];
}
