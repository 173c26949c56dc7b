import { type Instance, KeyPair } from "@pulumi/aws/ec2";
import { getAvailabilityZones } from "@pulumi/aws/getAvailabilityZones";
import * as pulumi from "@pulumi/pulumi";
import type { ConstructResult } from "@pulumi/pulumi/provider";
import { DEBIAN, distributionOf, userOf } from "../aws/distribution";
import { createInstance, debianImage, identifyImage } from "../aws/instance";
import type { NodeLayout } from "../aws/layout";
import { createIngressRules, createNetwork, networkOf, peerNetworks, routeBlocks } from "../aws/network";
import { TRANSIT_GATEWAY_MTU } from "../aws/interconnect";
import { type Scope, tagged } from "../aws/scope";
import { attachNetworks } from "../aws/transit-gateway";
import type { Problem } from "../ippool/problem";
import type { ProviderConfig } from "../provider-config";
import { SshKey } from "../generated/child-resources";
import { type ClusterArgs, DEFAULTS } from "../generated/component-args";
import type { ClusterNode, ClusterOutputs } from "../generated/resource-types";
import type { Inputs } from "./child-resource";
import { readClusterArgs } from "./cluster-args";
import { planCluster, sshPort } from "./cluster-plan";
import type { KnownTopologies } from "./known-topologies";
import { Overlay } from "./overlay";
import { refuse } from "./refuse";

/** A node of the layout and what was made of it. */
interface Node {
  readonly layout: NodeLayout;
  readonly instance: Instance;
  readonly hostKey: SshKey;
  /** Where its ssh server is reached. */
  readonly host: pulumi.Input<string>;
}

/**
 * VPCs and instances, and an Overlay over them. The plain arguments decide which resources there are, before any is
 * registered, so a preview shows all of them. What lets packets in is there before anything is brought to a node, and
 * outlives it.
 */
export class Cluster extends pulumi.ComponentResource implements Inputs<ClusterOutputs> {
  declare readonly nodes: pulumi.Output<ClusterOutputs["nodes"]>;
  /** Also part of `nodes`, which is not known as a whole before the instances are there. */
  declare readonly privateIps: ClusterOutputs["privateIps"];
  declare readonly workloads: pulumi.Output<ClusterOutputs["workloads"]>;
  declare readonly topology: pulumi.Output<ClusterOutputs["topology"]>;
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
    options: pulumi.ComponentResourceOptions | undefined,
    topologies: KnownTopologies,
    defaultProxyCommand?: string,
  ) {
    const proxyCommand = args.ssh?.proxyCommand ?? defaultProxyCommand;
    const plan = planCluster(args, proxyCommand);
    refuse(`Cluster ${name}`, plan.problems, args.ipPoolsSource);
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
      const host =
        layout.subnet.publicIp && bastion === undefined
          ? // None while it is stopped.
            instance.publicIp.apply((publicIp) => (publicIp === "" ? layout.privateIp : publicIp))
          : layout.privateIp;
      return { layout, instance, hostKey, host };
    });

    const overlay = new Overlay(
      name,
      {
        ipPools: args.ipPools,
        ipPoolsSource: args.ipPoolsSource,
        networks: plan.layout.networks.map((network) => ({
          name: network.name,
          mtu: args.hostMtu ?? DEFAULTS.Cluster.hostMtu,
        })),
        networkMtus:
          interconnect === "TransitGateway"
            ? pairsOf(plan.layout.networks.map((network) => network.name)).map((pair) => ({
                networks: pair,
                mtu: TRANSIT_GATEWAY_MTU,
              }))
            : [],
        hosts: nodes.map(({ layout, instance, hostKey, host }) => ({
          name: layout.name,
          network: layout.network,
          address: layout.privateIp,
          subnetCidrBlock: layout.subnet.cidrBlock,
          availabilityZone: layout.subnet.availabilityZone,
          region: plan.layout.region,
          labels: args.labels?.[layout.name],
          incarnation: instance.id,
          ssh: { host, hostKey: hostKey.publicKey },
        })),
        ssh: { user, port, privateKey: key.privateKey, proxyCommand: args.ssh?.proxyCommand, bastion },
        unreachable: args.unreachable,
        vxlanVni: args.vxlanVni,
        vxlanPort: args.vxlanPort,
        workloadsPerNode: args.workloadsPerNode,
      },
      { parent: this },
      topologies,
      proxyCommand,
      {
        // A host key lives as long as the node in the program; an instance that was terminated by hand is in no state
        // any more after a refresh.
        hosts: new Map(
          nodes.map(({ layout, hostKey }) => [layout.name, { subnet: layout.subnet.name, deletedWith: hostKey }]),
        ),
        viaVpcRouter: args.neverAcrossSubnets === "VpcRouteTables",
        dependsOn: [
          ...nodes.map(({ instance }) => instance),
          ...rules.map(({ resource }) => resource),
          ...peerings.routes,
        ],
        // The only resources made inside an apply: who has which block is in the state. A preview knows it all the same.
        beforeRoutes: (blocks) =>
          blocks.apply((known) => {
            const late = plan.rulesOfDisabled(new Set(known.map(({ pool }) => pool)));
            return [
              ...createIngressRules(scope, late, networks, peerings).map(({ resource }) => resource),
              ...routeBlocks(
                scope,
                known.filter(({ pool, node }) => plan.vpcRouted(pool, node ?? "")),
                nodes,
                networks,
              ),
            ];
          }),
      },
    );

    this.nodes = pulumi.all(nodes.map(inventoryNode));
    this.privateIps = Object.fromEntries(nodes.map(({ layout }) => [layout.name, layout.privateIp]));
    this.workloads = overlay.workloads;
    this.topology = overlay.topology;
    this.blocks = overlay.blocks;
    this.warnings = overlay.warnings.apply((warnings) => [...plan.warnings, ...warnings]);
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
    const { nodes, privateIps, workloads, topology, blocks, warnings, ssh, vpcIds, securityGroupIds } = this;
    return { nodes, privateIps, workloads, topology, blocks, warnings, ssh, vpcIds, securityGroupIds };
  }
}

/**
 * Makes a Cluster from what a program of any language passed.
 * @throws pulumi.InputPropertiesError with all problems of the arguments, before anything is registered
 */
export function clusterFactory(topologies: KnownTopologies) {
  return async (
    name: string,
    inputs: pulumi.Inputs,
    options: pulumi.ComponentResourceOptions,
    config: ProviderConfig,
  ): Promise<ConstructResult> => {
    const { args, problems } = readClusterArgs(inputs);
    refuse(`Cluster ${name}`, problems, args.ipPoolsSource);
    refuse(`Cluster ${name}`, await zoneProblems(args, options), args.ipPoolsSource);
    const cluster = new Cluster(name, args, options, topologies, config.proxyCommand);
    return { urn: cluster.urn, state: cluster.outputs() };
  };
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

function inventoryNode({ layout, instance, hostKey, host: reachedAt }: Node): pulumi.Output<ClusterNode> {
  return pulumi
    .all([instance.id, instance.publicIp, hostKey.publicKey, reachedAt])
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
