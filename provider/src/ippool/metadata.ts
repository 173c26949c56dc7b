import type { Decoder } from "./decode";
import {
  isObject,
  joinPath,
  type ManifestEntry,
  type ManifestObject,
  type ManifestValue,
  type Position,
} from "./manifest-value";

const FIELDS = [
  "name",
  "generateName",
  "namespace",
  "selfLink",
  "uid",
  "resourceVersion",
  "generation",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
  "labels",
  "annotations",
  "ownerReferences",
  "finalizers",
  "managedFields",
];
const OWNER_REFERENCE_FIELDS = ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"];
const MANAGED_FIELDS_FIELDS = ["manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource"];

const MAX_NAME_LENGTH = 253;
const MAX_ANNOTATIONS_SIZE = 256 * 1024;

const LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const QUALIFIED_NAME = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE = `(${QUALIFIED_NAME})?`;

const NOT_A_SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric " +
  `character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`;
const QUALIFIED_NAME_CHARACTERS =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${QUALIFIED_NAME}')`;

/**
 * Decodes and validates an object's metadata; the result is its name, undefined when there is none or a wrong one.
 * uid, resourceVersion, creationTimestamp and the like, as `calicoctl get -o yaml` writes them, are accepted and mean
 * nothing here. Source: libcalico-go/lib/validator/v3 validateObjectMeta, k8s.io/apimachinery/pkg/util/validation.
 */
export function decodeMetadata(
  decoder: Decoder,
  entry: ManifestEntry | undefined,
  owner: ManifestValue,
): string | undefined {
  // Null is as good as absent for metadata and all its fields: the kube-apiserver decodes them in Go as well.
  const metadata = decoder.object(entry, "metadata", { struct: "IPPool", type: "v1.ObjectMeta" });
  const position = entry?.value.position ?? owner.position;
  if (metadata === undefined) {
    if (!decoder.wrong("metadata")) reportName(decoder, "", position);
    return undefined;
  }
  decoder.knownFields(metadata, "metadata", FIELDS);
  const text = (field: string, type = "string"): string | undefined =>
    decoder.string(present(metadata, field), `metadata.${field}`, { struct: "ObjectMeta", type });

  const name = text("name") ?? "";
  if (!decoder.wrong("metadata.name"))
    reportName(decoder, name, metadata.value.get("name")?.value.position ?? position);
  const namespace = text("namespace");
  if (namespace !== undefined && namespace !== "") {
    const sentence = "namespace should not be specified for a non-namespaced resource";
    decoder.report(
      "metadata.namespace",
      metadata.value.get("namespace")?.value.position,
      sentence,
      "Forbidden: not allowed on this type",
    );
  }
  const generateName = text("generateName") ?? "";
  // The name is going to have something behind it, so that a dash at the end is fine.
  for (const sentence of subdomainErrors(generateName === "" ? "a" : `${generateName}a`)) {
    decoder.report("metadata.generateName", metadata.value.get("generateName")?.value.position, sentence);
  }
  for (const field of ["selfLink", "resourceVersion"]) text(field);
  text("uid", "types.UID");
  decoder.integer(present(metadata, "deletionGracePeriodSeconds"), "metadata.deletionGracePeriodSeconds", {
    struct: "ObjectMeta",
    type: "int64",
  });
  const generation =
    decoder.integer(present(metadata, "generation"), "metadata.generation", { struct: "ObjectMeta", type: "int64" }) ??
    0;
  if (generation < 0)
    decoder.report(
      "metadata.generation",
      metadata.value.get("generation")?.value.position,
      "must be greater than or equal to 0",
    );
  for (const field of ["creationTimestamp", "deletionTimestamp"])
    decodeTime(decoder, present(metadata, field), `metadata.${field}`, "ObjectMeta");
  decodeLabels(decoder, metadata);
  decodeAnnotations(decoder, metadata);
  decodeFinalizers(decoder, metadata);
  decodeOwnerReferences(decoder, metadata);
  decodeList(decoder, metadata, "managedFields", "[]v1.ManagedFieldsEntry", MANAGED_FIELDS_FIELDS);
  return subdomainErrors(name).length === 0 ? name : undefined;
}

/** The name as given, for messages about an object that is not valid. */
export function nameOf(object: ManifestObject): string | undefined {
  const name = givenName(object)?.value;
  return typeof name === "string" ? name : undefined;
}

