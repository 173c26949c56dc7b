import { containsAddress, formatCidr, routerAddress } from "../cloud/cidr";
import type { Cloud } from "../cloud/cloud";
import type { InternetGateway } from "../cloud/internet-gateway";
import type { NetworkInterface } from "../cloud/network-interface";
import type { Peering } from "../cloud/peering";
import type { Subnet, Vpc } from "../cloud/vpc";
import { INTERNET_ADDRESS } from "../cloud/well-known-address";
import type { NatGateway } from "../cloud/nat-gateway";
import type { TransitAttachment, TransitGateway } from "../cloud/transit-gateway";
import { Connections } from "./connections";
import { decidingEntry, entryName } from "./network-acl";
import { answerTo, describeTransport, opensConnection, type Packet } from "./packet";
import { ICMP, TCP, UDP } from "../cloud/ip-protocol";
import { INTERNET_MTU, NAT_MTU, TRANSIT_MTU, VPC_MTU } from "../cloud/mtu";
import type { Hop, Origin, Path } from "./path";
import type { ReasonCode } from "./reason";
import { remedies, type Obstacle } from "./remedy";
import { chooseRoute, chooseTransitRoute, resolveTarget, routeName, type Target } from "./route-table";
import { describeRule, type Direction, ruleAdmits, rulesOf } from "./security-group";

/** What the parts of the way take, bytes. */
const MTU = {
  vpc: VPC_MTU,
  peering: VPC_MTU,
  nat: NAT_MTU,
  transit: TRANSIT_MTU,
  internet: INTERNET_MTU,
} as const;

/**
 * Route tables that the longest sensible way asks: private subnet, NAT gateway, transit gateway, and the same at the
 * other end.
 */
const LONGEST_WAY = 8;

/**
 * The way of one packet through the networks of a cloud, by AWS' rules and nothing that was rendered for Linux: what
 * the packets of the lab are held against, and what `overlaynet lab why` tells.
 *
 * @param origin an instance of the cloud, or the internet
 * @param connections what security groups have tracked before; by default nothing. It is left as it is: the path has
 * what is tracked after.
 * @throws Error when the origin is no instance of the cloud
 */
export function reach(
  cloud: Cloud,
  origin: Origin,
  packet: Packet,
  connections: Connections = new Connections(),
): Path {
  const walk = new Walk(cloud, packet, new Connections(connections));
  if (origin === "internet") return walk.fromInternet();
  const wanted = origin.networkInterfaceId;
  const from = cloud.networkInterfaces.find(
    ({ instanceId, networkInterfaceId, deviceIndex }) =>
      instanceId === origin.instanceId && (wanted === undefined ? deviceIndex === 0 : networkInterfaceId === wanted),
  );
  if (from === undefined)
    throw new Error(`${origin.instanceId} is no instance of the cloud${wanted === undefined ? "" : ` with ${wanted}`}`);
  return walk.fromGuest(from, origin.nextHop);
}

/**
 * One packet on its way. Each method is a place, which ends the walk or hands on to the next place.
 *
 * Where more of AWS belongs: further targets of routes in {@link Walk.follow}.
 */
class Walk {
  private readonly hops: Hop[] = [];
  /** The subnet that the packet is leaving, until it has passed its network ACL. */
  private leaving: Subnet | undefined;
  private mtu: number = MTU.vpc;
  /** Route tables that have been asked. */
  private routed = 0;
  /** It has come into the VPC that it is in by a transit gateway. */
  private isInTransit = false;
  /** Gateways translate its addresses. */
  private packet: Packet;

  constructor(
    readonly cloud: Cloud,
    packet: Packet,
    readonly connections: Connections,
  ) {
    this.packet = packet;
  }

