import { type IpPool, poolAllows } from "../ippool/ippool";
import { containsAddress, parseAddress, parseCidr, type IpVersion } from "../ippool/cidr";
import { ownerKey, type PoolBlock, rangesByOwner } from "./blocks";
import { freeAddresses } from "./free-addresses";
import { type LabelledNode, nodeMatcher } from "./labelled-node";
import { poolEncapsulation, type TunnelKind } from "../ippool/pool-mode";

type TunnelAddressField = "ipipTunnelAddr" | "vxlanTunnelAddr" | "vxlanTunnelAddr6";

/** The addresses of a node's tunnel devices, each a single address (/32, /128). Absent: the node has no such device. */
export type TunnelAddresses = Readonly<Partial<Record<TunnelAddressField, string>>>;

/** Which of them a device of each kind has, by the family of the pools that it carries. */
export const TUNNEL_ADDRESS_FIELDS: Readonly<
  Record<TunnelKind, Readonly<Partial<Record<IpVersion, TunnelAddressField>>>>
> = {
  IPIP: { 4: "ipipTunnelAddr" },
  VXLAN: { 4: "vxlanTunnelAddr", 6: "vxlanTunnelAddr6" },
};

export interface AssignTunnelAddressesArgs {
  readonly pools: readonly IpPool[];
  readonly nodes: readonly LabelledNode[];
  readonly blocks: readonly PoolBlock[];
  readonly previous?: ReadonlyMap<string, TunnelAddresses>;
  /** Addresses that workloads have already, from before there was a tunnel. */
  readonly taken?: ReadonlySet<string>;
}

/**
 * By node name, for every node: the first address of the node's first block of the first enabled pool that encapsulates
 * so, allows the use Tunnel and selects the node. A previous address stays while it lies in a block of such a pool, and
 * while that pool is disabled: disabling stops new allocation, and the workloads that are there go on. A node without
 * such a pool has no such address, nor such a device. Source: node/pkg/allocateip/allocateip.go, which releases the
 * address of a disabled pool (calico/node#1057).
 */
export function assignTunnelAddresses({
  pools,
  nodes,
  blocks,
  previous,
  taken = new Set(),
}: AssignTunnelAddressesArgs): ReadonlyMap<string, TunnelAddresses> {
  const candidates = pools
    .filter((pool) => poolAllows(pool, "Tunnel"))
    .map((pool) => ({
      name: pool.name,
      disabled: pool.disabled,
      encapsulation: poolEncapsulation(pool),
      version: parseCidr(pool.cidr).version,
      selects: nodeMatcher(pool),
    }));
  const blocksOf = rangesByOwner(blocks);

  return new Map(
    nodes.map((node) => {
      const own = candidates.filter((pool) => pool.selects(node));
      const addresses: { -readonly [K in keyof TunnelAddresses]: TunnelAddresses[K] } = {};
      for (const [kind, fields] of Object.entries(TUNNEL_ADDRESS_FIELDS)) {
        for (const [version, field] of Object.entries(fields)) {
          const fitting = own.filter((pool) => pool.encapsulation === kind && pool.version === Number(version));
          const blocksIn = (pools: typeof fitting) =>
            pools.flatMap((pool) => blocksOf.get(ownerKey(pool.name, node.name)) ?? []);
          const before = previous?.get(node.name)?.[field];
          const stays =
            before !== undefined && blocksIn(fitting).some((block) => containsAddress(block, parseAddress(before)));
          const enabled = fitting.filter(({ disabled }) => !disabled);
          const address = stays ? before : freeAddresses(blocksIn(enabled), taken).next().value;
          if (address !== undefined) addresses[field] = address;
        }
      }
      return [node.name, addresses];
    }),
  );
}
