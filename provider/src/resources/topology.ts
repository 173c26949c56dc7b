import { createHash, randomBytes } from "node:crypto";
import { containsAddress, parseAddress, parseCidr } from "../ippool/cidr";
import { assignAddresses } from "../ipam/assign-addresses";
import { followRenames } from "../ipam/renamed-pools";
import { poolEncapsulation } from "../ippool/pool-mode";
import { formatOwner, parseOwner } from "../node/owner";
import { ENCAPSULATIONS } from "../plan/encapsulation";
import { packTopology } from "../plan/packed-topology";
import { planTopology } from "../plan/plan";
import { refusals } from "../plan/refusals";
import { summaryOf } from "../plan/subnet-summary";
import type { Topology as PlannableTopology, TopologyNode } from "../plan/topology";
import { workloadMtus } from "../plan/workload-mtus";
import type { CheckFailure } from "../../../wire/check-failure";
import { diffProperties, sameProperties } from "../../../wire/property-diff";
import { isKnown, UNKNOWN, type Unknowable } from "../../../wire/property-value";
import { nameInUrn, stackInUrn } from "../../../wire/urn";
import type { CustomResource, OperationContext } from "./custom-resource";
import type { TopologyHost, TopologyInputs, TopologyOutputs } from "../generated/resource-types";
import { nodeLabels } from "./node-labels";

/** What check adds to the inputs: kept in the state, it is what keeps addresses where they are. */
type Assigned = Required<Pick<TopologyInputs, "blocks" | "tunnelAddresses" | "workloadAddresses">>;

/** What all inputs of a topology are once every host's address is known. */
type Inputs = TopologyInputs;

/** All hosts, what they get, and what follows from it; there is nothing of it outside the state. */
export const topology: CustomResource<TopologyInputs, TopologyOutputs> = {
  async check(inputs, old, context) {
    const malformed = malformedAddresses(inputs);
    if (malformed.length > 0) return { inputs, failures: malformed };
    if (!isAssignable(inputs))
      return {
        inputs: { blocks: UNKNOWN, tunnelAddresses: UNKNOWN, workloadAddresses: UNKNOWN, ...inputs },
        failures: [],
      };
    const given: Partial<Assigned> = {
      blocks: inputs.blocks,
      tunnelAddresses: inputs.tunnelAddresses,
      workloadAddresses: inputs.workloadAddresses,
    };
    const previous = followRenames(old?.pools ?? [], inputs.pools, {
      blocks: old?.blocks ?? [],
      workloads: old?.workloadAddresses ?? [],
    });
    const assigned = assignAddresses({
      pools: inputs.pools,
      nodes: inputs.hosts.map((host) => ({ name: host.name, labels: nodeLabels(host), versions: [4] as const })),
      workloads: inputs.workloads,
      previous: {
        blocks: given.blocks ?? previous.blocks,
        tunnels: new Map(Object.entries(given.tunnelAddresses ?? old?.tunnelAddresses ?? {})),
        workloads: given.workloadAddresses ?? previous.workloads,
      },
    });
    const checked = {
      ...inputs,
      blocks: assigned.blocks,
      tunnelAddresses: Object.fromEntries(assigned.tunnels),
      workloadAddresses: assigned.workloads,
    };
    const failures = [
      ...repeated(inputs),
      ...assigned.problems.map(({ path, message }) => ({ property: path, reason: message })),
    ];
    if (failures.length === 0)
      failures.push(...refusals(planned(checked)).map(({ message }) => ({ property: "pools", reason: message })));
    if (failures.length > 0) return { inputs, failures };
    // Said here, as this is called in previews, too, and knows what was before.
    for (const message of old === undefined ? [] : interruptions(old, inputs)) await context.log("warning", message);
    return { inputs: checked, failures: notKept(given, checked) };
  },

  diff(old, inputs) {
    const changes = diffProperties(old.inputs, inputs);
    if (changes.size > 0 || !isKnown(inputs)) return { changes };
    // The same inputs may mean something else to another version of this provider.
    const outputs = { ...outputsOf(inputs), owner: old.outputs.owner };
    const changed = Object.keys(outputs).filter(
      (key) => !sameProperties(Reflect.get(old.outputs, key), Reflect.get(outputs, key)),
    );
    return { changes: new Map(changed.map((key) => [key, "update"])), outputChanges: changed };
  },

  async create(inputs, context) {
    const owner = context.preview ? UNKNOWN : ownerOf(context.urn, randomBytes(OWNER_ID_BYTES).toString("hex"));
    return { id: "topology", outputs: { ...(await outputsAndWarnings(inputs, undefined, context)), owner } };
  },
  read: async (old) => old.outputs,
  async update(old, inputs, context) {
    // A renamed stack keeps the id, and so its hosts.
    const owner = ownerOf(context.urn, parseOwner(old.outputs.owner).id);
    return { ...(await outputsAndWarnings(inputs, old.outputs.packed, context)), owner };
  },
  delete: async () => undefined,
};