  fromGuest(card: NetworkInterface, nextHop?: string): Path {
    const { subnet } = card;
    const { destination } = this.packet;
    if (this.isTooLongFor(MTU.vpc))
      return this.drop(
        "MTU_EXCEEDED",
        { kind: "guest", id: card.instanceId, text: `its network interface takes at most ${MTU.vpc} bytes` },
        { kind: "mtu", mtu: MTU.vpc },
      );
    const router = routerAddress(subnet.cidr);
    const via =
      nextHop ?? (containsAddress(subnet.cidr, destination) || isMulticast(destination) ? destination : router);
    const hop = { kind: "subnet", id: subnet.id } as const;
    if (isMulticast(via) || via === subnet.cidr.getLast().toString())
      return this.drop("BROADCAST_NOT_CARRIED", { ...hop, text: `${via} is no single host's` });
    const neighbour = ownerIn(subnet, via, this.cloud);
    const nat = natGatewayIn(subnet, via, this.cloud);
    // Nobody answers its ARP: nothing leaves the guest.
    if (via !== router && neighbour === undefined && nat === undefined)
      return this.drop("NO_POSSIBLE_DESTINATION", {
        ...hop,
        text: `no network interface of ${formatCidr(subnet.cidr)} has ${via}`,
      });
    const check = this.sourceDestCheck(card, "egress") ?? this.securityGroups(card, "egress");
    if (check !== undefined) return check;
    if (nat !== undefined) return this.backThroughNat(nat);
    if (neighbour === undefined) return this.leaveSubnet(subnet);
    this.hops.push({
      ...hop,
      text: `to the MAC address of ${via} (${neighbour.networkInterfaceId}), past every route table`,
    });
    return this.deliver(neighbour, card.networkInterfaceId);
  }

  fromInternet(): Path {
    if (this.isTooLongFor(MTU.internet))
      return this.drop(
        "MTU_EXCEEDED",
        { kind: "internet", id: INTERNET_ADDRESS, text: `it sends at most ${MTU.internet} bytes` },
        { kind: "mtu", mtu: MTU.internet },
      );
    return this.acrossInternet();
  }

  private sourceDestCheck(card: NetworkInterface, direction: Direction): Path | undefined {
    const address = direction === "egress" ? this.packet.source : this.packet.destination;
    const hop = { kind: "source-dest-check", id: card.networkInterfaceId, direction } as const;
    const end = direction === "egress" ? "source" : "destination";
    if (!card.sourceDestCheck) this.hops.push({ ...hop, text: "off" });
    else if (hasAddress(card, address)) this.hops.push({ ...hop, text: `the ${end} ${address} is its own` });
    else
      return this.drop(
        "ENI_SOURCE_DEST_CHECK_RESTRICTION",
        { ...hop, text: `the ${end} ${address} is not its own` },
        { kind: "source-dest-check", card },
      );
    return undefined;
  }

  private securityGroups(card: NetworkInterface, direction: Direction): Path | undefined {
    const { cloud, connections } = this;
    const packet = this.packet;
    const id = card.networkInterfaceId;
    const hop = { kind: "security-group", id, direction } as const;
    if (connections.state(id, packet) === "established") {
      this.hops.push({ ...hop, text: "of a tracked connection: no rule is asked" });
      return undefined;
    }
    const rules = rulesOf(card, direction, cloud);
    const admitting = rules.find((rule) => ruleAdmits(rule, direction, packet, card.subnet.vpcId, cloud));
    if (admitting === undefined) {
      const groups = card.securityGroupIds.join(", ");
      const other = direction === "egress" ? `to ${packet.destination}` : `from ${packet.source}`;
      const text =
        rules.length === 0
          ? `${groups}: no ${direction} rule`
          : `${groups}: no ${direction} rule is for ${describeTransport(packet)} ${other}`;
      return this.drop(
        rules.length === 0 ? "SG_HAS_NO_RULES" : "ENI_SG_RULES_MISMATCH",
        { ...hop, text },
        { kind: "security-group", card, direction },
      );
    }
    connections.track(id, packet);
    this.hops.push({
      ...hop,
      rule: admitting.id,
      text: `let ${direction === "egress" ? "out" : "in"} by ${admitting.id}: ${describeRule(admitting, direction)}`,
    });
    return undefined;
  }

  /** A frame to the router. */
  private leaveSubnet(subnet: Subnet): Path {
    this.leaving = subnet;
    const vpc = this.cloud.vpcs.get(subnet.vpcId);
    if (vpc === undefined) throw new Error(`${subnet.id} is in ${subnet.vpcId}, which is not in the cloud`);
    this.isInTransit = false;
    this.hops.push({
      kind: "router",
      id: vpc.id,
      text: `to the router ${routerAddress(subnet.cidr)} of ${subnet.id}`,
    });
    return this.route(vpc, subnet);
  }

