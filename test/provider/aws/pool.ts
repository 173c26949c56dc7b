import type { IpPool } from "../../../provider/src/ippool/ippool";

/** A pool with Calico's defaults, for the fields that a test does not care about. */
export function pool(fields: Partial<IpPool> = {}): IpPool {
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
    ...fields,
  };
}
