import { containsAddress, formatCidr } from "../cloud/cidr";
import type { Cloud } from "../cloud/cloud";
import type { NetworkInterface } from "../cloud/network-interface";
import type { Vpc } from "../cloud/vpc";
import type { VpcRoute } from "../cloud/route-table";
import { INTERNET_ADDRESS } from "../cloud/well-known-address";
import { describeTransport, type Packet } from "./packet";
import { ICMP, TCP, UDP } from "../cloud/ip-protocol";
import type { NetworkAcl, NetworkAclEntry } from "../cloud/network-acl";
import type { Direction } from "./security-group";

/** What stands in a packet's way, with what is needed to say how it would not. */
export type Obstacle =
  | { readonly kind: "mtu"; readonly mtu: number }
  | { readonly kind: "protocol" }
  | { readonly kind: "zone"; readonly attachmentId: string; readonly zone: string }
  | { readonly kind: "source-dest-check"; readonly card: NetworkInterface }
  | { readonly kind: "security-group"; readonly card: NetworkInterface; readonly direction: Direction }
  | {
      readonly kind: "network-acl";
      readonly acl: NetworkAcl;
      readonly direction: Direction;
      readonly entry: NetworkAclEntry | undefined;
    }
  | { readonly kind: "no-route"; readonly vpc: Vpc; readonly tableId: string }
  | { readonly kind: "black-hole"; readonly vpc: Vpc; readonly tableId: string; readonly route: VpcRoute }
  | { readonly kind: "beyond-peering"; readonly peer: Vpc }
  | { readonly kind: "no-public-address"; readonly vpc: Vpc; readonly address: string }
  | { readonly kind: "unknown-public-address"; readonly address: string };

/** What would have to change for the packet to pass there, in words. */
export function remedies(obstacle: Obstacle, packet: Packet, cloud: Cloud): string[] {
  switch (obstacle.kind) {
    case "mtu":
      return [`Send at most ${obstacle.mtu} bytes, or without the DF bit.`];
    case "protocol":
      return [
        "Carry it in UDP, as VXLAN does, or send it by an internet gateway from an instance with a public address.",
      ];
    case "zone":
      return [`Add a subnet in ${obstacle.zone} to ${obstacle.attachmentId}.`];
    case "source-dest-check":
      return [
        `Set sourceDestCheck of ${sourceDestCheckOf(obstacle.card)} to false, if it is to send and receive in others' names.`,
      ];
    case "security-group":
      return [rule(obstacle.card, obstacle.direction, packet)];
    case "network-acl": {
      const { acl, direction, entry } = obstacle;
      const number = entry === undefined ? "any number" : `a number below ${entry.ruleNumber}`;
      return [
        `Add an ${direction} rule with ${number} to ${acl.id} that allows ${describeTransport(packet)} ${direction === "ingress" ? `from ${packet.source}` : `to ${packet.destination}`}/32.`,
      ];
    }
    case "no-route":
      return routes(obstacle.vpc, obstacle.tableId, packet.destination, cloud);
    case "black-hole":
      return [
        `Make ${obstacle.route.target} active in ${obstacle.vpc.id}, or give the route of ${obstacle.tableId} for ${formatCidr(obstacle.route.destination)} another target.`,
        ...routes(obstacle.vpc, obstacle.tableId, packet.destination, cloud),
      ];
    case "beyond-peering":
      return [
        `Peer with the VPC of ${packet.destination} itself: peering is not transitive, and ${obstacle.peer.id} lends neither its gateways nor its routes. An overlay can carry it by an instance of ${obstacle.peer.id}.`,
      ];
    case "no-public-address":
      return [publicAddress(obstacle.vpc, obstacle.address, cloud)];
    case "unknown-public-address": {
      const instance = cloud.networkInterfaces.find(({ publicIp }) => publicIp === obstacle.address);
      return [
        instance === undefined
          ? `Give an instance the public address ${obstacle.address}.`
          : `Attach an internet gateway to ${instance.subnet.vpcId}, where ${instance.instanceId} with ${obstacle.address} is.`,
      ];
    }
  }
}

/** The instance has that of its primary interface. */
function sourceDestCheckOf({ deviceIndex, instanceId, networkInterfaceId }: NetworkInterface): string {
  return deviceIndex === 0 ? instanceId : networkInterfaceId;
}

function rule({ securityGroupIds }: NetworkInterface, direction: Direction, packet: Packet): string {
  const other = direction === "ingress" ? `from ${packet.source}/32` : `to ${packet.destination}/32`;
  const groups = securityGroupIds.length === 1 ? securityGroupIds[0] : `one of ${securityGroupIds.join(", ")}`;
  return `Add an ${direction} rule to ${groups}: ${wanted(packet)} ${other}.`;
}

/** As the rule's resource spells it. */
function wanted({ protocol, ports, icmp }: Packet): string {
  if (ports !== undefined)
    return `ipProtocol ${protocol === TCP ? "tcp" : protocol === UDP ? "udp" : protocol}, fromPort ${ports.destination}, toPort ${ports.destination}`;
  if (protocol === ICMP && icmp !== undefined) return `ipProtocol icmp, fromPort ${icmp.type}, toPort ${icmp.code}`;
  return `ipProtocol ${protocol} without ports`;
}

function routes(vpc: Vpc, tableId: string, destination: string, cloud: Cloud): string[] {
  const owners = [...cloud.vpcs.values()].filter(({ id, cidr }) => id !== vpc.id && containsAddress(cidr, destination));
  if (owners.length > 0) {
    return owners.map((owner) => {
      const peering = cloud.peerings.find(
        ({ requesterVpcId, accepterVpcId }) =>
          [requesterVpcId, accepterVpcId].includes(vpc.id) && [requesterVpcId, accepterVpcId].includes(owner.id),
      );
      const route = `a route to ${tableId}: ${formatCidr(owner.cidr)} to `;
      return peering === undefined
        ? `Peer ${vpc.id} with ${owner.id}, and add ${route}the peering.`
        : `Add ${route}${peering.id}.`;
    });
  }
  if (destination === INTERNET_ADDRESS || cloud.publicAddresses.some(({ publicIp }) => publicIp === destination)) {
    const gateway = cloud.internetGateways.find(({ vpcId }) => vpcId === vpc.id);
    return [
      gateway === undefined
        ? `Attach an internet gateway to ${vpc.id}, and add a route to ${tableId}: 0.0.0.0/0 to it.`
        : `Add a route to ${tableId}: 0.0.0.0/0 to ${gateway.id}.`,
    ];
  }
  return [
    `Add a route to ${tableId}: ${destination}/32, or a network with it, to the instance of ${vpc.id} that has it behind it.`,
  ];
}

function publicAddress(vpc: Vpc, address: string, { instances }: Cloud): string {
  const instance = instances.find(({ subnet, privateIp }) => subnet.vpcId === vpc.id && privateIp === address);
  return instance === undefined
    ? `Send from the primary private address of an instance of ${vpc.id} that has a public one.`
    : `Give ${instance.id} a public address.`;
}