  /** By the route table of a subnet: the one that is left, or where a transit gateway comes in. */
  private route(vpc: Vpc, subnet: Subnet): Path {
    const { destination } = this.packet;
    if (++this.routed > LONGEST_WAY)
      return this.drop("ROUTING_LOOP", {
        kind: "router",
        id: vpc.id,
        text: `asked for the way ${LONGEST_WAY} times already`,
      });
    const refused = this.spoofed(vpc);
    if (refused !== undefined) return refused;
    if (isMulticast(destination))
      return this.drop("BROADCAST_NOT_CARRIED", {
        kind: "router",
        id: vpc.id,
        text: `${destination} is no single host's`,
      });
    if (isLinkLocal(destination))
      return this.drop("LINK_LOCAL_NOT_ROUTED", { kind: "router", id: vpc.id, text: `${destination} is link-local` });
    if (isRouter(vpc, destination))
      return this.drop("ROUTER_IS_NO_HOST", { kind: "router", id: vpc.id, text: `${destination} is its own address` });

    const id = subnet.routeTableId;
    const choice = chooseRoute(vpc, id, destination);
    if (choice.kind === "none")
      return this.drop(
        "NO_ROUTE_TO_DESTINATION",
        { kind: "route-table", id, text: `no route of ${id} is for ${destination}` },
        { kind: "no-route", vpc, tableId: id },
      );
    if (choice.kind === "local") {
      this.hops.push({
        kind: "route-table",
        id,
        rule: `${id} ${formatCidr(vpc.cidr)}`,
        text: `${formatCidr(vpc.cidr)} local`,
      });
      return this.toSubnetOf(vpc);
    }
    const { route } = choice;
    const hop: Hop = {
      kind: "route-table",
      id,
      rule: routeName(id, route),
      text: `${formatCidr(route.destination)} to ${route.target}`,
    };
    const target = resolveTarget(vpc, route, this.cloud);
    if (target === undefined)
      return this.drop(
        "BAD_STATE_ROUTE",
        { ...hop, text: `${hop.text}, which is gone, not active or not of ${vpc.id}` },
        { kind: "black-hole", vpc, tableId: id, route },
      );
    this.hops.push(hop);
    return this.follow(target, vpc, subnet);
  }

  private follow(target: Target, vpc: Vpc, subnet: Subnet): Path {
    switch (target.kind) {
      case "network-interface":
        return this.enterSubnet(target.card);
      case "peering":
        return this.overPeering(target.peering, target.peerVpcId);
      case "internet-gateway":
        return this.outByGateway(target.gateway, vpc);
      case "nat-gateway":
        return this.throughNat(target.gateway);
      case "transit-gateway":
        return this.overTransit(target.gateway, target.attachment, subnet.availabilityZone);
    }
  }

  private overPeering({ id }: Peering, peerVpcId: string): Path {
    if (this.isTooLongFor(MTU.peering))
      return this.drop(
        "MTU_EXCEEDED",
        { kind: "peering", id, text: `it carries at most ${MTU.peering} bytes` },
        { kind: "mtu", mtu: MTU.peering },
      );
    const peer = this.cloud.vpcs.get(peerVpcId);
    if (peer === undefined) throw new Error(`${id} leads to ${peerVpcId}, which is not in the cloud`);
    const { destination } = this.packet;
    if (this.isInTransit || !containsAddress(peer.cidr, destination)) {
      return this.drop(
        "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
        {
          kind: "peering",
          id,
          text: this.isInTransit
            ? "nothing of a transit gateway passes a peering"
            : `${destination} is not in ${formatCidr(peer.cidr)} of ${peer.id}`,
        },
        { kind: "beyond-peering", peer },
      );
    }
    const refused = this.networkAcls();
    if (refused !== undefined) return refused;
    this.hops.push({ kind: "peering", id, text: `to ${peer.id}` });
    return this.enterVpc(peer);
  }

  private outByGateway({ id }: InternetGateway, vpc: Vpc): Path {
    const { source } = this.packet;
    if (this.isTooLongFor(MTU.internet))
      return this.drop(
        "MTU_EXCEEDED",
        { kind: "internet-gateway", id, text: `it carries at most ${MTU.internet} bytes, and says so to ${source}` },
        { kind: "mtu", mtu: MTU.internet },
      );
    const refused = this.networkAcls();
    if (refused !== undefined) return refused;
    const associated = this.cloud.publicAddresses.find(
      ({ vpcId, privateIp }) => vpcId === vpc.id && privateIp === source,
    );
    if (associated === undefined) {
      return this.drop(
        "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
        { kind: "internet-gateway", id, text: `${source} has no public address in ${vpc.id}` },
        { kind: "no-public-address", vpc, address: source },
      );
    }
    this.packet = { ...this.packet, source: associated.publicIp };
    this.hops.push({ kind: "internet-gateway", id, text: `source ${source} becomes ${associated.publicIp}` });
    return this.acrossInternet();
  }

