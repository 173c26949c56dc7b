import { type Instance, KeyPair } from "@pulumi/aws/ec2";
import { getAvailabilityZones } from "@pulumi/aws/getAvailabilityZones";
import * as pulumi from "@pulumi/pulumi";
import type { ConstructResult } from "@pulumi/pulumi/provider";
import { DEBIAN, distributionOf, userOf } from "../aws/distribution";
import { createInstance, debianImage, identifyImage } from "../aws/instance";
import type { NodeLayout } from "../aws/layout";
import {
  createIngressRules,
  createNetwork,
  type IngressRule,
  networkOf,
  type Peerings,
  peerNetworks,
  routeBlocks,
} from "../aws/network";
import { TRANSIT_GATEWAY_MTU } from "../aws/interconnect";
import { type Scope, tagged } from "../aws/scope";
import { attachNetworks } from "../aws/transit-gateway";
import type { Problem } from "../ippool/problem";
import { ENCAPSULATIONS } from "../plan/encapsulation";
import type { ProviderConfig } from "../provider-config";
import { IpPools, Routes, SshKey, Topology, Tunnel, TunnelsReady, Workload } from "../generated/child-resources";
import { type ClusterArgs, DEFAULTS } from "../generated/component-args";
import type { ClusterNode, ClusterOutputs, ClusterWorkload, Connection } from "../generated/resource-types";
import type { Inputs } from "./child-resource";
import { readClusterArgs } from "./cluster-args";
import { type ClusterPlan, planCluster, sshPort } from "./cluster-plan";

/** A node as the overlay's resources need it. */
interface Node {
  readonly layout: NodeLayout;
  readonly instance: Instance;
  readonly hostKey: SshKey;
  readonly connection: Inputs<Connection>;
}

/**
 * VPCs, instances and the overlay over them. The plain arguments decide which resources there are, before any is
 * registered; nothing is made inside an apply, so a preview shows all of it. The graph is the order of work, make
 * before break: what lets packets in, then devices on all nodes, then routes, then workloads; what is no longer wanted
 * goes last.
 */
export class Cluster extends pulumi.ComponentResource implements Inputs<ClusterOutputs> {
  declare readonly nodes: pulumi.Output<ClusterOutputs["nodes"]>;
  /** Also part of `nodes`, which is not known as a whole before the instances are there. */
  declare readonly privateIps: ClusterOutputs["privateIps"];
  declare readonly workloads: pulumi.Output<ClusterOutputs["workloads"]>;
  declare readonly paths: pulumi.Output<ClusterOutputs["paths"]>;
  declare readonly blocks: pulumi.Output<ClusterOutputs["blocks"]>;
  declare readonly warnings: pulumi.Output<ClusterOutputs["warnings"]>;
  declare readonly ssh: Inputs<ClusterOutputs["ssh"]>;
  declare readonly vpcIds: pulumi.Output<ClusterOutputs["vpcIds"]>;
  declare readonly securityGroupIds: pulumi.Output<ClusterOutputs["securityGroupIds"]>;

