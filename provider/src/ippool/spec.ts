import { CidrError, formatCidr, parsePoolCidr, type PoolCidr } from "./cidr";
import type { Decoder } from "./decode";
import type { AllowedUse, AssignmentMode, EncapsulationMode, IpPool } from "./ippool";
import {
  isArray,
  joinPath,
  type ManifestEntry,
  type ManifestObject,
  type ManifestValue,
  type Position,
} from "./manifest-value";
import { parseSelector, SelectorError } from "./selector";

const FIELDS = [
  "cidr",
  "vxlanMode",
  "ipipMode",
  "natOutgoing",
  "disabled",
  "disableBGPExport",
  "blockSize",
  "nodeSelector",
  "namespaceSelector",
  "allowedUses",
  "assignmentMode",
];
const MODES: readonly EncapsulationMode[] = ["Never", "Always", "CrossSubnet"];
const USES: readonly AllowedUse[] = ["Workload", "Tunnel", "LoadBalancer"];
const ASSIGNMENT_MODES: readonly AssignmentMode[] = ["Automatic", "Manual"];
const MAX_CIDR_LENGTH = 48;
const MAX_SELECTOR_LENGTH = 1024;
const MAX_USES = 10;

/** 64 addresses, Calico's default. */
export function defaultBlockSize(version: 4 | 6): number {
  return version === 4 ? 26 : 122;
}

/**
 * A spec after decoding: text and numbers as given, undefined where absent or of a wrong type, defaults only where both
 * validators have them.
 */
export interface DecodedSpec {
  /** As written. */
  readonly cidrText?: string;
  /** Absent when the text is no CIDR. */
  readonly cidr?: PoolCidr;
  readonly ipipMode: string;
  readonly vxlanMode: string;
  readonly natOutgoing: boolean;
  readonly disabled: boolean;
  readonly disableBGPExport: boolean;
  /** As written. */
  readonly givenBlockSize?: number;
  /** Undefined when it depends on a CIDR or a number that is wrong. */
  readonly blockSize?: number;
  readonly nodeSelector: string;
  readonly namespaceSelector: string;
  /** Undefined when it is of a wrong type. */
  readonly allowedUses?: readonly string[];
  readonly assignmentMode: string;
  /** Where a field stands, or the spec when it is absent. */
  positionOf(field: string): Position | undefined;
}

/**
 * Decodes a spec and applies every rule that concerns it alone, those of calicoctl's clientv3 and those of the v3 CRD.
 * Source: api/pkg/apis/projectcalico/v3/ippool.go (markers), libcalico-go/lib/clientv3/ippool.go
 * validateAndSetDefaults, libcalico-go/lib/validator/v3 validateIPPoolSpec.
 */
export function decodeSpec(
  decoder: Decoder,
  entry: ManifestEntry | undefined,
  owner: ManifestValue,
): DecodedSpec | undefined {
  const object = decoder.object(entry, "spec", { struct: "IPPool", type: "v3.IPPoolSpec" });
  if (object === undefined) {
    if (!decoder.wrong("spec"))
      decoder.report(
        "spec.cidr",
        entry?.value.position ?? owner.position,
        "IPPool CIDR must be specified",
        "spec: Required value",
      );
    return undefined;
  }
  decoder.knownFields(object, "spec", FIELDS);
  const spec = decodeFields(decoder, object);
  checkCidr(decoder, spec);
  checkBlockSize(decoder, spec);
  checkEncapsulation(decoder, spec);
  checkAllowedUses(decoder, object, spec);
  checkSelectors(decoder, spec);
  return spec;
}

