import { INTERNET_ADDRESS } from "../../../lab/src/cloud/well-known-address";
import { answerTo, type Packet } from "../../../lab/src/reach/packet";
import { ICMP, TCP, UDP } from "../../../lab/src/cloud/ip-protocol";
import type { Origin, Path } from "../../../lab/src/reach/path";
import type { Random } from "./random";
import { portless, ports, type Shape, type ShapedInstance, workloads } from "./topology";

/** One packet to send. */
export interface Probe {
  readonly origin: Origin;
  readonly packet: Packet;
}

/** A probe that was sent, and what the model said then. */
export interface SentProbe extends Probe {
  readonly path: Path;
}

/**
 * Random packets of a topology: from instances and the internet, to each other and to nobody, in others' names, as
 * answers to earlier ones.
 */
export class Probes {
  private sent = 0;

  constructor(
    readonly random: Random,
    readonly shape: Shape,
  ) {}

  /**
   * Probes that may be sent in any order among themselves: no two could be of one tracked connection.
   *
   * @param earlier those of the topology that have been sent, for answers and repetitions
   */
  round(count: number, earlier: readonly SentProbe[]): Probe[] {
    const taken = new Set<string>();
    const probes: Probe[] = [];
    for (let attempts = 0; probes.length < count && attempts < 5 * count; attempts++) {
      const probe = this.next(earlier);
      if (probe === undefined) continue;
      const { packet } = probe;
      if (packet.source === packet.destination) continue;
      // By the one port that no other probe has, or the protocol: the same for an answer, and through a gateway's
      // translation.
      const connection =
        packet.ports !== undefined
          ? [packet.ports.source, packet.ports.destination].filter((port) => port >= FIRST_PORT).join()
          : packet.icmp !== undefined
            ? `icmp ${packet.icmp.identifier}`
            : `protocol ${packet.protocol}`;
      if (taken.has(connection)) continue;
      taken.add(connection);
      probes.push(probe);
    }
    return probes;
  }

  private next(earlier: readonly SentProbe[]): Probe | undefined {
    if (earlier.length > 0 && this.random.chance(35)) return this.answer(this.random.pick(earlier));
    if (earlier.length > 0 && this.random.chance(10)) {
      const { origin, packet } = this.random.pick(earlier);
      return packet.protocol === TCP ? undefined : { origin, packet };
    }
    return this.fresh();
  }

  /** What the receiver would answer; also where the packet has not arrived, since its own side may have tracked it. */
  private answer({ origin, packet, path }: SentProbe): Probe | undefined {
    if (path.verdict === "delivered") {
      const answer = answerTo(path.packet);
      return path.to === "internet"
        ? { origin: path.to, packet: { ...answer, length: Math.min(answer.length, 1500) } }
        : { origin: this.origin(path.to.instanceId), packet: answer };
    }
    // A gateway does not know an answer of TCP or ICMP to nothing, and its translation is not the rules' matter.
    if (origin === "internet" || packet.destination === INTERNET_ADDRESS || packet.destination.startsWith("203.0.113."))
      return undefined;
    const owner = this.shape.instances.find(({ address, secondary }) =>
      [address, secondary].includes(packet.destination),
    );
    return owner && { origin: this.origin(`i-${owner.name}`), packet: answerTo(packet) };
  }

  private origin(instanceId: string): Origin {
    const neighbour = this.random.chance(30) ? this.neighbourOf(instanceId) : undefined;
    return { instanceId, ...(neighbour === undefined ? {} : { nextHop: neighbour }) };
  }

  /** Another's address in the subnet, or the router's. */
  private neighbourOf(instanceId: string): string | undefined {
    const self = this.shape.instances.find(({ name }) => `i-${name}` === instanceId);
    if (self === undefined) return undefined;
    const others = this.shape.instances.filter(({ name, subnet }) => subnet === self.subnet && name !== self.name);
    return this.random.pick([...others.map(({ address }) => address), self.address.replace(/\d+$/, "1")]);
  }

  private fresh(): Probe {
    const { random, shape } = this;
    const from = random.chance(85) ? random.pick(shape.instances) : undefined;
    const to = random.pick(shape.instances);
    const packet: Packet = {
      source: from === undefined ? INTERNET_ADDRESS : this.source(from),
      destination: this.destination(from, to),
      ...this.transport(),
      ...this.length(from),
    };
    return { origin: from === undefined ? "internet" : this.origin(`i-${from.name}`), packet };
  }

  private source(from: ShapedInstance): string {
    const { random, shape } = this;
    const kind = random.below(100);
    if (kind < 75) return from.address;
    if (kind < 80) return from.secondary;
    return kind < 92 ? random.pick(workloads) : random.pick(shape.instances).address;
  }

  private destination(from: ShapedInstance | undefined, to: ShapedInstance): string {
    const { random, shape } = this;
    const kind = random.below(100);
    if (from === undefined) return kind < 95 ? to.publicIp : "203.0.113.254";
    if (kind < 55) return to.address === from.address && to.vpc === from.vpc ? random.pick(workloads) : to.address;
    if (kind < 60) return to.name === from.name ? random.pick(workloads) : to.secondary;
    if (kind < 75) return random.pick(workloads);
    if (kind < 85) return INTERNET_ADDRESS;
    if (kind < 91) return to.publicIp;
    const vpc = random.pick(shape.vpcs);
    const network = vpc.cidr.split(".").slice(0, 2).join(".");
    return random.pick([
      `${network}.0.1`,
      `${network}.0.200`,
      `${network}.77.7`,
      "10.9.9.9",
      "192.0.2.1",
      "169.254.7.7",
      `${network}.0.255`,
      "224.0.0.9",
      "255.255.255.255",
    ]);
  }

  private transport(): Pick<Packet, "protocol" | "ports" | "icmp"> {
    const { random } = this;
    const unique = FIRST_PORT + this.sent++;
    switch (random.below(5)) {
      case 0:
        return { protocol: TCP, ports: { source: unique, destination: random.pick(ports) } };
      case 1:
        return { protocol: UDP, ports: { source: unique, destination: random.pick(ports) } };
      case 2:
        return { protocol: ICMP, icmp: { type: 8, code: 0, identifier: unique } };
      default:
        return { protocol: random.pick(portless) };
    }
  }

  private length(from: ShapedInstance | undefined): Pick<Packet, "length" | "dontFragment"> {
    const { random } = this;
    if (random.chance(75)) return { length: random.between(60, 200), dontFragment: random.chance(50) };
    // The internet's host sends nothing that it would have to cut.
    if (from === undefined) return { length: 1500, dontFragment: true };
    if (random.chance(25)) return { length: random.pick([1501, 4000, 9001]), dontFragment: false };
    return { length: random.pick([1500, 1501, 9001, 9002]), dontFragment: true };
  }
}

/** Ports and identifiers from here on are one probe's alone. */
const FIRST_PORT = 20_000;