  /**
   * @param defaultProxyCommand the provider's, for ssh where the arguments name none
   * @throws pulumi.InputPropertiesError with all problems of the arguments, before anything is registered
   */
  constructor(
    name: string,
    args: ClusterArgs,
    options?: pulumi.ComponentResourceOptions,
    defaultProxyCommand?: string,
  ) {
    const proxyCommand = args.ssh?.proxyCommand ?? defaultProxyCommand;
    const plan = planCluster(args, proxyCommand);
    refuse(name, plan.problems, args.ipPoolsSource);
    super("overlaynet:index:Cluster", name, {}, options);
    const scope: Scope = { name, parent: this, tags: args.tags ?? {} };
    for (const warning of plan.warnings) void pulumi.log.warn(warning.message, this);

    // The default image is Debian's; a chosen one is asked for, as user and packages follow from whose it is.
    const chosen = args.imageId === undefined ? undefined : identifyImage(scope, args.imageId);
    const user = args.ssh?.user ?? chosen?.apply(userOf) ?? DEBIAN.user;
    const packages = chosen?.apply((image) => (distributionOf(image) ?? DEBIAN).packages);
    const port = sshPort(args);
    const bastion = args.ssh?.bastion && {
      ...args.ssh.bastion,
      port: args.ssh.bastion.port ?? DEFAULTS.BastionOptions.port,
      privateKey: pulumi.secret(args.ssh.bastion.privateKey),
    };
    const key = new SshKey(`${name}-ssh`, { parent: this });
    const keyPair = new KeyPair(name, { publicKey: key.publicKey, tags: tagged(scope, name) }, { parent: this });
    const ipPools = new IpPools(name, { manifests: args.ipPools, source: args.ipPoolsSource }, { parent: this });

    const networks = new Map(plan.layout.networks.map((network) => [network.name, createNetwork(scope, network)]));
    const { interconnect, transitSubnets } = plan.layout;
    const peerings =
      interconnect === "TransitGateway"
        ? attachNetworks(scope, transitSubnets, networks)
        : peerNetworks(scope, plan.layout.peerings, networks);
    const rules = createIngressRules(scope, plan.rules, networks, peerings);

    const instanceType = args.instanceType ?? DEFAULTS.Cluster.instanceType;
    const image = args.imageId ?? debianImage(scope, instanceType);
    const nodes = plan.layout.nodes.map((layout): Node => {
      const hostKey = new SshKey(`${name}-${layout.name}`, { parent: this });
      const network = networkOf(networks, layout.network);
      const instance = createInstance(scope, {
        node: layout,
        network,
        instanceType,
        image,
        keepImage: args.imageId === undefined,
        packages,
        keyPair,
        hostKey,
      });
      // A bastion stands next to the nodes.
      const host = layout.subnet.publicIp && bastion === undefined ? instance.publicIp : layout.privateIp;
      const connection = {
        host,
        port,
        user,
        privateKey: key.privateKey,
        hostKey: hostKey.publicKey,
        proxyCommand: args.ssh?.proxyCommand,
        ...(bastion !== undefined && { bastion }),
      };
      return { layout, instance, hostKey, connection };
    });

    const topology = new Topology(
      name,
      {
        pools: ipPools.pools,
        nodes: plan.layout.nodes.map((node) => ({
          name: node.name,
          network: node.network,
          subnet: node.subnet.name,
          subnetCidrBlock: node.subnet.cidrBlock,
          availabilityZone: node.subnet.availabilityZone,
          region: plan.layout.region,
          privateIp: node.privateIp,
          labels: { ...args.labels?.[node.name] },
        })),
        workloads: [...plan.layout.workloads],
        hostMtu: args.hostMtu ?? DEFAULTS.Cluster.hostMtu,
        vxlanVni: args.vxlanVni,
        vxlanPort: args.vxlanPort,
        viaVpcRouter: args.neverAcrossSubnets === "VpcRouteTables" ? true : undefined,
        ...(interconnect === "TransitGateway" && {
          networkMtus: pairsOf(plan.layout.networks.map((network) => network.name)).map((pair) => ({
            networks: pair,
            mtu: TRANSIT_GATEWAY_MTU,
          })),
        }),
      },
      { parent: this, dependsOn: nodes.map(({ instance }) => instance) },
    );

    // The only resources made inside an apply: who has which block is in the state. A preview knows it all the same.
    const late = topology.blocks.apply((blocks): readonly pulumi.Resource[] => {
      const rulesOfDisabled = plan.rulesOfDisabled(new Set(blocks.map(({ pool }) => pool)));
      const added = createIngressRules(scope, rulesOfDisabled, networks, peerings).map(({ resource }) => resource);
      return [
        ...added,
        ...routeBlocks(
          scope,
          blocks.filter(({ pool, node }) => plan.vpcRouted(pool, node ?? "")),
          nodes,
          networks,
        ),
      ];
    });

    this.nodes = pulumi.all(nodes.map(inventoryNode));
    this.privateIps = Object.fromEntries(nodes.map(({ layout }) => [layout.name, layout.privateIp]));
    this.workloads = pulumi.all(overlay(scope, plan, nodes, rules, peerings, topology, late));
    this.paths = topology.paths;
    this.blocks = topology.blocks;
    this.warnings = topology.warnings.apply((warnings) => [...plan.warnings, ...warnings]);
    this.ssh = {
      user,
      port,
      privateKey: pulumi.secret(key.privateKey),
      ...(proxyCommand !== undefined && { proxyCommand }),
      ...(bastion !== undefined && { bastion }),
    };
    this.vpcIds = pulumi.all(Object.fromEntries([...networks].map(([network, { vpc }]) => [network, vpc.id])));
    this.securityGroupIds = pulumi.all(
      Object.fromEntries([...networks].map(([network, { securityGroup }]) => [network, securityGroup.id])),
    );
    this.registerOutputs(this.outputs());
  }

