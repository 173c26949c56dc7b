import type { Path } from "../plan/path";

/** What verify needs to know of a stack; the outputs of Cluster have this form (`pulumi stack output --json --show-secrets`). */
export interface Inventory {
  readonly nodes: readonly InventoryNode[];
  readonly workloads: readonly InventoryWorkload[];
  readonly paths: readonly Path[];
  readonly ssh: SshAccess;
}

export interface InventoryNode {
  readonly name: string;
  readonly network: string;
  readonly subnet: string;
  readonly availabilityZone: string;
  readonly privateIp: string;
  readonly publicIp?: string;
  readonly instanceId: string;
  /** Where ssh connects to: the public address, or the private one behind a bastion. */
  readonly host: string;
  /** `ssh-ed25519 AAAA…`: pinned. */
  readonly hostKey: string;
}

export interface InventoryWorkload {
  readonly name: string;
  readonly node: string;
  readonly pool: string;
  readonly address: string;
  /** Name of its network namespace on the node. */
  readonly namespace: string;
}

export interface SshAccess {
  readonly user: string;
  readonly port: number;
  /** OpenSSH private key, secret. */
  readonly privateKey: string;
  /** %h, %p and %r are replaced; run by /bin/sh. */
  readonly proxyCommand?: string;
}