/** Bytes of the id that tells owners of hosts apart. */
const OWNER_ID_BYTES = 4;

/** `project/stack/name` is for people; the id decides. */
function ownerOf(urn: string, id: string): string {
  const { project, stack } = stackInUrn(urn);
  return formatOwner({ name: `${project}/${stack}/${nameInUrn(urn)}`, id });
}

async function outputsAndWarnings(
  inputs: TopologyInputs,
  before: string | undefined,
  context: OperationContext,
): Promise<Unknowable<Omit<TopologyOutputs, "owner">>> {
  if (!isAssignable(inputs) || !isKnown(inputs.blocks)) return UNKNOWN_OUTPUTS;
  const outputs = outputsOf(inputs);
  for (const warning of outputs.warnings) await context.log("warning", `${warning.message} (${warning.code})`);
  if (context.preview && outputs.packed !== before) await context.log("info", summaryOf(topologyOf(inputs)));
  return outputs;
}

const UNKNOWN_OUTPUTS: Unknowable<Omit<TopologyOutputs, "owner">> = {
  assignedWorkloads: UNKNOWN,
  blocks: UNKNOWN,
  links: UNKNOWN,
  packed: UNKNOWN,
  tunnelAddresses: UNKNOWN,
  warnings: UNKNOWN,
};

/**
 * Whether blocks and addresses can be given, and what is wrong with pools be said: names, labels and pools are known.
 * Hosts' own addresses may come later.
 */
function isAssignable({ pools, workloads, hosts }: Inputs): boolean {
  return (
    isKnown(pools) &&
    isKnown(workloads) &&
    hosts.every(({ address: _, publicAddress: __, subnetCidrBlock: ___, incarnation: ____, ...identity }) =>
      isKnown(identity),
    )
  );
}

/** Whether the host has its place in the plan: nothing but its incarnation is missing. */
function isPlaced({ incarnation: _, ...host }: TopologyHost): boolean {
  return isKnown(host);
}

/** What the plan is made from. A host whose address is not known yet has none. */
function topologyOf(inputs: Inputs): PlannableTopology {
  const {
    pools,
    hosts,
    networks = [],
    workloads: _asked,
    blocks = [],
    tunnelAddresses = {},
    workloadAddresses = [],
    ...options
  } = inputs;
  // In an order of their own: another order of the same hosts is the same topology, and changes no file on any host.
  return {
    ...options,
    nodes: hosts.toSorted(byKey(({ name }) => name)).map((host): TopologyNode => ({
      name: host.name,
      network: host.network,
      subnet: host.subnet,
      ...(isPlaced(host) && {
        ip: host.address,
        subnetPrefixLen: parseCidr(host.subnetCidrBlock).prefixLength,
        publicIp: host.publicAddress,
      }),
      ...tunnelAddresses[host.name],
    })),
    networks: networks.map(({ name, protocol4 }) => ({
      name,
      blockedProtocols: protocol4 === "Blocked" ? [ENCAPSULATIONS.IPIP.ipProtocol] : [],
    })),
    pools,
    blocks: blocks.toSorted(byKey(({ cidr }) => cidr)),
    workloads: workloadAddresses
      .toSorted(byKey(({ name }) => name))
      .map(({ name, address, node }) => ({ name, ip: address, node })),
  };
}

