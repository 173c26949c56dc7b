/** Builds the bytes of captures, header by header, so that the reader is tested against something it did not write. */
export function ipv4(source: string, destination: string, protocol: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(20 + payload.length, 2);
  header.writeUInt8(64, 8);
  header.writeUInt8(protocol, 9);
  for (const [at, address] of [
    [12, source],
    [16, destination],
  ] as const)
    Buffer.from(address.split(".").map(Number)).copy(header, at);
  return Buffer.concat([header, payload]);
}

export function udp(port: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(54321, 0);
  header.writeUInt16BE(port, 2);
  header.writeUInt16BE(8 + payload.length, 4);
  return Buffer.concat([header, payload]);
}

export function vxlan(vni: number, frame: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(0x08, 0);
  header.writeUIntBE(vni, 4, 3);
  return Buffer.concat([header, frame]);
}

export function ethernet(payload: Buffer): Buffer {
  const header = Buffer.alloc(14);
  header.writeUInt16BE(0x0800, 12);
  return Buffer.concat([header, payload]);
}

export function pcap(
  frames: readonly Buffer[],
  options: { readonly bigEndian?: boolean; readonly link?: number } = {},
): Buffer {
  const u32 = (value: number): Buffer => {
    const b = Buffer.alloc(4);
    if (options.bigEndian) b.writeUInt32BE(value);
    else b.writeUInt32LE(value);
    return b;
  };
  const version = options.bigEndian ? Buffer.from([0, 2, 0, 4]) : Buffer.from([2, 0, 4, 0]);
  const head = Buffer.concat([u32(0xa1b2c3d4), version, u32(0), u32(0), u32(200), u32(options.link ?? 1)]);
  return Buffer.concat([head, ...frames.flatMap((f) => [u32(0), u32(0), u32(f.length), u32(f.length), f])]);
}
