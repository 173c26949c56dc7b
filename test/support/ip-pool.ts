import type { IpPool } from "../../provider/src/ippool/ippool";

/** A pool as the quick start has it, but for what a test is about. */
export function ipPool(changes: Partial<IpPool> = {}): IpPool {
  return {
    name: "pool",
    cidr: "192.168.0.0/16",
    ipipMode: "Never",
    vxlanMode: "Never",
    natOutgoing: false,
    disabled: false,
    disableBGPExport: false,
    blockSize: 26,
    nodeSelector: "all()",
    namespaceSelector: "",
    allowedUses: ["Workload", "Tunnel"],
    assignmentMode: "Automatic",
    ...changes,
  };
}
