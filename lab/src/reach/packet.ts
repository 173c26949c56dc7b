import { ICMP, TCP, UDP } from "../cloud/ip-protocol";

/** One IPv4 packet, as far as AWS' network looks at it. */
export interface Packet {
  readonly source: string;
  readonly destination: string;
  /** IANA's number: 1 ICMP, 4 IP in IP, 6 TCP, 17 UDP. */
  readonly protocol: number;
  /** TCP's and UDP's. */
  readonly ports?: { readonly source: number; readonly destination: number };
  /** Of TCP; SYN when it is not said. */
  readonly flags?: "SYN" | "SYN-ACK";
  /** ICMP's; the identifier is that of echo and its like. */
  readonly icmp?: { readonly type: number; readonly code: number; readonly identifier: number };
  /** Bytes of the whole IP packet. */
  readonly length: number;
  /** The DF bit: not to be cut in pieces on the way. */
  readonly dontFragment: boolean;
}

export { ICMP, TCP, UDP };
export const IPIP = 4;

/** ICMP's requests and what answers them (RFC 792, RFC 950). */
const icmpAnswers: ReadonlyMap<number, number> = new Map([
  [8, 0],
  [13, 14],
  [15, 16],
  [17, 18],
]);

/**
 * What tells the packets of one connection, in one direction, from all others: TCP, UDP and ICMP have more than
 * addresses and protocol.
 */
export function connectionKey({ source, destination, protocol, ports, icmp }: Packet): string {
  const more =
    ports !== undefined
      ? [ports.source, ports.destination]
      : icmp !== undefined
        ? [icmp.type, icmp.code, icmp.identifier]
        : [];
  return [protocol, source, destination, ...more].join(" ");
}

/**
 * A packet that answers this one: addresses and ports swapped, SYN answered by SYN-ACK, an ICMP request by its answer;
 * as long.
 */
export function answerTo(packet: Packet): Packet {
  const { source, destination, ports, icmp } = packet;
  return {
    ...packet,
    source: destination,
    destination: source,
    ...(ports === undefined ? {} : { ports: { source: ports.destination, destination: ports.source } }),
    ...(packet.protocol === TCP ? { flags: packet.flags === "SYN-ACK" ? "SYN" : "SYN-ACK" } : {}),
    ...(icmp === undefined ? {} : { icmp: { ...icmp, type: answeringType(icmp.type) } }),
  };
}

/** Whether tracking can begin with this packet: not with an answer. */
export function opensConnection({ protocol, flags, icmp }: Packet): boolean {
  if (protocol === TCP) return flags !== "SYN-ACK";
  return icmp === undefined || icmpAnswers.has(icmp.type);
}

function answeringType(type: number): number {
  for (const [request, answer] of icmpAnswers) {
    if (request === type) return answer;
    if (answer === type) return request;
  }
  return type;
}

/** A packet's protocol and ports for people. */
export function describeTransport({ protocol, ports, icmp }: Packet): string {
  const name = protocolName(protocol);
  if (ports !== undefined) return `${name} port ${ports.destination}`;
  return icmp === undefined ? name : `${name} type ${icmp.type} code ${icmp.code}`;
}

export function protocolName(protocol: number): string {
  return { [ICMP]: "ICMP", [TCP]: "TCP", [UDP]: "UDP" }[protocol] ?? `protocol ${protocol}`;
}
