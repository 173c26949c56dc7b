import { IPIP, type Packet } from "../../lab/src/reach/packet";
import { ICMP, UDP } from "../../lab/src/cloud/ip-protocol";
import { frameBytes, packetBytes } from "../support/frame";

/** What anyone who knows the network's numbers can claim in a tunnel packet. */
export interface Forged {
  readonly encapsulation: "IPIP" | "VXLAN";
  readonly outer: { readonly source: string; readonly destination: string };
  readonly inner: { readonly source: string; readonly destination: string };
  /** Of the receiver's VXLAN device. */
  readonly mac: string;
}

const VNI = 4096;
const PORT = 4789;
const HEADER = { dontFragment: false, length: 0 } as const;

/** An echo request in IP in IP (RFC 2003) or in VXLAN (RFC 7348), from the outer IPv4 header on. */
export function tunnelPacket({ encapsulation, outer, inner, mac }: Forged): Buffer {
  const echo = packetBytes(
    { ...HEADER, ...inner, protocol: ICMP, icmp: { type: 8, code: 0, identifier: 1 }, length: 64 },
    1,
  );
  if (encapsulation === "IPIP") return around({ ...HEADER, ...outer, protocol: IPIP }, 20, echo);
  const vxlan = Buffer.from([0x08, 0, 0, 0, VNI >> 16, (VNI >> 8) & 0xff, VNI & 0xff, 0]);
  const packet = around(
    { ...HEADER, ...outer, protocol: UDP, ports: { source: 50_000, destination: PORT } },
    28,
    Buffer.concat([vxlan, frameBytes("66:00:00:00:00:fe", mac, echo)]),
  );
  // No checksum, as VXLAN over IPv4 has none: the one that is there is of another payload.
  packet.writeUInt16BE(0, 26);
  return packet;
}

/**
 * Perl that sends packets as they are, headers included; Linux routes them. Run as root, in the sender's network
 * namespace.
 */
export function sendCommand(packets: readonly Buffer[]): readonly string[] {
  const program =
    "socket(my $raw, PF_INET, SOCK_RAW, 255) or die $!; for (map { pack 'H*', $_ } @ARGV) { my $to = substr($_, 16, 4); send($raw, $_, 0, sockaddr_in(0, $to)) or die $! }";
  return ["perl", "-MSocket", "-e", program, ...packets.map((packet) => packet.toString("hex"))];
}

function around(header: Packet, at: number, content: Buffer): Buffer {
  const packet = packetBytes({ ...header, length: at + content.length }, 1);
  content.copy(packet, at);
  return packet;
}