  /** A host without security groups, which sends on in its own name (VPC User Guide, "NAT gateway basics"). */
  private throughNat(gateway: NatGateway): Path {
    const { id, subnet, privateIp } = gateway;
    const refused = this.networkAcls(subnet);
    if (refused !== undefined) return refused;
    const packet = this.packet;
    if (![ICMP, TCP, UDP].includes(packet.protocol))
      return this.drop(
        "PROTOCOL_RESTRICTION",
        { kind: "nat-gateway", id, text: `no ${describeTransport(packet)}` },
        { kind: "protocol" },
      );
    // An answer to what has not gone through is nothing that it knows.
    if (!opensConnection(packet))
      return this.drop("NO_POSSIBLE_DESTINATION", {
        kind: "nat-gateway",
        id,
        text: `${describeTransport(packet)} begins no connection`,
      });
    if (this.isTooLongFor(MTU.nat))
      return this.drop(
        "MTU_EXCEEDED",
        { kind: "nat-gateway", id, text: `it carries at most ${MTU.nat} bytes, and says so to ${packet.source}` },
        { kind: "mtu", mtu: MTU.nat },
      );
    this.packet = { ...packet, source: privateIp };
    this.connections.translate(id, answerTo(this.packet), packet.source);
    this.hops.push({ kind: "nat-gateway", id, text: `source ${packet.source} becomes ${privateIp}` });
    return this.fromNat(gateway);
  }

  /** What answers something that has gone through, and nothing else. */
  private backThroughNat(gateway: NatGateway): Path {
    const { id, privateIp } = gateway;
    const sender = this.connections.translation(id, this.packet);
    if (sender === undefined)
      return this.drop("NO_POSSIBLE_DESTINATION", {
        kind: "nat-gateway",
        id,
        text: "it is no answer to anything that has gone through",
      });
    this.packet = { ...this.packet, destination: sender };
    this.hops.push({ kind: "nat-gateway", id, text: `destination ${privateIp} becomes ${sender}` });
    return this.fromNat(gateway);
  }

  private fromNat({ subnet }: NatGateway): Path {
    const { destination } = this.packet;
    if (!containsAddress(subnet.cidr, destination)) return this.leaveSubnet(subnet);
    const card = ownerIn(subnet, destination, this.cloud);
    return card === undefined
      ? this.drop("NO_POSSIBLE_DESTINATION", {
          kind: "subnet",
          id: subnet.id,
          text: `no network interface of ${formatCidr(subnet.cidr)} has ${destination}`,
        })
      : this.deliver(card);
  }

  /**
   * The attachment serves the zones of its subnets; the gateway routes by the table associated with it (Transit
   * Gateways Guide, "How transit gateways work").
   */
  private overTransit(gateway: TransitGateway, from: TransitAttachment, zone: string): Path {
    const { id } = gateway;
    const hop = { kind: "transit-gateway", id } as const;
    if (!from.subnets.some(({ availabilityZone }) => availabilityZone === zone))
      return this.drop(
        "TGW_ROUTE_AZ_RESTRICTION",
        { ...hop, text: `${from.id} has no subnet in ${zone}` },
        { kind: "zone", attachmentId: from.id, zone },
      );
    const refused = this.networkAcls();
    if (refused !== undefined) return refused;
    // It cuts nothing in pieces.
    if (this.isTooLongFor(MTU.transit) || this.packet.length > MTU.transit)
      return this.drop(
        "MTU_EXCEEDED",
        { ...hop, text: `it carries at most ${MTU.transit} bytes` },
        { kind: "mtu", mtu: MTU.transit },
      );
    const table = gateway.routeTables.find((each) => each.id === from.routeTableId);
    if (table === undefined)
      return this.drop("TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION", {
        ...hop,
        text: `no route table is associated with ${from.id}`,
      });
    const { destination } = this.packet;
    const route = chooseTransitRoute(table, destination);
    if (route === undefined)
      return this.drop("TGW_RTB_CANNOT_ROUTE", { ...hop, text: `no route of ${table.id} is for ${destination}` });
    const rule = `${table.id} ${formatCidr(route.destination)}`;
    const target = route.target;
    const to = target === "blackhole" ? undefined : gateway.attachments.find((each) => each.id === target.attachmentId);
    const subnet = to?.subnets.find(({ availabilityZone }) => availabilityZone === zone) ?? to?.subnets[0];
    const vpc = to && this.cloud.vpcs.get(to.vpcId);
    if (to === undefined || subnet === undefined || vpc === undefined)
      return this.drop("TGW_RTB_BAD_STATE_ROUTE", { ...hop, rule, text: `${rule} is a black hole` });
    this.hops.push(
      { ...hop, rule, text: `${formatCidr(route.destination)} to ${to.id}` },
      { kind: "router", id: vpc.id, text: `enters ${vpc.id} by ${subnet.id}, and is routed by its table` },
    );
    this.isInTransit = true;
    return this.spoofed(vpc) ?? this.route(vpc, subnet);
  }