export function namePosition(object: ManifestObject): Position | undefined {
  return givenName(object)?.position;
}

function givenName(object: ManifestObject): ManifestValue | undefined {
  const metadata = object.value.get("metadata")?.value;
  return metadata !== undefined && isObject(metadata) ? metadata.value.get("name")?.value : undefined;
}

/** RFC 3339, as Go's metav1.Time wants it. */
export function decodeTime(
  decoder: Decoder,
  entry: ManifestEntry | undefined,
  path: string,
  struct: string,
): string | undefined {
  const text = decoder.string(entry, path, { struct, type: "v1.Time" });
  if (text === undefined || decoder.wrong(path)) return undefined;
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text) && !Number.isNaN(Date.parse(text)))
    return text;
  decoder.report(
    path,
    entry?.value.position,
    `parsing time ${JSON.stringify(text)}: not in RFC 3339, such as 2006-01-02T15:04:05Z`,
  );
  return undefined;
}

function present(object: ManifestObject, field: string): ManifestEntry | undefined {
  const entry = object.value.get(field);
  return entry?.value.value === null ? undefined : entry;
}

function reportName(decoder: Decoder, name: string, position: ManifestValue["position"]): void {
  const length = byteLength(name);
  if (length > MAX_NAME_LENGTH) {
    decoder.report(
      "metadata.name",
      position,
      `name is too long by ${length - MAX_NAME_LENGTH} bytes`,
      `must be no more than ${MAX_NAME_LENGTH} bytes`,
    );
  }
  if (!matchesWhole(SUBDOMAIN, name)) {
    decoder.report(
      "metadata.name",
      position,
      `name must consist of lower case alphanumeric characters, '-' or '.' (regex: ${SUBDOMAIN})`,
      name === "" ? "Required value: name or generateName is required" : NOT_A_SUBDOMAIN,
    );
  }
}

function decodeLabels(decoder: Decoder, metadata: ManifestObject): void {
  const labels = decoder.object(metadata.value.get("labels"), "metadata.labels", {
    struct: "ObjectMeta",
    type: "map[string]string",
  });
  for (const [key, { value, keyPosition }] of labels?.value ?? []) {
    const path = joinPath("metadata.labels", key);
    for (const sentence of qualifiedNameErrors(key)) decoder.report(path, keyPosition, sentence);
    const text = mapValue(decoder, value, path);
    if (text === undefined) continue;
    if (byteLength(text) > 63) decoder.report(path, value.position, "must be no more than 63 bytes");
    if (!matchesWhole(LABEL_VALUE, text)) {
      decoder.report(
        path,
        value.position,
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " +
          `character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${LABEL_VALUE}')`,
      );
    }
  }
}

function decodeAnnotations(decoder: Decoder, metadata: ManifestObject): void {
  const annotations = decoder.object(metadata.value.get("annotations"), "metadata.annotations", {
    struct: "ObjectMeta",
    type: "map[string]string",
  });
  let size = 0;
  for (const [key, { value, keyPosition }] of annotations?.value ?? []) {
    const path = joinPath("metadata.annotations", key);
    for (const sentence of qualifiedNameErrors(key.toLowerCase())) decoder.report(path, keyPosition, sentence);
    size += byteLength(key) + byteLength(mapValue(decoder, value, path) ?? "");
  }
  if (size > MAX_ANNOTATIONS_SIZE) {
    const sentence = `total size of annotations is too large by ${size - MAX_ANNOTATIONS_SIZE} bytes`;
    decoder.report(
      "metadata.annotations",
      annotations?.position,
      sentence,
      `may not be more than ${MAX_ANNOTATIONS_SIZE} bytes`,
    );
  }
}

/**
 * A value of a map[string]string: Go's decoder makes "" of null; both readers disagree on numbers, and the
 * kube-apiserver's words differ here.
 */
function mapValue(decoder: Decoder, value: ManifestValue, path: string): string | undefined {
  switch (typeof value.value) {
    case "string":
      return value.value;
    case "number":
      decoder.report(
        path,
        value.position,
        `cannot convert ${Number.isInteger(value.value) ? "int64" : "float64"} to string`,
      );
      return undefined;
    case "boolean":
      decoder.report(path, value.position, "cannot convert bool to string");
      return undefined;
    default:
      if (value.value === null) return "";
      return decoder.string({ value }, path, { struct: "ObjectMeta", type: "string" });
  }
}

