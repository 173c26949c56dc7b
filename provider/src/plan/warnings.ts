import { addressBits, type Cidr, formatCidr, overlaps, parseCidr, compareCidrs } from "../ippool/cidr";
import { ENCAPSULATIONS, overhead, TUNNEL_KINDS } from "./encapsulation";
import { TUNNEL_ADDRESS_FIELDS } from "../ipam/tunnel-addresses";
import type { Host } from "./host";
import type { Model } from "./model";
import { SMALLEST_MTU } from "./mtu";
import { modeField, type TunnelKind } from "../ippool/pool-mode";
import type { PlannedPool } from "./planned-pool";
import { Viewer } from "./viewer";

export interface Warning {
  readonly code: string;
  readonly message: string;
}

/** How many names a message lists before it counts the rest. */
const NAMED = 3;

/**
 * What is planned as asked, and will not work as meant. In time of n log n, so for any topology that can be planned.
 */
export function warningsOf(model: Model): readonly Warning[] {
  const subnets = nodeSubnets(model);
  return [
    ...model.pools.flatMap((pool) => neverAcrossSubnets(model, pool)),
    ...subnetsMeeting(model, subnets),
    ...mtuTooSmall(model),
    ...poolsMeetingNetworks(model, subnets),
    ...blockedProtocols(model),
    ...missingTunnelAddresses(model),
    ...incompleteNodes(model),
    ...sharedAddresses(model),
    ...unusableBlocks(model),
  ];
}

/** A subnet that nodes record for themselves, once per network. */
interface NodeSubnet {
  readonly cidr: Cidr;
  readonly text: string;
  readonly network: number;
  readonly example: Host;
}

function nodeSubnets(model: Model): readonly NodeSubnet[] {
  const found = new Map<string, NodeSubnet>();
  for (const host of model.hosts) {
    for (const address of Object.values(host.addresses)) {
      if (address?.complete !== true) continue;
      const key = `${host.network} ${address.subnetText}`;
      if (!found.has(key))
        found.set(key, { cidr: address.subnet, text: address.subnetText, network: host.network, example: host });
    }
  }
  return [...found.values()];
}

/** Linux sends such packets to the next hop's MAC address, and no router between the subnets is asked. */
function neverAcrossSubnets(model: Model, pool: PlannedPool): readonly Warning[] {
  if (pool.encapsulation !== "None") return [];
  const owners = model.hosts.filter(
    (host) =>
      host.addresses[pool.version] !== undefined &&
      model.destinations[host.index]?.some((destination) => destination.pool === pool),
  );
  const ranked = owners.toSorted((a, b) => model.view.rank(a, pool.version) - model.view.rank(b, pool.version));
  const [first, last] = [ranked[0], ranked.at(-1)];
  if (first === undefined || last === undefined) return [];
  if (model.topology.viaVpcRouter === true) return neverAcrossNetworks(model, pool, owners);
  for (const viewer of model.hosts) {
    const own = viewer.addresses[pool.version];
    if (own?.complete !== true) continue;
    const [low, high] = model.view.ranksIn(own.subnet);
    // The owners' addresses are a range of ranks; one that ends outside the viewer's subnet has a next hop that is not
    // on its link.
    const outside = [first, last].find(
      (owner) =>
        owner !== viewer &&
        !(low <= model.view.rank(owner, pool.version) && model.view.rank(owner, pool.version) < high),
    );
    if (outside === undefined) continue;
    const message = `IP pool ${pool.name} has ${pool.mode}, and its nodes are in different subnets: from ${viewer.name} (${own.subnetText}) the next hop to ${outside.name}, ${outside.addresses[pool.version]?.text}, is not on the link, and packets are lost. Use ipipMode or vxlanMode CrossSubnet`;
    return [{ code: "NeverAcrossSubnets", message }];
  }
  return [];
}

/** A network's router leads to the blocks of its own network only. */
function neverAcrossNetworks(model: Model, pool: PlannedPool, owners: readonly Host[]): readonly Warning[] {
  const [owner] = owners;
  const viewer = model.hosts.find(
    (host) => host.addresses[pool.version] !== undefined && host.network !== owner?.network,
  );
  if (owner === undefined || viewer === undefined) return [];
  const message = `IP pool ${pool.name} has ${pool.mode}, and ${viewer.name} and ${owner.name}, which has a block of it, are in different networks: no route of one leads to workloads of the other, and packets are lost. Use ipipMode or vxlanMode CrossSubnet`;
  return [{ code: "NeverAcrossNetworks", message }];
}

