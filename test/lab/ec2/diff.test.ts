import assert from "node:assert/strict";
import { imagesOf } from "../../../lab/src/ec2/engine/images";
import { UNKNOWN } from "../../../wire/property-value";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { Account, PUBLIC_KEY, type Resource, urnOf } from "../../support/account-in-memory";

const ami = imagesOf("us-east-1").find(({ architecture }) => architecture === "x86_64")?.id ?? "";
const instance = {
  ami,
  instanceType: "t3.micro",
  keyName: "kp",
  metadataOptions: { httpTokens: "required" },
  privateIp: "10.1.0.4",
  sourceDestCheck: false,
  subnetId: "subnet-1",
  tags: { Name: "i" },
  userDataBase64: "YQ==",
  userDataReplaceOnChange: true,
  vpcSecurityGroupIds: ["sg-1", "sg-2"],
};
const rule = { securityGroupId: "sg-1", ipProtocol: "tcp", fromPort: 1, toPort: 1, cidrIpv4: "10.0.0.0/8" };
const subnet = { vpcId: "vpc-1", cidrBlock: "10.1.0.0/24", availabilityZone: "us-east-1a" };
const route = { routeTableId: "rtb-1", destinationCidrBlock: "0.0.0.0/0", gatewayId: "igw-1" };
const peering = { vpcId: "vpc-1", peerVpcId: "vpc-2", autoAccept: true };

interface Row {
  readonly what: string;
  readonly type: string;
  readonly before: object;
  readonly after: object;
  /** Properties that change. */
  readonly diff: readonly string[];
  readonly replace?: readonly string[];
  /** By path, where the provider tells. */
  readonly detailed?: Readonly<Record<string, string>>;
}

