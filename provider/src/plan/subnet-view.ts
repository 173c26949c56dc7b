import type { Cidr, IpVersion } from "../ippool/cidr";
import type { Host } from "./host";

/**
 * Which nodes a node takes for its neighbours: those whose address lies in the subnet that it records for itself,
 * whatever they record (felix/calc/l3_route_resolver.go, nodeInOurSubnet). The addresses in a subnet are neighbours in
 * sorted order too, so a subnet is a range of ranks and the question a comparison of small integers.
 */
export class SubnetView {
  private readonly ranks: Readonly<Record<IpVersion, Int32Array>>;
  private readonly sorted: Readonly<Record<IpVersion, readonly bigint[]>>;

  constructor(hosts: readonly Host[]) {
    const four = rankAddresses(hosts, 4);
    const six = rankAddresses(hosts, 6);
    this.ranks = { 4: four.ranks, 6: six.ranks };
    this.sorted = { 4: four.sorted, 6: six.sorted };
  }

  /** Whether a host, by its number, is in the viewer's subnet. Never when an address of either is missing. */
  neighboursOf(viewer: Host, version: IpVersion): (host: number) => boolean {
    const subnet = viewer.addresses[version]?.subnet;
    if (subnet === undefined) return () => false;
    const ranks = this.ranks[version];
    const [low, high] = this.ranksIn(subnet);
    return (host) => {
      const rank = ranks[host] ?? -1;
      return low <= rank && rank < high;
    };
  }

  rank(host: Host, version: IpVersion): number {
    return this.ranks[version][host.index] ?? -1;
  }

  /** First rank in the CIDR and first rank past it. */
  ranksIn({ version, first, last }: Cidr): readonly [number, number] {
    return [countBelow(this.sorted[version], first), countBelow(this.sorted[version], last + 1n)];
  }
}

function rankAddresses(
  hosts: readonly Host[],
  version: IpVersion,
): { readonly ranks: Int32Array; readonly sorted: readonly bigint[] } {
  const values = hosts.map((host) => host.addresses[version]?.address.value);
  const sorted = [...new Set(values.filter((value) => value !== undefined))].sort((a, b) => (a < b ? -1 : 1));
  return { ranks: Int32Array.from(values, (value) => (value === undefined ? -1 : countBelow(sorted, value))), sorted };
}

function countBelow(sorted: readonly bigint[], value: bigint): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as bigint) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
