import type { IpPool } from "../ippool/ippool";
import type { Problem } from "../ippool/problem";
import { type Cidr, containsCidr, formatCidr, overlaps, parseCidr, subnetAt, subnetCount } from "./cidr";
import { groupBy } from "./group-by";
import { type LabelledNode, nodeMatcher } from "./labelled-node";
import { poolAllows, poolEncapsulation } from "./pools";

export interface Block {
  readonly cidr: string;
  /** Name of the node that the block is affine to; absent = no affinity. */
  readonly node?: string;
  /** Addresses of the block that another node owns: address -> node. */
  readonly borrowed?: Readonly<Record<string, string>>;
}

/** A block and the pool that it is of. */
export type PoolBlock = Block & { readonly pool: string };

export interface BlockRequest {
  readonly node: string;
  readonly pool: string;
  /** How many blocks the node needs of the pool. */
  readonly blocks: number;
}

export interface AssignBlocksArgs {
  readonly pools: readonly IpPool[];
  readonly nodes: readonly LabelledNode[];
  /** What was assigned before: a block keeps its node while both and the pool exist and the pool selects the node. */
  readonly previous?: readonly PoolBlock[];
  /** For nodes that need more than one block, or blocks of a pool with assignmentMode Manual. */
  readonly requests?: readonly BlockRequest[];
  /** CIDRs that no new block may meet. */
  readonly reserved?: readonly string[];
}

export interface AssignedBlocks {
  readonly blocks: readonly PoolBlock[];
  readonly problems: readonly Problem[];
}

/**
 * One block, or as many as requested, of every pool for every node that it selects: the lowest free ones, in the order
 * of pools and nodes. A disabled pool keeps the blocks it gave and gives no new ones; one with assignmentMode Manual
 * gives them on request; one for load balancers gives none. Calico starts at a hash of the node's name instead, so that
 * its nodes seldom race for a block (libcalico-go/lib/ipam); nothing races here. A pool that cannot serve its nodes is
 * a problem at `pools[i].cidr`, and assigns nothing new.
 */
export function assignBlocks(args: AssignBlocksArgs): AssignedBlocks {
  const previous = groupBy(args.previous ?? [], (block) => block.pool);
  const requests = groupBy(args.requests ?? [], (request) => request.pool);
  const reserved = (args.reserved ?? []).map(parseCidr);
  const blocks: PoolBlock[] = [];
  const problems: Problem[] = [];
  args.pools.forEach((pool, index) => {
    if (!givesBlocks(pool)) return;
    const assignment = assignPool(
      pool,
      args.nodes,
      previous.get(pool.name) ?? [],
      requests.get(pool.name) ?? [],
      reserved,
    );
    blocks.push(...assignment.blocks);
    problems.push(...assignment.messages.map((message) => ({ path: `pools[${index}].cidr`, message })));
  });
  return { blocks, problems };
}

/** A pool for tunnel addresses alone has no use for blocks when its packets go out as they are. */
function givesBlocks(pool: IpPool): boolean {
  return poolAllows(pool, "Workload") || (poolAllows(pool, "Tunnel") && poolEncapsulation(pool) !== undefined);
}

