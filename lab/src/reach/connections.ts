import { answerTo, connectionKey, opensConnection, type Packet } from "./packet";

/** What a security group's tracking says of a packet: an established one needs no rule. */
export type ConnectionState = "new" | "established";

/**
 * The tracked connections of network interfaces, each with a table of its own (EC2 User Guide, "Security group
 * connection tracking"). TCP, UDP and ICMP are told apart by ports or type, every other protocol by addresses and
 * number alone. It does not know time: forgetting what has idled out (protocol 4: 600 s) is up to whoever keeps it.
 */
export class Connections {
  /** By network interface and the first packet's key: whether there was an answer. */
  private readonly answered: Map<string, boolean>;

  /** By gateway and an answer's key: whose it is. */
  private readonly translated: Map<string, string>;

  constructor(other?: Connections) {
    this.answered = new Map(other === undefined ? [] : other.answered);
    this.translated = new Map(other === undefined ? [] : other.translated);
  }

  /** What a packet is at a network interface. An answer to a tracked packet is noted as such. */
  state(networkInterfaceId: string, packet: Packet): ConnectionState {
    const answered = this.answered.get(`${networkInterfaceId} ${connectionKey(packet)}`);
    if (answered !== undefined) return answered ? "established" : "new";
    const first = `${networkInterfaceId} ${connectionKey(answerTo(packet))}`;
    if (!this.answered.has(first)) return "new";
    this.answered.set(first, true);
    return "established";
  }

  /** A new packet has passed the interface's rules. One that they refuse leaves no trace. */
  track(networkInterfaceId: string, packet: Packet): void {
    const key = `${networkInterfaceId} ${connectionKey(packet)}`;
    if (opensConnection(packet) && !this.answered.has(key)) this.answered.set(key, false);
  }

  /** A NAT gateway has sent something in its own name; this would answer it. */
  translate(gatewayId: string, answer: Packet, sender: string): void {
    this.translated.set(`${gatewayId} ${connectionKey(answer)}`, sender);
  }

  /** Whose a packet to a NAT gateway is. */
  translation(gatewayId: string, packet: Packet): string | undefined {
    return this.translated.get(`${gatewayId} ${connectionKey(packet)}`);
  }
}
