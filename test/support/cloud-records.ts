import type { ResourceRecord } from "../../lab/src/state/record";

/** Records as the aws plugin writes them, with what the fabric reads of their outputs. */
export class CloudRecords {
  private readonly records = new Map<string, ResourceRecord>();

  constructor(records: readonly ResourceRecord[] = []) {
    for (const each of records) this.records.set(each.id, each);
  }

  list(): ResourceRecord[] {
    return [...this.records.values()];
  }

  copy(): CloudRecords {
    return new CloudRecords(this.list());
  }

  get(id: string): ResourceRecord {
    const found = this.records.get(id);
    if (found === undefined) throw new Error(`There is no record ${id}`);
    return found;
  }

  remove(...ids: string[]): this {
    for (const id of ids) if (!this.records.delete(id)) throw new Error(`There is no record ${id}`);
    return this;
  }

  /** Outputs of a record, changed. */
  update(id: string, outputs: ResourceRecord["outputs"]): this {
    const old = this.get(id);
    this.records.set(id, { ...old, outputs: { ...old.outputs, ...outputs } });
    return this;
  }

  setInternal(id: string, internal: ResourceRecord["internal"]): this {
    const old = this.get(id);
    this.records.set(id, { ...old, internal: { ...old.internal, ...internal } });
    return this;
  }

  add(type: string, id: string, outputs: ResourceRecord["outputs"], internal: ResourceRecord["internal"] = {}): this {
    this.records.set(id, {
      type,
      id,
      urn: `urn:pulumi:test::test::${type}::${id}`,
      inputs: {},
      outputs,
      internal,
      created: 1,
    });
    return this;
  }

  /** A record of a type that says nothing about the network. */
  addApart(type: string, id: string, outputs: ResourceRecord["outputs"]): this {
    this.add(type, id, outputs);
    this.records.set(id, { ...this.get(id), fabric: false });
    return this;
  }

  vpc(name: string, cidrBlock: string): this {
    this.add("aws:ec2/vpc:Vpc", `vpc-${name}`, { cidrBlock, mainRouteTableId: `rtb-${name}` });
    return this.add("aws:ec2/routeTable:RouteTable", `rtb-${name}`, { vpcId: `vpc-${name}` });
  }

  subnet(name: string, vpc: string, cidrBlock: string): this {
    return this.add("aws:ec2/subnet:Subnet", `subnet-${name}`, {
      cidrBlock,
      vpcId: `vpc-${vpc}`,
      availabilityZone: "us-east-1a",
    });
  }

  routeTable(name: string, vpc: string, ...subnets: string[]): this {
    this.add("aws:ec2/routeTable:RouteTable", `rtb-${name}`, { vpcId: `vpc-${vpc}` });
    for (const subnet of subnets)
      this.add("aws:ec2/routeTableAssociation:RouteTableAssociation", `rtbassoc-${subnet}`, {
        subnetId: `subnet-${subnet}`,
        routeTableId: `rtb-${name}`,
        gatewayId: "",
      });
    return this;
  }

  route(table: string, destinationCidrBlock: string, target: ResourceRecord["outputs"]): this {
    const id = `r-rtb-${table}-${destinationCidrBlock.replaceAll(/[./]/g, "-")}`;
    return this.add("aws:ec2/route:Route", id, { routeTableId: `rtb-${table}`, destinationCidrBlock, ...target });
  }

  peering(name: string, requester: string, accepter: string, acceptStatus = "active"): this {
    return this.add("aws:ec2/vpcPeeringConnection:VpcPeeringConnection", `pcx-${name}`, {
      vpcId: `vpc-${requester}`,
      peerVpcId: `vpc-${accepter}`,
      acceptStatus,
    });
  }

  internetGateway(name: string, vpc: string): this {
    return this.add("aws:ec2/internetGateway:InternetGateway", `igw-${name}`, { vpcId: `vpc-${vpc}` });
  }

  securityGroup(name: string, vpc: string): this {
    return this.add("aws:ec2/securityGroup:SecurityGroup", `sg-${name}`, { vpcId: `vpc-${vpc}`, name });
  }

  ingress(id: string, group: string, outputs: ResourceRecord["outputs"]): this {
    return this.add("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", `sgr-${id}`, {
      securityGroupId: `sg-${group}`,
      ...outputs,
    });
  }

  egress(id: string, group: string, outputs: ResourceRecord["outputs"]): this {
    return this.add("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", `sgr-${id}`, {
      securityGroupId: `sg-${group}`,
      ...outputs,
    });
  }

  /** A network ACL without rules, which lets nothing through, associated with subnets. */
  networkAcl(name: string, vpc: string, ...subnets: string[]): this {
    this.add("aws:ec2/networkAcl:NetworkAcl", `acl-${name}`, { vpcId: `vpc-${vpc}` });
    for (const subnet of subnets)
      this.add("aws:ec2/networkAclAssociation:NetworkAclAssociation", `aclassoc-${subnet}`, {
        subnetId: `subnet-${subnet}`,
        networkAclId: `acl-${name}`,
      });
    return this;
  }

  /** A rule of a network ACL: by default everything, from or to everywhere. */
  aclRule(
    acl: string,
    direction: "ingress" | "egress",
    ruleNumber: number,
    ruleAction: "allow" | "deny",
    outputs: ResourceRecord["outputs"] = {},
  ): this {
    return this.add("aws:ec2/networkAclRule:NetworkAclRule", `nacl-${acl}-${direction}-${ruleNumber}`, {
      networkAclId: `acl-${acl}`,
      egress: direction === "egress",
      ruleNumber,
      ruleAction,
      protocol: "-1",
      cidrBlock: "0.0.0.0/0",
      fromPort: 0,
      toPort: 0,
      icmpType: 0,
      icmpCode: 0,
      ...outputs,
    });
  }

  /** An instance with a security group of its own, `sg-<name>`, which lets everything out and nothing in. */
  instance(
    name: string,
    vpc: string,
    subnet: string,
    privateIp: string,
    outputs: ResourceRecord["outputs"] = {},
  ): this {
    this.securityGroup(name, vpc).egress(`${name}-out`, name, { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" });
    return this.add(
      "aws:ec2/instance:Instance",
      `i-${name}`,
      {
        subnetId: `subnet-${subnet}`,
        privateIp,
        publicIp: "",
        primaryNetworkInterfaceId: `eni-${name}`,
        vpcSecurityGroupIds: [`sg-${name}`],
        sourceDestCheck: true,
        instanceState: "running",
        tags: { Name: `test-${name}` },
        ...outputs,
      },
      { mac: macOfInstance(privateIp) },
    );
  }
}

export function macOfInstance(privateIp: string): string {
  return ["0a", "00", ...privateIp.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"))].join(":");
}