  private acrossInternet(): Path {
    const { destination } = this.packet;
    if (destination === INTERNET_ADDRESS)
      return this.arrive("internet", { kind: "internet", id: INTERNET_ADDRESS, text: "delivered" });
    const address = this.cloud.publicAddresses.find(
      ({ publicIp, vpcId }) =>
        publicIp === destination && this.cloud.internetGateways.some((gateway) => gateway.vpcId === vpcId),
    );
    const gateway = this.cloud.internetGateways.find(({ vpcId }) => vpcId === address?.vpcId);
    const hop = { kind: "internet", id: INTERNET_ADDRESS } as const;
    if (address === undefined || gateway === undefined) {
      return this.drop(
        "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
        { ...hop, text: `${destination} is no public address of an instance whose VPC has an internet gateway` },
        { kind: "unknown-public-address", address: destination },
      );
    }
    this.hops.push({ ...hop, text: `to ${destination}` });
    this.packet = { ...this.packet, destination: address.privateIp };
    this.hops.push({
      kind: "internet-gateway",
      id: gateway.id,
      text: `destination ${destination} becomes ${address.privateIp}`,
    });
    const vpc = this.cloud.vpcs.get(gateway.vpcId);
    if (vpc === undefined) throw new Error(`${gateway.id} is attached to ${gateway.vpcId}, which is not in the cloud`);
    return this.enterVpc(vpc);
  }

  /**
   * By a gateway or peering: to the VPC's subnets and nowhere else, whatever its route tables say (VPC Peering Guide,
   * "Unsupported configurations").
   */
  private enterVpc(vpc: Vpc): Path {
    this.hops.push({ kind: "router", id: vpc.id, text: `enters ${vpc.id}, and can go to its subnets alone` });
    return this.spoofed(vpc) ?? this.toSubnetOf(vpc);
  }

  /** A router takes nothing that claims to be from itself, or from no single host. */
  private spoofed(vpc: Vpc): Path | undefined {
    const { source } = this.packet;
    if (
      !isMulticast(source) &&
      !vpc.subnets.some(({ cidr }) => [routerAddress(cidr), cidr.getLast().toString()].includes(source))
    )
      return undefined;
    return this.drop("GATEWAY_REJECTS_SPOOFED_TRAFFIC", {
      kind: "router",
      id: vpc.id,
      text: `${source} cannot be a sender`,
    });
  }

  private toSubnetOf(vpc: Vpc): Path {
    const { destination } = this.packet;
    const hop = { kind: "router", id: vpc.id } as const;
    if (isRouter(vpc, destination))
      return this.drop("ROUTER_IS_NO_HOST", { ...hop, text: `${destination} is its own address` });
    const subnet = vpc.subnets.find(({ cidr }) => containsAddress(cidr, destination));
    if (subnet === undefined)
      return this.drop("NO_POSSIBLE_DESTINATION", { ...hop, text: `${destination} is in no subnet of ${vpc.id}` });
    const nat = natGatewayIn(subnet, destination, this.cloud);
    if (nat !== undefined) return this.networkAcls(subnet) ?? this.backThroughNat(nat);
    const card = ownerIn(subnet, destination, this.cloud);
    if (card === undefined)
      return this.drop("NO_POSSIBLE_DESTINATION", {
        kind: "subnet",
        id: subnet.id,
        text: `no network interface of ${formatCidr(subnet.cidr)} has ${destination}`,
      });
    return this.enterSubnet(card);
  }

