import { containsAddress } from "../cloud/cidr";
import type { NetworkAcl, NetworkAclEntry } from "../cloud/network-acl";
import { type Packet } from "./packet";
import { ICMP } from "../cloud/ip-protocol";
import type { Direction } from "./security-group";

/**
 * The entry of a network ACL that decides about a packet: the first that matches, by number; none is a no (VPC User
 * Guide, "Network ACLs").
 */
export function decidingEntry(acl: NetworkAcl, direction: Direction, packet: Packet): NetworkAclEntry | undefined {
  return [...acl[direction]]
    .sort((a, b) => a.ruleNumber - b.ruleNumber)
    .find((entry) => entryMatches(entry, direction, packet));
}

/** An entry as its counter names it; `*` is the one that ends every ACL. */
export function entryName({ id }: NetworkAcl, entry: NetworkAclEntry | undefined): string {
  return `${id} ${entry?.ruleNumber ?? "*"}`;
}

function entryMatches({ protocol, cidr, ports, icmp }: NetworkAclEntry, direction: Direction, packet: Packet): boolean {
  if (!containsAddress(cidr, direction === "ingress" ? packet.source : packet.destination)) return false;
  if (protocol === "all") return true;
  if (protocol !== packet.protocol) return false;
  if (ports !== undefined)
    return packet.ports !== undefined && ports.from <= packet.ports.destination && packet.ports.destination <= ports.to;
  if (protocol !== ICMP || icmp === undefined) return true;
  return [-1, packet.icmp?.type].includes(icmp.type) && [-1, packet.icmp?.code].includes(icmp.code);
}
