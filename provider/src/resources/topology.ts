import { parseAddress, parseCidr } from "../ippool/cidr";
import { assignAddresses } from "../ipam/assign-addresses";
import { poolEncapsulation } from "../ippool/pool-mode";
import { type NodePlan, tunnelDevices } from "../plan/node-plan";
import { ENCAPSULATIONS, TUNNEL_KINDS } from "../plan/encapsulation";
import { planTopology } from "../plan/plan";
import type { TopologyNode } from "../plan/topology";
import type { CheckFailure } from "../../../wire/check-failure";
import { diffProperties, sameProperties } from "../../../wire/property-diff";
import { isKnown, UNKNOWN, type Unknowable } from "../../../wire/property-value";
import type { CustomResource, OperationContext } from "./custom-resource";
import type { TopologyInputs, TopologyOutputs } from "../generated/resource-types";
import { nodeLabels } from "./node-labels";
import { packPlan } from "./packed-plan";

/** What check adds to the inputs: kept in the state, it is what keeps addresses where they are. */
type Assigned = Required<Pick<TopologyInputs, "blocks" | "tunnelAddresses" | "workloadAddresses">>;

/** All nodes, what they get, and what follows from it; there is nothing of it outside the state. */
export const topology: CustomResource<TopologyInputs, TopologyOutputs> = {
  async check(inputs, old, context) {
    const malformed = malformedAddresses(inputs);
    if (malformed.length > 0) return { inputs, failures: malformed };
    if (!isKnown(inputs))
      return {
        inputs: { blocks: UNKNOWN, tunnelAddresses: UNKNOWN, workloadAddresses: UNKNOWN, ...inputs },
        failures: [],
      };
    const given: Partial<Assigned> = {
      blocks: inputs.blocks,
      tunnelAddresses: inputs.tunnelAddresses,
      workloadAddresses: inputs.workloadAddresses,
    };
    const assigned = assignAddresses({
      pools: inputs.pools,
      nodes: inputs.nodes.map((node) => ({ name: node.name, labels: nodeLabels(node) })),
      workloads: inputs.workloads,
      previous: {
        blocks: given.blocks ?? old?.blocks ?? [],
        tunnels: new Map(Object.entries(given.tunnelAddresses ?? old?.tunnelAddresses ?? {})),
        workloads: given.workloadAddresses ?? old?.workloadAddresses ?? [],
      },
    });
    const failures = [
      ...repeated(inputs),
      ...assigned.problems.map(({ path, message }) => ({ property: path, reason: message })),
    ];
    if (failures.length > 0) return { inputs, failures };
    // Said here, as this is called in previews, too, and knows what was before.
    for (const message of old === undefined ? [] : interruptions(old, inputs)) await context.log("warning", message);
    const checked = {
      ...inputs,
      blocks: assigned.blocks,
      tunnelAddresses: Object.fromEntries(assigned.tunnels),
      workloadAddresses: assigned.workloads,
    };
    return { inputs: checked, failures: notKept(given, checked) };
  },

  diff(old, inputs) {
    const changes = diffProperties(old.inputs, inputs);
    if (changes.size > 0 || !isKnown(inputs)) return { changes };
    // The same inputs may mean something else to another version of this provider.
    const outputs = outputsOf(inputs);
    const changed = Object.keys(outputs).filter(
      (key) => !sameProperties(Reflect.get(old.outputs, key), Reflect.get(outputs, key)),
    );
    return { changes: new Map(changed.map((key) => [key, "update"])), outputChanges: changed };
  },

  async create(inputs, context) {
    return { id: "topology", outputs: await outputsAndWarnings(inputs, context) };
  },
  read: async (old) => old.outputs,
  update: (_old, inputs, context) => outputsAndWarnings(inputs, context),
  delete: async () => undefined,
};

async function outputsAndWarnings(
  inputs: TopologyInputs,
  context: OperationContext,
): Promise<Unknowable<TopologyOutputs>> {
  if (!isKnown(inputs)) return UNKNOWN_OUTPUTS;
  const outputs = outputsOf(inputs);
  for (const warning of outputs.warnings) await context.log("warning", `${warning.message} (${warning.code})`);
  return outputs;
}

const UNKNOWN_OUTPUTS: Unknowable<TopologyOutputs> = {
  assignedWorkloads: UNKNOWN,
  blocks: UNKNOWN,
  encapsulations: UNKNOWN,
  nodePlans: UNKNOWN,
  paths: UNKNOWN,
  tunnelAddresses: UNKNOWN,
  warnings: UNKNOWN,
};

