import type { ResourceRecord } from "../../state/record";
import { printable } from "../printable";
import type { NetworkAclView, RuleView, SecurityGroupView } from "./lab-view";
import { number, type Reading, some, text } from "./reading";

export function networkAclViews({ of, named }: Reading): NetworkAclView[] {
  const associations = of("aws:ec2/networkAclAssociation:NetworkAclAssociation");
  const rules = of("aws:ec2/networkAclRule:NetworkAclRule");
  return [...of("aws:ec2/networkAcl:NetworkAcl"), ...of("aws:ec2/defaultNetworkAcl:DefaultNetworkAcl")].map(
    (record) => ({
      ...named(record),
      vpcId: text(record, "vpcId"),
      subnetIds: associations
        .filter(({ outputs }) => outputs["networkAclId"] === record.id)
        .map((each) => text(each, "subnetId")),
      rules: rules
        .filter(({ outputs }) => outputs["networkAclId"] === record.id)
        .map((rule) => ({
          number: number(rule, "ruleNumber"),
          direction: rule.outputs["egress"] === true ? "egress" : "ingress",
          action: text(rule, "ruleAction"),
          protocol: text(rule, "protocol"),
          cidr: text(rule, "cidrBlock"),
          fromPort: number(rule, "fromPort"),
          toPort: number(rule, "toPort"),
        })),
    }),
  );
}

export function securityGroupViews({ of, named }: Reading): SecurityGroupView[] {
  const ingress = of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
  const egress = of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule");
  return of("aws:ec2/securityGroup:SecurityGroup").map((record) => {
    const own = (rules: readonly ResourceRecord[], direction: RuleView["direction"]): RuleView[] =>
      rules.filter(({ outputs }) => outputs["securityGroupId"] === record.id).map((rule) => ruleView(rule, direction));
    return {
      ...named(record),
      vpcId: text(record, "vpcId"),
      groupName: printable(text(record, "name")),
      rules: [...own(ingress, "ingress"), ...own(egress, "egress")],
    };
  });
}

function ruleView(record: ResourceRecord, direction: RuleView["direction"]): RuleView {
  const { fromPort, toPort } = record.outputs;
  return {
    id: record.id,
    direction,
    protocol: text(record, "ipProtocol"),
    ...(typeof fromPort === "number" ? { fromPort } : {}),
    ...(typeof toPort === "number" ? { toPort } : {}),
    ...some("cidr", text(record, "cidrIpv4")),
    ...some("securityGroupId", text(record, "referencedSecurityGroupId")),
    description: printable(text(record, "description")),
  };
}
