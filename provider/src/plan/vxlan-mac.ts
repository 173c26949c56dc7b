import { createHash } from "node:crypto";
import type { IpVersion } from "../ippool/cidr";

/**
 * The MAC address of a node's VXLAN device: `66` and the first five bytes of the SHA-1 of the node's name, which every
 * peer can work out alone. Source: felix/calc/vxlan_resolver.go, vtepMACForHost.
 */
export function vxlanMac(node: string, version: IpVersion): string {
  const hash = createHash("sha1")
    .update(version === 6 ? `${node}-v6` : node)
    .digest();
  return ["66", ...Array.from(hash.subarray(0, 5), (byte) => byte.toString(16).padStart(2, "0"))].join(":");
}
