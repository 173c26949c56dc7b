import { imagesOf } from "../../../lab/src/ec2/engine/images";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { Account, type Resource } from "../../support/account-in-memory";

const ami = imagesOf("us-east-1").find(({ architecture }) => architecture === "x86_64")?.id ?? "";

/** A VPC with a subnet and a security group. */
export class Network {
  private constructor(
    readonly account: Account,
    readonly vpc: Resource,
    readonly subnet: Resource,
    readonly group: Resource,
  ) {}

  static async make(account = new Account(), cidr = "10.1"): Promise<Network> {
    const vpc = await account.create(EC2.vpc, "v", { cidrBlock: `${cidr}.0.0/16` });
    const subnet = await account.create(EC2.subnet, "s", {
      vpcId: vpc.id,
      cidrBlock: `${cidr}.0.0/24`,
      availabilityZone: "us-east-1a",
    });
    const group = await account.create(EC2.securityGroup, "g", { vpcId: vpc.id });
    return new Network(account, vpc, subnet, group);
  }

  instanceArgs(more: object = {}): object {
    return { ami, instanceType: "t3.micro", subnetId: this.subnet.id, vpcSecurityGroupIds: [this.group.id], ...more };
  }

  instance(name: string, more: object = {}): Promise<Resource> {
    return this.account.create(EC2.instance, name, this.instanceArgs(more));
  }

  rule(name: string, more: object): Promise<Resource> {
    return this.account.create(EC2.ingressRule, name, { securityGroupId: this.group.id, ...more });
  }
}
