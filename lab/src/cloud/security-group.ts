import type { IPv4CidrRange } from "ip-num";
import type { ResourceRecord } from "../state/record";
import { ICMP, ICMPV6, PROTOCOL_NUMBERS, TCP, UDP } from "./ip-protocol";
import { isGiven, type Reading } from "./reading";
import { EC2 } from "./tokens";

export interface SecurityGroup {
  readonly id: string;
  readonly vpcId: string;
  readonly ingress: readonly SecurityGroupRule[];
  readonly egress: readonly SecurityGroupRule[];
}

export interface SecurityGroupRule {
  readonly id: string;
  /** IANA's protocol number, or every protocol. */
  readonly protocol: number | "all";
  /**
   * tcp, udp: ports. icmp: type and code, -1 for all. Other protocols have none, whatever was given (EC2 API,
   * IpPermission).
   */
  readonly range?: { readonly from: number; readonly to: number };
  /** A CIDR, or the private addresses of the network interfaces that have a security group. */
  readonly peer: { readonly cidr: IPv4CidrRange } | { readonly securityGroupId: string };
}

/** Security groups by id, with their rules. */
export function readSecurityGroups(reading: Reading): Map<string, SecurityGroup> {
  const rules = (type: string): Map<string, SecurityGroupRule[]> => {
    const byGroup = new Map<string, SecurityGroupRule[]>();
    for (const record of reading.take(type)) {
      const rule = readRule(record, reading);
      const group = reading.string(record, "securityGroupId");
      if (rule) byGroup.set(group, [...(byGroup.get(group) ?? []), rule]);
    }
    return byGroup;
  };
  const ingress = rules(EC2.ingressRule);
  const egress = rules(EC2.egressRule);
  const groups = reading.take(EC2.securityGroup).filter((record) => reading.isId(record));
  return new Map(
    groups.map((record) => [
      record.id,
      {
        id: record.id,
        vpcId: reading.string(record, "vpcId"),
        ingress: ingress.get(record.id) ?? [],
        egress: egress.get(record.id) ?? [],
      },
    ]),
  );
}

function readRule(record: ResourceRecord, reading: Reading): SecurityGroupRule | undefined {
  const { outputs } = record;
  if (!reading.isId(record)) return undefined;
  for (const key of ["cidrIpv6", "prefixListId"])
    if (isGiven(outputs[key])) return reading.problem(record, `has ${key}, which the lab does not have yet`);
  const name = reading.string(record, "ipProtocol").toLowerCase();
  const protocol =
    name === "-1" || name === "all" ? "all" : (PROTOCOL_NUMBERS[name] ?? (/^\d{1,3}$/.test(name) ? Number(name) : 256));
  if (protocol !== "all" && protocol > 255)
    return reading.problem(
      record,
      `has the ipProtocol "${name}", which is neither -1, tcp, udp, icmp nor a number from 0 to 255`,
    );
  if (protocol === ICMPV6) return reading.problem(record, "is for ICMPv6, which the lab does not have yet");
  const range = readRange(record, protocol, reading);
  if (range === "wrong") return undefined;
  const reference = outputs["referencedSecurityGroupId"];
  if (typeof reference === "string" && reference !== "") {
    // A group of another account is ACCOUNT/GROUP.
    const securityGroupId = reference.slice(reference.lastIndexOf("/") + 1);
    return reading.isId(record, securityGroupId)
      ? { id: record.id, protocol, range, peer: { securityGroupId } }
      : undefined;
  }
  const cidr = reading.cidr(record, "cidrIpv4");
  return cidr && { id: record.id, protocol, range, peer: { cidr } };
}

function readRange(
  record: ResourceRecord,
  protocol: number | "all",
  reading: Reading,
): SecurityGroupRule["range"] | "wrong" {
  if (protocol !== TCP && protocol !== UDP && protocol !== ICMP) return undefined;
  const { fromPort: from, toPort: to } = record.outputs;
  const [least, most] = protocol === ICMP ? [-1, 255] : [0, 65535];
  const isPort = (port: unknown): port is number =>
    typeof port === "number" && Number.isInteger(port) && port >= least && port <= most;
  if (!isPort(from) || !isPort(to) || (least === 0 && from > to)) {
    reading.problem(
      record,
      `has the ports ${String(from)} to ${String(to)}; protocol ${protocol} needs a range within ${least} to ${most}`,
    );
    return "wrong";
  }
  return { from, to };
}
