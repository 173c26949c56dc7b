import { ApiError } from "../engine/api-error";
import { refused, regionInput } from "../engine/input";
import { aclProtocolNumber } from "../engine/ip-protocols";
import { findNetworkAcl } from "./network-acl";
import { acceptEntry, aclActionProblem, aclProtocolProblem, entriesOf, entryId, entryOf } from "./network-acl-entries";
import { mustText } from "../engine/fields";
import type { ResourceType } from "../engine/resource-type";
import { EC2 } from "../engine/tokens";

/** `aws.ec2.NetworkAclRule`, of a default ACL as well. */
export const networkAclRule: ResourceType = {
  token: EC2.networkAclRule,
  title: "EC2 Network ACL Rule",
  creating: (inputs) =>
    `creating EC2 Network ACL (${String(inputs["networkAclId"])}) Rule (egress: ${inputs["egress"] === true})(${String(inputs["ruleNumber"])})`,
  actions: { create: "CreateNetworkAclEntry", update: "ReplaceNetworkAclEntry", delete: "DeleteNetworkAclEntry" },
  idPrefix: "nacl",
  inputs: {
    cidrBlock: { kind: "string", forceNew: true, lab: "enforced" },
    egress: { kind: "bool", default: false, forceNew: true, lab: "enforced" },
    fromPort: { kind: "int", forceNew: true, lab: "enforced" },
    icmpCode: { kind: "int", forceNew: true, lab: "enforced" },
    icmpType: { kind: "int", forceNew: true, lab: "enforced" },
    ipv6CidrBlock: refused("string", "its networks are IPv4 only", { forceNew: true }),
    networkAclId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    protocol: {
      kind: "string",
      required: true,
      forceNew: true,
      lab: "enforced",
      check: aclProtocolProblem,
      canonical: (value) => aclProtocolNumber(String(value)) ?? value,
    },
    region: regionInput,
    ruleAction: {
      kind: "string",
      required: true,
      forceNew: true,
      lab: "enforced",
      check: aclActionProblem,
      canonical: (value) => String(value).toLowerCase(),
    },
    ruleNumber: { kind: "int", required: true, forceNew: true, lab: "enforced" },
    toPort: { kind: "int", forceNew: true, lab: "enforced" },
  },
  computed: [],
  check(inputs) {
    if (inputs["cidrBlock"] !== undefined) return [];
    return ["cidr_block", "ipv6_cidr_block"].map((name) => ({
      path: name === "cidr_block" ? "cidrBlock" : "ipv6CidrBlock",
      reason: `Invalid combination of arguments. "${name}": one of \`cidr_block,ipv6_cidr_block\` must be specified`,
    }));
  },
  create({ inputs, records }) {
    const wanted = entryOf(inputs);
    const { networkAclId, egress, ruleNumber } = wanted;
    findNetworkAcl(records, networkAclId);
    const others = entriesOf(records, networkAclId).map(({ outputs }) => entryOf(outputs));
    // The provider looks first, as the API takes an identical rule for the same one.
    if (others.some((other) => other.egress === egress && other.ruleNumber === ruleNumber)) {
      throw new ApiError(
        "NetworkAclEntryAlreadyExists",
        `EC2 Network ACL (${networkAclId}) Rule (egress: ${egress})(${ruleNumber}) already exists`,
      );
    }
    const entry = acceptEntry(wanted, others);
    return {
      id: entryId(entry, mustText(inputs, "protocol")),
      outputs: { protocol: String(entry.protocol), ruleAction: entry.ruleAction, cidrBlock: entry.cidrBlock },
    };
  },
  // `pulumi import` names a rule by ACL, number, protocol and direction.
  find(id, records) {
    const [acl = "", number, protocol, egress] = id.split(":");
    if (number === undefined || protocol === undefined) return records.find(EC2.networkAclRule, id);
    return entriesOf(records, acl).find(
      ({ outputs }) => outputs["ruleNumber"] === Number(number) && String(outputs["egress"] === true) === egress,
    );
  },
};