/** Sorted by first address, widest first, a prefix meets those that follow it until one begins past its end. */
function subnetsMeeting(model: Model, subnets: readonly NodeSubnet[]): readonly Warning[] {
  const pools = model.pools.filter(({ crossSubnet, encapsulation }) => crossSubnet || encapsulation === "None");
  const across: [NodeSubnet, NodeSubnet][] = [];
  const within: [NodeSubnet, NodeSubnet][] = [];
  const open: NodeSubnet[] = [];
  const sorted = subnets
    .filter(({ cidr }) => pools.some((pool) => pool.version === cidr.version))
    .toSorted((a, b) => compareCidrs(a.cidr, b.cidr));
  for (const subnet of sorted) {
    while (open.length > 0 && !overlaps((open.at(-1) as NodeSubnet).cidr, subnet.cidr)) open.pop();
    // Prefixes nest, so the innermost open one stands for all that hold it.
    const outer = open.at(-1);
    if (outer !== undefined) (outer.network === subnet.network ? within : across).push([outer, subnet]);
    open.push(subnet);
  }
  const warnings: Warning[] = [];
  const names = pools.map(({ name }) => name).join(", ");
  const [overlapping, asymmetric] = [across[0], within[0]];
  if (overlapping !== undefined) {
    const [a, b] = overlapping;
    const message = `nodes of networks ${networkName(model, a)} and ${networkName(model, b)} are in subnets that overlap (${a.example.name} in ${a.text}, ${b.example.name} in ${b.text}${more(across)}): IP pools that send within a subnet as it is (${names}) take such nodes for neighbours, and packets are lost. Use other subnets, or ipipMode or vxlanMode Always`;
    warnings.push({ code: "OverlappingSubnets", message });
  }
  if (asymmetric !== undefined) {
    const [outer, inner] = asymmetric;
    const message = `${outer.example.name} records the subnet ${outer.text} and ${inner.example.name} records ${inner.text}, which lies in it${more(within)}: with IP pools that send within a subnet as it is (${names}) packets between such nodes go differently there and back. Record the subnets' own prefix lengths`;
    warnings.push({ code: "AsymmetricSubnets", message });
  }
  return warnings;
}

function more(found: readonly unknown[]): string {
  return found.length > 1 ? `; ${found.length - 1} more of the kind` : "";
}

function mtuTooSmall(model: Model): readonly Warning[] {
  const worst = Math.min(...model.mtus.mtus);
  return model.pools.flatMap(({ name, version, encapsulation, mode }) => {
    const mtu = worst - overhead(encapsulation, version);
    if (mtu >= SMALLEST_MTU[version]) return [];
    const message = `IP pool ${name} (${mode}) leaves packets ${mtu} bytes on a path of ${worst}; IPv${version} needs ${SMALLEST_MTU[version]}. Raise hostMtu or networkMtus`;
    return [{ code: "MtuTooSmall", message }];
  });
}

function poolsMeetingNetworks(model: Model, subnets: readonly NodeSubnet[]): readonly Warning[] {
  const ranges = [
    ...(model.topology.networks ?? []).flatMap(({ name, cidrBlocks }) =>
      (cidrBlocks ?? []).map((text) => ({ cidr: parseCidr(text), text: `network ${name}'s CIDR ${text}` })),
    ),
    ...subnets.map((subnet) => ({ cidr: subnet.cidr, text: `subnet ${subnet.text} of node ${subnet.example.name}` })),
  ];
  return model.pools.flatMap(({ name, cidr, pool }) => {
    // A disabled pool over a network is how Calico is told not to masquerade towards it.
    const met = pool.disabled ? [] : ranges.filter((range) => overlaps(range.cidr, cidr));
    if (met.length === 0) return [];
    const message = `IP pool ${name} (${formatCidr(cidr)}) overlaps ${list(met.map(({ text }) => text))}: addresses there belong to hosts and workloads at once. Use another CIDR for the pool`;
    return [{ code: "PoolOverlapsNetwork", message }];
  });
}

