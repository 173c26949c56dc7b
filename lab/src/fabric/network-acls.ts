import { IPv4CidrRange } from "ip-num";
import type { ResourceRecord } from "../state/record";
import { formatCidr, parseCidr } from "../cloud/cidr";
import type { Subnet } from "../cloud/cloud";
import { interfaceName } from "./names";

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

export interface NetworkAclRecords {
  readonly acls: readonly ResourceRecord[];
  readonly rules: readonly ResourceRecord[];
  readonly associations: readonly ResourceRecord[];
}

/**
 * Reads the records of network ACLs.
 *
 * @param problem is told what cannot be made real
 * @returns the ACL of a subnet: the one associated with it, or its VPC's default one, which lets everything through
 * when no record says
 *   otherwise (VPC User Guide, "Default network ACL")
 */
export function readNetworkAcls(
  { acls, rules, associations }: NetworkAclRecords,
  problem: (record: ResourceRecord, what: string) => undefined,
): (subnetId: string, vpc: ResourceRecord) => NetworkAcl {
  // Ids become names of nft chains.
  const ids = acls
    .filter(
      (record) =>
        /^acl-[a-z0-9-]{1,40}$/.test(record.id) ||
        problem(record, `has the id "${record.id}", which is not spelled as AWS spells ids`),
    )
    .map(({ id }) => id);
  const entries = rules.flatMap((record) => {
    const entry = readEntry(record, problem);
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
  for (const record of associations) {
    const { subnetId, networkAclId } = record.outputs;
    const acl = byId.get(String(networkAclId));
    if (acl === undefined) problem(record, `names networkAclId ${String(networkAclId)}, which is not there`);
    else if (bySubnet.has(subnetId)) problem(record, `associates a second network ACL with ${String(subnetId)}`);
    else bySubnet.set(subnetId, acl);
  }
  return (subnetId, vpc) =>
    bySubnet.get(subnetId) ?? byId.get(String(vpc.outputs["defaultNetworkAclId"])) ?? everything;
}

const allowAll: NetworkAclEntry = {
  ruleNumber: 100,
  action: "allow",
  protocol: "all",
  cidr: IPv4CidrRange.fromCidr("0.0.0.0/0"),
};
const everything: NetworkAcl = { id: "acl-default", ingress: [allowAll], egress: [allowAll] };

function readEntry(
  record: ResourceRecord,
  problem: (record: ResourceRecord, what: string) => undefined,
): NetworkAclEntry | undefined {
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
  if (cidr === undefined) return problem(record, `has the cidrBlock "${String(cidrBlock)}", which is no IPv4 network`);
  if (!isWithin(ruleNumber, 1, 32766))
    return problem(record, `has the ruleNumber ${String(ruleNumber)}, which is not within 1 to 32766`);
  if (ruleAction !== "allow" && ruleAction !== "deny")
    return problem(record, `has the ruleAction "${String(ruleAction)}", which is neither allow nor deny`);
  const number = /^-?\d{1,3}$/.test(String(name)) ? Number(name) : NaN;
  if (!isWithin(number, -1, 255))
    return problem(record, `has the protocol "${String(name)}", which is neither -1 nor a number from 0 to 255`);
  const entry = { ruleNumber, action: ruleAction, cidr, protocol: number === -1 ? "all" : number } as const;
  if (number === TCP || number === UDP) {
    if (!isWithin(from, 0, 65535) || !isWithin(to, from, 65535)) {
      return problem(
        record,
        `has the ports ${String(from)} to ${String(to)}; protocol ${number} needs a range within 0 to 65535`,
      );
    }
    return { ...entry, ports: { from, to } };
  }
  if (number === ICMP) {
    if (!isWithin(type, -1, 255) || !isWithin(code, -1, 255)) {
      return problem(
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

const ICMP = 1;
const TCP = 6;
const UDP = 17;

/**
 * The network ACLs of a VPC's subnets as statements of its router's nft table: the chains `leaving` and `entering`, to
 * jump to with what is forwarded, which return what may pass. Stateless, and nothing that stays inside a subnet (VPC
 * User Guide, "Network ACL basics"). A rule's comment is the ACL's id and the rule's number, `*` for the rule that ends
 * every ACL.
 */
export function networkAclChains(subnets: readonly Subnet[]): string[] {
  const acls = [...new Map(subnets.map(({ networkAcl }) => [networkAcl.id, networkAcl])).values()];
  return [
    ...acls.flatMap((acl) => [...chain(acl, "egress", "daddr"), ...chain(acl, "ingress", "saddr")]),
    ...subnets.flatMap(({ id, networkAcl }) => {
      const dev = interfaceName("s", id);
      return [
        `chain leave-${dev} { oifname "${dev}" return; goto ${networkAcl.id}-egress; }`,
        `chain enter-${dev} { iifname "${dev}" return; goto ${networkAcl.id}-ingress; }`,
      ];
    }),
    `chain leaving {${dispatch("iifname", "leave", subnets)} }`,
    `chain entering {${dispatch("oifname", "enter", subnets)} }`,
  ];
}

function dispatch(port: "iifname" | "oifname", verb: "leave" | "enter", subnets: readonly Subnet[]): string {
  const devices = subnets.map(({ id }) => interfaceName("s", id));
  return devices.length === 0
    ? ""
    : ` ${port} vmap { ${devices.map((dev) => `"${dev}" : goto ${verb}-${dev}`).join(", ")} };`;
}

function chain(acl: NetworkAcl, direction: "ingress" | "egress", side: "saddr" | "daddr"): string[] {
  return [
    `chain ${acl.id}-${direction} {`,
    ...acl[direction].map((entry) => statement(acl.id, entry, side)),
    `counter drop comment "${acl.id} *"`,
    "}",
  ];
}

function statement(
  aclId: string,
  { ruleNumber, action, cidr, protocol, ports, icmp: message }: NetworkAclEntry,
  side: "saddr" | "daddr",
): string {
  const address = formatCidr(cidr) === "0.0.0.0/0" ? [] : [`ip ${side} ${formatCidr(cidr)}`];
  const verdict = action === "allow" ? "return" : "drop";
  return [...address, ...match(protocol, ports, message), `counter ${verdict} comment "${aclId} ${ruleNumber}"`].join(
    " ",
  );
}

function match(protocol: number | "all", ports: NetworkAclEntry["ports"], message: NetworkAclEntry["icmp"]): string[] {
  if (protocol === "all") return [];
  if (ports !== undefined) return [`ip protocol ${protocol}`, `th dport ${ports.from}-${ports.to}`];
  if (message === undefined) return [`ip protocol ${protocol}`];
  return [
    "ip protocol icmp",
    ...(message.type === -1 ? [] : [`icmp type ${message.type}`]),
    ...(message.code === -1 ? [] : [`icmp code ${message.code}`]),
  ];
}