/** The pool of a spec in which nothing is wrong; undefined when something is. */
export function poolOf(name: string, spec: DecodedSpec): IpPool | undefined {
  const { cidr, blockSize, allowedUses } = spec;
  const ipipMode = MODES.find((mode) => mode === spec.ipipMode);
  const vxlanMode = MODES.find((mode) => mode === spec.vxlanMode);
  const assignmentMode = ASSIGNMENT_MODES.find((mode) => mode === spec.assignmentMode);
  const uses = allowedUses?.flatMap((given) => USES.filter((use) => use === given));
  if (!cidr || blockSize === undefined || !ipipMode || !vxlanMode || !assignmentMode || !uses) return undefined;
  return {
    name,
    cidr: formatCidr(cidr),
    ipipMode,
    vxlanMode,
    natOutgoing: spec.natOutgoing,
    disabled: spec.disabled,
    disableBGPExport: spec.disableBGPExport,
    blockSize,
    nodeSelector: spec.nodeSelector === "" ? "all()" : spec.nodeSelector,
    namespaceSelector: spec.namespaceSelector,
    allowedUses: uses,
    assignmentMode,
  };
}

function decodeFields(decoder: Decoder, object: ManifestObject): DecodedSpec {
  const text = (field: string, type = "string"): string | undefined =>
    decoder.string(object.value.get(field), `spec.${field}`, { struct: "IPPoolSpec", type });
  /** For fields with a default in the CRD: there null is as good as absent, in both validators. */
  const defaulted = (field: string, type: string, value: string): string =>
    object.value.get(field)?.value.value === null ? value : (text(field, type) ?? value);
  const flag = (field: string): boolean =>
    decoder.boolean(object.value.get(field), `spec.${field}`, { struct: "IPPoolSpec", type: "bool" }) ?? false;
  const cidrText = text("cidr");
  const cidr = decodeCidr(decoder, object, cidrText);
  const givenBlockSize = decoder.integer(object.value.get("blockSize"), "spec.blockSize", {
    struct: "IPPoolSpec",
    type: "int",
  });
  const wrongBlockSize = decoder.wrong("spec.blockSize") && object.value.get("blockSize")?.value.value !== null;
  return {
    cidrText,
    cidr,
    ipipMode: mode(decoder, object, "ipipMode", text("ipipMode", "v3.IPIPMode")),
    vxlanMode: mode(decoder, object, "vxlanMode", text("vxlanMode", "v3.VXLANMode")),
    natOutgoing: flag("natOutgoing"),
    disabled: flag("disabled"),
    disableBGPExport: flag("disableBGPExport"),
    givenBlockSize,
    blockSize: wrongBlockSize || cidr === undefined ? undefined : givenBlockSize || defaultBlockSize(cidr.version),
    nodeSelector: defaulted("nodeSelector", "string", "all()"),
    namespaceSelector: text("namespaceSelector") ?? "",
    allowedUses: decodeAllowedUses(decoder, object),
    assignmentMode: enumerated(
      decoder,
      object,
      "assignmentMode",
      defaulted("assignmentMode", "v3.AssignmentMode", "Automatic"),
      ASSIGNMENT_MODES,
    ),
    positionOf: (field) => object.value.get(field)?.value.position ?? object.position,
  };
}

function decodeCidr(decoder: Decoder, object: ManifestObject, text: string | undefined): PoolCidr | undefined {
  const position = object.value.get("cidr")?.value.position ?? object.position;
  if (text === undefined || text === "") {
    if (text === "" || !decoder.wrong("spec.cidr") || object.value.get("cidr")?.value.value === null) {
      decoder.report(
        "spec.cidr",
        position,
        "IPPool CIDR must be specified",
        object.value.has("cidr") ? undefined : "Required value",
      );
    }
    return undefined;
  }
  const tooLong = codePoints(text) > MAX_CIDR_LENGTH;
  if (tooLong) decoder.report("spec.cidr", position, `may not be more than ${MAX_CIDR_LENGTH} bytes`);
  try {
    return parsePoolCidr(text);
  } catch (error) {
    if (!(error instanceof CidrError)) throw error;
    const quoted = JSON.stringify(text);
    const details = tooLong
      ? []
      : [`spec.cidr in body must be of type cidr: ${quoted}`, `netip.ParsePrefix(${quoted}): ${error.message}`];
    decoder.report("spec.cidr", position, "IPPool CIDR must be a valid subnet", ...details);
    return undefined;
  }
}

