import { containsAddress, formatCidr, routerAddress } from "../fabric/cidr";
import type { Cloud, Instance, InternetGateway, Peering, Subnet, Vpc } from "../fabric/cloud";
import { internetAddress } from "../fabric/names";
import { Connections } from "./connections";
import { describeTransport, type Packet } from "./packet";
import type { Hop, Origin, Path } from "./path";
import type { ReasonCode } from "./reason";
import { remedies, type Obstacle } from "./remedy";
import { chooseRoute, resolveTarget, routeName, type Target } from "./route-table";
import { type Direction, ruleAdmits, rulesOf } from "./security-group";

/** MTU in a VPC, over peering in a region and through an internet gateway, bytes (EC2 User Guide, "Network maximum transmission unit"). */
const MTU = { vpc: 9001, peering: 9001, internet: 1500 } as const;

/**
 * The way of one packet through the networks of a cloud, by AWS' rules and nothing that was rendered for Linux: what the packets of the lab
 * are held against, and what `overlaynet lab why` tells.
 *
 * @param origin an instance of the cloud, or the internet
 * @param connections what security groups have tracked before; by default nothing. It is left as it is: the path has what is tracked after.
 * @throws Error when the origin is no instance of the cloud
 */
export function reach(cloud: Cloud, origin: Origin, packet: Packet, connections: Connections = new Connections()): Path {
  const walk = new Walk(cloud, packet, new Connections(connections));
  if (origin === "internet") return walk.fromInternet();
  const instance = cloud.instances.find(({ id }) => id === origin.instanceId);
  if (instance === undefined) throw new Error(`${origin.instanceId} is no instance of the cloud.`);
  return walk.fromGuest(instance, origin.nextHop);
}

/**
 * One packet on its way. Each method is a place, which ends the walk or hands on to the next place.
 *
 * Where more of AWS belongs: network ACLs in {@link Walk.#leaveSubnet} and {@link Walk.#enterSubnet}, which traffic inside a subnet does not
 * pass; further targets of routes in {@link Walk.#follow}, what comes in by them in {@link Walk.#enterVpc}.
 */
class Walk {
  readonly #hops: Hop[] = [];
  #mtu: number = MTU.vpc;
  /** Gateways translate its addresses. */
  #packet: Packet;

  constructor(
    readonly cloud: Cloud,
    packet: Packet,
    readonly connections: Connections,
  ) {
    this.#packet = packet;
  }

