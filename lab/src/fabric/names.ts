import { createHash } from "node:crypto";
import type { Lab } from "../state/paths";
import type { ResourceRecord } from "../state/record";

/**
 * The guest's side of a card: the persistent tap device that the node opens. Captures on it see packets before the
 * security groups.
 */
export const GUEST_PORT = "gst";
/** In the namespace of the primary interface's card: where a node has its other interfaces, by device index. */
export function guestPortOf(deviceIndex: number): string {
  return deviceIndex === 0 ? GUEST_PORT : `${GUEST_PORT}${deviceIndex}`;
}
/** The network's side of a card. Captures on it see what left the instance, and what reached it. */
export const FABRIC_PORT = "fab";
/** The bridge between a card's two ports. */
export const CARD_BRIDGE = "br0";

/**
 * Of the card, as its guest sees it: the lab's own way into a node, which no security group, route table or gateway is
 * part of.
 */
export const CARD_ADDRESS = "169.254.254.254";

/** The other end of a wire between two routers. There is no ARP on them: neighbours are permanent. */
export const FAR_END = "169.254.0.1";

/** What the names of all namespaces of a lab begin with. */
export function namespacePrefix({ id }: Pick<Lab, "id">): string {
  return `lab-${id}-`;
}

/** The namespace that belongs to an AWS resource (VPC, internet, NAT or transit gateway, network interface). */
export function namespaceOfId(prefix: string, id: string): string {
  return prefix + id;
}

/** The namespace of the lab's internet. Public addresses are reached from here. */
export function internetNamespace(prefix: string): string {
  return `${prefix}inet`;
}

/** The namespace of an instance's card; the node runs in it. */
export function namespaceOf(lab: Lab, instance: ResourceRecord): string {
  const eni = instance.outputs["primaryNetworkInterfaceId"];
  if (typeof eni !== "string" || eni === "") throw new Error(`${instance.id} has no primaryNetworkInterfaceId`);
  return namespaceOfId(namespacePrefix(lab), eni);
}

/** The tap device of an instance in the namespace of its card. */
export function tapOf(_instance: ResourceRecord): string {
  return GUEST_PORT;
}

/** An interface name of at most 15 characters for something with an AWS id: the last 12 hex digits of 17 tell apart. */
export function interfaceName(kind: "s" | "c" | "p" | "g" | "n", id: string): string {
  return `${kind}-${id.slice(id.indexOf("-") + 1).slice(-12)}`;
}

/** The name of both ends of the wire between a VPC's subnet and a transit gateway. */
export function wireName(attachmentId: string, subnetId: string): string {
  return `t-${createHash("sha256").update(`${attachmentId}/${subnetId}`).digest("hex").slice(0, 12)}`;
}

/** A locally administered unicast MAC address that is the same at every run. */
export function macOf(namespace: string, name: string): string {
  const digest = createHash("sha256").update(`${namespace}/${name}`).digest("hex");
  return ["02", ...[0, 2, 4, 6, 8].map((at) => digest.slice(at, at + 2))].join(":");
}

/**
 * An interface index for the end of a wire that is no index that the kernel would give the other end, in its namespace.
 * The kernel takes a device whose link has the same index for no link at all, and would bring it into use up to a
 * second late (net/core/link_watch.c).
 */
export function interfaceIndex(name: string): number {
  return 0x100000 + (createHash("sha256").update(name).digest().readUInt32BE(0) & 0xffffff);
}

/**
 * A kernel routing table's number for a route table, the same at every run; above the numbers that distributions name.
 */
export function tableNumber(routeTableId: string): number {
  return 0x10000 + (createHash("sha256").update(routeTableId).digest().readUInt32BE(0) & 0x3fffffff);
}
