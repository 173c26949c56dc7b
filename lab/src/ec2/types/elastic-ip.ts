import type { PropertyMap } from "../../../../wire/property-value";
import { ApiError } from "../engine/api-error";
import { mustText, textOf } from "../engine/fields";
import { derivedId } from "../engine/ids";
import { oneOf, refused, regionInput, tagsInput } from "../engine/input";
import { type Records } from "../engine/records";
import { type Companion, ownerOf } from "../engine/companion";
import { DEFAULT_REGION, ec2Arn } from "../engine/regions";
import type { ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import { type Interface, findInterface, interfaceOf } from "./interface-attachment";
import { choosePublicAddress } from "./ip-address";
import { findSubnet } from "./subnet";
import type { ResourceRecord } from "../../state/record";

const OWN_ADDRESSES = "its public addresses are those of the documentation networks (RFC 5737)";

/** `aws.ec2.Eip`. With an instance or a network interface it associates itself: that association is a record, too. */
export const eip: ResourceType = {
  token: EC2.eip,
  title: "EC2 EIP",
  actions: { create: "AllocateAddress", update: "AssociateAddress", delete: "ReleaseAddress" },
  idPrefix: "eipalloc",
  fabric: false,
  inputs: {
    address: refused("string", OWN_ADDRESSES, { unset: null, forceNew: true }),
    associateWithPrivateIp: { kind: "string", unset: null, lab: "enforced" },
    customerOwnedIpv4Pool: refused("string", "it has no Outposts"),
    domain: { kind: "string", computed: true, forceNew: true, lab: "recorded", check: oneOf("vpc") },
    instance: { kind: "string", computed: true, lab: "enforced" },
    ipamPoolId: refused("string", "it has no IP Address Manager", { computed: true, forceNew: true }),
    networkBorderGroup: refused("string", "its zones are those of the region", { computed: true, forceNew: true }),
    networkInterface: { kind: "string", computed: true, lab: "enforced" },
    publicIpv4Pool: refused("string", OWN_ADDRESSES, { computed: true, forceNew: true }),
    region: regionInput,
    tags: tagsInput,
  },
  computed: [
    "allocationId",
    "arn",
    "associationId",
    "carrierIp",
    "customerOwnedIp",
    "privateDns",
    "privateIp",
    "ptrRecord",
    "publicDns",
    "publicIp",
  ],
  check(inputs) {
    if (inputs["instance"] === undefined || inputs["networkInterface"] === undefined) return [];
    return [
      { path: "instance", reason: `Conflicting configuration arguments. "instance": conflicts with network_interface` },
      {
        path: "networkInterface",
        reason: `Conflicting configuration arguments. "network_interface": conflicts with instance`,
      },
    ];
  },
  create({ id, inputs, region, records }) {
    const publicIp = choosePublicAddress(records.account);
    const association = wanted(inputs) ? associate(records, publicIp, request(id, inputs)) : undefined;
    return {
      outputs: {
        allocationId: id,
        arn: ec2Arn(region, `elastic-ip/${id}`),
        carrierIp: "",
        customerOwnedIp: "",
        domain: "vpc",
        ipamPoolId: "",
        networkBorderGroup: region,
        ptrRecord: "",
        publicDns: publicDnsOf(publicIp, region),
        publicIp,
        publicIpv4Pool: "amazon",
        ...associationOutputs(association && associationCompanion(id, association), region),
      },
      companions: association === undefined ? [] : [associationCompanion(id, association)],
    };
  },
  update({ record, inputs, records, region }) {
    // What is associated stays so when it is not said any more with what.
    if (!wanted(inputs)) return {};
    const own = associationOf(records, { allocationId: record.id });
    const association = associate(
      records,
      mustText(record.outputs, "publicIp"),
      request(record.id, inputs, own !== undefined && ownerOf(own) === record.id ? own.id : undefined),
    );
    const companion = associationCompanion(record.id, association);
    return { outputs: associationOutputs(companion, region), companions: [companion] };
  },
  inUse: (record) =>
    new ApiError("InvalidIPAddress.InUse", `Address ${mustText(record.outputs, "publicIp")} is in use.`),
  read: (record, records) =>
    associationOutputs(
      associationOf(records, { allocationId: record.id }),
      textOf(record.outputs, "region") ?? DEFAULT_REGION,
    ),
};

function wanted(inputs: PropertyMap): boolean {
  return textOf(inputs, "instance") !== undefined || textOf(inputs, "networkInterface") !== undefined;
}

function request(allocationId: string, inputs: PropertyMap, replacing?: string): Parameters<typeof associate>[2] {
  return {
    allocationId,
    instanceId: textOf(inputs, "instance"),
    networkInterfaceId: textOf(inputs, "networkInterface"),
    privateIp: textOf(inputs, "associateWithPrivateIp"),
    replacing,
  };
}

/** What the address is of, whoever associated it. */
function associationOutputs(
  association: Pick<ResourceRecord, "id" | "outputs"> | undefined,
  region: string,
): PropertyMap {
  if (association === undefined)
    return { associationId: "", instance: "", networkInterface: "", privateDns: null, privateIp: "" };
  const privateIp = mustText(association.outputs, "privateIpAddress");
  return {
    associationId: association.id,
    instance: textOf(association.outputs, "instanceId") ?? "",
    networkInterface: mustText(association.outputs, "networkInterfaceId"),
    privateDns: `ip-${privateIp.replaceAll(".", "-")}.${region === DEFAULT_REGION ? "ec2.internal" : `${region}.compute.internal`}`,
    privateIp,
  };
}

/** `aws.ec2.EipAssociation`. */
export const eipAssociation: ResourceType = {
  token: EC2.eipAssociation,
  title: "EC2 EIP Association",
  actions: { create: "AssociateAddress", update: "AssociateAddress", delete: "DisassociateAddress" },
  idPrefix: "eipassoc",
  // The provider takes an Eip's own association away first.
  holds: [{ to: EC2.eip, by: "allocationId" }],
  goesWith: [{ to: EC2.networkInterface, by: "networkInterfaceId" }],
  inputs: {
    allocationId: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    allowReassociation: refused("bool", "an address is moved by taking its association away first", {
      unset: null,
      forceNew: true,
    }),
    instanceId: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    networkInterfaceId: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    privateIpAddress: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    publicIp: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    region: regionInput,
  },
  computed: [],
  create({ inputs, records }) {
    const given = textOf(inputs, "publicIp");
    const allocation = given === undefined ? undefined : records.where(EC2.eip, "publicIp", given)[0];
    const allocationId = textOf(inputs, "allocationId") ?? allocation?.id;
    if (allocationId === undefined) {
      throw given === undefined
        ? new ApiError("MissingParameter", "Either public IP or allocation id must be specified")
        : new ApiError("InvalidAddress.NotFound", `Address '${given}' not found.`);
    }
    const publicIp = mustText(findAllocation(records, allocationId).outputs, "publicIp");
    const [instanceId, networkInterfaceId] = [textOf(inputs, "instanceId"), textOf(inputs, "networkInterfaceId")];
    if (instanceId === undefined && networkInterfaceId === undefined)
      throw new ApiError("MissingParameter", "Either instance ID or network interface id must be specified");
    return {
      outputs: associate(records, publicIp, {
        allocationId,
        instanceId,
        networkInterfaceId,
        privateIp: textOf(inputs, "privateIpAddress"),
      }),
    };
  },
};

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