function decodeFinalizers(decoder: Decoder, metadata: ManifestObject): void {
  const finalizers =
    decoder.array(present(metadata, "finalizers"), "metadata.finalizers", { struct: "ObjectMeta", type: "[]string" }) ??
    [];
  finalizers.forEach((value, index) => {
    const path = joinPath("metadata.finalizers", index);
    const text = decoder.string({ value }, path, { struct: "ObjectMeta", type: "string" });
    if (text === undefined || decoder.wrong(path)) return;
    for (const sentence of qualifiedNameErrors(text)) decoder.report(path, value.position, sentence);
  });
}

function decodeOwnerReferences(decoder: Decoder, metadata: ManifestObject): void {
  let controllers = 0;
  for (const { item, path } of decodeList(
    decoder,
    metadata,
    "ownerReferences",
    "[]v1.OwnerReference",
    OWNER_REFERENCE_FIELDS,
  )) {
    const [apiVersion, kind] = ["apiVersion", "kind", "name", "uid"].map((field) => {
      const at = joinPath(path, field);
      const text =
        decoder.string(present(item, field), at, {
          struct: "OwnerReference",
          type: field === "uid" ? "types.UID" : "string",
        }) ?? "";
      if (text === "" && !decoder.wrong(at)) decoder.report(at, item.position, "Required value: must not be empty");
      return text;
    });
    if (apiVersion === "v1" && kind === "Event")
      decoder.report(path, item.position, "/v1, Kind=Event is disallowed from being an owner");
    for (const field of ["controller", "blockOwnerDeletion"]) {
      const flag = decoder.boolean(present(item, field), joinPath(path, field), {
        struct: "OwnerReference",
        type: "bool",
      });
      if (field === "controller" && flag === true && ++controllers === 2)
        decoder.report(path, item.position, "Only one reference can have Controller set to true");
    }
  }
}

/** The objects of a list, their keys checked. */
function decodeList(
  decoder: Decoder,
  metadata: ManifestObject,
  field: string,
  type: string,
  fields: readonly string[],
): { readonly item: ManifestObject; readonly path: string }[] {
  const items = decoder.array(present(metadata, field), `metadata.${field}`, { struct: "ObjectMeta", type }) ?? [];
  return items.flatMap((value, index) => {
    const path = joinPath(`metadata.${field}`, index);
    const item = decoder.object({ value }, path, { struct: "ObjectMeta", type: type.slice(2) });
    if (item === undefined) return [];
    decoder.knownFields(item, path, fields);
    return [{ item, path }];
  });
}

function subdomainErrors(name: string): string[] {
  const errors: string[] = [];
  if (byteLength(name) > MAX_NAME_LENGTH) errors.push(`must be no more than ${MAX_NAME_LENGTH} bytes`);
  if (!matchesWhole(SUBDOMAIN, name)) errors.push(NOT_A_SUBDOMAIN);
  return errors;
}

/** k8s.io/apimachinery IsQualifiedName: `name` or `subdomain/name`. */
function qualifiedNameErrors(key: string): string[] {
  const parts = key.split("/");
  if (parts.length > 2)
    return [
      `a qualified name ${QUALIFIED_NAME_CHARACTERS} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const errors: string[] = [];
  const name = parts.at(-1) ?? "";
  if (parts.length === 2) {
    if (parts[0] === "") errors.push("prefix part must be non-empty");
    else errors.push(...subdomainErrors(parts[0] ?? "").map((error) => `prefix part ${error}`));
  }
  if (name === "") errors.push("name part must be non-empty");
  else if (byteLength(name) > 63) errors.push("name part must be no more than 63 bytes");
  if (!matchesWhole(QUALIFIED_NAME, name)) errors.push(`name part ${QUALIFIED_NAME_CHARACTERS}`);
  return errors;
}

const expressions = new Map(
  [SUBDOMAIN, QUALIFIED_NAME, LABEL_VALUE].map((source) => [source, new RegExp(`^(?:${source})$`)]),
);

/**
 * Texts far beyond every length that is allowed pass: their length is reported, and the expression's stack is not for
 * megabytes.
 */
function matchesWhole(source: string, text: string): boolean {
  return text.length > 10_000 || (expressions.get(source)?.test(text) ?? false);
}

function byteLength(text: string): number {
  return Buffer.byteLength(text, "utf8");
}
