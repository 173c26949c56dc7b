import { type Cidr, containsCidr, formatCidr } from "../ippool/cidr";

/** Without those inside another: a set of intervals in nftables takes no overlaps. */
export function outermost(cidrs: readonly Cidr[]): string[] {
  const kept: Cidr[] = [];
  for (const cidr of [...cidrs].sort((a, b) => a.prefixLength - b.prefixLength))
    if (!kept.some((outer) => containsCidr(outer, cidr))) kept.push(cidr);
  return kept.map(formatCidr);
}
