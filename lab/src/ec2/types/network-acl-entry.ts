import { crc32 } from "node:zlib";
import { type PropertyMap, type PropertyValue, isMap } from "../../../../wire/property-value";
import { formatCidr, networkOf } from "../../cloud/cidr";
import { ApiError } from "../engine/api-error";
import { mapsOf, mustText, numberOf, textOf } from "../engine/fields";
import { type Input, type Inputs, between, refused, regionInput } from "../engine/input";
import { aclProtocolNumber } from "../engine/protocol-names";
import { networkProblem } from "../engine/network-problem";
import type { Records } from "../engine/records";
import { ACCOUNT_ID, ec2Arn } from "../engine/regions";
import type { ResourceType } from "../engine/resource-type";
import type { Companion } from "../engine/companion";
import { EC2 } from "../../cloud/tokens";
import type { ResourceRecord } from "../../state/record";

/** `aws.ec2.NetworkAclRule`, of a default ACL as well. */
export const networkAclRule: ResourceType = {
  token: EC2.networkAclRule,
  title: "EC2 Network ACL Rule",
  creating: (inputs) =>
    `creating EC2 Network ACL (${String(inputs["networkAclId"])}) Rule (egress: ${inputs["egress"] === true})(${String(inputs["ruleNumber"])})`,
  actions: { create: "CreateNetworkAclEntry", update: "ReplaceNetworkAclEntry", delete: "DeleteNetworkAclEntry" },
  idPrefix: "nacl",
  goesWith: [
    { to: EC2.networkAcl, by: "networkAclId" },
    { to: EC2.defaultNetworkAcl, by: "networkAclId" },
  ],
  inputs: {
    cidrBlock: { kind: "string", forceNew: true, lab: "enforced" },
    egress: { kind: "bool", default: false, forceNew: true, lab: "enforced" },
    fromPort: { kind: "int", forceNew: true, lab: "enforced" },
    icmpCode: { kind: "int", forceNew: true, lab: "enforced" },
    icmpType: { kind: "int", forceNew: true, lab: "enforced" },
    ipv6CidrBlock: refused("string", "its networks are IPv4 only", { forceNew: true }),
    networkAclId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    protocol: {
      kind: "string",
      required: true,
      forceNew: true,
      lab: "enforced",
      check: aclProtocolProblem,
      canonical: (value) => aclProtocolNumber(String(value)) ?? value,
    },
    region: regionInput,
    ruleAction: {
      kind: "string",
      required: true,
      forceNew: true,
      lab: "enforced",
      check: aclActionProblem,
      canonical: (value) => String(value).toLowerCase(),
    },
    ruleNumber: { kind: "int", required: true, forceNew: true, lab: "enforced" },
    toPort: { kind: "int", forceNew: true, lab: "enforced" },
  },
  computed: [],
  check(inputs) {
    if (inputs["cidrBlock"] !== undefined) return [];
    return ["cidr_block", "ipv6_cidr_block"].map((name) => ({
      path: name === "cidr_block" ? "cidrBlock" : "ipv6CidrBlock",
      reason: `Invalid combination of arguments. "${name}": one of \`cidr_block,ipv6_cidr_block\` must be specified`,
    }));
  },
  create({ inputs, records }) {
    const wanted = entryOf(inputs);
    const { networkAclId, egress, ruleNumber } = wanted;
    findNetworkAcl(records, networkAclId);
    const others = entriesOf(records, networkAclId).map(({ outputs }) => entryOf(outputs));
    // The provider looks first, as the API takes an identical rule for the same one.
    if (others.some((other) => other.egress === egress && other.ruleNumber === ruleNumber)) {
      throw new ApiError(
        "NetworkAclEntryAlreadyExists",
        `EC2 Network ACL (${networkAclId}) Rule (egress: ${egress})(${ruleNumber}) already exists`,
      );
    }
    const entry = acceptEntry(wanted, others);
    return {
      id: entryId(entry, mustText(inputs, "protocol")),
      outputs: { protocol: String(entry.protocol), ruleAction: entry.ruleAction, cidrBlock: entry.cidrBlock },
    };
  },
  // `pulumi import` names a rule by ACL, number, protocol and direction.
  find(id, records) {
    const [acl = "", number, protocol, egress] = id.split(":");
    if (number === undefined || protocol === undefined) return records.find(EC2.networkAclRule, id);
    return entriesOf(records, acl).find(
      ({ outputs }) => outputs["ruleNumber"] === Number(number) && String(outputs["egress"] === true) === egress,
    );
  },
};

/** Rules of a network ACL in one direction (VPC User Guide, "Amazon VPC quotas"). */
const ENTRIES_PER_DIRECTION = 20;

const NO_IPV6 = "its networks are IPv4 only";

export function aclProtocolProblem(value: PropertyValue, name: string): string | undefined {
  return aclProtocolNumber(String(value)) === undefined
    ? `"${name}" : unsupported NACL protocol: ${String(value)}`
    : undefined;
}