  fromGuest(instance: Instance, nextHop?: string): Path {
    const { subnet } = instance;
    const { destination } = this.#packet;
    if (this.#isTooLongFor(MTU.vpc)) return this.#drop("MTU_EXCEEDED", { kind: "guest", id: instance.id, text: `its network interface takes at most ${MTU.vpc} bytes` }, { kind: "mtu", mtu: MTU.vpc });
    const router = routerAddress(subnet.cidr);
    const via = nextHop ?? (containsAddress(subnet.cidr, destination) || isMulticast(destination) ? destination : router);
    const hop = { kind: "subnet", id: subnet.id } as const;
    if (isMulticast(via) || via === subnet.cidr.getLast().toString()) return this.#drop("BROADCAST_NOT_CARRIED", { ...hop, text: `${via} is no single host's` });
    const neighbour = ownerIn(subnet, via, this.cloud);
    // Nobody answers its ARP: nothing leaves the guest.
    if (via !== router && neighbour === undefined) return this.#drop("NO_POSSIBLE_DESTINATION", { ...hop, text: `no network interface of ${formatCidr(subnet.cidr)} has ${via}` });
    const check = this.#sourceDestCheck(instance, "egress") ?? this.#securityGroups(instance, "egress");
    if (check !== undefined) return check;
    if (neighbour === undefined) return this.#leaveSubnet(subnet);
    this.#hops.push({ ...hop, text: `to the MAC address of ${via} (${neighbour.networkInterfaceId}), past every route table` });
    return this.#deliver(neighbour, instance.networkInterfaceId);
  }

  fromInternet(): Path {
    if (this.#isTooLongFor(MTU.internet)) return this.#drop("MTU_EXCEEDED", { kind: "internet", id: internetAddress, text: `it sends at most ${MTU.internet} bytes` }, { kind: "mtu", mtu: MTU.internet });
    return this.#acrossInternet();
  }

  #sourceDestCheck(instance: Instance, direction: Direction): Path | undefined {
    const address = direction === "egress" ? this.#packet.source : this.#packet.destination;
    const hop = { kind: "source-dest-check", id: instance.networkInterfaceId, direction } as const;
    const end = direction === "egress" ? "source" : "destination";
    if (!instance.sourceDestCheck) this.#hops.push({ ...hop, text: "off" });
    else if (hasAddress(instance, address)) this.#hops.push({ ...hop, text: `the ${end} ${address} is its own` });
    else return this.#drop("ENI_SOURCE_DEST_CHECK_RESTRICTION", { ...hop, text: `the ${end} ${address} is not its own` }, { kind: "source-dest-check", instance });
    return undefined;
  }

  #securityGroups(instance: Instance, direction: Direction): Path | undefined {
    const { cloud, connections } = this;
    const packet = this.#packet;
    const id = instance.networkInterfaceId;
    const hop = { kind: "security-group", id, direction } as const;
    if (connections.state(id, packet) === "established") {
      this.#hops.push({ ...hop, text: "of a tracked connection: no rule is asked" });
      return undefined;
    }
    const rules = rulesOf(instance, direction, cloud);
    const admitting = rules.find((rule) => ruleAdmits(rule, direction, packet, instance.subnet.vpcId, cloud));
    if (admitting === undefined) {
      const other = direction === "egress" ? `to ${packet.destination}` : `from ${packet.source}`;
      const text = `none of the ${rules.length} ${direction} rules of ${instance.securityGroupIds.join(", ")} is for ${describeTransport(packet)} ${other}`;
      return this.#drop(rules.length === 0 ? "SG_HAS_NO_RULES" : "ENI_SG_RULES_MISMATCH", { ...hop, text }, { kind: "security-group", instance, direction });
    }
    connections.track(id, packet);
    this.#hops.push({ ...hop, rule: admitting.id, text: `let ${direction === "egress" ? "out" : "in"} by ${admitting.id}` });
    return undefined;
  }

  /** A frame to the router. A network ACL's egress entries would be asked here. */
  #leaveSubnet(subnet: Subnet): Path {
    const vpc = this.cloud.vpcs.get(subnet.vpcId);
    if (vpc === undefined) throw new Error(`${subnet.id} is in ${subnet.vpcId}, which is not in the cloud.`);
    this.#hops.push({ kind: "router", id: vpc.id, text: `to the router ${routerAddress(subnet.cidr)} of ${subnet.id}` });
    const { destination } = this.#packet;
    const refused = this.#spoofed(vpc);
    if (refused !== undefined) return refused;
    if (isMulticast(destination)) return this.#drop("BROADCAST_NOT_CARRIED", { kind: "router", id: vpc.id, text: `${destination} is no single host's` });
    if (isLinkLocal(destination)) return this.#drop("LINK_LOCAL_NOT_ROUTED", { kind: "router", id: vpc.id, text: `${destination} is link-local` });
    if (isRouter(vpc, destination)) return this.#drop("ROUTER_IS_NO_HOST", { kind: "router", id: vpc.id, text: `${destination} is its own address` });

