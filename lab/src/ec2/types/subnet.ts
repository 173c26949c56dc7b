import type { IPv4CidrRange } from "ip-num";
import { containsRange, mustNetwork, overlaps, prefixLength } from "../../cloud/cidr";
import { ApiError } from "../engine/api-error";
import { mustText, textOf } from "../engine/fields";
import { oneOf, refused, regionInput, tagsInput } from "../engine/input";
import { networkProblem } from "../engine/network-problem";
import type { Records } from "../engine/records";
import { ACCOUNT_ID, type Zone, ec2Arn, findRegion } from "../engine/regions";
import type { ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import { findVpc, vpcCidr } from "./vpc";
import type { ResourceRecord } from "../../state/record";

const NO_IPV6 = "its networks are IPv4 only";
const NO_IPAM = "it has no IP Address Manager; give cidrBlock";
const NO_OUTPOST = "it has no Outposts";

/** `aws.ec2.Subnet`. */
export const subnet: ResourceType = {
  token: EC2.subnet,
  title: "EC2 Subnet",
  actions: { create: "CreateSubnet", update: "ModifySubnetAttribute", delete: "DeleteSubnet" },
  idPrefix: "subnet",
  holds: [{ to: EC2.vpc, by: "vpcId" }],
  inputs: {
    assignIpv6AddressOnCreation: refused("bool", NO_IPV6),
    availabilityZone: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    availabilityZoneId: { kind: "string", computed: true, forceNew: true, lab: "enforced" },
    cidrBlock: { kind: "string", forceNew: true, lab: "enforced", check: (value) => networkProblem(String(value)) },
    customerOwnedIpv4Pool: refused("string", NO_OUTPOST),
    enableDns64: refused("bool", NO_IPV6),
    enableLniAtDeviceIndex: refused("int", NO_OUTPOST),
    enableResourceNameDnsARecordOnLaunch: { kind: "bool", lab: "recorded" },
    enableResourceNameDnsAaaaRecordOnLaunch: refused("bool", NO_IPV6),
    ipv4IpamPoolId: refused("string", NO_IPAM, { unset: null, forceNew: true }),
    ipv4NetmaskLength: refused("int", NO_IPAM, { unset: null, forceNew: true }),
    ipv6CidrBlock: refused("string", NO_IPV6),
    ipv6IpamPoolId: refused("string", NO_IPV6, { unset: null, forceNew: true }),
    ipv6Native: refused("bool", NO_IPV6, { forceNew: true }),
    ipv6NetmaskLength: refused("int", NO_IPV6, { unset: null, forceNew: true }),
    mapCustomerOwnedIpOnLaunch: refused("bool", NO_OUTPOST),
    mapPublicIpOnLaunch: { kind: "bool", lab: "enforced" },
    outpostArn: refused("string", NO_OUTPOST, { forceNew: true }),
    privateDnsHostnameTypeOnLaunch: {
      kind: "string",
      computed: true,
      lab: "enforced",
      check: oneOf("ip-name", "resource-name"),
    },
    region: regionInput,
    tags: tagsInput,
    vpcId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
  },
  computed: ["arn", "ipv6CidrBlockAssociationId", "ownerId"],
  check(inputs) {
    if (inputs["availabilityZone"] === undefined || inputs["availabilityZoneId"] === undefined) return [];
    return [
      {
        path: "availabilityZone",
        reason: `Conflicting configuration arguments. "availability_zone": conflicts with availability_zone_id`,
      },
      {
        path: "availabilityZoneId",
        reason: `Conflicting configuration arguments. "availability_zone_id": conflicts with availability_zone`,
      },
    ];
  },
  create({ id, inputs, region, records }) {
    const vpc = findVpc(records, mustText(inputs, "vpcId"));
    const text = textOf(inputs, "cidrBlock");
    if (text === undefined)
      throw new ApiError("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.");
    const cidr = mustNetwork(text);
    const length = prefixLength(cidr);
    if (length < 16 || length > 28 || !containsRange(vpcCidr(vpc), cidr)) {
      throw new ApiError("InvalidSubnet.Range", `The CIDR '${text}' is invalid.`);
    }
    if (records.where(EC2.subnet, "vpcId", vpc.id).some((other) => overlaps(cidr, subnetCidr(other)))) {
      throw new ApiError("InvalidSubnet.Conflict", `The CIDR '${text}' conflicts with another subnet`);
    }
    const zone = chooseZone(region, textOf(inputs, "availabilityZone"), textOf(inputs, "availabilityZoneId"));
    return {
      outputs: {
        arn: ec2Arn(region, `subnet/${id}`),
        availabilityZone: zone.name,
        availabilityZoneId: zone.id,
        ipv6CidrBlockAssociationId: "",
        ownerId: ACCOUNT_ID,
        privateDnsHostnameTypeOnLaunch: textOf(inputs, "privateDnsHostnameTypeOnLaunch") ?? "ip-name",
      },
    };
  },
  inUse: (record) =>
    new ApiError("DependencyViolation", `The subnet '${record.id}' has dependencies and cannot be deleted.`),
};

function chooseZone(regionName: string, name: string | undefined, id: string | undefined): Zone {
  const { zones } = findRegion(regionName);
  const zone = zones.find(
    (candidate) => (name === undefined || candidate.name === name) && (id === undefined || candidate.id === id),
  );
  if (zone !== undefined) return zone;
  const [what, value, known] =
    name === undefined
      ? ["availabilityZoneId", id, zones.map((z) => z.id)]
      : ["availabilityZone", name, zones.map((z) => z.name)];
  throw new ApiError(
    "InvalidParameterValue",
    `Value (${value}) for parameter ${what} is invalid. Subnets can currently only be created in the following availability zones: ${known.join(", ")}.`,
  );
}

/** @throws ApiError when there is none */
export function findSubnet(records: Records, id: string): ResourceRecord {
  const record = records.find(EC2.subnet, id);
  if (record === undefined) throw new ApiError("InvalidSubnetID.NotFound", `The subnet ID '${id}' does not exist`);
  return record;
}

export function subnetCidr(record: ResourceRecord): IPv4CidrRange {
  return mustNetwork(mustText(record.outputs, "cidrBlock"));
}
