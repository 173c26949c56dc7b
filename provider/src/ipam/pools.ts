import type { AllowedUse, IpPool } from "../ippool/ippool";
import { parseSelector } from "../ippool/selector";

/** A node as address management sees it: a name and the labels that nodeSelectors are matched against. */
export interface LabelledNode {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

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

/** Whether the pool's nodeSelector selects a node; the selector is parsed once. */
export function nodeMatcher(pool: Pick<IpPool, "nodeSelector">): (node: LabelledNode) => boolean {
  const selector = parseSelector(pool.nodeSelector);
  return (node) => selector.matches(node.labels ?? {});
}
