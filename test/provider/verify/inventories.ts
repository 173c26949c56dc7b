import type { Path } from "../../../provider/src/plan/paths";
import type { Inventory } from "../../../provider/src/verify/inventory";

/** A stack of two nodes in one subnet and one in another network, as Cluster's outputs give it. */
export function smallInventory(): Inventory {
  const node = (name: string, privateIp: string, network: string): Inventory["nodes"][number] => ({
    name,
    network,
    subnet: "a (us-east-1a)",
    privateIp,
    target: { host: "203.0.113.5", hostKey: "ssh-ed25519 AAAA", user: "admin", port: 22, privateKey: "a key" },
  });
  const workload = (name: string, on: string, address: string): Inventory["workloads"][number] => ({
    name,
    node: on,
    pool: "pool",
    address,
    mtu: 8981,
    namespace: `wl-${name}`,
  });
  const bare = (from: string, to: string, nextHop: string): Path => ({
    from,
    to,
    pool: "pool",
    encapsulation: "None",
    nextHop,
    mtu: 9001,
    reason: "CrossSubnet: same subnet",
    hops: [],
  });
  const ipip = (from: string, to: string, source: string, destination: string): Path => ({
    from,
    to,
    pool: "pool",
    encapsulation: "IPIP",
    nextHop: destination,
    outer: { source, destination },
    mtu: 8981,
    reason: "CrossSubnet: other subnet",
    hops: [],
  });
  return {
    nodes: [node("a", "10.1.0.4", "blue"), node("b", "10.1.0.5", "blue"), node("c", "10.2.0.4", "green")],
    workloads: [
      workload("wa", "a", "192.168.0.1"),
      workload("wb", "b", "192.168.0.65"),
      workload("wc", "c", "192.168.0.129"),
    ],
    paths: [
      bare("a", "b", "10.1.0.5"),
      bare("b", "a", "10.1.0.4"),
      ipip("a", "c", "10.1.0.4", "10.2.0.4"),
      ipip("c", "a", "10.2.0.4", "10.1.0.4"),
      ipip("b", "c", "10.1.0.5", "10.2.0.4"),
      ipip("c", "b", "10.2.0.4", "10.1.0.5"),
    ],
  };
}
