import { distance } from "fastest-levenshtein";

/**
 * The sentences about input that is not as it must be, for all who read some: arguments of resources, the provider's
 * configuration, files and command lines. Each comes after the path of the value. Calico's manifests are refused in
 * Calico's own words.
 */

export const MISSING = "is missing";

/** Of strings. */
export const NOT_EMPTY = "must not be empty";

/** What a value must be, for `mustBe`. */
export const A_STRING = "a string";
export const TRUE_OR_FALSE = "true or false";
export const A_LIST = "a list";
export const AN_OBJECT = "an object";

/** A list with a fixed number of entries. */
export function listOf(length: number): string {
  return `a list of ${length}`;
}

/** A whole number within bounds, both included; either may be left open. */
export function wholeNumber(minimum?: number, maximum?: number): string {
  const from = minimum === undefined ? "" : ` from ${minimum}`;
  const to = maximum === undefined ? "" : ` to ${maximum}`;
  return `a whole number${from}${to}`;
}

export function oneOf(choices: readonly unknown[]): string {
  return `one of ${choices.join(", ")}`;
}

/**
 * @param expected one of the above, or words of the same kind, such as "a CIDR"
 * @param given the value in words: `valueInWords`, or `kindInWords` where it may be a secret
 */
export function mustBe(expected: string, given: string): string {
  return `must be ${expected}, not ${given}`;
}

/** Longer strings are cut, as a message is no place for a whole manifest. Characters. */
const LONGEST_SHOWN = 60;

/** A value as a message shows it: numbers and strings in JSON, of lists and objects only that they are some. */
export function valueInWords(value: unknown): string {
  if (typeof value === "string" && value.length > LONGEST_SHOWN)
    return `${JSON.stringify(value.slice(0, LONGEST_SHOWN))}…`;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return JSON.stringify(value);
  return kindInWords(value);
}

/** What a value is, without telling it. */
export function kindInWords(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return A_LIST;
  if (typeof value === "boolean") return TRUE_OR_FALSE;
  return typeof value === "object" ? AN_OBJECT : `a ${typeof value}`;
}

/** A key that nobody reads, with the one that was meant, if one is near, else with all that there are. */
export function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  if (near !== undefined) return `unknown key, did you mean ${near}?`;
  return known.length === 0
    ? "unknown key, there are none here"
    : `unknown key, the known ones are ${known.join(", ")}`;
}

/** Parts of words shorter than this are in too many of them. Characters. */
const SHORTEST_PART = 3;
/** Of ten characters four may be others. */
const LARGEST_DIFFERENCE = 0.4;

function nearest(key: string, known: readonly string[]): string | undefined {
  const given = key.toLowerCase();
  let best: { readonly key: string; readonly edits: number } | undefined;
  for (const candidate of known) {
    const name = candidate.toLowerCase();
    const edits = distance(given, name);
    const part = Math.min(given.length, name.length) >= SHORTEST_PART && (given.includes(name) || name.includes(given));
    const near = part || edits <= Math.round(LARGEST_DIFFERENCE * Math.max(given.length, name.length));
    if (near && (best === undefined || edits < best.edits)) best = { key: candidate, edits };
  }
  return best?.key;
}
