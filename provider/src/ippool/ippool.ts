/**
 * Calico's IPPool, after parsing and validation: every field present, every rule of the v3 resource held.
 * Source: projectcalico/calico api/pkg/apis/projectcalico/v3/ippool.go.
 */
export type EncapsulationMode = "Never" | "Always" | "CrossSubnet";
export type AllowedUse = "Workload" | "Tunnel" | "LoadBalancer";
export type AssignmentMode = "Automatic" | "Manual";

export interface IpPool {
  readonly name: string;
  /** Strictly masked, in Calico's spelling. */
  readonly cidr: string;
  readonly ipipMode: EncapsulationMode;
  readonly vxlanMode: EncapsulationMode;
  readonly natOutgoing: boolean;
  readonly disabled: boolean;
  readonly disableBGPExport: boolean;
  /** Prefix length of a block: 20-32 (IPv4), 116-128 (IPv6). */
  readonly blockSize: number;
  readonly nodeSelector: string;
  readonly namespaceSelector: string;
  readonly allowedUses: readonly AllowedUse[];
  readonly assignmentMode: AssignmentMode;
}

/** Whether the pool gives addresses for the use. */
export function poolAllows(pool: Pick<IpPool, "allowedUses">, use: AllowedUse): boolean {
  return pool.allowedUses.includes(use);
}
