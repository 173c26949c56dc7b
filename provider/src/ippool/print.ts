import { stringify } from "yaml";
import type { IpPool } from "./ippool";
import { API_VERSION, KIND } from "./resource-list";

/** A pool's spec as Calico stores it: defaults filled in, and of booleans and the namespaceSelector only those that are set. */
export interface IpPoolSpec {
  readonly cidr: string;
  readonly ipipMode: IpPool["ipipMode"];
  readonly vxlanMode: IpPool["vxlanMode"];
  readonly natOutgoing?: true;
  readonly disabled?: true;
  readonly disableBGPExport?: true;
  readonly blockSize: number;
  readonly nodeSelector: string;
  readonly namespaceSelector?: string;
  readonly allowedUses: IpPool["allowedUses"];
  readonly assignmentMode: IpPool["assignmentMode"];
}

export function ipPoolSpec(pool: IpPool): IpPoolSpec {
  return {
    cidr: pool.cidr,
    ipipMode: pool.ipipMode,
    vxlanMode: pool.vxlanMode,
    ...(pool.natOutgoing && { natOutgoing: true }),
    ...(pool.disabled && { disabled: true }),
    ...(pool.disableBGPExport && { disableBGPExport: true }),
    blockSize: pool.blockSize,
    nodeSelector: pool.nodeSelector,
    ...(pool.namespaceSelector !== "" && { namespaceSelector: pool.namespaceSelector }),
    allowedUses: pool.allowedUses,
    assignmentMode: pool.assignmentMode,
  };
}

/** Manifests in Calico's form, one document per pool, which calicoctl and parseIpPools read back as the same pools. */
export function printIpPools(pools: readonly IpPool[]): string {
  return pools
    .map((pool) => {
      const manifest = { apiVersion: API_VERSION, kind: KIND, metadata: { name: pool.name }, spec: ipPoolSpec(pool) };
      // YAML 1.1 for its quotes: `yes` is a name that Calico's reader would take for a boolean. Uses may be the same list for several pools.
      return stringify(manifest, { schema: "yaml-1.1", aliasDuplicateObjects: false, lineWidth: 0 });
    })
    .join("---\n");
}
