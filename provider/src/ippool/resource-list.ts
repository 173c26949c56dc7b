import { isArray, isObject, type ManifestObject, type ManifestValue } from "./manifest-value";
import type { Problem } from "./problem";

export const API_VERSION = "projectcalico.org/v3";
export const KIND = "IPPool";

const LIST_FIELDS = ["apiVersion", "kind", "metadata", "items"];

/** The resources of one document: itself, or its elements or items. A list that is none stands as its one problem. */
export function resourcesOf(value: ManifestValue): readonly (ManifestValue | { readonly problem: Problem })[] {
  if (isArray(value)) return value.value;
  if (!isObject(value) || !isList(value)) return [value];
  for (const [key, { keyPosition }] of value.value) {
    if (!LIST_FIELDS.includes(key))
      return [{ problem: { path: key, message: `json: unknown field ${JSON.stringify(key)}`, ...keyPosition } }];
  }
  const items = value.value.get("items")?.value;
  if (items === undefined || !isArray(items)) {
    return [
      { problem: { path: "items", message: "the items of a list must be a list", ...(items ?? value).position } },
    ];
  }
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
  const type = [
    ["apiVersion", { value: { value: API_VERSION } }] as const,
    ["kind", { value: { value: KIND } }] as const,
  ];
  return { ...item, value: new Map([...type, ...item.value]) };
}
