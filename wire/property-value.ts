import * as struct from "google-protobuf/google/protobuf/struct_pb";

/** A property of a resource as JavaScript has it. In previews any of them may be UNKNOWN. */
export type PropertyValue = null | boolean | number | string | PropertyValue[] | PropertyMap;
export interface PropertyMap {
  [key: string]: PropertyValue;
}

/**
 * Stands for a value that is not known before the update. Source: sdk/go/common/resource/plugin/rpc.go,
 * UnknownStringValue.
 */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Properties of a preview: each is as it is going to be, or not known yet. */
export type Unknowable<T> = { readonly [K in keyof T]: T[K] | typeof UNKNOWN };

/** Envelopes around special values: {[SIGNATURE]: which, …}. Source: sdk/go/common/resource/properties.go. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** Where in a tree of properties: keys and indices from the root. */
export type PropertyPath = readonly (string | number)[];

/** Properties without their envelopes, and where the secrets were. */
export interface Properties {
  readonly values: PropertyMap;
  readonly secrets: readonly PropertyPath[];
}

/** Takes the envelopes off. Nothing given is no properties. */
export function unwrapProperties(properties: struct.Struct | undefined): Properties {
  const secrets: PropertyPath[] = [];
  const unwrap = (value: PropertyValue, path: PropertyPath): PropertyValue => {
    if (Array.isArray(value)) return value.map((entry, index) => unwrap(entry, [...path, index]));
    if (!isMap(value)) return value;
    if (value[SIGNATURE] === SECRET) {
      secrets.push(path);
      return unwrap(value["value"] ?? null, path);
    }
    if (value[SIGNATURE] === OUTPUT) {
      if (value["secret"] === true) secrets.push(path);
      return "value" in value ? unwrap(value["value"] ?? null, path) : UNKNOWN;
    }
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, unwrap(entry, [...path, key])]));
  };
  const values = unwrap(properties?.toJavaScript() ?? {}, []);
  return { values: isMap(values) ? values : {}, secrets };
}

/**
 * Puts values at the given paths into secret envelopes; paths that lead nowhere are passed over, undefined properties
 * left out.
 *
 * @throws TypeError for what no property can be
 */
export function wrapProperties(values: object, secrets: readonly PropertyPath[]): struct.Struct {
  const wrap = (value: PropertyValue, under: readonly PropertyPath[]): PropertyValue => {
    const inner = under.filter((path) => path.length > 0);
    const bare = wrapWithin(value, inner);
    return inner.length < under.length ? { [SIGNATURE]: SECRET, value: bare } : bare;
  };
  const wrapWithin = (value: PropertyValue, under: readonly PropertyPath[]): PropertyValue => {
    const below = (key: string | number): PropertyPath[] =>
      under.filter(([head]) => head === key).map((path) => path.slice(1));
    if (Array.isArray(value)) return value.map((entry, index) => wrap(entry, below(index)));
    if (!isMap(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, wrap(entry, below(key))]));
  };
  return struct.Struct.fromJavaScript(wrapWithin(propertyMap(values), secrets) as PropertyMap);
}

/**
 * A value of a program, of JSON or of a record as a property; undefined members are left out.
 *
 * @throws TypeError for what no property can be
 */
export function propertyValue(value: unknown): PropertyValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map(propertyValue);
  if (typeof value !== "object") throw new TypeError(`a ${typeof value} cannot be a property of a resource`);
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(entries.map(([key, entry]) => [key, propertyValue(entry)]));
}

/** As {@link propertyValue}, for a whole map. @throws TypeError also for what is no map */
export function propertyMap(value: unknown): PropertyMap {
  const map = propertyValue(value);
  if (!isMap(map)) throw new TypeError("not a map of properties");
  return map;
}

/** Whether no part of a value is UNKNOWN. */
export function isKnown(value: unknown): boolean {
  if (value === UNKNOWN) return false;
  if (typeof value === "object" && value !== null) return Object.values(value).every(isKnown);
  return true;
}

export function isMap(value: unknown): value is PropertyMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** As the engine writes paths: `nodes[3].labels.rack`, `labels["kubernetes.io/hostname"]`. */
export function formatPath(path: PropertyPath): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(key)) return `${text}[${JSON.stringify(key)}]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}

/** The top property in a path as the engine writes it: `nodes` of `nodes[3].labels.rack`. */
export function topProperty(path: string): string {
  return /^[^.[]+/.exec(path)?.[0] ?? path;
}
