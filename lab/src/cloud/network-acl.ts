import { IPv4CidrRange } from "ip-num";
import type { ResourceRecord } from "../state/record";
import { parseCidr } from "./cidr";
import { ICMP, TCP, UDP } from "./ip-protocol";
import type { Reading } from "./reading";
import { EC2 } from "./tokens";

/**
 * A network ACL: for each direction entries in the order of their numbers, the first that matches decides, and none is
 * a no.
 */
export interface NetworkAcl {
  readonly id: string;
  /** Into the subnet; the CIDR is the source's. */
  readonly ingress: readonly NetworkAclEntry[];
  /** Out of the subnet; the CIDR is the destination's. */
  readonly egress: readonly NetworkAclEntry[];
}

export interface NetworkAclEntry {
  readonly ruleNumber: number;
  readonly action: "allow" | "deny";
  /** IANA's protocol number, or every protocol. */
  readonly protocol: number | "all";
  readonly cidr: IPv4CidrRange;
  /** Of TCP and UDP alone. */
  readonly ports?: { readonly from: number; readonly to: number };
  /** Of ICMP alone; -1 is every one. */
  readonly icmp?: { readonly type: number; readonly code: number };
}

/**
 * Reads the records of network ACLs.
 *
 * @returns the ACL of a subnet: the one associated with it, or its VPC's default one, which lets everything through
 * when no record says otherwise (VPC User Guide, "Default network ACL")
 */
export function readNetworkAcls(reading: Reading): (subnetId: string, vpc: ResourceRecord) => NetworkAcl {
  const ids = [EC2.networkAcl, EC2.defaultNetworkAcl]
    .flatMap((type) => reading.take(type))
    .filter(
      (record) =>
        // Ids become names of nft chains.
        /^acl-[a-z0-9-]{1,40}$/.test(record.id) ||
        reading.problem(record, `has the id "${record.id}", which is not spelled as AWS spells ids`),
    )
    .map(({ id }) => id);
  const entries = reading.take(EC2.networkAclRule).flatMap((record) => {
    const entry = readEntry(record, reading);
    return entry === undefined
      ? []
      : [{ acl: record.outputs["networkAclId"], egress: record.outputs["egress"] === true, entry }];
  });
  const byId = new Map(
    ids.map((id): [string, NetworkAcl] => {
      const side = (egress: boolean): NetworkAclEntry[] =>
        entries
          .filter((each) => each.acl === id && each.egress === egress)
          .map(({ entry }) => entry)
          .sort((a, b) => a.ruleNumber - b.ruleNumber);
      return [id, { id, ingress: side(false), egress: side(true) }];
    }),
  );
  const bySubnet = new Map<unknown, NetworkAcl>();
  for (const record of reading.take(EC2.networkAclAssociation)) {
    const { subnetId, networkAclId } = record.outputs;
    const acl = byId.get(String(networkAclId));
    if (acl === undefined) reading.problem(record, `names networkAclId ${String(networkAclId)}, which is not there`);
    else if (bySubnet.has(subnetId))
      reading.problem(record, `associates a second network ACL with ${String(subnetId)}`);
    else bySubnet.set(subnetId, acl);
  }
  return (subnetId, vpc) =>
    bySubnet.get(subnetId) ?? byId.get(String(vpc.outputs["defaultNetworkAclId"])) ?? EVERYTHING;
}

const ALLOW_ALL: NetworkAclEntry = {
  ruleNumber: 100,
  action: "allow",
  protocol: "all",
  cidr: IPv4CidrRange.fromCidr("0.0.0.0/0"),
};
const EVERYTHING: NetworkAcl = { id: "acl-default", ingress: [ALLOW_ALL], egress: [ALLOW_ALL] };

function readEntry(record: ResourceRecord, reading: Reading): NetworkAclEntry | undefined {
  const {
    ruleNumber,
    ruleAction,
    protocol: name,
    cidrBlock,
    fromPort: from,
    toPort: to,
    icmpType: type,
    icmpCode: code,
  } = record.outputs;
  const cidr = parseCidr(String(cidrBlock));
  if (cidr === undefined)
    return reading.problem(record, `has the cidrBlock "${String(cidrBlock)}", which is no IPv4 network`);
  if (!isWithin(ruleNumber, 1, 32766))
    return reading.problem(record, `has the ruleNumber ${String(ruleNumber)}, which is not within 1 to 32766`);
  if (ruleAction !== "allow" && ruleAction !== "deny")
    return reading.problem(record, `has the ruleAction "${String(ruleAction)}", which is neither allow nor deny`);
  const number = /^-?\d{1,3}$/.test(String(name)) ? Number(name) : NaN;
  if (!isWithin(number, -1, 255))
    return reading.problem(
      record,
      `has the protocol "${String(name)}", which is neither -1 nor a number from 0 to 255`,
    );
  const entry = { ruleNumber, action: ruleAction, cidr, protocol: number === -1 ? "all" : number } as const;
  if (number === TCP || number === UDP) {
    if (!isWithin(from, 0, 65535) || !isWithin(to, from, 65535)) {
      return reading.problem(
        record,
        `has the ports ${String(from)} to ${String(to)}; protocol ${number} needs a range within 0 to 65535`,
      );
    }
    return { ...entry, ports: { from, to } };
  }
  if (number === ICMP) {
    if (!isWithin(type, -1, 255) || !isWithin(code, -1, 255)) {
      return reading.problem(
        record,
        `has the ICMP type ${String(type)} and code ${String(code)}, which are not within -1 to 255`,
      );
    }
    return { ...entry, icmp: { type, code } };
  }
  return entry;
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}
