/** How the networks of a cluster reach each other. */
export type Interconnect = "Peering" | "TransitGateway";

export const INTERCONNECTS: readonly Interconnect[] = ["Peering", "TransitGateway"];

/** The largest packet that a transit gateway takes between VPCs, bytes (Transit Gateways Guide, "Quotas", MTU). */
export const TRANSIT_GATEWAY_MTU = 8500;
