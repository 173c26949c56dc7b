import assert from "node:assert/strict";
import { existingNamespaces } from "../../lab/src/fabric/apply";
import { namespacePrefix } from "../../lab/src/fabric/names";
import { nodeStatus } from "../../lab/src/node/node";
import type { Lab } from "../../lab/src/state/paths";
import type { RecordStore } from "../../lab/src/state/store";
import { type Outcome, PulumiProgram } from "./pulumi-program";

/** A program as a user writes it, with nothing of the lab in it. */
const PROGRAM = `
const aws = require("@pulumi/aws");
const vpc = new aws.ec2.Vpc("blue", { cidrBlock: "10.1.0.0/16", tags: { Name: "blue" } });
const gateway = new aws.ec2.InternetGateway("blue", { vpcId: vpc.id });
const subnet = new aws.ec2.Subnet("a", { vpcId: vpc.id, cidrBlock: "10.1.0.0/24", availabilityZone: "us-east-1a" });
const table = new aws.ec2.RouteTable("blue", { vpcId: vpc.id, routes: [{ cidrBlock: "0.0.0.0/0", gatewayId: gateway.id }] });
new aws.ec2.RouteTableAssociation("a", { routeTableId: table.id, subnetId: subnet.id });
const group = new aws.ec2.SecurityGroup("nodes", { vpcId: vpc.id, ingress: [{ protocol: "tcp", fromPort: 22, toPort: 22, cidrBlocks: ["198.51.100.1/32"] }] });
new aws.vpc.SecurityGroupIngressRule("ipip", { securityGroupId: group.id, ipProtocol: "4", referencedSecurityGroupId: group.id });
const image = aws.ec2.getAmiOutput({ owners: ["136693071363"], mostRecent: true, filters: [{ name: "name", values: ["debian-12-amd64-*"] }] });
const instance = new aws.ec2.Instance("node", {
  ami: image.id, instanceType: "t3.micro", subnetId: subnet.id, vpcSecurityGroupIds: [group.id], associatePublicIpAddress: true,
  privateIp: process.env.PRIVATE_IP || "10.1.0.4", sourceDestCheck: false,
}, { deleteBeforeReplace: true });
exports.publicIp = instance.publicIp;
exports.state = instance.instanceState;
`;

describe("pulumi on the stand-in aws plugin", function () {
  this.timeout(120_000);
  let program: PulumiProgram;
  let lab: Lab;
  let store: RecordStore;
  const pulumi = (...args: string[]): Promise<Outcome> => program.pulumi(...args);

  before(async () => {
    program = await PulumiProgram.make(PROGRAM);
    ({ lab, store } = program);
  });
  after(() => program.remove());

  it("previews without a trace", async () => {
    const { code, output } = await pulumi("preview");
    assert.equal(code, 0, output);
    assert.match(output, /\+ 9 to create/);
    assert.deepEqual(store.list(), []);
  });

  it("makes the network and the node", async () => {
    const { code, output } = await pulumi("up", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    assert.match(output, /publicIp: "203\.0\.113\.1"/);
    assert.match(output, /state {3}: "running"/);
    assert.equal(nodeStatus(lab, instanceId()).state, "running");
    assert.equal(namespaces().length, 4);
  });

  it("changes nothing the second time", async () => {
    const { code, output } = await pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
    assert.equal(code, 0, output);
  });

  it("tells what EC2 refuses, and leaves the rest alone", async () => {
    const { code, output } = await pulumi("up", "--yes", "--skip-preview", "PRIVATE_IP=10.1.0.3");
    assert.notEqual(code, 0, output);
    assert.match(
      output,
      /creating EC2 Instance: operation error EC2: RunInstances, api error InvalidParameterValue: Address 10\.1\.0\.3 is in subnet's reserved address range/,
    );
    assert.equal((await pulumi("up", "--yes", "--skip-preview")).code, 0);
    assert.equal(store.get(instanceId())?.outputs["privateIp"], "10.1.0.4");
  });

  it("sees what somebody else changed, and takes it back", async () => {
    const { pid } = nodeStatus(lab, instanceId());
    const record = store.get(instanceId());
    if (record === undefined) throw new Error("no record");
    store.put({ ...record, outputs: { ...record.outputs, sourceDestCheck: true } });
    assert.match(
      (await pulumi("refresh", "--yes", "--skip-preview", "--diff")).output,
      /~ sourceDestCheck: false => true/,
    );
    assert.match((await pulumi("up", "--yes", "--skip-preview")).output, /\[diff: ~sourceDestCheck\]/);
    assert.equal(store.get(instanceId())?.outputs["sourceDestCheck"], false);
    // In place: the node did not even reboot.
    assert.equal(nodeStatus(lab, instanceId()).pid, pid);
  });

  it("leaves nothing", async () => {
    const node = instanceId();
    const { code, output } = await pulumi("destroy", "--yes", "--skip-preview");
    assert.equal(code, 0, output);
    assert.deepEqual(store.list(), []);
    assert.deepEqual(namespaces(), []);
    assert.equal(nodeStatus(lab, node).state, "absent");
  });

  function instanceId(): string {
    const instance = store.list().find(({ type }) => type === "aws:ec2/instance:Instance");
    if (instance === undefined) throw new Error("there is no instance");
    return instance.id;
  }

  function namespaces(): readonly string[] {
    return existingNamespaces(namespacePrefix(lab));
  }
});
