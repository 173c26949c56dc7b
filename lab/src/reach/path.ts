import type { Connections } from "./connections";
import type { Packet } from "./packet";
import type { ReasonCode } from "./reason";
import type { Direction } from "./security-group";

/** Where a packet starts: a guest that hands it to its network interface, or the one host of the lab's internet. */
export type Origin =
  | {
      readonly instanceId: string;
      /** By default the primary one. */
      readonly networkInterfaceId?: string;
      /**
       * Whom the guest sends it to: an address of its subnet, by that neighbour's MAC address. By default the
       * destination if it is in the subnet, else the router.
       */
      readonly nextHop?: string;
    }
  | "internet";

/** One thing on a packet's way that lets it pass, changes it or drops it. */
export interface Hop {
  readonly kind:
    | "source-dest-check"
    | "security-group"
    | "network-acl"
    | "subnet"
    | "route-table"
    | "peering"
    | "internet-gateway"
    | "nat-gateway"
    | "transit-gateway"
    | "internet"
    | "router"
    | "guest";
  /** Id of the resource: of a check or a security group, the network interface. */
  readonly id: string;
  /** Of a check, a security group or a network ACL. */
  readonly direction?: Direction;
  /**
   * What decided there: the id of a security group's rule; a network ACL and its rule's number; a route table and the
   * route's destination. None when nothing matched.
   */
  readonly rule?: string;
  /** Of a network ACL: the VPC whose router asks it. */
  readonly vpcId?: string;
  /** In words. */
  readonly text: string;
}

interface Traced {
  readonly hops: readonly Hop[];
  /** The smallest MTU so far on the way, bytes. */
  readonly mtu: number;
  /** As after this packet. */
  readonly connections: Connections;
}

export interface Delivered extends Traced {
  readonly verdict: "delivered";
  /** The instance whose guest has it, or the internet's host. */
  readonly to: { readonly instanceId: string } | "internet";
  /** As it arrives: a gateway may have translated its addresses. */
  readonly packet: Packet;
}

export interface Dropped extends Traced {
  readonly verdict: "dropped";
  readonly code: ReasonCode;
  /**
   * What would have to change, in words; each alone would do at this place, and other places may be in the way after
   * it.
   */
  readonly remedies: readonly string[];
}

/** A packet's way; the last hop is where it arrived or was dropped. */
export type Path = Delivered | Dropped;
