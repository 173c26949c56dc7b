import { isArray, isObject, type ManifestObject, type ManifestValue } from "./manifest-value";
import type { Problem } from "./problem";

export const API_VERSION = "projectcalico.org/v3";
export const KIND = "IPPool";

/** The resources of one document: itself, or its elements or items. */
export function resourcesOf(value: ManifestValue): (ManifestValue | { readonly problem: Problem })[] {
  if (isArray(value)) return [...value.value];
  if (!isObject(value) || !isList(value)) return [value];
  const items = value.value.get("items")?.value ?? { value: null };
  if (items.value === null) return [];
  if (!isArray(items)) return [{ problem: { path: "items", message: "the items of a list must be a list", ...items.position } }];
  return items.value.map(withType);
}

function isList(object: ManifestObject): boolean {
  const apiVersion = object.value.get("apiVersion")?.value.value;
  const kind = object.value.get("kind")?.value.value;
  return (apiVersion === API_VERSION && kind === `${KIND}List`) || (apiVersion === "v1" && kind === "List");
}

/** Items of an IPPoolList need no apiVersion and kind. */
function withType(item: ManifestValue): ManifestValue {
  if (!isObject(item) || item.value.has("apiVersion") || item.value.has("kind")) return item;
  const type = [["apiVersion", { value: { value: API_VERSION } }] as const, ["kind", { value: { value: KIND } }] as const];
  return { ...item, value: new Map([...type, ...item.value]) };
}
