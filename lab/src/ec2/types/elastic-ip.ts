import { ApiError } from "../engine/api-error";
import { derivedId } from "../engine/ids";
import { findInterface, type Interface, interfaceOf } from "./network-interfaces";
import { type PropertyMap } from "../../../../wire/property-value";
import { mustText, textOf } from "../engine/fields";
import type { Records } from "../engine/records";
import { DEFAULT_REGION } from "../engine/regions";
import type { ResourceRecord } from "../../state/record";
import type { Companion } from "../engine/resource-type";
import { findSubnet } from "./subnet";
import { EC2 } from "../engine/tokens";

/** What an address is to be associated with, as API_AssociateAddress is asked. */
export interface AssociationRequest {
  readonly allocationId: string;
  readonly instanceId?: string;
  readonly networkInterfaceId?: string;
  /** Default: the interface's primary one. */
  readonly privateIp?: string;
  /** The association that this one takes the place of. */
  readonly replacing?: string;
}

/** @throws ApiError when there is none */
export function findAllocation(records: Records, id: string): ResourceRecord {
  const record = records.find(EC2.eip, id);
  if (record === undefined)
    throw new ApiError("InvalidAllocationID.NotFound", `The allocation ID '${id}' does not exist`);
  return record;
}

/** Outputs of an association, with everything that API_AssociateAddress refuses refused. */
export function associate(records: Records, publicIp: string, request: AssociationRequest): PropertyMap {
  const target = targetOf(records, request);
  const privateIp = request.privateIp ?? target.privateIps[0] ?? "";
  if (!target.privateIps.includes(privateIp))
    throw new ApiError(
      "InvalidParameterValue",
      `The address '${privateIp}' is not assigned to the network interface '${target.id}'`,
    );
  refuseWithoutGateway(records, mustText(findSubnet(records, target.subnetId).outputs, "vpcId"));
  for (const other of records.ofType(EC2.eipAssociation)) {
    if (other.id === request.replacing) continue;
    if (other.outputs["allocationId"] === request.allocationId)
      throw new ApiError(
        "Resource.AlreadyAssociated",
        `resource ${request.allocationId} is already associated with associate-id ${other.id}`,
      );
    if (other.outputs["networkInterfaceId"] === target.id && other.outputs["privateIpAddress"] === privateIp)
      throw new ApiError(
        "Resource.AlreadyAssociated",
        `resource ${target.id} is already associated with associate-id ${other.id}`,
      );
  }
  return {
    allocationId: request.allocationId,
    publicIp,
    networkInterfaceId: target.id,
    privateIpAddress: privateIp,
    instanceId: target.instanceId ?? "",
  };
}

/** An association that comes with an Eip or a NAT gateway. */
export function associationCompanion(owner: string, outputs: PropertyMap): Companion {
  return { type: EC2.eipAssociation, id: derivedId("eipassoc", owner, mustText(outputs, "allocationId")), outputs };
}

/** A public address is of use in a VPC with an internet gateway alone. */
export function refuseWithoutGateway(records: Records, vpcId: string): void {
  if (records.where(EC2.internetGateway, "vpcId", vpcId).length === 0)
    throw new ApiError("Gateway.NotAttached", `Network ${vpcId} is not attached to any internet gateway`);
}

/** The association of an address, or of an interface's private address. */
export function associationOf(
  records: Records,
  by: { readonly allocationId: string } | { readonly networkInterfaceId: string; readonly privateIp: string },
): ResourceRecord | undefined {
  if ("allocationId" in by) return records.where(EC2.eipAssociation, "allocationId", by.allocationId)[0];
  return records
    .where(EC2.eipAssociation, "networkInterfaceId", by.networkInterfaceId)
    .find(({ outputs }) => outputs["privateIpAddress"] === by.privateIp);
}

/** A public address of the VPC of a network interface. */
export function hasAssociation(records: Records, vpcId: string): boolean {
  const subnets = new Set(records.where(EC2.subnet, "vpcId", vpcId).map(({ id }) => id));
  const interfaces = new Set([
    ...records
      .ofType(EC2.instance)
      .filter(({ outputs }) => subnets.has(textOf(outputs, "subnetId") ?? ""))
      .map(({ outputs }) => outputs["primaryNetworkInterfaceId"]),
    ...records
      .ofType(EC2.networkInterface)
      .filter(({ outputs }) => subnets.has(textOf(outputs, "subnetId") ?? ""))
      .map(({ id }) => id),
    ...records
      .ofType(EC2.natGateway)
      .filter(({ outputs }) => subnets.has(textOf(outputs, "subnetId") ?? ""))
      .map(({ outputs }) => outputs["networkInterfaceId"]),
  ]);
  return records.ofType(EC2.eipAssociation).some(({ outputs }) => interfaces.has(outputs["networkInterfaceId"]));
}

/** The public name of an address (VPC User Guide, "DNS attributes in your VPC"). */
export function publicDnsOf(publicIp: string, region: string): string {
  return `ec2-${publicIp.replaceAll(".", "-")}.${region === DEFAULT_REGION ? "compute-1.amazonaws.com" : `${region}.compute.amazonaws.com`}`;
}

function targetOf(records: Records, { instanceId, networkInterfaceId }: AssociationRequest): Interface {
  if (networkInterfaceId !== undefined) return findInterface(records, networkInterfaceId);
  const instance = instanceId === undefined ? undefined : records.find(EC2.instance, instanceId);
  if (instance === undefined)
    throw new ApiError("InvalidInstanceID.NotFound", `The instance ID '${instanceId}' does not exist`);
  return interfaceOf(records, instance);
}
