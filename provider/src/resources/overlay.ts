import * as pulumi from "@pulumi/pulumi";
import type { ConstructResult } from "@pulumi/pulumi/provider";
import schema from "../../schema.json";
import { HostKey, IpPools, Routes, Topology, Tunnel, TunnelsReady, Workload } from "../generated/child-resources";
import { type BastionOptionsArgs, DEFAULTS, type OverlayArgs } from "../generated/component-args";
import type { Bastion, ClusterWorkload, Connection, HostSsh, OverlayOutputs } from "../generated/resource-types";
import type { PoolBlock } from "../ipam/blocks";
import type { ProviderConfig } from "../provider-config";
import type { Inputs } from "./child-resource";
import { readComponentInputs } from "./component-inputs";
import { covered, coveredLeaves } from "./covered";
import type { KnownTopologies } from "./known-topologies";
import { type OverlayPlan, type PlannedHost, planOverlay } from "./overlay-plan";
import { refuse } from "./refuse";
import { underlayMtus } from "./underlay-mtus";

/** What a component tells that makes the hosts and their networks, too. */
export interface Underlay {
  readonly hosts: ReadonlyMap<
    string,
    {
      /** Name of the host's subnet, as a label. */
      readonly subnet: string;
      /** What stands on the host ends with it: nothing to undo, and nothing to wait for where it is gone. */
      readonly deletedWith: pulumi.Resource;
    }
  >;
  /** Packets of pools without encapsulation go to other subnets by way of the network's router. */
  readonly viaVpcRouter: boolean;
  /** What must be there before anything is brought to a host. */
  readonly dependsOn: readonly pulumi.Resource[];
  /** What must be there before any host routes, made once it is known who has which block. */
  beforeRoutes(blocks: pulumi.Output<readonly PoolBlock[]>): pulumi.Output<pulumi.Resource[]>;
}

/**
 * The network of workloads over hosts. The graph is the order of work, make before break: what the networks let in,
 * then devices on all hosts, then routes, then workloads; what is no longer wanted goes last. All that hosts share is
 * in Topology once; what is brought to a host names it by reference (KnownTopologies), so that state and messages stay
 * linear in the hosts.
 */
export class Overlay extends pulumi.ComponentResource implements Inputs<OverlayOutputs> {
  declare readonly nodes: Inputs<OverlayOutputs>["nodes"];
  declare readonly workloads: pulumi.Output<OverlayOutputs["workloads"]>;
  declare readonly topology: pulumi.Output<OverlayOutputs["topology"]>;
  declare readonly blocks: pulumi.Output<OverlayOutputs["blocks"]>;
  declare readonly warnings: pulumi.Output<OverlayOutputs["warnings"]>;
  declare readonly ssh: Inputs<OverlayOutputs["ssh"]>;

  /**
   * @param defaultProxyCommand the provider's, for ssh where the arguments name none
   * @throws pulumi.InputPropertiesError with all problems of the arguments, before anything is registered
   */
  constructor(
    name: string,
    args: OverlayArgs,
    options: pulumi.ComponentResourceOptions,
    topologies: KnownTopologies,
    defaultProxyCommand?: string,
    underlay?: Underlay,
  ) {
    const plan = planOverlay(args);
    refuse(`Overlay ${name}`, plan.problems, args.ipPoolsSource);
    super("overlaynet:index:Overlay", name, {}, options);
    const hosts = plan.hosts.map((host) =>
      this.host(name, host, args, underlay === undefined ? options.dependsOn : []),
    );
    const ipPools = new IpPools(name, { manifests: args.ipPools, source: args.ipPoolsSource }, { parent: this });
    const topology = new Topology(
      name,
      {
        pools: ipPools.pools,
        hosts: plan.hosts.map(({ ssh: _, ...host }) => ({
          ...coveredLeaves(host),
          subnet: underlay?.hosts.get(host.name)?.subnet,
          labels: { ...host.labels },
        })),
        networks: plan.networks.map((network) => ({
          name: network.name,
          protocol4: network.protocol4 ?? DEFAULTS.OverlayNetwork.protocol4,
        })),
        workloads: [...plan.workloads],
        ...underlayMtus(plan.networks, args.networkMtus),
        vxlanVni: args.vxlanVni,
        vxlanPort: args.vxlanPort,
        viaVpcRouter: underlay?.viaVpcRouter === true ? true : undefined,
      },
      {
        parent: this,
        // What stands on a host waits for Topology, and so for all of these; with Topology alone it names them once.
        dependsOn: [
          ...hosts.map(({ connection, host }) =>
            sourcesOf(connection, host.address, host.publicAddress, host.subnetCidrBlock, host.incarnation),
          ),
          ...(underlay === undefined ? listed(options.dependsOn) : underlay.dependsOn),
        ],
      },
    );
    // Laid down before any resource that names it is registered, also where the engine took Topology's outputs from the
    // state.
    const reference = topology.packed.apply((packed) => topologies.lay(packed));
    const shared = sharedSsh(args, defaultProxyCommand);
    this.workloads = pulumi.all(this.bring(name, plan, args, hosts, topology, reference, underlay));
    this.nodes = hosts.map(({ host, own }) => ({
      name: host.name,
      network: host.network,
      address: host.address,
      ssh: own,
    }));
    this.topology = topology.packed;
    this.blocks = topology.blocks;
    this.warnings = topology.warnings;
    this.ssh = shared;
    // Inside of a Cluster nobody can ask for them, and the Cluster has them.
    this.registerOutputs(underlay === undefined ? this.outputs() : {});
  }

