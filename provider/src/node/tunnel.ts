import { addressBits, type Cidr, parseAddress, parseCidr } from "../ippool/cidr";
import type { TunnelKind } from "../ippool/pool-mode";
import { type NodePlan, tunnelDevices } from "../plan/node-plan";
import { ENCAPSULATIONS } from "../plan/encapsulation";
import type { VxlanDevice } from "../plan/linux-state";
import { newPart } from "./digest";
import { outermost } from "./outermost";
import type { Part } from "./part";
import { address, device, mac, mtu, number, prefix, type Statement, stateFile } from "./statement";

/**
 * The tunnel of one encapsulation: device, its peers' neighbours and FDB entries, who may send to it (`member`) and
 * which inner source addresses each peer may send from (`source`). Routes are not in it, so that a tunnel can stand
 * before and after any packet goes through.
 * @throws Error when the plan has no such tunnel; RangeError for a value that is none of its kind
 */
export function renderTunnel(plan: NodePlan, kind: TunnelKind): Part {
  if (tunnelDevices(plan)[kind].length === 0) throw new Error(`the plan of node ${plan.node} has no ${kind} tunnel`);
  return newPart(tunnelPartName(kind), [
    stateFile([...addressStatements(plan), ...STATEMENTS[kind](plan), ...sourceStatements(plan)]),
  ]);
}

/** The name of the part that `renderTunnel` makes. */
export function tunnelPartName(kind: TunnelKind): string {
  return `tunnel-${ENCAPSULATIONS[kind].key}`;
}

/** What makes the devices of each kind, and leads to and admits their peers. */
const STATEMENTS: Readonly<Record<TunnelKind, (plan: NodePlan) => Statement[]>> = {
  IPIP: ipipStatements,
  VXLAN: vxlanStatements,
};

function ipipStatements({ ipip, ipipMembers }: NodePlan): Statement[] {
  const { key, devices } = ENCAPSULATIONS.IPIP;
  if (ipip === undefined) return [];
  return [
    ["link", key, device(devices[4]), address(ipip.address), mtu(ipip.mtu)],
    ...ipipMembers.map((member) => ["member", key, address(member)]),
  ];
}

function vxlanStatements({ vxlan, vxlan6, neighbours, fdb, vxlanMembers }: NodePlan): Statement[] {
  const { key } = ENCAPSULATIONS.VXLAN;
  const devices = [vxlan, vxlan6].filter((entry) => entry !== undefined);
  return [
    ...devices.map(vxlanLink),
    ...neighbours.map((entry) => ["neigh", address(entry.ip), mac(entry.mac), device(entry.dev)]),
    ...fdb.map((entry) => ["fdb", mac(entry.mac), device(entry.dev), address(entry.dst)]),
    ...vxlanMembers.map((member) => ["member", key, address(member)]),
  ];
}

function vxlanLink(entry: VxlanDevice): Statement {
  return [
    "link",
    ENCAPSULATIONS.VXLAN.key,
    device(entry.name),
    address(entry.address),
    mtu(entry.mtu),
    number(entry.vni, "VNI", 1, 0xffffff),
    number(entry.port, "VXLAN port", 1, 65535),
    address(entry.local),
    mac(entry.mac),
  ];
}

/** The node's own addresses: the interface that owns one is what the plan calls eth0. */
export function addressStatements({ ip, vxlan6 }: NodePlan): Statement[] {
  return [ip, vxlan6?.local].filter((text) => text !== undefined).map((text) => ["address", address(text)]);
}

/**
 * Which node each block is on, from the routes: the way there may be direct and the way back through the tunnel
 * (CrossSubnet with different prefix lengths), so routes of every kind count. A node may also send from its own
 * address.
 */
function sourceStatements(plan: NodePlan): Statement[] {
  const hostOfMac = new Map(plan.fdb.map(({ dev, mac, dst }) => [`${dev} ${mac}`, dst]));
  const hostOfVtep = new Map(
    plan.neighbours.map(({ dev, mac, ip }) => [`${dev} ${ip}`, hostOfMac.get(`${dev} ${mac}`)]),
  );
  const blocks = new Map<string, Cidr[]>(
    [...plan.ipipMembers, ...plan.vxlanMembers].filter((host) => host !== plan.ip).map((host) => [host, []]),
  );
  for (const { type, dst, via, host: behind, dev } of plan.routes) {
    if (type !== "unicast") continue;
    const host = behind ?? hostOfVtep.get(`${dev} ${via ?? dst}`) ?? via;
    if (host === undefined) continue;
    const known = blocks.get(host);
    if (known === undefined) blocks.set(host, [parseCidr(dst)]);
    else known.push(parseCidr(dst));
  }
  return [...blocks].flatMap(([host, cidrs]) => {
    const own = parseAddress(host);
    const all = outermost([...cidrs, parseCidr(`${host}/${addressBits(own.version)}`)]);
    return all.map((cidr): Statement => ["source", address(host), prefix(cidr)]);
  });
}