export function aclActionProblem(value: PropertyValue, name: string): string | undefined {
  return /^(allow|deny)$/i.test(String(value))
    ? undefined
    : `expected ${name} to be one of ["allow" "deny"], got ${String(value)}`;
}

function portProblem(value: PropertyValue, name: string): string | undefined {
  if (typeof value === "number" && value >= 0 && value <= 65535) return undefined;
  return `expected "${name}" to be a valid port number or 0, got: ${String(value)}`;
}

const entryInputs: Inputs = {
  action: { kind: "string", required: true, lab: "enforced", check: aclActionProblem },
  cidrBlock: { kind: "string", lab: "enforced", check: (value) => networkProblem(String(value)) },
  fromPort: { kind: "int", required: true, lab: "enforced", check: portProblem },
  icmpCode: { kind: "int", lab: "enforced" },
  icmpType: { kind: "int", lab: "enforced" },
  ipv6CidrBlock: refused("string", NO_IPV6),
  protocol: { kind: "string", required: true, lab: "enforced", check: aclProtocolProblem },
  ruleNo: { kind: "int", required: true, lab: "enforced", check: between(1, 32766) },
  toPort: { kind: "int", required: true, lab: "enforced", check: portProblem },
};

/** The inputs `ingress` and `egress` of a network ACL, whose order means nothing. */
export function entriesInput(more: Partial<Input> = {}): Input {
  return { kind: { blocks: entryInputs }, lab: "enforced", canonical: canonicalEntries, ...more };
}

/**
 * Entries in the form in which the provider compares them: protocols by number, actions in lower case, in the order of
 * their numbers.
 */
function canonicalEntries(value: PropertyValue): PropertyValue {
  if (!Array.isArray(value)) return value;
  const entries = value.filter(isMap).map(fullEntry);
  return entries.length < value.length ? value : entries.sort((a, b) => Number(a["ruleNo"]) - Number(b["ruleNo"]));
}

/** An entry with all its fields, as the provider stores it: the API knows protocols by number alone. */
function fullEntry(entry: PropertyMap): PropertyMap {
  const protocol = String(entry["protocol"]);
  return {
    action: String(entry["action"]).toLowerCase(),
    cidrBlock: textOf(entry, "cidrBlock") ?? "",
    fromPort: numberOf(entry, "fromPort") ?? 0,
    icmpCode: numberOf(entry, "icmpCode") ?? 0,
    icmpType: numberOf(entry, "icmpType") ?? 0,
    ipv6CidrBlock: "",
    protocol: String(aclProtocolNumber(protocol) ?? protocol),
    ruleNo: numberOf(entry, "ruleNo") ?? 0,
    toPort: numberOf(entry, "toPort") ?? 0,
  };
}

/** One entry as API_CreateNetworkAclEntry has it: outputs of a `NetworkAclRule`. */
export interface Entry {
  readonly networkAclId: string;
  readonly egress: boolean;
  readonly ruleNumber: number;
  readonly protocol: number;
  readonly ruleAction: string;
  readonly cidrBlock: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly icmpType: number;
  readonly icmpCode: number;
}

/** Reads the outputs or inputs of a `NetworkAclRule` whose `check` has passed. */
export function entryOf(rule: Readonly<Record<string, unknown>>): Entry {
  return {
    networkAclId: mustText(rule, "networkAclId"),
    egress: rule["egress"] === true,
    ruleNumber: numberOf(rule, "ruleNumber") ?? 0,
    protocol: aclProtocolNumber(mustText(rule, "protocol")) ?? -1,
    ruleAction: mustText(rule, "ruleAction").toLowerCase(),
    cidrBlock: mustText(rule, "cidrBlock"),
    fromPort: numberOf(rule, "fromPort") ?? 0,
    toPort: numberOf(rule, "toPort") ?? 0,
    icmpType: numberOf(rule, "icmpType") ?? 0,
    icmpCode: numberOf(rule, "icmpCode") ?? 0,
  };
}

/**
 * An entry as EC2 takes it, its CIDR in its canonical form.
 *
 * @param others entries of the same ACL that stay
 * @throws ApiError for what API_CreateNetworkAclEntry refuses
 */
