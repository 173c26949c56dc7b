import type { TunnelKind } from "../ippool/pool-mode";
import { ENCAPSULATIONS, TUNNEL_KINDS } from "../plan/encapsulation";

/**
 * Reads what tcpdump wrote (pcap, RFC draft-ietf-opsawg-pcap) and says for each IPv4 packet what was on the wire: the
 * outermost header, and the inner one behind IP in IP (RFC 2003) or VXLAN (RFC 7348).
 */
export interface CapturedPacket {
  readonly source: string;
  readonly destination: string;
  /** Outermost IP protocol number. */
  readonly protocol: number;
  /** What the packet carries inside a tunnel header. */
  readonly inner?: InnerPacket;
}

interface InnerPacket {
  readonly encapsulation: TunnelKind;
  readonly source: string;
  readonly destination: string;
  /** Of VXLAN: UDP destination port and network identifier. */
  readonly port?: number;
  readonly vni?: number;
}

const LITTLE_ENDIAN = new Set([0xa1b2c3d4, 0xa1b23c4d]);
const ETHERNET = 1;
const LINUX_COOKED = 113;
const RAW = 101;

/**
 * @param vxlanPorts UDP destination ports that carry VXLAN
 * @throws Error when the bytes are no pcap file, or of a link type that is not read
 */
export function readCapture(
  file: Buffer,
  vxlanPorts: ReadonlySet<number> = new Set([ENCAPSULATIONS.VXLAN.udp.port]),
): readonly CapturedPacket[] {
  if (file.length < 24) throw new Error(`no capture file: ${file.length} bytes, a pcap header has 24`);
  const little = LITTLE_ENDIAN.has(file.readUInt32LE(0));
  if (!little && !LITTLE_ENDIAN.has(file.readUInt32BE(0)))
    throw new Error(`no capture file: it begins with 0x${file.readUInt32BE(0).toString(16)}`);
  const u32 = (at: number): number => (little ? file.readUInt32LE(at) : file.readUInt32BE(at));
  const link = u32(20) & 0xffff;
  const offset = link === ETHERNET ? 14 : link === LINUX_COOKED ? 16 : link === RAW ? 0 : undefined;
  if (offset === undefined)
    throw new Error(`capture of link type ${link}: only Ethernet, Linux cooked and raw IP are read`);

  const packets: CapturedPacket[] = [];
  // A capture that was cut off ends in a partial record: what is whole counts.
  for (let at = 24; at + 16 <= file.length;) {
    const length = u32(at + 8);
    const end = at + 16 + length;
    if (end > file.length) break;
    const packet = readPacket(file.subarray(at + 16 + offset, end), vxlanPorts);
    if (packet) packets.push(packet);
    at = end;
  }
  return packets;
}

function readPacket(ip: Buffer, vxlanPorts: ReadonlySet<number>): CapturedPacket | undefined {
  const outer = readIpv4(ip);
  if (!outer) return undefined;
  const { source, destination, protocol, payload } = outer;
  for (const kind of TUNNEL_KINDS) {
    if (protocol !== ENCAPSULATIONS[kind].ipProtocol) continue;
    const inner = INNER_READERS[kind](payload, vxlanPorts);
    if (inner) return { source, destination, protocol, inner };
  }
  return { source, destination, protocol };
}

/** Reads what follows the outer IP header; undefined where it is no packet of a tunnel of the kind. */
const INNER_READERS: Readonly<
  Record<TunnelKind, (payload: Buffer, vxlanPorts: ReadonlySet<number>) => InnerPacket | undefined>
> = { IPIP: readIpip, VXLAN: readVxlan };

function readIpip(payload: Buffer): InnerPacket | undefined {
  const inner = readIpv4(payload);
  return inner && { encapsulation: "IPIP", source: inner.source, destination: inner.destination };
}

function readVxlan(payload: Buffer, vxlanPorts: ReadonlySet<number>): InnerPacket | undefined {
  // UDP, VXLAN and inner Ethernet headers.
  const headers = 8 + 8 + 14;
  if (payload.length < headers || !vxlanPorts.has(payload.readUInt16BE(2))) return undefined;
  const inner = readIpv4(payload.subarray(headers));
  return (
    inner && {
      encapsulation: "VXLAN",
      source: inner.source,
      destination: inner.destination,
      port: payload.readUInt16BE(2),
      vni: payload.readUIntBE(8 + 4, 3),
    }
  );
}

function readIpv4(
  bytes: Buffer,
): { source: string; destination: string; protocol: number; payload: Buffer } | undefined {
  if (bytes.length < 20 || bytes.readUInt8(0) >> 4 !== 4) return undefined;
  const header = (bytes.readUInt8(0) & 0x0f) * 4;
  const fragment = bytes.readUInt16BE(6) & 0x1fff;
  return {
    source: dotted(bytes, 12),
    destination: dotted(bytes, 16),
    protocol: bytes.readUInt8(9),
    // A later fragment carries no header of its own.
    payload: fragment === 0 ? bytes.subarray(header) : Buffer.alloc(0),
  };
}

function dotted(bytes: Buffer, at: number): string {
  return [...bytes.subarray(at, at + 4)].join(".");
}
