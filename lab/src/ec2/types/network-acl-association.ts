import { regionInput } from "../engine/input";
import { findNetworkAcl, formerAssociations } from "./network-acl";
import { mustText } from "../engine/fields";
import type { ResourceType } from "../engine/resource-type";
import { EC2 } from "../engine/tokens";

/**
 * `aws.ec2.NetworkAclAssociation`: gives a subnet another ACL than it had; when it goes, the subnet has its VPC's
 * default one again.
 */
export const networkAclAssociation: ResourceType = {
  token: EC2.networkAclAssociation,
  title: "EC2 Network ACL Association",
  creating: (inputs) => `creating EC2 Network ACL (${String(inputs["networkAclId"])}) Association`,
  actions: {
    create: "ReplaceNetworkAclAssociation",
    update: "ReplaceNetworkAclAssociation",
    delete: "ReplaceNetworkAclAssociation",
  },
  idPrefix: "aclassoc",
  inputs: {
    networkAclId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
    region: regionInput,
    subnetId: { kind: "string", required: true, forceNew: true, lab: "enforced" },
  },
  computed: [],
  create({ inputs, records }) {
    const acl = findNetworkAcl(records, mustText(inputs, "networkAclId"));
    return {
      outputs: {},
      removes: formerAssociations(records, acl.id, mustText(acl.outputs, "vpcId"), mustText(inputs, "subnetId")),
    };
  },
};
