import { addressBits, formatAddress, type IpVersion, parseAddress } from "../ipam/address";
import { type Cidr, containsCidr, parseCidr } from "../ipam/cidr";
import type { NodePlan, Route } from "../plan/node-plan";
import { newPart } from "./digest";
import type { Part, PartFile } from "./part";
import { address, device, mtu, name, number, prefix, type Statement, stateFile } from "./statement";
import { addressStatements } from "./tunnel";

/** The one gateway of all workloads, on the node's end of each one's veth; link-local, as in Calico, so that it takes no address of a pool. */
const GATEWAYS: Readonly<Record<IpVersion, string>> = { 4: "169.254.1.1", 6: "fe80::1" };
/** Under /run: a reboot ends all workloads, and their leases with them. */
const LEASES = "/run/overlaynet/cni";
const CNI_VERSION = "0.4.0";
const CNI_NETWORK = "overlaynet";

/**
 * A node's routes to all other nodes' blocks, its NAT sets, its own blocks and the CNI configuration over them.
 * @param poolsYaml the manifests, kept on the node for people to read
 * @throws RangeError for a value of the plan that is none of its kind
 */
export function renderRoutes(plan: NodePlan, poolsYaml?: string): Part {
  const statements: Statement[] = [
    ...addressStatements(plan),
    ...plan.allPools.map((cidr) => ["pool", "all", prefix(cidr)]),
    ...plan.masqueradePools.map((cidr) => ["pool", "masquerade", prefix(cidr)]),
    ...plan.workloadBlocks.map((block) => ["block", prefix(block.cidr), mtu(block.mtu), name(block.pool, "an IP pool")]),
    ...plan.routes.map(routeStatement),
  ];
  const files = [stateFile(statements), ...cniFiles(plan)];
  if (poolsYaml !== undefined) files.push({ name: "ippools.yaml", content: poolsYaml });
  return newPart("routes", files);
}

/** In the words of `ip route add`. */
function routeStatement(route: Route): Statement {
  return [
    "route",
    route.type,
    prefix(route.dst),
    ...(route.via === undefined ? [] : ["via", address(route.via)]),
    ...(route.dev === undefined ? [] : ["dev", device(route.dev)]),
    "proto", number(route.proto, "route protocol", 3, 255),
    ...(route.scope === undefined ? [] : ["scope", route.scope]),
    ...(route.metric === undefined ? [] : ["metric", number(route.metric, "metric", 0, 0xffffffff)]),
    ...(route.onlink ? ["onlink"] : []),
    ...(route.mtu === undefined ? [] : ["mtu", mtu(route.mtu)]),
  ];
}

interface CniRange {
  readonly subnet: string;
  readonly rangeStart: string;
  readonly rangeEnd: string;
  readonly gateway: string;
}

/** `ptp.json` for the node's own workloads, and the same in a list for container engines. No block, no file. */
function cniFiles(plan: NodePlan): PartFile[] {
  const families = ([4, 6] as const).map((version) => ({ version, ranges: cniRanges(plan, version) })).filter(({ ranges }) => ranges.length > 0);
  if (families.length === 0) return [];
  const ptp = {
    type: "ptp",
    mtu: Math.min(...plan.workloadBlocks.map((block) => block.mtu)),
    ipam: {
      type: "host-local",
      dataDir: LEASES,
      ranges: families.map(({ ranges }) => ranges),
      routes: families.map(({ version }) => ({ dst: version === 4 ? "0.0.0.0/0" : "::/0" })),
    },
  };
  return [
    { name: "ptp.json", content: json({ cniVersion: CNI_VERSION, name: CNI_NETWORK, ...ptp }) },
    { name: "10-overlaynet.conflist", content: json({ cniVersion: CNI_VERSION, name: CNI_NETWORK, plugins: [ptp] }) },
  ];
}

/**
 * The addresses of the node's blocks but those of its tunnel devices. Their mask is that of the whole pool: a workload's kernel takes the last
 * address of its subnet for the broadcast address, and every address of a block may be a workload's.
 */
function cniRanges(plan: NodePlan, version: IpVersion): CniRange[] {
  const pools = plan.allPools.map((text) => ({ text, cidr: parseCidr(text) }));
  const taken = [plan.ipip?.address, plan.vxlan?.address, plan.vxlan6?.address]
    .filter((text) => text !== undefined)
    .map(parseAddress)
    .filter((taken) => taken.version === version)
    .map(({ value }) => value)
    .sort((a, b) => (a < b ? -1 : 1));
  return plan.workloadBlocks.flatMap((block) => {
    const cidr = parseCidr(block.cidr);
    if (cidr.version !== version) return [];
    const pool = pools.find((entry) => containsCidr(entry.cidr, cidr));
    // host-local takes no subnet of one or two addresses.
    if (pool === undefined || pool.cidr.prefixLength > addressBits(version) - 2) return [];
    return gaps(cidr, taken).map(([first, last]) => ({
      subnet: pool.text,
      rangeStart: formatAddress({ version, value: first }),
      rangeEnd: formatAddress({ version, value: last }),
      gateway: GATEWAYS[version],
    }));
  });
}

/** The range without the given addresses, which are in order. */
function gaps({ first, last }: Cidr, taken: readonly bigint[]): [bigint, bigint][] {
  const found: [bigint, bigint][] = [];
  let start = first;
  for (const value of taken) {
    if (value < start || value > last) continue;
    if (value > start) found.push([start, value - 1n]);
    start = value + 1n;
  }
  if (start <= last) found.push([start, last]);
  return found;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
