/** The largest packet that a transit gateway takes between VPCs, bytes (Transit Gateways Guide, "Quotas", MTU). */
export const TRANSIT_GATEWAY_MTU = 8500;
