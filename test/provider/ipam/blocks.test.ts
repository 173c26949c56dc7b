import assert from "node:assert/strict";
import fc from "fast-check";
import { type AssignBlocksArgs, assignBlocks, type PoolBlock } from "../../../provider/src/ipam/blocks";
import { containsCidr, overlaps, parseCidr } from "../../../provider/src/ippool/cidr";
import type { IpPool } from "../../../provider/src/ippool/ippool";
import { ipPool } from "../../support/ip-pool";

const nodes = (...names: string[]): { name: string }[] => names.map((name) => ({ name }));

function assigned(args: AssignBlocksArgs): Record<string, string[]> {
  const { blocks, problems } = assignBlocks(args);
  assert.deepEqual(problems, []);
  const byNode: Record<string, string[]> = {};
  for (const { node = "", cidr } of blocks) (byNode[node] ??= []).push(cidr);
  return byNode;
}

function message(args: AssignBlocksArgs): string {
  const { problems } = assignBlocks(args);
  assert.equal(problems.length, 1);
  assert.equal(problems[0]?.path, "pools[0].cidr");
  return problems[0]?.message ?? "";
}

describe("blocks", () => {
  it("are the lowest free ones, in the order of the nodes", () => {
    assert.deepEqual(assigned({ pools: [ipPool()], nodes: nodes("b", "a") }), {
      b: ["192.168.0.0/26"],
      a: ["192.168.0.64/26"],
    });
  });

  it("of every pool that selects the node", () => {
    const pools = [
      ipPool({ name: "all" }),
      ipPool({ name: "ssd", cidr: "172.20.0.0/16", nodeSelector: 'disk == "ssd"' }),
    ];
    const { blocks } = assignBlocks({ pools, nodes: [{ name: "a" }, { name: "b", labels: { disk: "ssd" } }] });
    assert.deepEqual(
      blocks.map(({ pool, node, cidr }) => [pool, node, cidr]),
      [
        ["all", "a", "192.168.0.0/26"],
        ["all", "b", "192.168.0.64/26"],
        ["ssd", "b", "172.20.0.0/26"],
      ],
    );
  });

  it("keep their node, and leave with it", () => {
    const pools = [ipPool({ cidr: "10.0.0.0/24" })];
    const before = assignBlocks({ pools, nodes: nodes("a", "b", "c") }).blocks;
    assert.deepEqual(assigned({ pools, nodes: nodes("d", "c", "a"), previous: before }), {
      a: ["10.0.0.0/26"],
      c: ["10.0.0.128/26"],
      d: ["10.0.0.64/26"],
    });
  });

  it("as many as a node asks for, and no fewer than it has", () => {
    const pools = [ipPool()];
    const before = assignBlocks({
      pools,
      nodes: nodes("a", "b"),
      requests: [{ node: "a", pool: "pool", blocks: 2 }],
    }).blocks;
    const expected = { a: ["192.168.0.0/26", "192.168.0.64/26"], b: ["192.168.0.128/26"] };
    assert.deepEqual(assigned({ pools, nodes: nodes("a", "b"), previous: before }), expected);
    const more = assigned({
      pools,
      nodes: nodes("a", "b"),
      previous: before,
      requests: [{ node: "b", pool: "pool", blocks: 2 }],
    });
    assert.deepEqual(more, { ...expected, b: ["192.168.0.128/26", "192.168.0.192/26"] });
  });

  for (const [size, blocks] of [
    [20, ["10.0.0.0/20", "10.0.16.0/20"]],
    [32, ["10.0.0.0/32", "10.0.0.1/32"]],
  ] as const) {
    it(`of /${size}`, () => {
      assert.deepEqual(
        assigned({ pools: [ipPool({ cidr: "10.0.0.0/16", blockSize: size })], nodes: nodes("a", "b") }),
        { a: [blocks[0]], b: [blocks[1]] },
      );
    });
  }

  it("of IPv6", () => {
    assert.deepEqual(assigned({ pools: [ipPool({ cidr: "fd00:5::/112", blockSize: 122 })], nodes: nodes("a", "b") }), {
      a: ["fd00:5::/122"],
      b: ["fd00:5::40/122"],
    });
  });

  it("of a disabled pool stay, and are no more", () => {
    const previous = assignBlocks({ pools: [ipPool()], nodes: nodes("a") }).blocks;
    assert.deepEqual(assigned({ pools: [ipPool({ disabled: true })], nodes: nodes("a", "b"), previous }), {
      a: ["192.168.0.0/26"],
    });
  });

  it("of a manual pool come on request", () => {
    const pools = [ipPool({ assignmentMode: "Manual" })];
    assert.deepEqual(assigned({ pools, nodes: nodes("a", "b") }), {});
    assert.deepEqual(assigned({ pools, nodes: nodes("a", "b"), requests: [{ node: "b", pool: "pool", blocks: 1 }] }), {
      b: ["192.168.0.0/26"],
    });
  });

  it("are not for load balancers, nor for tunnels that are none", () => {
    assert.deepEqual(assigned({ pools: [ipPool({ allowedUses: ["LoadBalancer"] })], nodes: nodes("a") }), {});
    assert.deepEqual(assigned({ pools: [ipPool({ allowedUses: ["Tunnel"] })], nodes: nodes("a") }), {});
    assert.deepEqual(
      assigned({ pools: [ipPool({ allowedUses: ["Tunnel"], vxlanMode: "Always" })], nodes: nodes("a") }),
      { a: ["192.168.0.0/26"] },
    );
  });

  it("of a pool replaced under the same name are forgotten", () => {
    const previous: PoolBlock[] = [{ cidr: "192.168.0.0/26", node: "a", pool: "pool" }];
    assert.deepEqual(assigned({ pools: [ipPool({ cidr: "10.0.0.0/16" })], nodes: nodes("a"), previous }), {
      a: ["10.0.0.0/26"],
    });
    assert.deepEqual(assigned({ pools: [ipPool({ blockSize: 28 })], nodes: nodes("a"), previous }), {
      a: ["192.168.0.0/28"],
    });
  });

  it("run out: the message says which pool, how many blocks, how many nodes, and what to change", () => {
    const small = { pools: [ipPool({ cidr: "10.0.0.0/24" })], nodes: nodes("a", "b", "c", "d", "e") };
    assert.equal(
      message(small),
      "IP pool pool (10.0.0.0/24) has 4 blocks of /26, and the 5 nodes that it selects need 5: use a larger CIDR (a /23 has 8 blocks of /26), " +
        "or blockSize: 27, or a nodeSelector that selects fewer nodes, or a further pool",
    );
    assert.deepEqual(assigned({ pools: [ipPool({ cidr: "10.0.0.0/24", blockSize: 27 })], nodes: small.nodes }).e, [
      "10.0.0.128/27",
    ]);
    assert.equal(assigned({ pools: [ipPool({ cidr: "10.0.0.0/24" })], nodes: small.nodes.slice(1) }).e?.length, 1);
  });

  it("are kept when others run out", () => {
    const pools = [ipPool({ cidr: "10.0.0.0/25" })];
    const previous = assignBlocks({ pools, nodes: nodes("a") }).blocks;
    assert.deepEqual(assignBlocks({ pools, nodes: nodes("a", "b", "c"), previous }).blocks, previous);
  });

  it("of a pool that does not select the node that asks", () => {
    assert.match(
      message({
        pools: [ipPool({ nodeSelector: "has(gpu)" })],
        nodes: nodes("a"),
        requests: [{ node: "a", pool: "pool", blocks: 1 }],
      }),
      /^IP pool pool does not select node a, which needs a block of it \(nodeSelector: has\(gpu\)\)/,
    );
    assert.match(
      message({
        pools: [ipPool({ disabled: true })],
        nodes: nodes("a"),
        requests: [{ node: "a", pool: "pool", blocks: 1 }],
      }),
      /^IP pool pool is disabled and gives no new blocks, and 1 are asked of it: enable it/,
    );
  });

  it("never overlap, stay in their pool, and survive any order of adding and removing nodes", () => {
    const name = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h");
    const step = fc.uniqueArray(fc.record({ name, blocks: fc.integer({ min: 1, max: 3 }) }), {
      selector: (node) => node.name,
      maxLength: 8,
    });
    const pool = fc.constantFrom(
      ipPool({ cidr: "10.0.0.0/24", blockSize: 28 }),
      ipPool({ cidr: "10.0.0.0/28", blockSize: 32 }),
      ipPool({ cidr: "fd00::/116", blockSize: 120 }),
      ipPool({ cidr: "10.0.0.0/8", blockSize: 20 }),
    );
    fc.assert(
      fc.property(pool, fc.array(step, { minLength: 1, maxLength: 12 }), (one, steps) => {
        const pools: IpPool[] = [one, ipPool({ name: "other", cidr: "172.16.0.0/12" })];
        let previous: readonly PoolBlock[] = [];
        for (const wanted of steps) {
          const requests = wanted.map(({ name: node, blocks }) => ({ node, blocks, pool: one.name }));
          const result = assignBlocks({ pools, nodes: wanted, previous, requests });
          const ranges = result.blocks.map(({ cidr }) => parseCidr(cidr));
          ranges.forEach((range, index) => {
            const { pool: of, node } = result.blocks[index] as PoolBlock;
            assert.ok(containsCidr(parseCidr(pools.find(({ name: poolName }) => poolName === of)?.cidr ?? ""), range));
            assert.ok(wanted.some(({ name: present }) => present === node));
            for (const other of ranges.slice(index + 1)) assert.ok(!overlaps(range, other));
          });
          for (const before of previous) {
            const stays = wanted.some(({ name: present }) => present === before.node);
            assert.equal(
              result.blocks.some(({ cidr, node }) => cidr === before.cidr && node === before.node),
              stays,
            );
          }
          if (result.problems.length === 0) {
            for (const { name: node, blocks } of wanted) {
              assert.ok(
                result.blocks.filter((block) => block.node === node && block.pool === one.name).length >= blocks,
              );
            }
          }
          previous = result.blocks;
        }
      }),
    );
  });

  it("are the same for every fresh start", () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), { maxLength: 20 });
    fc.assert(
      fc.property(names, (all) =>
        assert.deepEqual(
          assignBlocks({ pools: [ipPool()], nodes: nodes(...all) }),
          assignBlocks({ pools: [ipPool()], nodes: nodes(...all) }),
        ),
      ),
    );
  });
});