export function acceptEntry(entry: Entry, others: readonly Entry[]): Entry {
  const { ruleNumber, egress, protocol, fromPort, toPort, icmpType, icmpCode } = entry;
  if (ruleNumber < 1 || ruleNumber > 32766) {
    throw new ApiError(
      "InvalidParameterValue",
      `Value (${ruleNumber}) for parameter ruleNumber is invalid. The rule number must be between 1 and 32766.`,
    );
  }
  const cidr = networkOf(entry.cidrBlock);
  if (cidr === undefined)
    throw new ApiError(
      "InvalidParameterValue",
      `Value (${entry.cidrBlock}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`,
    );
  if (protocol === 58) throw new ApiError("InvalidParameterValue", `the lab does not model ICMPv6: ${NO_IPV6}`);
  if ((protocol === 6 || protocol === 17) && (fromPort > toPort || fromPort < 0 || toPort > 65535)) {
    throw new ApiError("InvalidParameterValue", `Invalid TCP/UDP port range (${fromPort}:${toPort})`);
  }
  if (protocol === 1 && [icmpType, icmpCode].some((value) => value < -1 || value > 255)) {
    throw new ApiError(
      "InvalidParameterValue",
      `ICMP type (${icmpType}) and code (${icmpCode}) must be between -1 and 255`,
    );
  }
  const direction = others.filter((other) => other.egress === egress);
  if (direction.some((other) => other.ruleNumber === ruleNumber))
    throw new ApiError(
      "NetworkAclEntryAlreadyExists",
      `The network acl entry identified by ${ruleNumber} already exists.`,
    );
  if (direction.length >= ENTRIES_PER_DIRECTION)
    throw new ApiError("NetworkAclEntryLimitExceeded", "The maximum number of network acl entries has been reached.");
  return { ...entry, cidrBlock: formatCidr(cidr) };
}

/** Terraform's id of a rule: a hash of what tells it apart. */
export function entryId(
  { networkAclId, ruleNumber, egress }: Pick<Entry, "networkAclId" | "ruleNumber" | "egress">,
  protocol: string,
): string {
  return `nacl-${crc32(`${networkAclId}-${ruleNumber}-${egress}-${protocol}-`)}`;
}

/** The entries of an ACL as they are now, however they came. */
export function entriesOf(records: Records, acl: string): ResourceRecord[] {
  return records.where(EC2.networkAclRule, "networkAclId", acl);
}

/**
 * Records of the entries that a network ACL's inputs give.
 *
 * @param kept entries of the ACL that stay beside them
 */
export function entryCompanions(acl: string, inputs: PropertyMap, kept: readonly Entry[]): Companion[] {
  const all = [...kept];
  return (["ingress", "egress"] as const).flatMap((direction) =>
    mapsOf(inputs, direction).map((block): Companion => {
      const { action, ruleNo, ...rest } = fullEntry(block);
      if (rest["protocol"] === "-1" && (rest["fromPort"] !== 0 || rest["toPort"] !== 0)) {
        throw new Error(
          `to_port (${String(rest["toPort"])}) and from_port (${String(rest["fromPort"])}) must both be 0 to use the 'all' "-1" protocol!`,
        );
      }
      const entry = acceptEntry(
        entryOf({ ...rest, ruleAction: action, ruleNumber: ruleNo, egress: direction === "egress", networkAclId: acl }),
        all,
      );
      all.push(entry);
      return entryCompanion(entry);
    }),
  );
}

export function entryCompanion(entry: Entry): Companion {
  const protocol = String(entry.protocol);
  return { type: EC2.networkAclRule, id: entryId(entry, protocol), outputs: { ...entry, protocol, ipv6CidrBlock: "" } };
}

/** Entries as a network ACL's outputs show them. */
export function shown(entries: readonly Entry[]): PropertyMap {
  return { ingress: shownEntries(entries, false), egress: shownEntries(entries, true) };
}

function shownEntries(entries: readonly Entry[], egress: boolean): PropertyMap[] {
  return entries
    .filter((entry) => entry.egress === egress)
    .sort((a, b) => a.ruleNumber - b.ruleNumber)
    .map(({ ruleAction: action, ruleNumber: ruleNo, protocol, cidrBlock, fromPort, toPort, icmpType, icmpCode }) =>
      fullEntry({ action, ruleNo, protocol: String(protocol), cidrBlock, fromPort, toPort, icmpType, icmpCode }),
    );
}

/**
 * The ACL that comes with a VPC, which lets everything through (VPC User Guide, "Default network ACL"), and its rules.
 */
export function defaultAclCompanions(id: string, vpcId: string, region: string): Companion[] {
  const everything = {
    ruleNumber: 100,
    protocol: -1,
    ruleAction: "allow",
    cidrBlock: "0.0.0.0/0",
    fromPort: 0,
    toPort: 0,
    icmpType: 0,
    icmpCode: 0,
  };
  const entries = [false, true].map((egress): Entry => ({ networkAclId: id, egress, ...everything }));
  const outputs: PropertyMap = {
    arn: ec2Arn(region, `network-acl/${id}`),
    defaultNetworkAclId: id,
    ownerId: ACCOUNT_ID,
    vpcId,
    subnetIds: [],
    ...shown(entries),
  };
  return [{ type: EC2.defaultNetworkAcl, id, outputs }, ...entries.map(entryCompanion)];
}

/** @throws ApiError when there is none */
export function findNetworkAcl(records: Records, id: string): ResourceRecord {
  const record = records.find(EC2.networkAcl, id) ?? records.find(EC2.defaultNetworkAcl, id);
  if (record === undefined)
    throw new ApiError("InvalidNetworkAclID.NotFound", `The networkAcl ID '${id}' does not exist`);
  return record;
}
