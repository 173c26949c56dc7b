import fc from "fast-check";
import type { Block } from "../../../provider/src/ipam/blocks";
import type { Topology, TopologyNode } from "../../../provider/src/plan/topology";
import { ipPool } from "../../support/ip-pool";

const MODES = ["Never", "Always", "CrossSubnet"] as const;

/** Pools of every mode, both families, with blocks of one address too; some nodes lack what they need. */
export function topologies(options: { readonly complete: boolean }): fc.Arbitrary<Topology> {
  const pool = fc.tuple(
    fc.constantFrom("ipip", "vxlan", "none"),
    fc.constantFrom(...MODES.slice(1)),
    fc.constantFrom(26, 28, 32),
    fc.constantFrom(4, 4, 4, 6),
    fc.boolean(),
  );
  const node = fc.record(
    {
      subnet: fc.integer({ min: 0, max: 3 }),
      network: fc.constantFrom("blue", "green", undefined),
      prefix: options.complete ? fc.constant(24) : fc.constantFrom(22, 23, 24, 24, 32, undefined),
      hasIp: options.complete ? fc.constant(true) : fc.integer({ min: 0, max: 9 }).map((one) => one > 0),
      hasTunnels: options.complete ? fc.constant(true) : fc.integer({ min: 0, max: 4 }).map((one) => one > 0),
      blocks: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
      borrows: fc.option(fc.nat(), { nil: undefined }),
    },
    { noNullPrototype: true },
  );
  return fc
    .tuple(
      fc.array(pool, { minLength: 1, maxLength: 4 }),
      fc.array(node, { minLength: 2, maxLength: 6 }),
      fc.constantFrom(1500, 9001),
      fc.constantFrom(1500, 8500, 9001),
    )
    .map(([poolKinds, nodeKinds, hostMtu, between]) => {
      const pools = poolKinds.map(([kind, mode, size, version, disabled], index) => {
        const six = version === 6 && kind !== "ipip";
        return ipPool({
          name: `pool-${index}`,
          cidr: six ? `fd00:${index + 1}::/112` : `10.${100 + index}.0.0/16`,
          blockSize: six ? (size === 32 ? 128 : 96 + size) : size,
          ipipMode: kind === "ipip" ? mode : "Never",
          vxlanMode: kind === "vxlan" ? mode : "Never",
          disabled,
        });
      });
      const blocks: { cidr: string; node?: string; borrowed: Record<string, string> }[] = [];
      const nodes = nodeKinds.map((kind, index): TopologyNode => {
        const name = `node-${index}`;
        const own = kind.blocks.flatMap((number, copy) => {
          const chosen = pools[number];
          if (chosen === undefined) return [];
          const third = 4 * index + copy;
          const first = chosen.cidr.includes(":")
            ? `${chosen.cidr.slice(0, chosen.cidr.indexOf("/"))}${(third * 256).toString(16)}`
            : `10.${100 + number}.${third}.0`;
          const canonical = first.endsWith("::0") ? first.slice(0, -1) : first;
          blocks.push({ cidr: `${canonical}/${chosen.blockSize}`, node: name, borrowed: {} });
          return [{ chosen, first: canonical }];
        });
        const tunnel = (six: boolean, mode: "ipipMode" | "vxlanMode"): string | undefined =>
          kind.hasTunnels
            ? own.find(({ chosen, first }) => chosen[mode] !== "Never" && first.includes(":") === six)?.first
            : undefined;
        return {
          name,
          network: kind.network,
          ...(kind.hasIp && {
            ip: `192.0.${kind.subnet}.${10 + index}`,
            subnetPrefixLen: kind.prefix,
            ip6: `2001:db8:${kind.subnet + 1}::${10 + index}`,
            subnetPrefixLen6: kind.prefix === undefined ? undefined : 64,
          }),
          ipipTunnelAddr: tunnel(false, "ipipMode"),
          vxlanTunnelAddr: tunnel(false, "vxlanMode"),
          vxlanTunnelAddr6: tunnel(true, "vxlanMode"),
        };
      });
      const wide = blocks.filter(({ cidr }) => /\/(26|28)$/.test(cidr));
      nodeKinds.forEach(({ borrows }, index) => {
        const block = borrows === undefined ? undefined : wide[borrows % wide.length];
        if (block !== undefined) block.borrowed[block.cidr.replace(/\.0\/\d+$/, `.${1 + index}`)] = `node-${index}`;
      });
      return {
        pools,
        nodes,
        blocks: blocks satisfies Block[],
        hostMtu,
        networkMtus: [{ networks: ["blue", "green"], mtu: between }],
      };
    });
}