  /** As schema.json spells them. */
  outputs(): pulumi.Inputs {
    const { nodes, privateIps, workloads, paths, blocks, warnings, ssh, vpcIds, securityGroupIds } = this;
    return { nodes, privateIps, workloads, paths, blocks, warnings, ssh, vpcIds, securityGroupIds };
  }
}

/**
 * Makes a Cluster from what a program of any language passed.
 * @throws pulumi.InputPropertiesError with all problems of the arguments, before anything is registered
 */
export async function constructCluster(
  name: string,
  inputs: pulumi.Inputs,
  options: pulumi.ComponentResourceOptions,
  config: ProviderConfig,
): Promise<ConstructResult> {
  const { args, problems } = readClusterArgs(inputs);
  refuse(name, problems, args.ipPoolsSource);
  refuse(name, await zoneProblems(args, options), args.ipPoolsSource);
  const cluster = new Cluster(name, args, options, config.proxyCommand);
  return { urn: cluster.urn, state: cluster.outputs() };
}

/** Zones that the account does not have in the provider's region. AWS would say so with half of the cluster made. */
async function zoneProblems(args: ClusterArgs, options: pulumi.ComponentResourceOptions): Promise<readonly Problem[]> {
  const { providers } = options;
  const provider = Array.isArray(providers) ? undefined : providers?.["aws"];
  const { names } = await getAvailabilityZones({ state: "available" }, { provider });
  return args.networks.flatMap((network, i) =>
    network.subnets.flatMap(({ availabilityZone }, j): Problem[] => {
      if (names.includes(availabilityZone)) return [];
      const message = `there is no zone "${availabilityZone}" to be used in the region of the aws provider, which has ${names.join(", ")}: name one of these, or set aws:region`;
      return [{ path: `networks[${i}].subnets[${j}].availabilityZone`, message }];
    }),
  );
}

