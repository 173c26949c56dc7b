import { isMap, type PropertyMap } from "../../../../wire/property-value";

/** Properties that went through `check`, or outputs and internals of a record. */
type Values = Readonly<Record<string, unknown>>;

/** A string; an empty one is none. */
export function textOf(values: Values, key: string): string | undefined {
  const value = values[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** As {@link textOf}, of what is always there. @throws TypeError when it is not */
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
