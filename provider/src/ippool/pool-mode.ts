import type { IpPool } from "./ippool";

/** The field of an IPPool that asks for each kind of tunnel. VXLAN before IP in IP, as Felix judges a pool. */
const MODE_FIELDS = { VXLAN: "vxlanMode", IPIP: "ipipMode" } as const satisfies Readonly<Record<string, keyof IpPool>>;

/** How a packet between nodes is carried in a packet of theirs. */
export type TunnelKind = keyof typeof MODE_FIELDS;

/** How a packet between nodes goes: in a tunnel, or as it is. */
export type Encapsulation = "None" | TunnelKind;

/** The fields of an IPPool that say how its packets go. */
export type ModeFields = Pick<IpPool, (typeof MODE_FIELDS)[TunnelKind]>;

const KINDS = Object.keys(MODE_FIELDS) as readonly TunnelKind[];

/** What the pool's packets are encapsulated in where they are at all. */
export function poolEncapsulation(pool: ModeFields): Encapsulation {
  return KINDS.find((kind) => pool[MODE_FIELDS[kind]] !== "Never") ?? "None";
}

/** Whether packets to nodes of the sender's subnet go out as they are. */
export function isCrossSubnet(pool: ModeFields): boolean {
  return KINDS.some((kind) => pool[MODE_FIELDS[kind]] === "CrossSubnet");
}

/** The mode as the manifest spells it: `ipipMode CrossSubnet`. */
export function modeInWords(pool: ModeFields): string {
  const encapsulation = poolEncapsulation(pool);
  if (encapsulation === "None") return `${KINDS.map(modeField).toSorted().join(" and ")} Never`;
  return `${modeField(encapsulation)} ${pool[MODE_FIELDS[encapsulation]]}`;
}

/** The name of the field that asks for the kind of tunnel. */
export function modeField(kind: TunnelKind): string {
  return MODE_FIELDS[kind];
}
