import { readFileSync } from "node:fs";
import { join } from "node:path";

const CASES = join(__dirname, "../cases");

/** Calico's own verdict on one manifest, computed by running its validators. */
export interface CalicoCase {
  readonly name: string;
  readonly op: "create" | "update";
  /** The manifest. */
  readonly object: Readonly<Record<string, unknown>>;
  readonly existing: readonly unknown[];
  readonly blocks: readonly string[];
  /** Verdict of calicoctl's clientv3. */
  readonly expected: "ok" | "error";
  /** Verdict of the kube-apiserver with the v3 CRD. */
  readonly expectedByCrd: "ok" | "error";
  readonly error?: string;
  readonly errorsOfCrd: readonly string[];
  readonly normalized?: Readonly<Record<string, unknown>>;
  readonly note?: string;
}

/** A record as the files spell it; ippools.json has the manifest's parts at its top. */
interface CaseRecord {
  readonly name: string;
  readonly op: "create" | "update";
  readonly object?: Readonly<Record<string, unknown>>;
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: unknown;
  readonly top_level?: Readonly<Record<string, unknown>>;
  readonly spec?: unknown;
  readonly existing?: readonly unknown[];
  readonly blocks?: readonly string[];
  readonly expected: "ok" | "error";
  readonly expected_v3crd: "ok" | "error";
  readonly error?: string;
  readonly error_v3crd?: readonly string[];
  readonly normalized?: Readonly<Record<string, unknown>>;
  readonly note?: string;
}

export function calicoCases(file: "ippools.json" | "ippools-fuzz.json"): readonly CalicoCase[] {
  const records = JSON.parse(readFileSync(join(CASES, file), "utf8")) as readonly CaseRecord[];
  return records.map((record) => ({
    name: record.name,
    op: record.op,
    object: record.object ?? {
      apiVersion: record.apiVersion ?? "projectcalico.org/v3",
      kind: record.kind ?? "IPPool",
      metadata: record.metadata ?? { name: "test-pool" },
      ...record.top_level,
      spec: record.spec,
    },
    existing: record.existing ?? [],
    blocks: record.blocks ?? [],
    expected: record.expected,
    expectedByCrd: record.expected_v3crd,
    error: record.error,
    errorsOfCrd: record.error_v3crd ?? [],
    normalized: record.normalized,
    note: record.note,
  }));
}

/**
 * The reasons in a message of clientv3: `error with field NAME = 'VALUE' (REASON)` or several such lines; other
 * messages are their own reason. Texts that the cases cut off ("...") end before the cut.
 */
export function reasonsOf(message: string): readonly string[] {
  const decoding = /^error unmarshaling JSON: while decoding JSON: (.*)$/s.exec(message);
  if (decoding !== null) return [decoding[1] ?? ""];
  if (!message.startsWith("error with ")) return [message];
  const fields = message.startsWith("error with field ")
    ? [message]
    : message.split(/(?: |\n)-  ?(?=[A-Za-z.[\]0-9]+ )/).slice(1);
  return fields.flatMap((field) => {
    const cut = field.replace(/\.\.\.\s*$/, "").trimEnd();
    const reason = / \((?=[A-Za-z"])(?!label\)|value\)|key\))(.*)$/s.exec(cut.replace(/^error with field /, ""))?.[1];
    return reason === undefined ? [] : [reason.replace(/\)$/, "")];
  });
}

/**
 * The sentence in a message of the kube-apiserver: what stands behind the field's path, the kind of fault and the
 * value. Empty when it was cut off.
 */
export function sentenceOf(message: string): string {
  if (/: Invalid value: "[^"]*\.\.\.$/.test(message)) return "";
  const kinds =
    /^[\w.[\]]+: (?:(?:Invalid value: (?:"(?:[^"\\]|\\.)*"|\d+|-\d+): )|Forbidden: |Invalid value: |Too long: )?/;
  return message.replace(kinds, "").replace(/\.\.\.$/, "");
}