/** Absent is Never, in both validators; an empty text is in calicoctl alone. */
function mode(decoder: Decoder, object: ManifestObject, field: string, given: string | undefined): string {
  const wrongNull = object.value.get(field)?.value.value === null;
  if (given === undefined && !wrongNull) return "Never";
  return enumerated(decoder, object, field, given ?? "Never", MODES);
}

function enumerated(
  decoder: Decoder,
  object: ManifestObject,
  field: string,
  value: string,
  values: readonly string[],
): string {
  const given = object.value.get(field)?.value;
  const wrong = decoder.wrong(`spec.${field}`);
  if (wrong ? given?.value === null || typeof given?.value !== "object" : !values.includes(value)) {
    decoder.report(
      `spec.${field}`,
      given?.position,
      `Unsupported value: ${JSON.stringify(given?.value)}: supported values: ${quotedList(values)}`,
    );
  }
  return value;
}

function decodeAllowedUses(decoder: Decoder, object: ManifestObject): readonly string[] | undefined {
  const go = { struct: "IPPoolSpec", type: "[]v3.IPPoolAllowedUse" };
  const items = decoder.array(object.value.get("allowedUses"), "spec.allowedUses", go);
  // Null is a fault in the CRD alone; calicoctl takes the default.
  if (items === undefined && decoder.wrong("spec.allowedUses") && object.value.get("allowedUses")?.value.value !== null)
    return undefined;
  if (items === undefined || items.length === 0) return ["Workload", "Tunnel"];
  return items.map(
    (item, index) =>
      decoder.string({ value: item }, joinPath("spec.allowedUses", index), { ...go, type: "v3.IPPoolAllowedUse" }) ??
      "",
  );
}

function checkCidr(decoder: Decoder, { cidr, cidrText, positionOf }: DecodedSpec): void {
  if (cidr === undefined || cidrText === undefined) return;
  const report = (...sentences: readonly string[]): void =>
    decoder.report("spec.cidr", positionOf("cidr"), ...sentences);
  if (cidr.mapped)
    report(`IPv4-mapped IPv6 address ${JSON.stringify(cidrText)} is not allowed: write ${formatCidr(cidr)}`);
  const length = cidrText.slice(cidrText.indexOf("/") + 1);
  if (length.length > 1 && length.startsWith("0"))
    report(`netip.ParsePrefix(${JSON.stringify(cidrText)}): bad bits after slash: ${JSON.stringify(length)}`);
  if (cidr.address !== cidr.first)
    report(
      "IPPool CIDR is not strictly masked",
      "IPPool CIDR must be strictly masked",
      `the network is ${formatCidr(cidr)}`,
    );
  for (const range of ["169.254.0.0/16", "fe80::/10"]) {
    const linkLocal = parsePoolCidr(range);
    const inside = linkLocal.first <= cidr.address && cidr.address <= linkLocal.last;
    const around = cidr.first <= linkLocal.first && linkLocal.first <= cidr.last;
    if (cidr.version === linkLocal.version && (inside || around))
      report(`IPPool CIDR overlaps with IPv${cidr.version} link local range ${range}`);
  }
}

function checkBlockSize(
  decoder: Decoder,
  { cidr, givenBlockSize = 0, blockSize, disabled, positionOf }: DecodedSpec,
): void {
  const report = (sentence: string): void => decoder.report("spec.blockSize", positionOf("blockSize"), sentence);
  if (givenBlockSize < 0) report("spec.blockSize in body should be greater than or equal to 0");
  if (givenBlockSize > 128) report("spec.blockSize in body should be less than or equal to 128");
  if (cidr === undefined || blockSize === undefined) return;
  const [least, most] = cidr.version === 4 ? [20, 32] : [116, 128];
  if (blockSize < least || blockSize > most)
    report("blockSize must be between 20 and 32 for IPv4 pools, and between 116 and 128 for IPv6 pools");
  if (!disabled && cidr.prefixLength > blockSize) {
    report("IP pool size is too small for use with Calico IPAM. It must be equal to or greater than the block size.");
  }
}

