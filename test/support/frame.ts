import type { Packet } from "../../lab/src/reach/packet";
import { ICMP, TCP, UDP } from "../../lab/src/cloud/ip-protocol";

/**
 * What a probe's payload begins with, before its number: to know it again when it arrives, and not to take an ICMP
 * error that quotes it for it.
 */
const MAGIC = 0x6f766c79;

/** A packet as bytes, with right checksums: wrong ones are invalid to connection tracking. */
export function packetBytes(packet: Packet, number: number): Buffer {
  const { source, destination, protocol, length, dontFragment } = packet;
  const bytes = Buffer.alloc(length);
  bytes.writeUInt8(0x45, 0);
  bytes.writeUInt16BE(length, 2);
  bytes.writeUInt16BE(number & 0xffff, 4);
  bytes.writeUInt16BE(dontFragment ? 0x4000 : 0, 6);
  bytes.writeUInt8(64, 8);
  bytes.writeUInt8(protocol, 9);
  addressBytes(source).copy(bytes, 12);
  addressBytes(destination).copy(bytes, 16);
  bytes.writeUInt16BE(checksum(bytes.subarray(0, 20)), 10);

  const body = bytes.subarray(20);
  body.writeUInt32BE(MAGIC, headerLength(protocol));
  body.writeUInt32BE(number, headerLength(protocol) + 4);
  const pseudo = Buffer.concat([
    bytes.subarray(12, 20),
    Buffer.from([0, protocol, body.length >> 8, body.length & 0xff]),
  ]);
  if (protocol === TCP) {
    const isAnswer = packet.flags === "SYN-ACK";
    writePorts(body, packet);
    body.writeUInt32BE(isAnswer ? 5000 : 1000, 4);
    body.writeUInt32BE(isAnswer ? 1001 : 0, 8);
    body.writeUInt16BE(0x5000 | (isAnswer ? 0x12 : 0x02), 12);
    body.writeUInt16BE(65535, 14);
    body.writeUInt16BE(checksum(pseudo, body), 16);
  } else if (protocol === UDP) {
    writePorts(body, packet);
    body.writeUInt16BE(body.length, 4);
    body.writeUInt16BE(checksum(pseudo, body) || 0xffff, 6);
  } else if (protocol === ICMP) {
    body.writeUInt8(packet.icmp?.type ?? 0, 0);
    body.writeUInt8(packet.icmp?.code ?? 0, 1);
    body.writeUInt16BE(packet.icmp?.identifier ?? 0, 4);
    body.writeUInt16BE(checksum(body), 2);
  }
  return bytes;
}

/** An Ethernet frame with an IPv4 packet. */
export function frameBytes(from: string, to: string, packet: Buffer): Buffer {
  return Buffer.concat([macBytes(to), macBytes(from), Buffer.from([0x08, 0x00]), packet]);
}

/**
 * A probe that has arrived: its number, and its addresses as they are now. Undefined for anything else, such as a
 * fragment after the first.
 */
export function parseProbe(
  packet: Buffer,
): { readonly number: number; readonly source: string; readonly destination: string } | undefined {
  if (packet.length < 28 || packet.readUInt8(0) !== 0x45 || (packet.readUInt16BE(6) & 0x1fff) !== 0) return undefined;
  const at = 20 + headerLength(packet.readUInt8(9));
  if (packet.length < at + 8 || packet.readUInt32BE(at) !== MAGIC) return undefined;
  return {
    number: packet.readUInt32BE(at + 4),
    source: [...packet.subarray(12, 16)].join("."),
    destination: [...packet.subarray(16, 20)].join("."),
  };
}

function headerLength(protocol: number): number {
  return { [TCP]: 20, [UDP]: 8, [ICMP]: 8 }[protocol] ?? 0;
}

function writePorts(body: Buffer, { ports }: Packet): void {
  body.writeUInt16BE(ports?.source ?? 0, 0);
  body.writeUInt16BE(ports?.destination ?? 0, 2);
}

function addressBytes(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}

function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(":", ""), "hex");
}

/** RFC 1071. */
function checksum(...parts: readonly Buffer[]): number {
  const bytes = Buffer.concat(parts);
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2)
    sum += (bytes.readUInt8(i) << 8) | (i + 1 < bytes.length ? bytes.readUInt8(i + 1) : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
