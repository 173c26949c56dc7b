import { ApiError } from "../engine/api-error";
import { mustText } from "../engine/fields";
import { type Input, type Inputs, refused, regionInput, tagsInput } from "../engine/input";
import type { Records } from "../engine/records";
import { ACCOUNT_ID, ec2Arn } from "../engine/regions";
import type { Made, ResourceType } from "../engine/resource-type";
import { EC2 } from "../../cloud/tokens";
import { findVpc } from "./vpc";
import type { ResourceRecord } from "../../state/record";

const OPTIONS = "aws:ec2/vpcDhcpOptions:VpcDhcpOptions";
const ASSOCIATION = "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation";
/** The options that every VPC begins with. */
const DEFAULT_OPTIONS = "default";

const text: Input = { kind: "string", forceNew: true, unset: null, lab: "recorded" };
const list: Input = { kind: "strings", forceNew: true, unset: null, lab: "recorded" };
const options: Inputs = {
  domainName: text,
  domainNameServers: list,
  ipv6AddressPreferredLeaseTime: refused("string", "its networks are IPv4 only", { forceNew: true, unset: null }),
  netbiosNameServers: list,
  netbiosNodeType: text,
  ntpServers: list,
};

/** `aws.ec2.VpcDhcpOptions`. Nodes get no address by DHCP, so nothing in them follows it. */
export const vpcDhcpOptions: ResourceType = {
  token: OPTIONS,
  title: "EC2 DHCP Options Set",
  actions: { create: "CreateDhcpOptions", update: "CreateTags", delete: "DeleteDhcpOptions" },
  idPrefix: "dopt",
  fabric: false,
  inputs: { ...options, region: regionInput, tags: tagsInput },
  computed: ["arn", "ownerId"],
  create({ id, inputs, region }) {
    if (!Object.keys(options).some((name) => name in inputs))
      throw new ApiError("MissingParameter", "The request must contain the parameter DhcpConfigurations");
    return { outputs: { arn: ec2Arn(region, `dhcp-options/${id}`), ownerId: ACCOUNT_ID } };
  },
  // The provider gives VPCs that have them the default ones first.
  leaves: ({ id }, records) =>
    records.where(EC2.vpc, "dhcpOptionsId", id).map((vpc) => withOptions(vpc, DEFAULT_OPTIONS)),
};

/** `aws.ec2.VpcDhcpOptionsAssociation`: a VPC's options; when it goes, the VPC has the default ones again. */
export const vpcDhcpOptionsAssociation: ResourceType = {
  token: ASSOCIATION,
  title: "EC2 VPC DHCP Options Set Association",
  actions: { create: "AssociateDhcpOptions", update: "AssociateDhcpOptions", delete: "AssociateDhcpOptions" },
  idPrefix: "dopt-assoc",
  fabric: false,
  goesWith: [{ to: EC2.vpc, by: "vpcId" }],
  inputs: {
    dhcpOptionsId: { kind: "string", required: true, lab: "recorded" },
    region: regionInput,
    vpcId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
  },
  computed: [],
  create: ({ inputs, records }) => associate(records, mustText(inputs, "vpcId"), mustText(inputs, "dhcpOptionsId")),
  update: ({ record, inputs, records }) =>
    associate(records, mustText(record.outputs, "vpcId"), mustText(inputs, "dhcpOptionsId")),
  leaves(record, records) {
    const vpc = associatedVpc(record, records);
    return vpc === undefined ? [] : [withOptions(vpc, DEFAULT_OPTIONS)];
  },
  isGone: (record, records) => associatedVpc(record, records) === undefined,
  // Terraform's, in which the options may have been others when it was made; `pulumi import` names the VPC alone.
  idOf: ({ outputs }) => `${mustText(outputs, "dhcpOptionsId")}-${mustText(outputs, "vpcId")}`,
  find: (id, records) => records.where(ASSOCIATION, "vpcId", /vpc-[0-9a-f]+$/.exec(id)?.[0] ?? "").at(-1),
};

function associate(records: Records, vpcId: string, optionsId: string): Made {
  if (optionsId !== DEFAULT_OPTIONS && records.find(OPTIONS, optionsId) === undefined)
    throw new ApiError("InvalidDhcpOptionID.NotFound", `The dhcpOption ID '${optionsId}' does not exist`);
  return { outputs: {}, alters: [withOptions(findVpc(records, vpcId), optionsId)] };
}

/** The VPC, as long as it has those options. */
function associatedVpc({ outputs }: ResourceRecord, records: Records): ResourceRecord | undefined {
  const vpc = records.find(EC2.vpc, mustText(outputs, "vpcId"));
  return vpc?.outputs["dhcpOptionsId"] === outputs["dhcpOptionsId"] ? vpc : undefined;
}

function withOptions(vpc: ResourceRecord, dhcpOptionsId: string): ResourceRecord {
  return { ...vpc, outputs: { ...vpc.outputs, dhcpOptionsId } };
}