function byKey<T>(key: (item: T) => string): (a: T, b: T) => number {
  return (a, b) => (key(a) < key(b) ? -1 : 1);
}

/** Without the hosts whose addresses come later: what is said of the others is true whatever these are. */
function planned(inputs: Inputs): PlannableTopology {
  const known = inputs.hosts.filter(isPlaced);
  return topologyOf({ ...inputs, hosts: known });
}

function outputsOf(inputs: Inputs): Unknowable<Omit<TopologyOutputs, "owner">> & Pick<TopologyOutputs, "warnings"> {
  const { hosts, blocks = [], tunnelAddresses = {}, workloadAddresses = [] } = inputs;
  const whole = topologyOf(inputs);
  const plan = planTopology(whole);
  const mtus = workloadMtus(whole);
  const isWhole = hosts.every(isPlaced);
  return {
    blocks,
    tunnelAddresses,
    assignedWorkloads: workloadAddresses.map((workload) => {
      const mtu = mtus(workload.node, workload.pool);
      if (mtu === undefined)
        throw new Error(
          `node ${workload.node} has no block of IP pool ${workload.pool}, from which workload ${workload.name} has ${workload.address}`,
        );
      return { ...workload, mtu };
    }),
    warnings: isWhole ? plan.warnings : planTopology(planned(inputs)).warnings,
    packed: isWhole ? packTopology(whole) : UNKNOWN,
    links: links(hosts),
  };
}

/** By subnet, which machines are on the link: those of a subnet whose hosts are not all known are not known. */
function links(hosts: readonly TopologyHost[]): Readonly<Record<string, string>> | typeof UNKNOWN {
  if (!hosts.every(({ subnetCidrBlock }) => isKnown(subnetCidrBlock))) return UNKNOWN;
  const subnets = Map.groupBy(hosts, ({ subnetCidrBlock }) => subnetCidrBlock);
  return Object.fromEntries(
    [...subnets].map(([subnet, own]) => {
      const machines = own
        .filter(({ incarnation }) => incarnation !== undefined)
        .map(({ address, incarnation }) => [address, incarnation])
        .sort();
      if (!isKnown(machines)) return [subnet, UNKNOWN];
      return [subnet, createHash("sha256").update(JSON.stringify(machines)).digest("hex").slice(0, LINK_DIGITS)];
    }),
  );
}

const LINK_DIGITS = 16;

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

function malformedAddresses({ hosts }: TopologyInputs): CheckFailure[] {
  const failures: CheckFailure[] = [];
  const attempt = (property: string, value: string | undefined, parse: (text: string) => unknown): void => {
    if (value === undefined || !isKnown(value)) return;
    try {
      parse(value);
    } catch (error) {
      failures.push({ property, reason: error instanceof Error ? error.message : String(error) });
    }
  };
  hosts.forEach(({ address, publicAddress, subnetCidrBlock }, index) => {
    const at = `hosts[${index}]`;
    attempt(`${at}.address`, address, parseIpv4);
    attempt(`${at}.publicAddress`, publicAddress, parseIpv4);
    attempt(`${at}.subnetCidrBlock`, subnetCidrBlock, (text) => {
      const subnet = parseCidr(text);
      if (isKnown(address) && !containsAddress(subnet, parseAddress(address)))
        throw new RangeError(`${address}, the host's address, is not in ${text}`);
    });
  });
  return failures;
}

function parseIpv4(text: string): void {
  if (parseAddress(text).version !== 4) throw new RangeError(`${text} is IPv6: hosts are reached by IPv4`);
}

function repeated({ hosts }: TopologyInputs): CheckFailure[] {
  const seen = new Set<string>();
  return hosts.flatMap(({ name }, index) => {
    if (!seen.has(name)) return (seen.add(name), []);
    return [{ property: `hosts[${index}].name`, reason: `two hosts are named ${name}: name each one once` }];
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
