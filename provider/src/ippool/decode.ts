import {
  isArray,
  isObject,
  joinPath,
  type ManifestEntry,
  type ManifestObject,
  type ManifestValue,
  type Position,
  typeOf,
} from "./manifest-value";
import type { Problem } from "./problem";

/** The Go type that calicoctl decodes a field into, for the words of its errors. */
export interface GoField {
  /** The struct that has the field, such as `IPPoolSpec`. */
  readonly struct: string;
  readonly type: string;
}

/**
 * Decodes manifests as Calico's two readers do, both strict, and gathers what either finds:
 * calicoctl's (sigs.k8s.io/yaml: a number or boolean becomes text where Go wants text; null is as good as absent) and
 * the kube-apiserver's (an OpenAPI schema: neither of these, and keys are case-sensitive). Values of a wrong type read
 * as undefined and are remembered as `wrong`.
 */
export class Decoder {
  readonly problems: Problem[] = [];
  private readonly wrongPaths = new Set<string>();

  report(path: string, position: Position | undefined, ...sentences: readonly (string | undefined)[]): void {
    this.problems.push({
      path,
      message: sentences.filter((sentence) => sentence !== undefined).join("; "),
      ...position,
    });
  }

  /** Whether the value at the path was of a wrong type, so that rules on it would only repeat that. */
  wrong(path: string): boolean {
    return this.wrongPaths.has(path);
  }

  /** Reports the keys of an object that are no fields; what differs in case only is named. */
  knownFields(object: ManifestObject, path: string, fields: readonly string[]): void {
    for (const [key, { keyPosition }] of object.value) {
      if (fields.includes(key)) continue;
      const meant = fields.find((field) => field.toLowerCase() === key.toLowerCase());
      this.report(
        joinPath(path, key),
        keyPosition,
        // Go's decoder ignores case.
        meant === undefined ? `json: unknown field ${JSON.stringify(key)}` : undefined,
        `strict decoding error: unknown field ${JSON.stringify(joinPath(path, key))}${meant === undefined ? "" : `: did you mean ${JSON.stringify(meant)}?`}`,
      );
    }
  }

  object(entry: ManifestEntry | undefined, path: string, go: GoField): ManifestObject | undefined {
    if (entry === undefined || entry.value.value === null) return undefined;
    if (isObject(entry.value)) return entry.value;
    this.wrongType(entry.value, path, "object", go);
    return undefined;
  }

  array(entry: ManifestEntry | undefined, path: string, go: GoField): readonly ManifestValue[] | undefined {
    if (entry === undefined) return undefined;
    if (isArray(entry.value)) return entry.value.value;
    this.wrongType(entry.value, path, "array", go);
    return undefined;
  }

  boolean(entry: ManifestEntry | undefined, path: string, go: GoField): boolean | undefined {
    if (entry === undefined) return undefined;
    if (typeof entry.value.value === "boolean") return entry.value.value;
    this.wrongType(entry.value, path, "boolean", go);
    return undefined;
  }

  integer(entry: ManifestEntry | undefined, path: string, go: GoField): number | undefined {
    if (entry === undefined) return undefined;
    if (typeof entry.value.value === "number" && Number.isInteger(entry.value.value)) return entry.value.value;
    this.wrongType(entry.value, path, "integer", go);
    return undefined;
  }

  /** What calicoctl reads: numbers and booleans as text, although the kube-apiserver refuses them. */
  string(entry: ManifestEntry | undefined, path: string, go: GoField): string | undefined {
    if (entry === undefined) return undefined;
    const { value } = entry.value;
    if (typeof value === "string") return value;
    this.wrongType(entry.value, path, "string", go);
    return typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
  }

  private wrongType(value: ManifestValue, path: string, wanted: string, go: GoField): void {
    this.wrongPaths.add(path);
    const type = typeOf(value);
    this.report(
      path,
      value.position,
      goTypeError(value, wanted, path, go),
      `${path} in body must be of type ${wanted}: "${type}"`,
    );
  }
}

/** Undefined where Go's decoder is content. */
function goTypeError(value: ManifestValue, wanted: string, path: string, go: GoField): string | undefined {
  const type = typeOf(value);
  if (type === "null") return undefined;
  if (wanted === "string" && type !== "array" && type !== "object") return undefined;
  const found = {
    string: "string",
    integer: "number",
    number: `number ${String(value.value)}`,
    boolean: "bool",
    array: "array",
    object: "object",
  }[type];
  return `json: cannot unmarshal ${found} into Go struct field ${go.struct}.${path.replace(/\[\d+\]/g, "")} of type ${go.type}`;
}