/** As recorded from the provider. */
const rows: readonly Row[] = [
  { what: "nothing", type: EC2.instance, before: instance, after: instance, diff: [] },
  {
    what: "user data that replaces",
    type: EC2.instance,
    before: instance,
    after: { ...instance, userDataBase64: "Yg==" },
    diff: ["__meta", "userDataBase64"],
    replace: ["__meta"],
    detailed: { __meta: "update-replace", userDataBase64: "update" },
  },
  {
    what: "user data not known yet",
    type: EC2.instance,
    before: instance,
    after: { ...instance, userDataBase64: UNKNOWN },
    diff: ["__meta", "userDataBase64"],
    replace: ["__meta"],
  },
  {
    what: "user data that does not",
    type: EC2.instance,
    before: { ...instance, userDataReplaceOnChange: false },
    after: { ...instance, userDataReplaceOnChange: false, userDataBase64: "Yg==" },
    diff: ["userDataBase64"],
    detailed: { userDataBase64: "update" },
  },
  {
    what: "user data, and whether it replaces",
    type: EC2.instance,
    before: instance,
    after: { ...instance, userDataReplaceOnChange: false, userDataBase64: "Yg==" },
    diff: ["userDataBase64", "userDataReplaceOnChange"],
  },
  {
    what: "sourceDestCheck",
    type: EC2.instance,
    before: instance,
    after: { ...instance, sourceDestCheck: true },
    diff: ["sourceDestCheck"],
    detailed: { sourceDestCheck: "update" },
  },
  {
    what: "sourceDestCheck left out",
    type: EC2.instance,
    before: instance,
    after: without(instance, "sourceDestCheck"),
    diff: ["sourceDestCheck"],
  },
  {
    what: "instanceType",
    type: EC2.instance,
    before: instance,
    after: { ...instance, instanceType: "t3.small" },
    diff: ["instanceType"],
  },
  {
    what: "privateIp",
    type: EC2.instance,
    before: instance,
    after: { ...instance, privateIp: "10.1.0.5" },
    diff: ["privateIp"],
    replace: ["privateIp"],
    detailed: { privateIp: "update-replace" },
  },
  {
    what: "privateIp left to AWS",
    type: EC2.instance,
    before: instance,
    after: without(instance, "privateIp"),
    diff: [],
  },
  {
    what: "keyName",
    type: EC2.instance,
    before: instance,
    after: { ...instance, keyName: "other" },
    diff: ["keyName"],
    replace: ["keyName"],
  },
  {
    what: "keyName of a key pair that is replaced",
    type: EC2.instance,
    before: instance,
    after: { ...instance, keyName: UNKNOWN },
    diff: ["keyName"],
    replace: ["keyName"],
    detailed: { keyName: "update-replace" },
  },
  {
    what: "metadataOptions.httpTokens",
    type: EC2.instance,
    before: instance,
    after: { ...instance, metadataOptions: { httpTokens: "optional" } },
    diff: ["metadataOptions"],
    detailed: { "metadataOptions.httpTokens": "update" },
  },
  {
    what: "metadataOptions.httpPutResponseHopLimit",
    type: EC2.instance,
    before: { ...instance, metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 } },
    after: { ...instance, metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 2 } },
    diff: ["metadataOptions"],
    detailed: { "metadataOptions.httpPutResponseHopLimit": "update" },
  },
  {
    what: "a tag more",
    type: EC2.instance,
    before: instance,
    after: { ...instance, tags: { Name: "i", Lab: "demo" } },
    diff: ["tags", "tagsAll"],
    detailed: { "tags.Lab": "add", "tagsAll.Lab": "add" },
  },
  {
    what: "the order of security groups",
    type: EC2.instance,
    before: instance,
    after: { ...instance, vpcSecurityGroupIds: ["sg-2", "sg-1"] },
    diff: [],
  },
  {
    what: "a security group less",
    type: EC2.instance,
    before: instance,
    after: { ...instance, vpcSecurityGroupIds: ["sg-2"] },
    diff: ["vpcSecurityGroupIds"],
  },
  {
    what: "a security group not known yet",
    type: EC2.instance,
    before: instance,
    after: { ...instance, vpcSecurityGroupIds: ["sg-2", UNKNOWN] },
    diff: ["vpcSecurityGroupIds"],
  },
  {
    what: "an encrypted root disk",
    type: EC2.instance,
    before: { ...instance, rootBlockDevice: { encrypted: false } },
    after: { ...instance, rootBlockDevice: { encrypted: true } },
    diff: ["rootBlockDevice"],
    replace: ["rootBlockDevice"],
    detailed: { "rootBlockDevice.encrypted": "update-replace" },
  },
  {
    // The provider lists `rootBlockDevice.tags: add` beside any change, a noise that never makes a difference by
    // itself. The lab does not.
    what: "another type, with a root disk",
    type: EC2.instance,
    before: { ...instance, rootBlockDevice: { volumeSize: 12 } },
    after: { ...instance, rootBlockDevice: { volumeSize: 12 }, instanceType: "t3.small" },
    diff: ["instanceType"],
    detailed: { instanceType: "update" },
  },
  {
    what: "public key",
    type: EC2.keyPair,
    before: { publicKey: PUBLIC_KEY },
    after: { publicKey: "ssh-ed25519 other" },
    diff: ["publicKey"],
    replace: ["publicKey"],
  },
  {
    what: "a line's end after the public key",
    type: EC2.keyPair,
    before: { publicKey: PUBLIC_KEY },
    after: { publicKey: `${PUBLIC_KEY}\n` },
    diff: [],
  },
  {
    what: "description of a group",
    type: EC2.securityGroup,
    before: { vpcId: "vpc-1" },
    after: { vpcId: "vpc-1", description: "other" },
    diff: ["description"],
    replace: ["description"],
  },
  {
    what: "name of a group",
    type: EC2.securityGroup,
    before: { vpcId: "vpc-1", name: "a" },
    after: { vpcId: "vpc-1", name: "b" },
    diff: ["name"],
    replace: ["name"],
    detailed: { name: "update-replace" },
  },
  {
    what: "prefix of a group's name",
    type: EC2.securityGroup,
    before: { vpcId: "vpc-1", namePrefix: "a" },
    after: { vpcId: "vpc-1", namePrefix: "b" },
    diff: ["namePrefix"],
    replace: ["namePrefix"],
  },
  {
    what: "VPC of a group",
    type: EC2.securityGroup,
    before: { vpcId: "vpc-1", name: "a" },
    after: { vpcId: "vpc-2", name: "a" },
    diff: ["vpcId"],
    replace: ["vpcId"],
  },
  {
    what: "the group of a rule, replaced",
    type: EC2.ingressRule,
    before: rule,
    after: { ...rule, securityGroupId: UNKNOWN },
    diff: ["securityGroupId"],
    replace: ["securityGroupId"],
    detailed: {},
  },
  {
    what: "the group that a rule is in and names, replaced",
    type: EC2.ingressRule,
    before: { ...without(rule, "cidrIpv4"), referencedSecurityGroupId: "sg-1" },
    after: { ...without(rule, "cidrIpv4"), referencedSecurityGroupId: UNKNOWN, securityGroupId: UNKNOWN },
    diff: ["referencedSecurityGroupId", "securityGroupId"],
    replace: ["securityGroupId"],
  },
  {
    what: "the group of an instance, replaced",
    type: EC2.instance,
    before: instance,
    after: { ...instance, vpcSecurityGroupIds: [UNKNOWN, "sg-2"] },
    diff: ["vpcSecurityGroupIds"],
    detailed: { vpcSecurityGroupIds: "update" },
  },
  {
    what: "a rule's port",
    type: EC2.ingressRule,
    before: rule,
    after: { ...rule, toPort: 2 },
    diff: ["toPort"],
    detailed: {},
  },
  {
    what: "a rule's CIDR",
    type: EC2.ingressRule,
    before: rule,
    after: { ...rule, cidrIpv4: "10.0.0.0/16" },
    diff: ["cidrIpv4"],
    detailed: {},
  },
  {
    what: "a rule's description",
    type: EC2.egressRule,
    before: rule,
    after: { ...rule, description: "d" },
    diff: ["description"],
    detailed: {},
  },
  {
    what: "the kind of a rule's source",
    type: EC2.ingressRule,
    before: rule,
    after: { ...without(rule, "cidrIpv4"), referencedSecurityGroupId: "sg-2" },
    diff: ["cidrIpv4", "referencedSecurityGroupId"],
    replace: ["cidrIpv4", "referencedSecurityGroupId"],
  },
  {
    what: "a rule's group",
    type: EC2.ingressRule,
    before: rule,
    after: { ...rule, securityGroupId: "sg-9" },
    diff: ["securityGroupId"],
    replace: ["securityGroupId"],
  },
  {
    what: "the spelling of a protocol",
    type: EC2.ingressRule,
    before: rule,
    after: { ...rule, ipProtocol: "6" },
    diff: [],
  },
  {
    what: "ports 0 in place of none",
    type: EC2.ingressRule,
    before: { ...rule, ipProtocol: "4", fromPort: undefined, toPort: undefined },
    after: { ...rule, ipProtocol: "4", fromPort: 0, toPort: 0 },
    diff: ["fromPort", "toPort"],
  },
  {
    what: "mapPublicIpOnLaunch",
    type: EC2.subnet,
    before: subnet,
    after: { ...subnet, mapPublicIpOnLaunch: true },
    diff: ["mapPublicIpOnLaunch"],
    detailed: { mapPublicIpOnLaunch: "add" },
  },
  {
    what: "mapPublicIpOnLaunch taken away",
    type: EC2.subnet,
    before: { ...subnet, mapPublicIpOnLaunch: true },
    after: subnet,
    diff: ["mapPublicIpOnLaunch"],
    detailed: { mapPublicIpOnLaunch: "delete" },
  },
  {
    what: "a subnet's zone",
    type: EC2.subnet,
    before: subnet,
    after: { ...subnet, availabilityZone: "us-east-1b" },
    diff: ["availabilityZone"],
    replace: ["availabilityZone"],
  },
  {
    what: "a VPC's CIDR",
    type: EC2.vpc,
    before: { cidrBlock: "10.1.0.0/16" },
    after: { cidrBlock: "10.2.0.0/16" },
    diff: ["cidrBlock"],
    replace: ["cidrBlock"],
  },
  {
    what: "a route's destination",
    type: EC2.route,
    before: route,
    after: { ...route, destinationCidrBlock: "10.0.0.0/8" },
    diff: ["destinationCidrBlock"],
    replace: ["destinationCidrBlock"],
  },
  {
    what: "a route's target",
    type: EC2.route,
    before: route,
    after: { ...without(route, "gatewayId"), vpcPeeringConnectionId: "pcx-1" },
    diff: ["gatewayId", "vpcPeeringConnectionId"],
  },
  {
    what: "a subnet's route table",
    type: EC2.routeTableAssociation,
    before: { subnetId: "subnet-1", routeTableId: "rtb-1" },
    after: { subnetId: "subnet-1", routeTableId: "rtb-2" },
    diff: ["routeTableId"],
  },
  {
    what: "an association's subnet",
    type: EC2.routeTableAssociation,
    before: { subnetId: "subnet-1", routeTableId: "rtb-1" },
    after: { subnetId: "subnet-2", routeTableId: "rtb-1" },
    diff: ["subnetId"],
    replace: ["subnetId"],
  },
  {
    what: "a peering's VPC",
    type: EC2.peering,
    before: peering,
    after: { ...peering, peerVpcId: "vpc-3" },
    diff: ["peerVpcId"],
    replace: ["peerVpcId"],
  },
  {
    what: "a peering's options",
    type: EC2.peering,
    before: peering,
    after: { ...peering, requester: { allowRemoteVpcDnsResolution: true } },
    diff: ["requester"],
    detailed: { "requester.allowRemoteVpcDnsResolution": "add" },
  },
  {
    what: "an accepter's peering",
    type: EC2.peeringAccepter,
    before: { vpcPeeringConnectionId: "pcx-1" },
    after: { vpcPeeringConnectionId: "pcx-2" },
    diff: ["vpcPeeringConnectionId"],
    replace: ["vpcPeeringConnectionId"],
  },
  {
    what: "whether it accepts",
    type: EC2.peeringAccepter,
    before: { vpcPeeringConnectionId: "pcx-1" },
    after: { vpcPeeringConnectionId: "pcx-1", autoAccept: true },
    diff: ["autoAccept"],
  },
  {
    what: "the peering of options",
    type: EC2.peeringOptions,
    before: { vpcPeeringConnectionId: "pcx-1" },
    after: { vpcPeeringConnectionId: "pcx-2" },
    diff: ["vpcPeeringConnectionId"],
    replace: ["vpcPeeringConnectionId"],
  },
  {
    what: "a gateway's VPC",
    type: EC2.internetGateway,
    before: { vpcId: "vpc-1" },
    after: { vpcId: "vpc-2" },
    diff: ["vpcId"],
  },
];

