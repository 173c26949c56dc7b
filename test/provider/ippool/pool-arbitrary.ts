import fc from "fast-check";
import { formatCidr, parsePoolCidr } from "../../../provider/src/ippool/cidr";
import type { IpPool } from "../../../provider/src/ippool/ippool";

/** Valid names, those included that YAML would take for something else. */
const name = fc.oneof(
  fc.constantFrom(
    "yes",
    "no",
    "on",
    "off",
    "null",
    "true",
    "y",
    "5",
    "1e3",
    "0x1f",
    "010",
    "0o17",
    "e1",
    "1e400",
    "0b1",
    "12.5",
    "2024-01-01",
    "a.b-c",
  ),
  fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?(\.[a-z0-9]{1,5}){0,2}$/),
);
const selector = fc.constantFrom(
  "all()",
  "!all()",
  " all() ",
  "has(a)",
  `zone in {"a", 'b'}`,
  "a == 'x: y # z'",
  `a == "'"`,
  "a == 'ü\u2028'",
  "(a != 'b' || has(c)) && !has(d)",
);

/** Any pool that Calico accepts. */
export const ipPool: fc.Arbitrary<IpPool> = fc
  .record({
    name,
    version: fc.constantFrom(4 as const, 6 as const),
    address: fc.integer({ min: 0, max: 255 }),
    size: fc.nat(12),
    spare: fc.nat(12),
    encapsulation: fc.constantFrom("ipip", "vxlan", "none"),
    mode: fc.constantFrom("Always" as const, "CrossSubnet" as const),
    uses: fc.constantFrom<IpPool["allowedUses"]>(
      ["Workload"],
      ["Tunnel"],
      ["Workload", "Tunnel"],
      ["Tunnel", "Workload"],
      ["LoadBalancer"],
    ),
    natOutgoing: fc.boolean(),
    disabled: fc.boolean(),
    disableBGPExport: fc.boolean(),
    nodeSelector: selector,
    namespaceSelector: fc.option(selector, { nil: "" }),
    assignmentMode: fc.constantFrom("Automatic" as const, "Manual" as const),
  })
  .map((draft): IpPool => {
    const loadBalancer = draft.uses.includes("LoadBalancer");
    const blockSize = (draft.version === 4 ? 20 : 116) + draft.size;
    const prefixLength = Math.max(blockSize - draft.spare, draft.version === 4 ? 12 : 104);
    const base =
      draft.version === 4
        ? `10.${draft.address}.0.0/${prefixLength}`
        : `fd00:${draft.address.toString(16)}::/${prefixLength}`;
    return {
      name: draft.name,
      cidr: formatCidr(parsePoolCidr(base)),
      ipipMode: draft.encapsulation === "ipip" && draft.version === 4 && !loadBalancer ? draft.mode : "Never",
      vxlanMode: draft.encapsulation === "vxlan" && !loadBalancer ? draft.mode : "Never",
      natOutgoing: draft.natOutgoing,
      disabled: draft.disabled,
      disableBGPExport: draft.disableBGPExport && !loadBalancer,
      blockSize,
      nodeSelector: loadBalancer ? "all()" : draft.nodeSelector,
      namespaceSelector: draft.uses.includes("Tunnel") ? "" : draft.namespaceSelector,
      allowedUses: draft.uses,
      assignmentMode: draft.assignmentMode,
    };
  });
