import type { Decoder } from "./decode";
import { joinPath, type ManifestEntry, type ManifestValue } from "./manifest-value";
import { decodeTime } from "./metadata";

const CONDITION_FIELDS = ["type", "status", "observedGeneration", "lastTransitionTime", "reason", "message"];
const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/;
const TYPE =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/;

/**
 * Decodes the status that `calicoctl get -o yaml` exports, only to say what is wrong with it: it is Calico's to write,
 * and means nothing here. As calicoctl judges it; the kube-apiserver ignores the status of what it is given.
 */
export function decodeStatus(decoder: Decoder, entry: ManifestEntry | undefined): void {
  const status = decoder.object(entry, "status", { struct: "IPPool", type: "v3.IPPoolStatus" });
  if (status === undefined) return;
  decoder.knownFields(status, "status", ["conditions"]);
  const conditions = status.value.get("conditions");
  if (conditions === undefined || conditions.value.value === null) return;
  const items =
    decoder.array(conditions, "status.conditions", { struct: "IPPoolStatus", type: "[]v1.Condition" }) ?? [];
  items.forEach((item, index) => decodeCondition(decoder, item, joinPath("status.conditions", index)));
}

/** A metav1.Condition by the schema of Calico's CRD; a field that is null or absent is Go's zero value. */
function decodeCondition(decoder: Decoder, item: ManifestValue, path: string): void {
  const condition = decoder.object({ value: item }, path, { struct: "IPPoolStatus", type: "v1.Condition" });
  if (condition === undefined) return;
  decoder.knownFields(condition, path, CONDITION_FIELDS);
  const field = (name: string): ManifestEntry | undefined => {
    const entry = condition.value.get(name);
    return entry?.value.value === null ? undefined : entry;
  };
  const positionOf = (name: string): ManifestValue["position"] => field(name)?.value.position ?? item.position;
  const text = (name: string): string =>
    decoder.string(field(name), joinPath(path, name), { struct: "Condition", type: "string" }) ?? "";
  const check = (name: string, sentence: string | undefined): void => {
    const at = joinPath(path, name);
    if (sentence !== undefined && !decoder.wrong(at)) decoder.report(at, positionOf(name), sentence);
  };

  const type = text("type");
  check("type", type.length > 316 ? "may not be more than 316 bytes" : matches(TYPE, "type", type));
  const status = text("status");
  check(
    "status",
    ["True", "False", "Unknown"].includes(status) ? undefined : 'supported values: "True", "False", "Unknown"',
  );
  const reason = text("reason");
  if (reason === "") check("reason", "reason in body should be at least 1 chars long");
  else check("reason", reason.length > 1024 ? "may not be more than 1024 bytes" : matches(REASON, "reason", reason));
  const message = text("message");
  check("message", message.length > 32768 ? "may not be more than 32768 bytes" : undefined);
  const generation =
    decoder.integer(field("observedGeneration"), joinPath(path, "observedGeneration"), {
      struct: "Condition",
      type: "int64",
    }) ?? 0;
  check(
    "observedGeneration",
    generation < 0 ? "observedGeneration in body should be greater than or equal to 0" : undefined,
  );
  if (field("lastTransitionTime") === undefined)
    check("lastTransitionTime", 'lastTransitionTime in body must be of type string: "null"');
  else decodeTime(decoder, field("lastTransitionTime"), joinPath(path, "lastTransitionTime"), "Condition");
}

function matches(expression: RegExp, name: string, text: string): string | undefined {
  return expression.test(text)
    ? undefined
    : `${name} in body should match '${expression.source.replaceAll("\\/", "/")}'`;
}
