import { Document, visit } from "yaml";
import type { IpPool } from "./ippool";
import { API_VERSION, KIND } from "./resource-list";
import { resolvePlainScalar } from "./yaml-scalar";

/**
 * A pool's spec as Calico stores it: defaults filled in, and of booleans and the namespaceSelector only those that are
 * set.
 */
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
  return pools.map(printIpPool).join("---\n");
}

function printIpPool(pool: IpPool): string {
  const document = new Document({
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { name: pool.name },
    spec: ipPoolSpec(pool),
  });
  visit(document, {
    Scalar(_key, node) {
      // `yes` is a name that Calico's reader takes for a boolean.
      if (typeof node.value === "string" && resolvePlainScalar(node.value) !== node.value) node.type = "QUOTE_DOUBLE";
    },
  });
  return document.toString({ lineWidth: 0 });
}