function outputsOf(inputs: TopologyInputs): TopologyOutputs {
  const {
    pools,
    nodes,
    workloads: _asked,
    blocks = [],
    tunnelAddresses = {},
    workloadAddresses = [],
    ...options
  } = inputs;
  const plan = planTopology({
    ...options,
    nodes: nodes.map((node): TopologyNode => ({
      name: node.name,
      ip: node.privateIp,
      subnetPrefixLen: parseCidr(node.subnetCidrBlock).prefixLength,
      network: node.network,
      subnet: node.subnet,
      labels: nodeLabels(node),
      ...tunnelAddresses[node.name],
    })),
    pools,
    blocks,
    workloads: workloadAddresses.map(({ address, node }) => ({ ip: address, node })),
  });
  const nodePlans: Record<string, string> = {};
  const encapsulations: Record<string, readonly ("IPIP" | "VXLAN")[]> = {};
  const mtus = new Map<string, number>();
  for (const [name, nodePlan] of plan.nodes) {
    nodePlans[name] = packPlan({ ...nodePlan, pools });
    encapsulations[name] = encapsulationsOf(nodePlan);
    for (const { pool, mtu } of nodePlan.workloadBlocks) mtus.set(`${pool}/${name}`, mtu);
  }
  return {
    blocks,
    tunnelAddresses,
    assignedWorkloads: workloadAddresses.map((workload) => {
      const mtu = mtus.get(`${workload.pool}/${workload.node}`);
      if (mtu === undefined)
        throw new Error(
          `node ${workload.node} has no block of IP pool ${workload.pool}, from which workload ${workload.name} has ${workload.address}`,
        );
      return { ...workload, mtu };
    }),
    paths: [...plan.paths],
    warnings: plan.warnings,
    nodePlans,
    encapsulations,
  };
}

/**
 * What a change interrupts, in words: Linux has no way to change VNI and port of a VXLAN device that is there
 * (ip-link(8), VXLAN).
 */
function interruptions(old: TopologyInputs, inputs: TopologyInputs): readonly string[] {
  const { devices, udp } = ENCAPSULATIONS.VXLAN;
  const changes = [
    ["VNI", old.vxlanVni ?? udp.vni, inputs.vxlanVni ?? udp.vni],
    ["UDP port", old.vxlanPort ?? udp.port, inputs.vxlanPort ?? udp.port],
  ] as const;
  const changed = changes
    .filter(([, before, after]) => before !== after)
    .map(([what, before, after]) => `${what} ${before} becomes ${after}`);
  // A pool that is new, or was not VXLAN, has no packets to lose.
  const pools = inputs.pools.filter(
    (pool) =>
      poolEncapsulation(pool) === "VXLAN" &&
      old.pools.some((one) => one.name === pool.name && poolEncapsulation(one) === "VXLAN"),
  );
  if (changed.length === 0 || pools.length === 0) return [];
  const names = pools.map(({ name }) => name).join(", ");
  return [
    `VXLAN's ${changed.join(" and ")}: every node makes its device ${devices[4]} anew, one after the other, and a pair of nodes exchanges no encapsulated packets of IP pools ${names} until both have done so (VxlanInterrupted)`,
  ];
}

/** The encapsulations that a node needs a tunnel device for. */
function encapsulationsOf(plan: NodePlan): readonly ("IPIP" | "VXLAN")[] {
  const devices = tunnelDevices(plan);
  return TUNNEL_KINDS.filter((kind) => devices[kind].length > 0);
}

function malformedAddresses({ nodes }: TopologyInputs): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const attempt = (property: string, value: string, parse: (text: string) => unknown): void => {
    try {
      parse(value);
    } catch (error) {
      failures.push({ property, reason: error instanceof Error ? error.message : String(error) });
    }
  };
  if (isKnown(nodes)) {
    nodes.forEach(({ privateIp, subnetCidrBlock }, index) => {
      attempt(`nodes[${index}].privateIp`, privateIp, parseAddress);
      attempt(`nodes[${index}].subnetCidrBlock`, subnetCidrBlock, parseCidr);
    });
  }
  return failures;
}

function repeated({ nodes }: TopologyInputs): CheckFailure[] {
  const seen = new Set<string>();
  return nodes.flatMap(({ name }, index) => {
    if (!seen.has(name)) return (seen.add(name), []);
    return [{ property: `nodes[${index}].name`, reason: `two nodes are named ${name}: name each one once` }];
  });
}

/** Blocks and addresses that were asked for and cannot be had. */
function notKept(given: Partial<Assigned>, checked: Assigned): CheckFailure[] {
  const blocks = new Set(checked.blocks.map(({ cidr, node, pool }) => `${cidr} ${node} ${pool}`));
  const workloads = new Set(checked.workloadAddresses.map(({ name, address }) => `${name} ${address}`));
  const failures: CheckFailure[] = [];
  given.blocks?.forEach(({ cidr, node, pool }, index) => {
    if (blocks.has(`${cidr} ${node} ${pool}`)) return;
    failures.push({
      property: `blocks[${index}]`,
      reason: `node ${node} cannot have block ${cidr}: it has to be a block of IP pool ${pool}, which has to select the node`,
    });
  });
  given.workloadAddresses?.forEach(({ name, node, address, pool }, index) => {
    if (workloads.has(`${name} ${address}`)) return;
    failures.push({
      property: `workloadAddresses[${index}].address`,
      reason: `workload ${name} cannot have ${address}: it has to be a free address in a block of IP pool ${pool} on node ${node}`,
    });
  });
  for (const [node, addresses] of Object.entries(given.tunnelAddresses ?? {})) {
    if (sameProperties(addresses, checked.tunnelAddresses[node])) continue;
    failures.push({
      property: `tunnelAddresses[${JSON.stringify(node)}]`,
      reason: `node ${node} cannot have these: they have to lie in its blocks of pools with that encapsulation`,
    });
  }
  return failures;
}
