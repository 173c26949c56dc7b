import type { ManifestValue } from "./manifest-value";
import { judgeIpPool, type JudgedPool, type Surroundings } from "./judge-pool";
import { resourcesOf } from "./resource-list";
import { readYamlDocuments } from "./yaml-documents";

/** One IPPool of an input: a document, an element of a list of documents, or an item of an IPPoolList. */
export type IpPoolDocument = JudgedPool;

/**
 * The IPPools of a YAML or JSON text, each judged by itself: one or many documents, lists of them, IPPoolLists, what
 * `calicoctl get -o yaml` and `kubectl get -o yaml` export. Paths of problems are relative to the IPPool. Never throws
 * for what the text holds.
 */
export function parseIpPools(
  text: string,
  surroundings: Surroundings = {},
): { readonly documents: readonly IpPoolDocument[] } {
  const documents = readYamlDocuments(text).flatMap((document): IpPoolDocument[] =>
    document.value === undefined ? [{ problems: document.problems }] : ipPoolsOf(document.value, surroundings),
  );
  return { documents };
}

/** The IPPools of one document, judged. */
export function ipPoolsOf(value: ManifestValue, surroundings: Surroundings): IpPoolDocument[] {
  return resourcesOf(value).map((resource) =>
    "problem" in resource ? { problems: [resource.problem] } : judgeIpPool(resource, surroundings),
  );
}