  /** As schema.json spells them. */
  outputs(): pulumi.Inputs {
    const { nodes, workloads, topology, blocks, warnings, ssh } = this;
    return { nodes, workloads, topology, blocks, warnings, ssh };
  }

  /** How a host is reached, and what of that is its own. */
  private host(
    name: string,
    host: PlannedHost,
    { ssh: all = {} }: OverlayArgs,
    dependsOn: pulumi.CustomResourceOptions["dependsOn"],
  ): Host {
    const {
      trustOnFirstUse: _,
      host: place = host.address,
      bastion,
      privateKey,
      sudoPassword,
      ...rest
    } = host.ssh ?? {};
    const way = {
      host: place,
      port: rest.port ?? all.port ?? DEFAULT_PORT,
      user: rest.user ?? all.user ?? DEFAULT_USER,
      proxyCommand: rest.proxyCommand ?? all.proxyCommand,
      bastion: bastionOf(bastion ?? all.bastion),
    };
    const hostKey =
      rest.hostKey ??
      new HostKey(`${name}-${host.name}`, { ...way, incarnation: host.incarnation }, { parent: this, dependsOn })
        .hostKey;
    const own: Inputs<HostSsh> = {
      ...rest,
      host: place,
      hostKey,
      ...(privateKey !== undefined && { privateKey: pulumi.secret(privateKey) }),
      ...(sudoPassword !== undefined && { sudoPassword: pulumi.secret(sudoPassword) }),
      ...(bastion !== undefined && { bastion: bastionOf(bastion) }),
    };
    const password = sudoPassword ?? all.sudoPassword;
    const connection: Inputs<Connection> = {
      ...way,
      hostKey,
      privateKey: pulumi.secret(privateKey ?? all.privateKey ?? ""),
      ...(password !== undefined && { sudoPassword: pulumi.secret(password) }),
    };
    return { host, own, connection };
  }

  /** What stands on the hosts, in the order that makes before it breaks; the workloads, for the outputs. */
  private bring(
    name: string,
    plan: OverlayPlan,
    { unreachable }: OverlayArgs,
    hosts: readonly Host[],
    topology: Topology,
    reference: pulumi.Output<string>,
    underlay: Underlay | undefined,
  ): pulumi.Output<ClusterWorkload>[] {
    const onHost = ({ host, connection }: Host) => ({
      node: host.name,
      incarnation: host.incarnation === undefined ? undefined : covered(host.incarnation),
      connection: coveredLeaves(connection),
      owner: covered(topology.owner),
      unreachable: unreachable === DEFAULTS.Overlay.unreachable ? undefined : unreachable,
    });
    const options = ({ host }: Host): pulumi.CustomResourceOptions => ({
      parent: this,
      deletedWith: underlay?.hosts.get(host.name)?.deletedWith,
      deleteBeforeReplace: true,
    });
    // In an order of their own, as TunnelsReady lists them: another order of the same hosts is no change.
    const tunnels = hosts
      .toSorted((a, b) => (a.host.name < b.host.name ? -1 : 1))
      .flatMap((one) =>
        plan.encapsulations.map((encapsulation) => {
          const args = { ...onHost(one), encapsulation, topology: reference };
          return new Tunnel(`${name}-${one.host.name}-${encapsulation.toLowerCase()}`, args, options(one));
        }),
      );
    const ready = new TunnelsReady(
      name,
      { tunnels: tunnels.map(({ digest }) => covered(digest)) },
      { parent: this, dependsOn: [...tunnels, ...listed(underlay?.beforeRoutes(topology.blocks))] },
    );
    const routes = new Map(
      hosts.map((one) => {
        const link = covered(linkOf(topology, one.host.subnetCidrBlock));
        const args = { ...onHost(one), topology: reference, link, tunnelsReady: ready.digest };
        return [one.host.name, new Routes(`${name}-${one.host.name}`, args, options(one))];
      }),
    );
    const byName = new Map(hosts.map((one) => [one.host.name, one]));
    const assigned = topology.assignedWorkloads.apply((all) => new Map(all.map((one) => [one.name, one])));
    return plan.workloads.map((workload) => {
      const one = byName.get(workload.node);
      const route = routes.get(workload.node);
      if (one === undefined || route === undefined) throw new Error(`there is no host ${workload.node}`);
      const given = assigned.apply((all) => all.get(workload.name) ?? missing(workload.name));
      const resource = new Workload(
        `${name}-${workload.name}`,
        {
          ...onHost(one),
          name: workload.name,
          pool: covered(given.pool),
          address: covered(given.address),
          mtu: covered(given.mtu),
          routes: route.digest,
        },
        options(one),
      );
      return pulumi.all([given, resource.namespace]).apply(([{ pool, address, mtu }, namespace]) => ({
        name: workload.name,
        node: workload.node,
        pool,
        address,
        mtu,
        namespace,
      }));
    });
  }
}

