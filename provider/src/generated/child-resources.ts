// Made from provider/schema.json by scripts/generate-types.ts: change the schema, not this.

import type { CustomResourceOptions, Output } from "@pulumi/pulumi";
import { ChildResource, type Inputs } from "../resources/child-resource";
import type {
  SshKeyOutputs,
  IpPoolsInputs,
  IpPoolsOutputs,
  TopologyInputs,
  TopologyOutputs,
  TunnelInputs,
  TunnelOutputs,
  TunnelsReadyInputs,
  TunnelsReadyOutputs,
  RoutesInputs,
  RoutesOutputs,
  WorkloadInputs,
  WorkloadOutputs,
  HostKeyInputs,
  HostKeyOutputs,
} from "./resource-types";

export class SshKey extends ChildResource {
  declare readonly privateKey: Output<SshKeyOutputs["privateKey"]>;
  declare readonly publicKey: Output<SshKeyOutputs["publicKey"]>;
  declare readonly fingerprint: Output<SshKeyOutputs["fingerprint"]>;

  constructor(name: string, options?: CustomResourceOptions) {
    super("overlaynet:index:SshKey", name, {}, options);
  }
}

export class IpPools extends ChildResource {
  declare readonly manifests: Output<IpPoolsOutputs["manifests"]>;
  declare readonly source: Output<IpPoolsOutputs["source"]>;
  declare readonly pools: Output<IpPoolsOutputs["pools"]>;

  constructor(name: string, args: Inputs<IpPoolsInputs>, options?: CustomResourceOptions) {
    super("overlaynet:index:IpPools", name, args, options);
  }
}

export class Topology extends ChildResource {
  declare readonly blocks: Output<TopologyOutputs["blocks"]>;
  declare readonly tunnelAddresses: Output<TopologyOutputs["tunnelAddresses"]>;
  declare readonly assignedWorkloads: Output<TopologyOutputs["assignedWorkloads"]>;
  declare readonly warnings: Output<TopologyOutputs["warnings"]>;
  declare readonly packed: Output<TopologyOutputs["packed"]>;
  declare readonly links: Output<TopologyOutputs["links"]>;
  declare readonly owner: Output<TopologyOutputs["owner"]>;

  constructor(name: string, args: Inputs<TopologyInputs>, options?: CustomResourceOptions) {
    super("overlaynet:index:Topology", name, args, options);
  }
}

export class Tunnel extends ChildResource {
  declare readonly digest: Output<TunnelOutputs["digest"]>;
  declare readonly files: Output<TunnelOutputs["files"]>;

  constructor(name: string, args: Inputs<TunnelInputs>, options?: CustomResourceOptions) {
    super("overlaynet:index:Tunnel", name, args, options);
  }
}

export class TunnelsReady extends ChildResource {
  declare readonly digest: Output<TunnelsReadyOutputs["digest"]>;

  constructor(name: string, args: Inputs<TunnelsReadyInputs>, options?: CustomResourceOptions) {
    super("overlaynet:index:TunnelsReady", name, args, options);
  }
}

export class Routes extends ChildResource {
  declare readonly digest: Output<RoutesOutputs["digest"]>;
  declare readonly files: Output<RoutesOutputs["files"]>;

  constructor(name: string, args: Inputs<RoutesInputs>, options?: CustomResourceOptions) {
    super("overlaynet:index:Routes", name, args, options);
  }
}

export class Workload extends ChildResource {
  declare readonly digest: Output<WorkloadOutputs["digest"]>;
  declare readonly namespace: Output<WorkloadOutputs["namespace"]>;
  declare readonly files: Output<WorkloadOutputs["files"]>;

  constructor(name: string, args: Inputs<WorkloadInputs>, options?: CustomResourceOptions) {
    super("overlaynet:index:Workload", name, args, options);
  }
}

export class HostKey extends ChildResource {
  declare readonly hostKey: Output<HostKeyOutputs["hostKey"]>;

  constructor(name: string, args: Inputs<HostKeyInputs>, options?: CustomResourceOptions) {
    super("overlaynet:index:HostKey", name, args, options);
  }
}