function blockedProtocols(model: Model): readonly Warning[] {
  return (model.topology.networks ?? []).flatMap(({ name, blockedProtocols: blocked }) =>
    model.pools.flatMap((pool) => {
      if (pool.encapsulation === "None") return [];
      const isBlocked = (kind: TunnelKind): boolean => blocked?.includes(ENCAPSULATIONS[kind].ipProtocol) === true;
      if (!isBlocked(pool.encapsulation) || !encapsulatesIn(model, model.mtus.networks.indexOf(name), pool)) return [];
      const others = TUNNEL_KINDS.filter((kind) => kind !== pool.encapsulation).map(modeField);
      const message = `network ${name} is said to block IP protocol ${ENCAPSULATIONS[pool.encapsulation].ipProtocol}, which IP pool ${pool.name} (${pool.mode}) needs: use ${others.join(" or ")}`;
      return [{ code: "ProtocolBlocked", message }];
    }),
  );
}

/** Whether encapsulated packets to the pool's blocks leave or reach a node of the network. */
function encapsulatesIn(model: Model, network: number, pool: PlannedPool): boolean {
  const destinations = model.destinations.flat().filter((destination) => destination.pool === pool);
  return model.hosts.some((host) => {
    const viewer = new Viewer(model, host);
    return destinations.some(
      (destination) =>
        destination.owner !== host &&
        (host.network === network || destination.owner.network === network) &&
        viewer.encapsulationTo(destination) === pool.encapsulation,
    );
  });
}

function missingTunnelAddresses(model: Model): readonly Warning[] {
  return TUNNEL_KINDS.flatMap((kind) =>
    ([4, 6] as const).flatMap((version): readonly Warning[] => {
      const property = TUNNEL_ADDRESS_FIELDS[kind][version];
      if (property === undefined || !model.devices.has(`${kind}${version}`)) return [];
      const hosts = model.hosts.filter(
        ({ addresses, tunnels }) => addresses[version] !== undefined && tunnels[kind][version] === undefined,
      );
      if (hosts.length === 0) return [];
      const message = `${list(hosts.map(({ name }) => name))} ${hosts.length === 1 ? "has" : "have"} no ${property}, and so no device ${ENCAPSULATIONS[kind].devices[version]}: no packets are encapsulated from there. An enabled IP pool with that mode, allowedUses Tunnel and a nodeSelector that selects the node gives one`;
      return [{ code: "NoTunnelAddress", message }];
    }),
  );
}

function incompleteNodes(model: Model): readonly Warning[] {
  const versions = [...new Set(model.pools.map(({ version }) => version))];
  return versions.flatMap((version): Warning[] => {
    const property = version === 4 ? "ip" : "ip6";
    const none = model.hosts.filter(({ addresses }) => addresses[version] === undefined).map(({ name }) => name);
    const bare = model.hosts.filter(({ addresses }) => addresses[version]?.complete === false).map(({ name }) => name);
    const warnings: Warning[] = [];
    if (none.length > 0)
      warnings.push({
        code: "NodeWithoutAddress",
        message: `${list(none)} ${none.length === 1 ? "has" : "have"} no ${property}: nothing is routed to or from there for IP pools of IPv${version}`,
      });
    if (bare.length > 0) {
      const message = `the ${property} of ${list(bare)} is recorded without its subnet, which counts as a subnet of /${addressBits(version)}: only VXLAN works there. Give subnetPrefixLen${version === 6 ? "6" : ""}`;
      warnings.push({ code: "NodeWithoutSubnet", message });
    }
    return warnings;
  });
}

function sharedAddresses(model: Model): readonly Warning[] {
  if (model.ambiguous.size === 0) return [];
  const names = model.hosts.filter(({ index }) => model.ambiguous.has(index)).map(({ name }) => name);
  return [
    {
      code: "SharedAddress",
      message: `${list(names)} have an address that another node has too: give each node its own`,
    },
  ];
}

function unusableBlocks({ unusable }: Model): readonly Warning[] {
  const warnings: Warning[] = [];
  const { blocksOutsidePools: outside, blocksOfUnknownNodes: unknown } = unusable;
  if (outside.length > 0)
    warnings.push({
      code: "BlockOutsidePools",
      message: `${list(outside)} lie in no IP pool that carries workloads: nothing is routed there`,
    });
  if (unknown.length > 0)
    warnings.push({
      code: "BlockOfUnknownNode",
      message: `${list(unknown)} belong to nodes that are not in the topology: nothing is routed there`,
    });
  return warnings;
}

function networkName(model: Model, { network }: NodeSubnet): string {
  return model.mtus.networks[network] ?? "(none)";
}

function list(names: readonly string[]): string {
  const rest = names.length - NAMED;
  return rest > 1 ? `${names.slice(0, NAMED).join(", ")} and ${rest} more` : names.join(", ");
}
