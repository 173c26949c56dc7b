import { ApiError, ProviderError } from "../engine/api-error";
import type { Input } from "../engine/input";
import { isMap, type PropertyMap } from "../../../../wire/property-value";
import type { ResourceRecord } from "../../state/record";

/** DNS over the peering; the lab has no DNS of AWS's. */
export const peeringOptionsInput: Input = {
  kind: { block: { allowRemoteVpcDnsResolution: { kind: "bool", lab: "recorded" } } },
  computed: true,
  lab: "recorded",
};

const SIDES = ["accepter", "requester"] as const;

/** The options that a peering connection has after what was asked for. */
export function peeringOptions(peering: Readonly<Record<string, unknown>>, asked: PropertyMap): PropertyMap {
  return Object.fromEntries(SIDES.map((side) => [side, options(isMap(asked[side]) ? asked[side] : peering[side])]));
}

function options(block: unknown): PropertyMap {
  return { allowRemoteVpcDnsResolution: isMap(block) && block["allowRemoteVpcDnsResolution"] === true };
}

function asksForOptions(inputs: Readonly<Record<string, unknown>>): boolean {
  return SIDES.some((side) => isMap(inputs[side]));
}

/** The provider's own refusal: options are for active peering connections. */
export function refuseOptionsOfInactive(id: string, status: unknown, inputs: Readonly<Record<string, unknown>>): void {
  if (!asksForOptions(inputs) || status === "active") return;
  throw new ProviderError(
    `Unable to modify EC2 VPC Peering Connection Options. EC2 VPC Peering Connection (${id}) is not active (current status: ${String(status)}). ` +
      "Please set the `auto_accept` attribute to `true` or activate the EC2 VPC Peering Connection manually.",
  );
}

/** The API's refusal of the same (API_ModifyVpcPeeringConnectionOptions). */
export function refuseInactive({ id, outputs }: ResourceRecord): void {
  if (outputs["acceptStatus"] !== "active")
    throw new ApiError(
      "OperationNotPermitted",
      `Peering ${id} is not active. Peering options can be added only to active peerings.`,
    );
}