/** What stands on the nodes, in the order that makes before it breaks; the workloads, for the outputs. */
function overlay(
  { name, parent }: Scope,
  plan: ClusterPlan,
  nodes: readonly Node[],
  rules: readonly IngressRule[],
  peerings: Peerings,
  topology: Topology,
  late: pulumi.Output<readonly pulumi.Resource[]>,
): pulumi.Output<ClusterWorkload>[] {
  const rulesFor = (purposes: readonly string[], network?: string): pulumi.Resource[] =>
    rules
      .filter(({ rule }) => purposes.includes(rule.purpose) && (network === undefined || rule.network === network))
      .map(({ resource }) => resource);
  const planOf = ({ layout }: Node): pulumi.Output<string> =>
    topology.nodePlans.apply((plans) => plans[layout.name] ?? "");
  const onNode = ({ layout, instance, connection }: Node) => ({
    node: layout.name,
    instanceId: instance.id,
    connection,
  });
  // What stands on a node ends with it: nothing to undo, and nothing to wait for when it cannot be reached any more.
  // Its host key lives as long as the node in the program; an instance that was terminated by hand is in no state any
  // more after a refresh.
  const options = ({ hostKey }: Node): pulumi.CustomResourceOptions => ({
    parent,
    deletedWith: hostKey,
    deleteBeforeReplace: true,
  });

  const tunnels = nodes.flatMap((node) =>
    plan.encapsulations.map((encapsulation) => {
      // Also the order of removal: a rule of ssh must outlive what is taken off the node over it.
      const dependsOn = rulesFor(["ssh", ENCAPSULATIONS[encapsulation].key], node.layout.network);
      const args = { ...onNode(node), encapsulation, plan: planOf(node) };
      return new Tunnel(`${name}-${node.layout.name}-${encapsulation.toLowerCase()}`, args, {
        ...options(node),
        dependsOn,
      });
    }),
  );
  const underlay = late.apply((resources) => [...peerings.routes, ...rulesFor(["pool", "icmp"]), ...resources]);
  const ready = new TunnelsReady(
    name,
    { tunnels: tunnels.map(({ digest }) => digest) },
    { parent, dependsOn: underlay },
  );
  const routes = new Map(
    nodes.map((node) => {
      const args = { ...onNode(node), plan: planOf(node), tunnelsReady: ready.digest };
      return [
        node.layout.name,
        new Routes(`${name}-${node.layout.name}`, args, {
          ...options(node),
          dependsOn: rulesFor(["ssh"], node.layout.network),
        }),
      ];
    }),
  );
  const byName = new Map(nodes.map((node) => [node.layout.name, node]));
  return plan.layout.workloads.map((workload) => {
    const node = byName.get(workload.node);
    const route = routes.get(workload.node);
    if (node === undefined || route === undefined) throw new Error(`there is no node ${workload.node}`);
    const assigned = topology.assignedWorkloads.apply(
      (all) => all.find((one) => one.name === workload.name) ?? missing(workload.name),
    );
    const resource = new Workload(
      `${name}-${workload.name}`,
      {
        ...onNode(node),
        name: workload.name,
        pool: assigned.pool,
        address: assigned.address,
        mtu: assigned.mtu,
        routes: route.digest,
      },
      { ...options(node), dependsOn: rulesFor(["ssh"], node.layout.network) },
    );
    return pulumi
      .all([assigned, resource.namespace])
      .apply(([{ pool, address, mtu }, namespace]) => ({ ...workload, pool, address, mtu, namespace }));
  });
}

function inventoryNode({ layout, instance, hostKey, connection }: Node): pulumi.Output<ClusterNode> {
  return pulumi
    .all([instance.id, instance.publicIp, hostKey.publicKey, connection.host])
    .apply(([instanceId, publicIp, publicKey, host]) => ({
      name: layout.name,
      network: layout.network,
      subnet: layout.subnet.name,
      availabilityZone: layout.subnet.availabilityZone,
      privateIp: layout.privateIp,
      ...(layout.subnet.publicIp && { publicIp }),
      instanceId,
      host,
      hostKey: publicKey,
    }));
}

function pairsOf(names: readonly string[]): (readonly [string, string])[] {
  return names.flatMap((one, i) => names.slice(i + 1).map((other) => [one, other] as const));
}

/** Calico's sentence first, so that it can be searched for; then where it stands in the text. */
function refuse(name: string, problems: readonly Problem[], source: string | undefined): void {
  if (problems.length === 0) return;
  const errors = problems.map(({ path, message, line, column }) => ({
    propertyPath: path,
    reason:
      line === undefined
        ? message
        : `${message} (${source ?? "line "}${source === undefined ? "" : ":"}${line}${column === undefined ? "" : `:${column}`})`,
  }));
  throw new pulumi.InputPropertiesError({ message: `Cluster ${name} cannot be made from these arguments`, errors });
}

function missing(workload: string): never {
  throw new Error(`the topology has no address for workload ${workload}`);
}
