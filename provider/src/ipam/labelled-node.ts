import type { IpVersion } from "../ippool/cidr";
import type { IpPool } from "../ippool/ippool";
import { parseSelector } from "../ippool/selector";

/** A node as address management sees it: a name and the labels that nodeSelectors are matched against. */
export interface LabelledNode {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** The families that it has an address of. Default: both. */
  readonly versions?: readonly IpVersion[];
}

/**
 * Whether the pool's nodeSelector selects a node that has an address of the pool's family: without one, nothing of the
 * pool could be routed there. The selector is parsed once.
 */
export function nodeMatcher({
  cidr,
  nodeSelector,
}: Pick<IpPool, "cidr" | "nodeSelector">): (node: LabelledNode) => boolean {
  const selector = parseSelector(nodeSelector);
  const version = cidr.includes(":") ? 6 : 4;
  return ({ labels = {}, versions = [4, 6] }) => versions.includes(version) && selector.matches(labels);
}
