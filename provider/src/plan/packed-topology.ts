import { gunzipSync, gzipSync } from "node:zlib";
import type { Topology } from "./topology";

/** Byte of a gzip header that tells the operating system (RFC 1952, 2.3.1), and its value for unknown. */
const OS_BYTE = 9;
const OS_UNKNOWN = 255;

/**
 * A topology as one property of a resource: JSON, gzip, base64. All that nodes share is in it once, in some 40 bytes a
 * node. The same topology gives the same string on every system.
 */
export function packTopology(topology: Topology): string {
  const packed = gzipSync(JSON.stringify(topology), { level: 9 });
  packed[OS_BYTE] = OS_UNKNOWN;
  return packed.toString("base64");
}

/** @throws RangeError when the string is no packed topology */
export function unpackTopology(packed: string): Topology {
  try {
    const topology = JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString("utf8")) as Topology;
    if (!Array.isArray(topology.nodes) || !Array.isArray(topology.pools)) throw new Error("it lacks nodes or pools");
    return topology;
  } catch (error) {
    throw new RangeError("this is not what the packed output of a Topology holds", { cause: error });
  }
}
