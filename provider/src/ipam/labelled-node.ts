import type { IpPool } from "../ippool/ippool";
import { parseSelector } from "../ippool/selector";

/** A node as address management sees it: a name and the labels that nodeSelectors are matched against. */
export interface LabelledNode {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Whether the pool's nodeSelector selects a node; the selector is parsed once. */
export function nodeMatcher(pool: Pick<IpPool, "nodeSelector">): (node: LabelledNode) => boolean {
  const selector = parseSelector(pool.nodeSelector);
  return (node) => selector.matches(node.labels ?? {});
}
