import type { IPv4CidrRange } from "ip-num";
import type { PropertyValue } from "../../../../wire/property-value";
import { formatCidr, mustNetwork, networkOf, overlaps, prefixLength } from "../../cloud/cidr";
import { ApiError } from "../engine/api-error";
import { mustText, textOf } from "../engine/fields";
import { derivedId } from "../engine/ids";
import { oneOf, refused, regionInput, tagsInput } from "../engine/input";
import { VPCS_PER_REGION } from "../engine/quotas";
import { type Records } from "../engine/records";
import { ACCOUNT_ID, ec2Arn } from "../engine/regions";
import type { ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import { ruleCompanions } from "./ip-permission";
import { defaultAclCompanions } from "./network-acl-entry";
import type { ResourceRecord } from "../../state/record";

const NO_IPV6 = "its networks are IPv4 only";
const NO_IPAM = "it has no IP Address Manager; give cidrBlock";

/** The provider's `validVPCIPv4CIDRBlock` and `IsCIDRNetwork`, word for word. */
function vpcCidrProblem(value: PropertyValue, name: string): string | undefined {
  const text = String(value);
  const cidr = networkOf(text);
  if (cidr === undefined)
    return `expected ${name} to contain a valid Value, got: ${text} with err: invalid CIDR address: ${text}`;
  if (formatCidr(cidr) !== text)
    return `expected ${name} to contain a valid network Value, expected ${formatCidr(cidr)}, got ${text}`;
  const length = prefixLength(cidr);
  if (length < 16 || length > 28)
    return `expected "${name}" to contain a network Value with between 16 and 28 significant bits, got: ${length}`;
  return undefined;
}

/** `aws.ec2.Vpc`, with its main route table, default security group and default network ACL. */
export const vpc: ResourceType = {
  token: EC2.vpc,
  title: "EC2 VPC",
  actions: { create: "CreateVpc", update: "ModifyVpcAttribute", delete: "DeleteVpc" },
  idPrefix: "vpc",
  holds: [{ to: EC2.routeTable, by: "mainRouteTableId" }],
  inputs: {
    assignGeneratedIpv6CidrBlock: refused("bool", NO_IPV6),
    cidrBlock: { kind: "string", computed: true, forceNew: true, lab: "enforced", check: vpcCidrProblem },
    enableDnsHostnames: { kind: "bool", computed: true, lab: "recorded" },
    enableDnsSupport: { kind: "bool", default: true, lab: "enforced" },
    enableNetworkAddressUsageMetrics: { kind: "bool", computed: true, lab: "recorded" },
    instanceTenancy: { kind: "string", unset: "default", lab: "recorded", check: oneOf("default", "dedicated") },
    ipv4IpamPoolId: refused("string", NO_IPAM, { unset: null, forceNew: true }),
    ipv4NetmaskLength: refused("int", NO_IPAM, { unset: null, forceNew: true }),
    ipv6CidrBlock: refused("string", NO_IPV6, { computed: true }),
    ipv6CidrBlockNetworkBorderGroup: refused("string", NO_IPV6, { computed: true }),
    ipv6IpamPoolId: refused("string", NO_IPV6),
    ipv6NetmaskLength: refused("int", NO_IPV6),
    region: regionInput,
    tags: tagsInput,
  },
  computed: [
    "arn",
    "defaultNetworkAclId",
    "defaultRouteTableId",
    "defaultSecurityGroupId",
    "dhcpOptionsId",
    "ipv6AssociationId",
    "mainRouteTableId",
    "ownerId",
  ],
  replaces: (_olds, news, changed) => {
    // Only from dedicated to default can it change in place (API_ModifyVpcTenancy).
    return changed.has("instanceTenancy") && news["instanceTenancy"] === "dedicated" ? ["instanceTenancy"] : [];
  },
  create({ id, inputs, region, records }) {
    const cidrBlock = textOf(inputs, "cidrBlock");
    if (cidrBlock === undefined)
      throw new ApiError("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' must be provided.");
    if (NEVER.some((never) => overlaps(mustNetwork(never), mustNetwork(cidrBlock))))
      throw new ApiError("InvalidVpc.Range", `The CIDR '${cidrBlock}' is invalid.`);
    if (records.ofType(EC2.vpc).length >= (records.quotas["vpcs-per-region"] ?? Infinity))
      throw new ApiError("VpcLimitExceeded", "The maximum number of VPCs has been reached.");
    const routeTable = derivedId("rtb", id, "main");
    const group = derivedId("sg", id, "default");
    const networkAcl = derivedId("acl", id);
    return {
      outputs: {
        arn: ec2Arn(region, `vpc/${id}`),
        defaultNetworkAclId: networkAcl,
        defaultRouteTableId: routeTable,
        defaultSecurityGroupId: group,
        dhcpOptionsId: "default",
        ipv6AssociationId: "",
        mainRouteTableId: routeTable,
        ownerId: ACCOUNT_ID,
      },
      companions: [
        {
          type: EC2.routeTable,
          id: routeTable,
          outputs: { vpcId: id, arn: ec2Arn(region, `route-table/${routeTable}`), ownerId: ACCOUNT_ID, routes: [] },
        },
        {
          type: EC2.securityGroup,
          id: group,
          outputs: {
            vpcId: id,
            arn: ec2Arn(region, `security-group/${group}`),
            ownerId: ACCOUNT_ID,
            name: "default",
            description: "default VPC security group",
          },
        },
        ...defaultAclCompanions(networkAcl, id, region),
        // A default group lets its members talk to each other, and out (VPC User Guide, "Default security groups").
        ...ruleCompanions(EC2.ingressRule, group, [{ ipProtocol: "-1", referencedSecurityGroupId: group }]),
        ...ruleCompanions(EC2.egressRule, group, [{ ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" }]),
      ],
    };
  },
  warnings(_record, records) {
    const count = records.ofType(EC2.vpc).length;
    if (records.quotas["vpcs-per-region"] !== undefined || count <= VPCS_PER_REGION) return [];
    return [
      `${count} VPCs in ${records.region}: AWS refuses the ${VPCS_PER_REGION + 1}th (VpcLimitExceeded) unless the quota "VPCs per Region" was raised. OVERLAYNET_LAB_QUOTAS=vpcs-per-region=${VPCS_PER_REGION} makes the lab refuse it, too.`,
    ];
  },
  inUse: (record) =>
    new ApiError("DependencyViolation", `The vpc '${record.id}' has dependencies and cannot be deleted.`),
};

/** What no VPC can have: these addresses mean something on every host (VPC User Guide, "VPC CIDR blocks"). */
const NEVER = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"];

/** @throws ApiError when there is none */
export function findVpc(records: Records, id: string): ResourceRecord {
  const record = records.find(EC2.vpc, id);
  if (record === undefined) throw new ApiError("InvalidVpcID.NotFound", `The vpc ID '${id}' does not exist`);
  return record;
}

export function vpcCidr(record: ResourceRecord): IPv4CidrRange {
  return mustNetwork(mustText(record.outputs, "cidrBlock"));
}