    const id = subnet.routeTableId;
    const choice = chooseRoute(vpc, id, destination);
    if (choice.kind === "none") return this.#drop("NO_ROUTE_TO_DESTINATION", { kind: "route-table", id, text: `no route of ${id} is for ${destination}` }, { kind: "no-route", vpc, tableId: id });
    if (choice.kind === "local") {
      this.#hops.push({ kind: "route-table", id, rule: `${id} ${formatCidr(vpc.cidr)}`, text: `${formatCidr(vpc.cidr)} local` });
      return this.#toSubnetOf(vpc);
    }
    const { route } = choice;
    const hop: Hop = { kind: "route-table", id, rule: routeName(id, route), text: `${formatCidr(route.destination)} to ${route.target}` };
    const target = resolveTarget(vpc, route, this.cloud);
    if (target === undefined) return this.#drop("BAD_STATE_ROUTE", { ...hop, text: `${hop.text}, which is gone, not active or not of ${vpc.id}` }, { kind: "black-hole", vpc, tableId: id, route });
    this.#hops.push(hop);
    return this.#follow(target, vpc);
  }

  #follow(target: Target, vpc: Vpc): Path {
    switch (target.kind) {
      case "instance":
        return this.#enterSubnet(target.instance);
      case "peering":
        return this.#overPeering(target.peering, target.peerVpcId);
      case "internet-gateway":
        return this.#outByGateway(target.gateway, vpc);
    }
  }

  #overPeering({ id }: Peering, peerVpcId: string): Path {
    if (this.#isTooLongFor(MTU.peering)) return this.#drop("MTU_EXCEEDED", { kind: "peering", id, text: `it carries at most ${MTU.peering} bytes` }, { kind: "mtu", mtu: MTU.peering });
    const peer = this.cloud.vpcs.get(peerVpcId);
    if (peer === undefined) throw new Error(`${id} leads to ${peerVpcId}, which is not in the cloud.`);
    const { destination } = this.#packet;
    if (!containsAddress(peer.cidr, destination)) {
      return this.#drop("PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", { kind: "peering", id, text: `${destination} is not in ${formatCidr(peer.cidr)} of ${peer.id}` }, { kind: "beyond-peering", peer });
    }
    this.#hops.push({ kind: "peering", id, text: `to ${peer.id}` });
    return this.#enterVpc(peer);
  }

  #outByGateway({ id }: InternetGateway, vpc: Vpc): Path {
    const { source } = this.#packet;
    if (this.#isTooLongFor(MTU.internet)) return this.#drop("MTU_EXCEEDED", { kind: "internet-gateway", id, text: `it carries at most ${MTU.internet} bytes, and says so to ${source}` }, { kind: "mtu", mtu: MTU.internet });
    const associated = this.cloud.instances.find(({ subnet, privateIp, publicIp }) => subnet.vpcId === vpc.id && privateIp === source && publicIp !== undefined);
    if (associated?.publicIp === undefined) {
      return this.#drop("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", { kind: "internet-gateway", id, text: `${source} has no public address in ${vpc.id}` }, { kind: "no-public-address", vpc, address: source });
    }
    this.#packet = { ...this.#packet, source: associated.publicIp };
    this.#hops.push({ kind: "internet-gateway", id, text: `source ${source} becomes ${associated.publicIp}` });
    return this.#acrossInternet();
  }

  #acrossInternet(): Path {
    const { destination } = this.#packet;
    if (destination === internetAddress) return this.#arrive("internet", { kind: "internet", id: internetAddress, text: "delivered" });
    const instance = this.cloud.instances.find(({ publicIp, subnet }) => publicIp === destination && this.cloud.internetGateways.some(({ vpcId }) => vpcId === subnet.vpcId));
    const gateway = this.cloud.internetGateways.find(({ vpcId }) => vpcId === instance?.subnet.vpcId);
    const hop = { kind: "internet", id: internetAddress } as const;
    if (instance === undefined || gateway === undefined) {
      return this.#drop("IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", { ...hop, text: `${destination} is no public address of an instance whose VPC has an internet gateway` }, { kind: "unknown-public-address", address: destination });
    }
    this.#hops.push({ ...hop, text: `to ${destination}` });
    this.#packet = { ...this.#packet, destination: instance.privateIp };
    this.#hops.push({ kind: "internet-gateway", id: gateway.id, text: `destination ${destination} becomes ${instance.privateIp}` });
    const vpc = this.cloud.vpcs.get(gateway.vpcId);
    if (vpc === undefined) throw new Error(`${gateway.id} is attached to ${gateway.vpcId}, which is not in the cloud.`);
    return this.#enterVpc(vpc);
  }

  /** By a gateway or peering: to the VPC's subnets and nowhere else, whatever its route tables say (VPC Peering Guide, "Unsupported configurations"). */
  #enterVpc(vpc: Vpc): Path {
    this.#hops.push({ kind: "router", id: vpc.id, text: `enters ${vpc.id}, and can go to its subnets alone` });
    return this.#spoofed(vpc) ?? this.#toSubnetOf(vpc);
  }

  /** A router takes nothing that claims to be from itself, or from no single host. */
  #spoofed(vpc: Vpc): Path | undefined {
    const { source } = this.#packet;
    if (!isMulticast(source) && !vpc.subnets.some(({ cidr }) => [routerAddress(cidr), cidr.getLast().toString()].includes(source))) return undefined;
    return this.#drop("GATEWAY_REJECTS_SPOOFED_TRAFFIC", { kind: "router", id: vpc.id, text: `${source} cannot be a sender` });
  }

  #toSubnetOf(vpc: Vpc): Path {
    const { destination } = this.#packet;
    const hop = { kind: "router", id: vpc.id } as const;
    if (isRouter(vpc, destination)) return this.#drop("ROUTER_IS_NO_HOST", { ...hop, text: `${destination} is its own address` });
    const subnet = vpc.subnets.find(({ cidr }) => containsAddress(cidr, destination));
    if (subnet === undefined) return this.#drop("NO_POSSIBLE_DESTINATION", { ...hop, text: `${destination} is in no subnet of ${vpc.id}` });
    const instance = ownerIn(subnet, destination, this.cloud);
    if (instance === undefined) return this.#drop("NO_POSSIBLE_DESTINATION", { kind: "subnet", id: subnet.id, text: `no network interface of ${formatCidr(subnet.cidr)} has ${destination}` });
    return this.#enterSubnet(instance);
  }

  /** From the router to a network interface. A network ACL's ingress entries would be asked here. */
  #enterSubnet(instance: Instance): Path {
    this.#hops.push({ kind: "subnet", id: instance.subnet.id, text: `to ${instance.privateIp} (${instance.networkInterfaceId})` });
    return this.#deliver(instance);
  }

  #deliver(instance: Instance, from?: string): Path {
    if (from === instance.networkInterfaceId) return this.#drop("NO_POSSIBLE_DESTINATION", { kind: "subnet", id: instance.subnet.id, text: "a network interface does not send to itself" });
    const check = this.#sourceDestCheck(instance, "ingress") ?? this.#securityGroups(instance, "ingress");
    return check ?? this.#arrive({ instanceId: instance.id }, { kind: "guest", id: instance.id, text: "delivered" });
  }

  /** Notes the link's MTU. A packet that may be cut in pieces is. */
  #isTooLongFor(mtu: number): boolean {
    this.#mtu = Math.min(this.#mtu, mtu);
    return this.#packet.dontFragment && this.#packet.length > mtu;
  }

  #arrive(to: { readonly instanceId: string } | "internet", hop: Hop): Path {
    return { verdict: "delivered", to, packet: this.#packet, hops: [...this.#hops, hop], mtu: this.#mtu, connections: this.connections };
  }

  #drop(code: ReasonCode, hop: Hop, obstacle?: Obstacle): Path {
    const advice = obstacle === undefined ? [] : remedies(obstacle, this.#packet, this.cloud);
    return { verdict: "dropped", code, remedies: advice, hops: [...this.#hops, hop], mtu: this.#mtu, connections: this.connections };
  }
}

function hasAddress({ privateIp, secondaryPrivateIps }: Instance, address: string): boolean {
  return privateIp === address || secondaryPrivateIps.includes(address);
}

/** The instance in a subnet that an address is a private one of. */
function ownerIn(subnet: Subnet, address: string, { instances }: Cloud): Instance | undefined {
  return instances.find((instance) => instance.subnet.id === subnet.id && hasAddress(instance, address));
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