const DEFAULT_PORT = 22;
const DEFAULT_USER = "root";

/**
 * The resources that values come from, as something to wait for: the SDK waits for those of an output in `dependsOn`,
 * and this one adds none of its own.
 */
function sourcesOf(...values: unknown[]): pulumi.Input<pulumi.Resource> {
  return pulumi.all(values).apply(() => []) as never;
}

/** What a program wants waited for, as a list. */
function listed(dependsOn: pulumi.ComponentResourceOptions["dependsOn"]): readonly pulumi.Input<pulumi.Resource>[] {
  if (dependsOn === undefined) return [];
  const list: unknown = dependsOn;
  return (Array.isArray(list) ? list : [list]) as readonly pulumi.Input<pulumi.Resource>[];
}

/** A host as what stands on it needs it. */
interface Host {
  readonly host: PlannedHost;
  readonly own: Inputs<HostSsh>;
  readonly connection: Inputs<Connection>;
}

/**
 * Makes an Overlay from what a program of any language passed.
 * @throws pulumi.InputPropertiesError with all problems of the arguments, before anything is registered
 */
export function overlayFactory(topologies: KnownTopologies) {
  return async (
    name: string,
    given: pulumi.Inputs,
    options: pulumi.ComponentResourceOptions,
    config: ProviderConfig,
  ): Promise<ConstructResult> => {
    const { inputs, problems } = readComponentInputs(schema, "overlaynet:index:Overlay", given);
    const args = inputs as OverlayArgs;
    refuse(`Overlay ${name}`, problems, args.ipPoolsSource);
    const overlay = new Overlay(name, args, options, topologies, config.proxyCommand);
    return { urn: overlay.urn, state: overlay.outputs() };
  };
}

function sharedSsh({ ssh = {} }: OverlayArgs, defaultProxyCommand: string | undefined): Inputs<OverlayOutputs["ssh"]> {
  const { trustOnFirstUse: _, privateKey, sudoPassword, bastion, proxyCommand = defaultProxyCommand, ...rest } = ssh;
  return {
    ...rest,
    port: rest.port ?? DEFAULT_PORT,
    user: rest.user ?? DEFAULT_USER,
    ...(proxyCommand !== undefined && { proxyCommand }),
    ...(privateKey !== undefined && { privateKey: pulumi.secret(privateKey) }),
    ...(sudoPassword !== undefined && { sudoPassword: pulumi.secret(sudoPassword) }),
    ...(bastion !== undefined && { bastion: bastionOf(bastion) }),
  };
}

/**
 * A subnet whose machines are not known yet makes no other subnet unknown: a property that is taken from the output
 * itself is known as soon as it is.
 */
function linkOf(topology: Topology, subnet: pulumi.Input<string>): pulumi.Output<string> {
  if (typeof subnet === "string") return topology.links[subnet] ?? pulumi.output("");
  return pulumi.all([topology.links, subnet]).apply(([links, known]) => links[known] ?? "");
}

function bastionOf(bastion: BastionOptionsArgs | undefined): Inputs<Bastion> | undefined {
  return (
    bastion && {
      ...bastion,
      port: bastion.port ?? DEFAULTS.BastionOptions.port,
      privateKey: pulumi.secret(bastion.privateKey),
    }
  );
}

function missing(workload: string): never {
  throw new Error(`the topology has no address for workload ${workload}`);
}
