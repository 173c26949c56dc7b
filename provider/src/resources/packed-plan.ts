import { gunzipSync, gzipSync } from "node:zlib";
import type { NodePlan } from "../plan/node-plan";

/** Byte of a gzip header that tells the operating system (RFC 1952, 2.3.1), and its value for unknown. */
const OS_BYTE = 9;
const OS_UNKNOWN = 255;

/**
 * The plan of a node as a property of a resource: JSON, gzip, base64. The same plan gives the same text on every
 * system.
 */
export function packPlan(plan: NodePlan): string {
  const packed = gzipSync(JSON.stringify(plan), { level: 9 });
  packed[OS_BYTE] = OS_UNKNOWN;
  return packed.toString("base64");
}

/** @throws Error when the text is no packed plan */
export function unpackPlan(packed: string): NodePlan {
  try {
    return JSON.parse(gunzipSync(Buffer.from(packed, "base64")).toString("utf8")) as NodePlan;
  } catch (error) {
    throw new Error("plan: is no entry of the nodePlans of a Topology", { cause: error });
  }
}
