import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { assignTopology } from "../provider/src/plan/assign-topology";
import { type Plan, planTopology } from "../provider/src/plan/plan";
import type { IpPool } from "../provider/src/ippool/ippool";
import type { Topology, TopologyNode } from "../provider/src/plan/topology";

/**
 * How long the plan of n nodes takes, and what it keeps: `npx tsx bench/plan.ts`. The plan of n nodes is n route lists
 * of n routes, so its time cannot grow slower than n squared; it counts as made when every node's routes, neighbours,
 * FDB entries and members have been worked out and read once. Kept is what stays between nodes: O(n), since nodes share
 * their routes and no list outlives its node. Time is CPU time of all threads, garbage collection included: what one
 * core would need. Exit code 1 when a bar is missed.
 */
const SIZES = [500, 1000, 2000, 5000];
const BARS: Readonly<Record<number, number>> = { 1000: 1, 5000: 10 };
const NODES_PER_SUBNET = 200;
const NETWORKS = 4;
/** Growth exponent up to which memory counts as linear. */
const LINEAR = 1.1;

const SCENARIOS: Readonly<Record<string, readonly Partial<IpPool>[]>> = {
  "IPIP CrossSubnet": [{ cidr: "100.64.0.0/10", ipipMode: "CrossSubnet" }],
  "VXLAN CrossSubnet": [{ cidr: "100.64.0.0/10", vxlanMode: "CrossSubnet" }],
  "VXLAN Always, IPv6": [{ cidr: "fd00::/104", vxlanMode: "Always", blockSize: 122 }],
  "three pools, IPIP, VXLAN, none": [
    { cidr: "100.64.0.0/12", ipipMode: "CrossSubnet" },
    { cidr: "100.80.0.0/12", vxlanMode: "Always" },
    { cidr: "100.96.0.0/12" },
  ],
};

interface Measurement {
  readonly nodes: number;
  readonly assignSeconds: number;
  readonly modelSeconds: number;
  readonly planSeconds: number;
  readonly routes: number;
  readonly others: number;
  readonly keptMegabytes: number;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

let missed = false;
measure(topologyOf(200, Object.values(SCENARIOS).flat()));
for (const [name, pools] of Object.entries(SCENARIOS)) {
  console.log(`\n${name}`);
  console.log("nodes   assign s  model s   plan s    total s   routes      neigh+fdb   kept MB");
  const rows = SIZES.map((size) => measure(topologyOf(size, pools)));
  for (const row of rows) {
    const total = row.modelSeconds + row.planSeconds;
    const bar = BARS[row.nodes];
    const verdict = bar === undefined ? "" : total < bar ? `  bar ${bar} s: met` : `  bar ${bar} s: MISSED`;
    missed ||= bar !== undefined && total >= bar;
    const seconds = [row.assignSeconds, row.modelSeconds, row.planSeconds, total]
      .map((value) => value.toFixed(3).padEnd(8))
      .join("  ");
    console.log(
      `${String(row.nodes).padEnd(6)}  ${seconds}  ${String(row.routes).padEnd(10)}  ${String(row.others).padEnd(10)}  ${row.keptMegabytes.toFixed(1)}${verdict}`,
    );
  }
  const exponents = {
    model: growth(rows, (row) => row.modelSeconds),
    plan: growth(rows, (row) => row.planSeconds),
    routes: growth(rows, (row) => row.routes),
    kept: growth(rows, (row) => row.keptMegabytes),
  };
  missed ||= exponents.kept > LINEAR;
  console.log(
    `growth exponent: ${Object.entries(exponents)
      .map(([what, value]) => `${what} ${value.toFixed(2)}`)
      .join(", ")}; memory is ${exponents.kept <= LINEAR ? "linear" : "NOT linear"}`,
  );
}
process.exitCode = missed ? 1 : 0;

function measure(bare: Topology): Measurement {
  const [{ topology, problems }, assignSeconds] = timed(() => assignTopology(bare));
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join("\n"));
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const [plan, modelSeconds] = timed(() => planTopology(topology));
  const [counts, planSeconds] = timed(() => readAll(plan));
  collectGarbage();
  const kept = process.memoryUsage().heapUsed - before;
  // Reading the plan here keeps it alive until after the measurement.
  return { nodes: plan.nodes.size, assignSeconds, modelSeconds, planSeconds, ...counts, keptMegabytes: kept / 1e6 };
}

function readAll(plan: Plan): { readonly routes: number; readonly others: number } {
  let [routes, others] = [0, 0];
  for (const node of plan.nodes.values()) {
    for (const { dst } of node.routes) routes += dst.length > 0 ? 1 : 0;
    for (const { mac } of node.neighbours) others += mac.length > 0 ? 1 : 0;
    for (const { mac } of node.fdb) others += mac.length > 0 ? 1 : 0;
  }
  return { routes, others };
}

function timed<T>(work: () => T): readonly [T, number] {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  return [result, (user + system) / 1e6];
}

/** Slope of the least-squares line through the logarithms. */
function growth(rows: readonly Measurement[], of: (row: Measurement) => number): number {
  const points = rows.map((row) => [Math.log(row.nodes), Math.log(of(row))] as const);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map(([nodes]) => nodes)), mean(points.map(([, value]) => value))];
  const covariance = points.reduce((sum, [nodes, value]) => sum + (nodes - x) * (value - y), 0);
  return covariance / points.reduce((sum, [nodes]) => sum + (nodes - x) ** 2, 0);
}

function topologyOf(size: number, pools: readonly Partial<IpPool>[]): Topology {
  return {
    nodes: Array.from({ length: size }, (_, index) => nodeOf(index)),
    pools: pools.map((pool, index) => ({
      name: `pool-${index}`,
      cidr: "100.64.0.0/10",
      ipipMode: "Never",
      vxlanMode: "Never",
      natOutgoing: true,
      disabled: false,
      disableBGPExport: false,
      blockSize: 26,
      nodeSelector: "all()",
      namespaceSelector: "",
      allowedUses: ["Workload", "Tunnel"],
      assignmentMode: "Automatic",
      ...pool,
    })),
    blocks: [],
    networkMtus: [
      { networks: ["network-0", "network-1"], mtu: 8500 },
      { networks: ["network-0", "network-2"], mtu: 1500 },
    ],
  };
}

function nodeOf(index: number): TopologyNode {
  const subnet = Math.floor(index / NODES_PER_SUBNET);
  const host = 4 + (index % NODES_PER_SUBNET);
  const network = subnet % NETWORKS;
  return {
    name: `node-${index}`,
    network: `network-${network}`,
    ip: `10.${network}.${Math.floor(subnet / NETWORKS)}.${host}`,
    subnetPrefixLen: 24,
    ip6: `2001:db8:${network}:${subnet.toString(16)}::${host.toString(16)}`,
    subnetPrefixLen6: 64,
  };
}
