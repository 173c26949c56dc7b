import * as pulumi from "@pulumi/pulumi";
import { VERSION } from "../version";
import type {
  IpPoolsInputs,
  IpPoolsOutputs,
  PartOutputs,
  RoutesInputs,
  SshKeyOutputs,
  TopologyInputs,
  TopologyOutputs,
  TunnelInputs,
  TunnelsReadyInputs,
  WorkloadInputs,
  WorkloadOutputs,
} from "./inputs";

/**
 * The custom resources of this package as a component registers them: what the generated SDK has, without a package to
 * build first.
 */

/** A type of inputs.ts, each of whose values may be an Output, at any depth. */
export type Inputs<T> = { readonly [K in keyof T]: DeepInput<Exclude<T[K], undefined>> };
type DeepInput<T> = pulumi.Input<
  [T] extends [string | number | boolean]
    ? T
    : [T] extends [readonly (infer E)[]]
      ? readonly DeepInput<Exclude<E, undefined>>[]
      : { readonly [K in keyof T]: DeepInput<Exclude<T[K], undefined>> }
>;

/** The version makes children share the provider process of the component that they are made by. */
function own(options: pulumi.CustomResourceOptions | undefined, secrets: string[] = []): pulumi.CustomResourceOptions {
  return pulumi.mergeOptions({ version: VERSION, additionalSecretOutputs: secrets }, options);
}

export class SshKey extends pulumi.CustomResource {
  declare readonly privateKey: pulumi.Output<SshKeyOutputs["privateKey"]>;
  declare readonly publicKey: pulumi.Output<SshKeyOutputs["publicKey"]>;
  declare readonly fingerprint: pulumi.Output<SshKeyOutputs["fingerprint"]>;

  constructor(name: string, options?: pulumi.CustomResourceOptions) {
    super(
      "overlaynet:index:SshKey",
      name,
      { privateKey: undefined, publicKey: undefined, fingerprint: undefined },
      own(options, ["privateKey"]),
    );
  }
}

export class IpPools extends pulumi.CustomResource {
  declare readonly pools: pulumi.Output<IpPoolsOutputs["pools"]>;

  constructor(name: string, args: Inputs<IpPoolsInputs>, options?: pulumi.CustomResourceOptions) {
    super("overlaynet:index:IpPools", name, { ...args, pools: undefined }, own(options));
  }
}

export class Topology extends pulumi.CustomResource {
  declare readonly blocks: pulumi.Output<TopologyOutputs["blocks"]>;
  declare readonly assignedWorkloads: pulumi.Output<TopologyOutputs["assignedWorkloads"]>;
  declare readonly paths: pulumi.Output<TopologyOutputs["paths"]>;
  declare readonly warnings: pulumi.Output<TopologyOutputs["warnings"]>;
  declare readonly nodePlans: pulumi.Output<TopologyOutputs["nodePlans"]>;
  declare readonly encapsulations: pulumi.Output<TopologyOutputs["encapsulations"]>;

  constructor(name: string, args: Inputs<TopologyInputs>, options?: pulumi.CustomResourceOptions) {
    const outputs = {
      assignedWorkloads: undefined,
      blocks: undefined,
      encapsulations: undefined,
      nodePlans: undefined,
      paths: undefined,
      warnings: undefined,
    };
    super("overlaynet:index:Topology", name, { ...outputs, ...args }, own(options));
  }
}

export class Tunnel extends pulumi.CustomResource {
  declare readonly digest: pulumi.Output<PartOutputs["digest"]>;

  constructor(name: string, args: Inputs<TunnelInputs>, options?: pulumi.CustomResourceOptions) {
    super("overlaynet:index:Tunnel", name, { ...args, digest: undefined }, own(options));
  }
}

export class TunnelsReady extends pulumi.CustomResource {
  declare readonly digest: pulumi.Output<string>;

  constructor(name: string, args: Inputs<TunnelsReadyInputs>, options?: pulumi.CustomResourceOptions) {
    super("overlaynet:index:TunnelsReady", name, { ...args, digest: undefined }, own(options));
  }
}

export class Routes extends pulumi.CustomResource {
  declare readonly digest: pulumi.Output<PartOutputs["digest"]>;

  constructor(name: string, args: Inputs<RoutesInputs>, options?: pulumi.CustomResourceOptions) {
    super("overlaynet:index:Routes", name, { ...args, digest: undefined }, own(options));
  }
}

export class Workload extends pulumi.CustomResource {
  declare readonly digest: pulumi.Output<WorkloadOutputs["digest"]>;
  declare readonly namespace: pulumi.Output<WorkloadOutputs["namespace"]>;

  constructor(name: string, args: Inputs<WorkloadInputs>, options?: pulumi.CustomResourceOptions) {
    super("overlaynet:index:Workload", name, { ...args, digest: undefined, namespace: undefined }, own(options));
  }
}