function checkEncapsulation(decoder: Decoder, spec: DecodedSpec): void {
  const { cidr, ipipMode, vxlanMode, positionOf } = spec;
  if (encapsulates(ipipMode) && encapsulates(vxlanMode))
    decoder.report("spec.vxlanMode", positionOf("vxlanMode"), "ipipMode and vxlanMode cannot both be enabled");
  if (cidr?.version === 6 && encapsulates(ipipMode))
    decoder.report("spec.ipipMode", positionOf("ipipMode"), "IPIP is not supported on IPv6 pools");
}

function checkAllowedUses(decoder: Decoder, object: ManifestObject, spec: DecodedSpec): void {
  const { allowedUses, positionOf } = spec;
  if (allowedUses === undefined) return;
  checkUseItems(decoder, object, allowedUses);
  const report = (field: string, sentence: string): void =>
    decoder.report(`spec.${field}`, positionOf(field), sentence);
  if (allowedUses.includes("Tunnel") && spec.namespaceSelector !== "")
    report("namespaceSelector", "IP Pool with AllowedUse Tunnel cannot have namespaceSelector");
  if (!allowedUses.includes("LoadBalancer")) return;
  for (const field of ["ipipMode", "vxlanMode"] as const) {
    if (encapsulates(spec[field])) report(field, "LoadBalancer IP pool cannot have IPIP or VXLAN enabled");
  }
  if (allowedUses.includes("Workload") || allowedUses.includes("Tunnel"))
    report("allowedUses", "LoadBalancer cannot be combined with Workload or Tunnel allowed uses");
  if (spec.disableBGPExport) report("disableBGPExport", "LoadBalancer IP pools cannot disable BGP export");
  if (spec.nodeSelector !== "all()")
    report("nodeSelector", "IP Pool with AllowedUse LoadBalancer must have nodeSelector set to all()");
}

function checkUseItems(decoder: Decoder, object: ManifestObject, allowedUses: readonly string[]): void {
  const list = object.value.get("allowedUses")?.value;
  if (allowedUses.length > MAX_USES)
    decoder.report(
      "spec.allowedUses",
      list?.position,
      `Too many: ${allowedUses.length}: must have at most ${MAX_USES} items`,
    );
  const items = list !== undefined && isArray(list) ? list.value : [];
  items.forEach((item, index) => {
    const path = joinPath("spec.allowedUses", index);
    const use = allowedUses[index] ?? "";
    if (typeof item.value === "object" && item.value !== null) return;
    if (!USES.some((known) => known === item.value)) {
      decoder.report(
        path,
        item.position,
        `unknown use: ${use}`,
        `Unsupported value: ${JSON.stringify(item.value)}: supported values: ${quotedList(USES)}`,
      );
    }
    if (allowedUses.indexOf(use) < index)
      decoder.report(path, item.position, `Duplicate value: ${JSON.stringify(use)}`);
  });
}

function checkSelectors(decoder: Decoder, spec: DecodedSpec): void {
  for (const field of ["nodeSelector", "namespaceSelector"] as const) {
    const text = spec[field];
    const report = (...sentences: readonly string[]): void =>
      decoder.report(`spec.${field}`, spec.positionOf(field), ...sentences);
    if (text.includes("global(")) report(`global() selector is not valid for IPPool ${field}`);
    if (codePoints(text) > MAX_SELECTOR_LENGTH) {
      report(`may not be more than ${MAX_SELECTOR_LENGTH} bytes`);
      continue;
    }
    try {
      parseSelector(text);
    } catch (error) {
      if (!(error instanceof SelectorError)) throw error;
      const goName = field === "nodeSelector" ? "NodeSelector" : "NamespaceSelector";
      report(
        error.message,
        `${goName} = '${text}' (Reason: failed to validate Field: ${goName} because of Tag: selector )`,
      );
    }
  }
}

/**
 * As the CEL rules see it: whatever is not Never, misspelt modes included, counts as enabled, so that two faults are
 * reported as two.
 */
function encapsulates(given: string): boolean {
  return given !== "Never" && given !== "";
}

function quotedList(values: readonly string[]): string {
  return values.map((value) => JSON.stringify(value)).join(", ");
}

/** As the kube-apiserver counts lengths, although its messages say bytes. */
function codePoints(text: string): number {
  return [...text].length;
}
