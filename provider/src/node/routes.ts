import {
  type Address,
  addressBits,
  type Cidr,
  cidrOf,
  containsAddress,
  formatAddress,
  formatCidr,
  type IpVersion,
  parseAddress,
  parseCidr,
} from "../ippool/cidr";
import { type NodePlan, tunnelDevices } from "../plan/node-plan";
import type { Route } from "../plan/linux-state";
import { newPart } from "./digest";
import { outermost } from "./outermost";
import type { Part, PartFile } from "./part";
import { address, device, mtu, name, number, prefix, type Statement, stateFile, word } from "./statement";
import { addressStatements } from "./tunnel";

/**
 * The gateway of workloads, on the node's end of each one's veth; link-local, as in Calico, so that it takes no address
 * of a pool.
 */
const GATEWAYS: Readonly<Record<IpVersion, string>> = { 4: "169.254.1.1", 6: "fe80::1" };
const EVERYTHING: Readonly<Record<IpVersion, string>> = { 4: "0.0.0.0/0", 6: "::/0" };
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
    ...(plan.linkIncarnation === undefined ? [] : [["incarnation", word(plan.linkIncarnation, "incarnation")]]),
    ...outermost(plan.allPools.map(parseCidr)).map((cidr) => ["pool", "all", prefix(cidr)]),
    ...outermost(plan.masqueradePools.map(parseCidr)).map((cidr) => ["pool", "masquerade", prefix(cidr)]),
    ...plan.workloadBlocks.map((block) => [
      "block",
      prefix(block.cidr),
      mtu(block.mtu),
      name(block.pool, "an IP pool"),
    ]),
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
    "proto",
    number(route.proto, "route protocol", 3, 255),
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
  const families = ([4, 6] as const)
    .map((version) => ({ version, ranges: cniRanges(plan, version) }))
    .filter(({ ranges }) => ranges.length > 0);
  if (families.length === 0) return [];
  const ptp = {
    type: "ptp",
    mtu: Math.min(...plan.workloadBlocks.map((block) => block.mtu)),
    ipam: {
      type: "host-local",
      dataDir: LEASES,
      ranges: families.map(({ ranges }) => ranges),
      routes: families.map(({ version }) => ({ dst: EVERYTHING[version] })),
    },
  };
  return [
    { name: "ptp.json", content: json({ cniVersion: CNI_VERSION, name: CNI_NETWORK, ...ptp }) },
    { name: "10-overlaynet.conflist", content: json({ cniVersion: CNI_VERSION, name: CNI_NETWORK, plugins: [ptp] }) },
  ];
}

/** The addresses of the node's blocks but those of its tunnel devices. */
function cniRanges(plan: NodePlan, version: IpVersion): CniRange[] {
  const tunnels = Object.values(tunnelDevices(plan))
    .flatMap((devices) => devices.map(({ address }) => parseAddress(address)))
    .filter((own) => own.version === version)
    .sort((a, b) => (a.value < b.value ? -1 : 1));
  return plan.workloadBlocks
    .map((block) => parseCidr(block.cidr))
    .filter((cidr) => cidr.version === version)
    .flatMap((cidr) => {
      const subnet = widestSubnet(cidr);
      const gateway = formatAddress(gatewayIn(subnet, tunnels, cidr));
      return gaps(cidr, tunnels).map(([first, last]) => ({
        subnet: formatCidr(subnet),
        rangeStart: formatAddress({ version, value: first }),
        rangeEnd: formatAddress({ version, value: last }),
        gateway,
      }));
    });
}

/**
 * The subnet that workloads believe to be in: the widest that Linux makes a route for, so all but 0.0.0.0/n. In a
 * narrow one they would take the last address of it for the broadcast address, and every address of a block may be a
 * workload's.
 */
function widestSubnet({ version, first }: Cidr): Cidr {
  return cidrOf({ version, value: first }, addressBits(version) - first.toString(2).length + 1);
}

/**
 * ptp puts the default route in while the workload's subnet is on the link, and then takes that away; a gateway outside
 * is unreachable to it. Of pools below 128.0.0.0 it is therefore a tunnel device's address, or for want of one the last
 * of the block, which no workload gets then.
 */
function gatewayIn(subnet: Cidr, tunnels: readonly Address[], { version, last }: Cidr): Address {
  const usual = parseAddress(GATEWAYS[version]);
  if (version === 6 || containsAddress(subnet, usual)) return usual;
  return tunnels.find((own) => containsAddress(subnet, own)) ?? { version, value: last };
}

/** The range without the given addresses, which are in order. */
function gaps({ first, last }: Cidr, taken: readonly Address[]): [bigint, bigint][] {
  const found: [bigint, bigint][] = [];
  let start = first;
  for (const { value } of taken) {
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