describe("diff of inputs", () => {
  const account = new Account();

  for (const { what, type, before, after, diff, replace, detailed } of rows) {
    it(`${type.split(":").at(-1)}: ${what}`, () => {
      const found = account.diff(resource(type, before), after);
      assert.deepEqual({ diff: found.properties, replace: found.replaces }, { diff, replace: replace ?? [] });
      if (detailed === undefined) return;
      const paths = found.detailed
        ? [...found.changes].map(([path, { kind, replace: replaces }]) => [path, replaces ? `${kind}-replace` : kind])
        : [];
      assert.deepEqual(Object.fromEntries(paths), detailed);
    });
  }

  it("has the old one go first where the program chose its name, also where that changes", () => {
    const group = { vpcId: "vpc-1", name: "g", description: "one" };
    const first = (type: string, before: object, after: object): boolean =>
      account.diff(resource(type, before), after).deleteBeforeReplace;
    assert.equal(first(EC2.securityGroup, group, { ...group, description: "two" }), true);
    assert.equal(first(EC2.securityGroup, group, { ...group, name: "h" }), true);
    assert.equal(first(EC2.securityGroup, group, { ...group, tags: { a: "b" } }), false, "nothing is replaced");
    const unnamed = without(group, "name");
    assert.equal(first(EC2.securityGroup, unnamed, { ...unnamed, description: "two" }), false);
    assert.equal(first(EC2.subnet, subnet, { ...subnet, vpcId: "vpc-2" }), false, "its name is a tag");
  });

  it("shows a new default tag of the provider as a change of tagsAll", () => {
    const tagging = new Account();
    const old = resource(EC2.vpc, { cidrBlock: "10.1.0.0/16", tags: { Name: "v" } });
    tagging.provider.config = { region: "us-east-1", defaultTags: { team: "net" } };
    assert.deepEqual(
      [...tagging.diff(old, { cidrBlock: "10.1.0.0/16", tags: { Name: "v" } }).changes],
      [["tagsAll.team", { kind: "add", replace: false }]],
    );
  });

  function resource(type: string, news: object): Resource {
    const inputs = account.check(type, "x", news);
    return { urn: urnOf(type, "x"), id: "x", inputs, outputs: { tagsAll: inputs["tags"] ?? {} } };
  }
});

function without<T extends object>(value: T, key: keyof T): Partial<T> {
  const rest: Partial<T> = { ...value };
  delete rest[key];
  return rest;
}
