export type ScalarValue = string | number | boolean | null;

const KEYWORDS = new Map<string, ScalarValue>([
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map((text) => [text, true] as const),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map((text) => [text, false] as const),
  ...["", "~", "null", "Null", "NULL"].map((text) => [text, null] as const),
  ...[".nan", ".NaN", ".NAN"].map((text) => [text, NaN] as const),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((text) => [text, Infinity] as const),
  ...["-.inf", "-.Inf", "-.INF"].map((text) => [text, -Infinity] as const),
]);
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+)|(0|[1-9]\d*))$/;
const FLOAT = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;

/**
 * What a plain scalar means to go-yaml v2, which reads manifests for calicoctl and kubectl: YAML 1.1's booleans and
 * octal numbers, 0o17 of 1.2, neither dates nor sexagesimal numbers; numbers beyond Go's stay text. Source:
 * sigs.k8s.io/yaml goyaml.v2/resolve.go.
 */
export function resolvePlainScalar(text: string): ScalarValue {
  const keyword = KEYWORDS.get(text);
  if (keyword !== undefined) return keyword;
  if (text.startsWith(".")) return FLOAT.test(text) ? finite(text, text) : text;
  if (!/^[-+\d]/.test(text)) return text;
  const digits = text.replaceAll("_", "");
  return integer(digits) ?? (FLOAT.test(digits) ? finite(digits, text) : text);
}

function integer(digits: string): number | undefined {
  const [matched, sign, hexadecimal, octal, binary, decimal] = INTEGER.exec(digits) ?? [];
  if (matched === undefined) return undefined;
  const magnitude = BigInt(
    hexadecimal !== undefined
      ? `0x${hexadecimal}`
      : octal !== undefined
        ? `0o${octal}`
        : binary !== undefined
          ? `0b${binary}`
          : (decimal ?? ""),
  );
  // int64, and uint64 for what has no sign.
  if (magnitude > (sign === "" ? 2n ** 64n - 1n : sign === "-" ? 2n ** 63n : 2n ** 63n - 1n)) return undefined;
  return Number(sign === "-" ? -magnitude : magnitude);
}

function finite(digits: string, text: string): number | string {
  const value = Number(digits);
  return Number.isFinite(value) ? value : text;
}
