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

/** The manifest of a pool, with fields of its spec changed. */
export function manifest(spec: Readonly<Record<string, unknown>> = {}, name = "ippool-cross-subnet-1"): string {
  const fields = { cidr: "192.168.0.0/16", ipipMode: "CrossSubnet", natOutgoing: true, ...spec };
  const lines = Object.entries(fields).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`);
  return `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata:\n  name: ${name}\nspec:\n${lines.join("")}`;
}
