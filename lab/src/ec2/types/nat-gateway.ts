import { isIPv4 } from "node:net";
import type { PropertyMap } from "../../../../wire/property-value";
import { ApiError } from "../engine/api-error";
import { mustText, textOf } from "../engine/fields";
import { derivedId } from "../engine/ids";
import { oneOf, refused, regionInput, tagsInput } from "../engine/input";
import type { Records } from "../engine/records";
import type { ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import { associationCompanion, associationOf, findAllocation } from "./elastic-ip";
import { choosePrivateAddress } from "./ip-address";
import { findSubnet } from "./subnet";

const ONE_ADDRESS = "its NAT gateways have one address";
const NO_REGIONAL = "its NAT gateways are zonal ones";

/** `aws.ec2.NatGateway` in a subnet, with an Elastic IP address (public) or without (private). */
export const natGateway: ResourceType = {
  token: EC2.natGateway,
  title: "EC2 NAT Gateway",
  actions: { create: "CreateNatGateway", update: "CreateTags", delete: "DeleteNatGateway" },
  idPrefix: "nat",
  holds: [{ to: EC2.subnet, by: "subnetId" }],
  inputs: {
    allocationId: { kind: "string", forceNew: true, lab: "enforced" },
    availabilityMode: {
      kind: "string",
      computed: true,
      forceNew: true,
      lab: "recorded",
      check: (value, name) =>
        oneOf("zonal", "regional")(value, name) ??
        (value === "regional" ? `the lab does not model ${name} regional: ${NO_REGIONAL}` : undefined),
    },
    availabilityZoneAddresses: refused({ blocks: {} }, NO_REGIONAL),
    connectivityType: {
      kind: "string",
      default: "public",
      forceNew: true,
      lab: "enforced",
      check: oneOf("private", "public"),
    },
    privateIp: {
      kind: "string",
      computed: true,
      forceNew: true,
      lab: "enforced",
      check: (value, name) =>
        isIPv4(String(value)) ? undefined : `expected ${name} to contain a valid IPv4 address, got: ${String(value)}`,
    },
    region: regionInput,
    secondaryAllocationIds: refused("strings", ONE_ADDRESS, { computed: true, set: true }),
    secondaryPrivateIpAddressCount: refused("int", ONE_ADDRESS, { computed: true }),
    secondaryPrivateIpAddresses: refused("strings", ONE_ADDRESS, { computed: true, set: true }),
    subnetId: { kind: "string", forceNew: true, lab: "enforced" },
    tags: tagsInput,
    vpcId: refused("string", `${NO_REGIONAL}; give subnetId`, { computed: true, forceNew: true }),
  },
  computed: [
    "associationId",
    "autoProvisionZones",
    "autoScalingIps",
    "networkInterfaceId",
    "publicIp",
    "regionalNatGatewayAddresses",
    "regionalNatGatewayAutoMode",
    "routeTableId",
  ],
  create({ id, inputs, records }) {
    const subnetId = textOf(inputs, "subnetId");
    if (subnetId === undefined)
      throw new ApiError(
        "MissingParameter",
        "The request must include the SubnetId parameter. Add the required parameter and retry the request.",
      );
    const subnet = findSubnet(records, subnetId);
    const vpcId = mustText(subnet.outputs, "vpcId");
    const networkInterfaceId = derivedId("eni", id);
    const privateIp = choosePrivateAddress(records, subnet, textOf(inputs, "privateIp"));
    const association =
      inputs["connectivityType"] === "private"
        ? refuseAddress(inputs)
        : publicAddress(records, id, inputs, vpcId, { networkInterfaceId, privateIp });
    const companion = association && associationCompanion(id, association);
    return {
      outputs: {
        associationId: companion?.id ?? "",
        autoProvisionZones: "",
        autoScalingIps: "",
        availabilityMode: "zonal",
        networkInterfaceId,
        privateIp,
        publicIp: association === undefined ? "" : mustText(association, "publicIp"),
        regionalNatGatewayAddresses: [],
        regionalNatGatewayAutoMode: "",
        routeTableId: "",
        secondaryAllocationIds: [],
        secondaryPrivateIpAddressCount: 0,
        secondaryPrivateIpAddresses: [],
        vpcId,
      },
      companions: companion === undefined ? [] : [companion],
    };
  },
};

function refuseAddress(inputs: PropertyMap): undefined {
  if (textOf(inputs, "allocationId") !== undefined)
    throw new ApiError(
      "InvalidParameterCombination",
      "The AllocationId parameter cannot be given for a NAT gateway with the connectivity type private.",
    );
  return undefined;
}

/** Outputs of the association with the gateway's Elastic IP address. */
function publicAddress(
  records: Records,
  id: string,
  inputs: PropertyMap,
  vpcId: string,
  address: { readonly networkInterfaceId: string; readonly privateIp: string },
): PropertyMap {
  const allocationId = textOf(inputs, "allocationId");
  if (allocationId === undefined)
    throw new ApiError(
      "MissingParameter",
      "The request must include the AllocationId parameter. Add the required parameter and retry the request.",
    );
  const publicIp = mustText(findAllocation(records, allocationId).outputs, "publicIp");
  const failed = (why: string): Error =>
    new Error(
      `waiting for EC2 NAT Gateway (${id}) create: unexpected state 'failed', wanted target 'available'. last error: ${why}`,
    );
  if (records.where(EC2.internetGateway, "vpcId", vpcId).length === 0)
    throw failed(`Gateway.NotAttached: Network ${vpcId} has no Internet gateway attached`);
  if (associationOf(records, { allocationId }) !== undefined)
    throw failed(`Resource.AlreadyAssociated: Elastic IP address [${allocationId}] is already associated`);
  return {
    allocationId,
    publicIp,
    networkInterfaceId: address.networkInterfaceId,
    privateIpAddress: address.privateIp,
    instanceId: "",
  };
}