  /** From the router to a network interface. */
  private enterSubnet(card: NetworkInterface): Path {
    const refused = this.networkAcls(card.subnet);
    if (refused !== undefined) return refused;
    this.hops.push({ kind: "subnet", id: card.subnet.id, text: `to ${card.privateIp} (${card.networkInterfaceId})` });
    return this.deliver(card);
  }

  /**
   * Those of the subnet that is left and of the one that is entered: none is asked about what comes back into the same.
   */
  private networkAcls(entering?: Subnet): Path | undefined {
    const leaving = this.leaving;
    this.leaving = undefined;
    if (leaving !== undefined && leaving.id === entering?.id) return undefined;
    return (leaving && this.networkAcl(leaving, "egress")) ?? (entering && this.networkAcl(entering, "ingress"));
  }

  private networkAcl({ id, vpcId, networkAcl }: Subnet, direction: Direction): Path | undefined {
    const entry = decidingEntry(networkAcl, direction, this.packet);
    const hop: Hop = {
      kind: "network-acl",
      id: networkAcl.id,
      direction,
      rule: entryName(networkAcl, entry),
      vpcId,
      text: `${direction === "egress" ? "leaves" : "enters"} ${id}`,
    };
    if (entry?.action !== "allow") {
      const text =
        entry === undefined
          ? `no ${direction} rule of ${networkAcl.id} matches`
          : `denied by its ${direction} rule ${entry.ruleNumber}`;
      return this.drop(
        "SUBNET_ACL_RESTRICTION",
        { ...hop, text },
        { kind: "network-acl", acl: networkAcl, direction, entry },
      );
    }
    this.hops.push({ ...hop, text: `${hop.text}, allowed by ${entry.ruleNumber}` });
    return undefined;
  }

  private deliver(card: NetworkInterface, from?: string): Path {
    if (from === card.networkInterfaceId)
      return this.drop("NO_POSSIBLE_DESTINATION", {
        kind: "subnet",
        id: card.subnet.id,
        text: "a network interface does not send to itself",
      });
    const check = this.sourceDestCheck(card, "ingress") ?? this.securityGroups(card, "ingress");
    return (
      check ?? this.arrive({ instanceId: card.instanceId }, { kind: "guest", id: card.instanceId, text: "delivered" })
    );
  }

  /** Notes the link's MTU. A packet that may be cut in pieces is. */
  private isTooLongFor(mtu: number): boolean {
    this.mtu = Math.min(this.mtu, mtu);
    return this.packet.dontFragment && this.packet.length > mtu;
  }

  private arrive(to: { readonly instanceId: string } | "internet", hop: Hop): Path {
    return {
      verdict: "delivered",
      to,
      packet: this.packet,
      hops: [...this.hops, hop],
      mtu: this.mtu,
      connections: this.connections,
    };
  }

  private drop(code: ReasonCode, hop: Hop, obstacle?: Obstacle): Path {
    const advice = obstacle === undefined ? [] : remedies(obstacle, this.packet, this.cloud);
    return {
      verdict: "dropped",
      code,
      remedies: advice,
      hops: [...this.hops, hop],
      mtu: this.mtu,
      connections: this.connections,
    };
  }
}

function hasAddress({ privateIp, secondaryPrivateIps }: NetworkInterface, address: string): boolean {
  return privateIp === address || secondaryPrivateIps.includes(address);
}

/** The network interface in a subnet that an address is a private one of. */
function ownerIn(subnet: Subnet, address: string, { networkInterfaces }: Cloud): NetworkInterface | undefined {
  return networkInterfaces.find((card) => card.subnet.id === subnet.id && hasAddress(card, address));
}

function natGatewayIn(subnet: Subnet, address: string, { natGateways }: Cloud): NatGateway | undefined {
  return natGateways.find((gateway) => gateway.subnet.id === subnet.id && gateway.privateIp === address);
}

function isRouter({ subnets }: Vpc, address: string): boolean {
  return subnets.some(({ cidr }) => routerAddress(cidr) === address);
}

function isLinkLocal(address: string): boolean {
  return address.startsWith("169.254.");
}

/** Also the broadcast to the own network. */
function isMulticast(address: string): boolean {
  return Number(address.split(".")[0]) >= 224;
}
