import { isArray, isObject, type ManifestObject, type ManifestValue } from "./manifest-value";
import type { Problem } from "./problem";
import { API_VERSION, judgeIpPool, type JudgedPool, KIND, type Surroundings } from "./resource";
import { readYamlDocuments } from "./yaml-documents";

export interface ParseIpPoolsOptions extends Surroundings {}

/** One IPPool of an input: a document, an element of a list of documents, or an item of an IPPoolList. */
export type IpPoolDocument = JudgedPool;

/**
 * The IPPools of a YAML or JSON text, each judged by itself: one or many documents, lists of them, IPPoolLists, what `calicoctl get -o yaml` and
 * `kubectl get -o yaml` export. Paths of problems are relative to the IPPool. Never throws for what the text holds.
 */
export function parseIpPools(text: string, options: ParseIpPoolsOptions = {}): { readonly documents: readonly IpPoolDocument[] } {
  const documents = readYamlDocuments(text).flatMap((document): IpPoolDocument[] =>
    document.value === undefined ? [{ problems: document.problems }] : ipPoolsOf(document.value, options),
  );
  return { documents };
}

/** The IPPools of one document, judged. */
export function ipPoolsOf(value: ManifestValue, surroundings: Surroundings): IpPoolDocument[] {
  return resourcesOf(value).map((resource) => ("problem" in resource ? { problems: [resource.problem] } : judgeIpPool(resource, surroundings)));
}

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
