import type { IpPool } from "../ippool/ippool";
import { poolEncapsulation, type TunnelKind } from "../ippool/pool-mode";
import { TUNNEL_KINDS } from "./encapsulation";

/** Encapsulations that some pool asks for: exactly these get tunnel devices, on all nodes, as in Calico. */
export function encapsulationsInUse(pools: readonly IpPool[]): readonly TunnelKind[] {
  const kinds = new Set(pools.map(poolEncapsulation));
  return TUNNEL_KINDS.filter((kind) => kinds.has(kind));
}
