import type { AllowedUse, IpPool } from "../ippool/ippool";

export type TunnelKind = "IPIP" | "VXLAN";

/** VXLAN before IPIP, as Felix judges a pool; undefined where packets go out as they are. */
export function poolEncapsulation(pool: Pick<IpPool, "ipipMode" | "vxlanMode">): TunnelKind | undefined {
  if (pool.vxlanMode !== "Never") return "VXLAN";
  if (pool.ipipMode !== "Never") return "IPIP";
  return undefined;
}

export function poolAllows(pool: Pick<IpPool, "allowedUses">, use: AllowedUse): boolean {
  return pool.allowedUses.includes(use);
}
