import type { NodePlan } from "../../provider/src/plan/node-plan";
import type { Route } from "../../provider/src/plan/linux-state";

/** A cluster of three nodes in two subnets; B is in A's subnet. */
export const A = { ip: "10.1.0.10", block: "192.168.0.0/26", vtep: "192.168.0.0", mac: "66:00:00:00:00:0a" } as const;
export const B = { ip: "10.1.0.11", block: "192.168.0.64/26", vtep: "192.168.0.64", mac: "66:00:00:00:00:0b" } as const;
export const C = {
  ip: "10.2.0.10",
  block: "192.168.0.128/26",
  vtep: "192.168.0.128",
  mac: "66:00:00:00:00:0c",
} as const;
export interface Peer {
  readonly ip: string;
  readonly block: string;
  readonly vtep: string;
  readonly mac: string;
}

export type Mode = "Never" | "VXLAN CrossSubnet" | "VXLAN Always" | "IPIP CrossSubnet" | "IPIP Always";

/** Of a workload: of the nodes' 9001 what the mode's header leaves, bytes. */
export function workloadMtuOf(mode: Mode): number {
  return mode.startsWith("VXLAN") ? 8951 : mode.startsWith("IPIP") ? 8981 : 9001;
}

export function planOf(mode: Mode, self: Peer = A, all: readonly Peer[] = [A, B, C]): NodePlan {
  const peers = all.filter((peer) => peer !== self);
  const vxlan = mode.startsWith("VXLAN");
  const ipip = mode.startsWith("IPIP");
  const near = (peer: Peer): boolean => peer.ip.split(".")[1] === self.ip.split(".")[1];
  const routeTo = (peer: Peer): Route => {
    const route = { dst: peer.block, type: "unicast", onlink: true } as const;
    if (mode === "Never" || (mode.endsWith("CrossSubnet") && near(peer)))
      return { ...route, via: peer.ip, dev: "eth0", proto: 80 };
    if (vxlan) return { ...route, via: peer.vtep, dev: "vxlan.calico", proto: 3, mtu: 8951 };
    return { ...route, via: peer.ip, dev: "tunl0", proto: 80, mtu: 8981 };
  };
  return {
    node: "a",
    ip: self.ip,
    ...(vxlan && {
      vxlan: {
        name: "vxlan.calico",
        vni: 4096,
        port: 4789,
        local: self.ip,
        address: self.vtep,
        mac: self.mac,
        mtu: 8951,
      },
    }),
    ...(ipip && { ipip: { address: self.vtep, mtu: 8981 } }),
    routes: [{ dst: self.block, type: "blackhole", proto: 80, onlink: false }, ...peers.map(routeTo)],
    neighbours: vxlan ? peers.map(({ vtep, mac }) => ({ ip: vtep, mac, dev: "vxlan.calico" })) : [],
    fdb: vxlan ? peers.map(({ ip, mac }) => ({ mac, dev: "vxlan.calico", dst: ip })) : [],
    ipipMembers: ipip ? all.map(({ ip }) => ip) : [],
    vxlanMembers: vxlan ? peers.map(({ ip }) => ip) : [],
    allPools: ["192.168.0.0/16"],
    masqueradePools: ["192.168.0.0/16"],
    workloadBlocks: [{ cidr: self.block, pool: "pool", mtu: workloadMtuOf(mode) }],
  };
}