function assignPool(
  pool: IpPool,
  nodes: readonly LabelledNode[],
  previous: readonly PoolBlock[],
  requests: readonly BlockRequest[],
  reserved: readonly Cidr[],
): { readonly blocks: readonly PoolBlock[]; readonly messages: readonly string[] } {
  const cidr = parseCidr(pool.cidr);
  const selected = nodes.filter(nodeMatcher(pool));
  const names = new Set(selected.map((node) => node.name));
  const requested = new Map(requests.map((request) => [request.node, request.blocks]));
  const unasked = pool.disabled || pool.assignmentMode === "Manual" ? 0 : 1;

  const kept = previous.filter(
    (block) => block.node !== undefined && names.has(block.node) && isBlockOf(pool, cidr, block.cidr),
  );
  const taken = new Map(kept.map((block) => [block.cidr, block]));
  const keptByNode = groupBy(taken.values(), (block) => block.node);
  const missing = new Map(
    selected.map(({ name }) => [
      name,
      Math.max(0, (requested.get(name) ?? unasked) - (keptByNode.get(name)?.length ?? 0)),
    ]),
  );

  const messages = requests
    .filter(({ node }) => !names.has(node))
    .map(
      ({ node }) =>
        `IP pool ${pool.name} does not select node ${node}, which needs a block of it (nodeSelector: ${pool.nodeSelector}): change the selector or the node's labels`,
    );
  const missingCount = [...missing.values()].reduce((sum, count) => sum + count, 0);
  const fresh = [...take(freeBlocks(pool, cidr, taken, reserved), missingCount)];
  if (pool.disabled && missingCount > 0) {
    messages.push(
      `IP pool ${pool.name} is disabled and gives no new blocks, and ${missingCount} are asked of it: enable it, or use another pool`,
    );
  } else if (fresh.length < missingCount) {
    messages.push(tooSmall(pool, cidr, selected.length, taken.size + missingCount));
  }
  if (messages.length > 0) return { blocks: [...taken.values()], messages };

  const unused = fresh.values();
  const blocks = selected.flatMap(({ name }): PoolBlock[] => {
    const added = [...take(unused, missing.get(name) ?? 0)].map((block) => ({
      cidr: block,
      node: name,
      pool: pool.name,
    }));
    return [...(keptByNode.get(name) ?? []), ...added];
  });
  return { blocks, messages };
}

function* take<T>(items: Iterator<T>, count: number): Generator<T, undefined> {
  for (let taken = 0; taken < count; taken++) {
    const next = items.next();
    if (next.done === true) return;
    yield next.value;
  }
}

/** A block of another size is left over from a pool that was replaced under the same name. */
function isBlockOf(pool: IpPool, cidr: Cidr, text: string): boolean {
  const block = parseCidr(text);
  return block.prefixLength === pool.blockSize && containsCidr(cidr, block);
}

/** The blocks that nobody has, lowest first. */
function* freeBlocks(
  { blockSize }: IpPool,
  cidr: Cidr,
  taken: ReadonlyMap<string, unknown>,
  reserved: readonly Cidr[],
): Generator<string, undefined> {
  const inPool = reserved.filter((other) => overlaps(other, cidr));
  for (let index = 0n; index < subnetCount(cidr, blockSize); index++) {
    const block = subnetAt(cidr, blockSize, index);
    const text = formatCidr(block);
    if (!taken.has(text) && !inPool.some((other) => overlaps(other, block))) yield text;
  }
}

function tooSmall(pool: IpPool, cidr: Cidr, nodes: number, blocks: number): string {
  const has = subnetCount(cidr, pool.blockSize);
  const bits = Math.ceil(Math.log2(blocks));
  const ways = [`a larger CIDR (a /${pool.blockSize - bits} has ${2 ** bits} blocks of /${pool.blockSize})`];
  const largest = cidr.version === 4 ? 32 : 128;
  if (cidr.prefixLength + bits <= largest) ways.push(`blockSize: ${cidr.prefixLength + bits}`);
  ways.push("a nodeSelector that selects fewer nodes", "a further pool");
  return `IP pool ${pool.name} (${pool.cidr}) has ${has} blocks of /${pool.blockSize}, and the ${nodes} nodes that it selects need ${blocks}: use ${ways.join(", or ")}`;
}

/** The blocks of each node and pool, in order, under `ownerKey`. */
export function rangesByOwner(blocks: readonly PoolBlock[]): ReadonlyMap<string, readonly Cidr[]> {
  const groups = groupBy(blocks, ({ node, pool }) => ownerKey(pool, node));
  return new Map([...groups].map(([key, group]) => [key, group.map(({ cidr }) => parseCidr(cidr))]));
}

/** Neither name holds a slash. */
export function ownerKey(pool: string, node: string | undefined): string {
  return `${pool}/${node ?? ""}`;
}
