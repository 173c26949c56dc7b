import { containsAddress, formatCidr } from "../fabric/cidr";
import type { NetworkAcl, NetworkAclEntry } from "../fabric/cloud";
import { ICMP, type Packet, protocolName } from "./packet";
import type { Direction } from "./security-group";

/** The first entry of a network ACL that a packet matches, in the order of their numbers; none is a no (VPC User Guide, "Network ACL rules"). */
export function decidingEntry(acl: NetworkAcl, direction: Direction, packet: Packet): NetworkAclEntry | undefined {
  return acl[direction].find((entry) => matches(entry, direction === "ingress" ? packet.source : packet.destination, packet));
}

function matches({ cidr, protocol, ports, icmp }: NetworkAclEntry, other: string, packet: Packet): boolean {
  if (!containsAddress(cidr, other)) return false;
  if (protocol === "all") return true;
  if (protocol !== packet.protocol) return false;
  if (ports !== undefined) return packet.ports !== undefined && ports.from <= packet.ports.destination && packet.ports.destination <= ports.to;
  if (icmp === undefined) return true;
  return packet.icmp !== undefined && [-1, packet.icmp.type].includes(icmp.type) && [-1, packet.icmp.code].includes(icmp.code);
}

/** An entry for people: `allow TCP 22-23 from 10.0.0.0/8`. */
export function describeEntry({ action, cidr, protocol, ports, icmp }: NetworkAclEntry, direction: Direction): string {
  const what = protocol === "all" ? "everything" : protocolName(protocol);
  const range = ports === undefined ? "" : ports.from === ports.to ? ` ${ports.from}` : ` ${ports.from}-${ports.to}`;
  const message = icmp === undefined || icmp.type === -1 ? "" : ` type ${icmp.type}${icmp.code === -1 ? "" : ` code ${icmp.code}`}`;
  return `${action} ${what}${range}${message} ${direction === "ingress" ? "from" : "to"} ${formatCidr(cidr)}`;
}

/** What would let the packet pass, as the entry's resource spells it. */
export function entryFor({ source, destination, protocol, ports, icmp }: Packet, direction: Direction): string {
  const message = protocol === ICMP && icmp !== undefined ? `, icmpType ${icmp.type}, icmpCode ${icmp.code}` : "";
  const range = ports === undefined ? "" : `, fromPort ${ports.destination}, toPort ${ports.destination}`;
  return `protocol ${protocol}${range}${message}, cidrBlock ${direction === "ingress" ? source : destination}/32`;
}
