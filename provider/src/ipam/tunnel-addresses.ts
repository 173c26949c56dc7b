import type { IpPool } from "../ippool/ippool";
import { containsAddress, parseAddress, parseCidr } from "../ippool/cidr";
import { ownerKey, type PoolBlock, rangesByOwner } from "./blocks";
import { freeAddresses } from "./free-addresses";
import { type LabelledNode, nodeMatcher } from "./labelled-node";
import { poolAllows, poolEncapsulation } from "./pools";

/** The addresses of a node's tunnel devices, each a single address (/32, /128). Absent: the node has no such device. */
export interface TunnelAddresses {
  readonly ipipTunnelAddr?: string;
  readonly vxlanTunnelAddr?: string;
  readonly vxlanTunnelAddr6?: string;
}

export interface AssignTunnelAddressesArgs {
  readonly pools: readonly IpPool[];
  readonly nodes: readonly LabelledNode[];
  readonly blocks: readonly PoolBlock[];
  readonly previous?: ReadonlyMap<string, TunnelAddresses>;
  /** Addresses that workloads have already, from before there was a tunnel. */
  readonly taken?: ReadonlySet<string>;
}

const KINDS = [
  { key: "ipipTunnelAddr", encapsulation: "IPIP", version: 4 },
  { key: "vxlanTunnelAddr", encapsulation: "VXLAN", version: 4 },
  { key: "vxlanTunnelAddr6", encapsulation: "VXLAN", version: 6 },
] as const;

/**
 * By node name, for every node: the first address of the node's first block of the first enabled pool that encapsulates
 * so, allows the use Tunnel and selects the node; a previous address stays while it lies in a block of such a pool. A
 * node without such a pool has no such address, nor such a device. Source: node/pkg/allocateip/allocateip.go.
 */
export function assignTunnelAddresses({
  pools,
  nodes,
  blocks,
  previous,
  taken = new Set(),
}: AssignTunnelAddressesArgs): ReadonlyMap<string, TunnelAddresses> {
  const candidates = pools
    .filter((pool) => !pool.disabled && poolAllows(pool, "Tunnel"))
    .map((pool) => ({
      name: pool.name,
      encapsulation: poolEncapsulation(pool),
      version: parseCidr(pool.cidr).version,
      selects: nodeMatcher(pool),
    }));
  const blocksOf = rangesByOwner(blocks);

  return new Map(
    nodes.map((node) => {
      const own = candidates.filter((pool) => pool.selects(node));
      const addresses: { -readonly [K in keyof TunnelAddresses]: TunnelAddresses[K] } = {};
      for (const { key, encapsulation, version } of KINDS) {
        const fits = own
          .filter((pool) => pool.encapsulation === encapsulation && pool.version === version)
          .flatMap((pool) => blocksOf.get(ownerKey(pool.name, node.name)) ?? []);
        const before = previous?.get(node.name)?.[key];
        const stays = before !== undefined && fits.some((block) => containsAddress(block, parseAddress(before)));
        const address = stays ? before : freeAddresses(fits, taken).next().value;
        if (address !== undefined) addresses[key] = address;
      }
      return [node.name, addresses];
    }),
  );
}
