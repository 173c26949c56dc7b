import { choosePublicAddress } from "./addresses";
import { ApiError } from "../engine/api-error";
import { associate, associationCompanion, associationOf, publicDnsOf } from "./elastic-ip";
import { oneOf, refused, regionInput, tagsInput } from "../engine/input";
import { type PropertyMap } from "../../../../wire/property-value";
import { mustText, textOf } from "../engine/fields";
import { ownerOf } from "../engine/records";
import { DEFAULT_REGION, ec2Arn } from "../engine/regions";
import type { ResourceRecord } from "../../state/record";
import type { ResourceType } from "../engine/resource-type";
import { EC2 } from "../engine/tokens";

const OWN_ADDRESSES = "its public addresses are those of the documentation networks (RFC 5737)";

/** `aws.ec2.Eip`. With an instance or a network interface it associates itself: that association is a record, too. */
export const eip: ResourceType = {
  token: EC2.eip,
  title: "EC2 EIP",
  actions: { create: "AllocateAddress", update: "AssociateAddress", delete: "ReleaseAddress" },
  idPrefix: "eipalloc",
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
  refuseDelete(record, records) {
    const other = associationOf(records, { allocationId: record.id });
    // The provider takes its own association away first.
    if (other !== undefined && ownerOf(other) !== record.id)
      throw new ApiError("InvalidIPAddress.InUse", `Address ${mustText(record.outputs, "publicIp")} is in use.`);
  },
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
