import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { about } from "../../../lab/src/commands/inspect/about";
import { inspectText } from "../../../lab/src/commands/inspect/inspect-text";
import type { LabView } from "../../../lab/src/commands/inspect/lab-view";
import type { Seen } from "../../../lab/src/commands/inspect/seen";
import { viewOf } from "../../../lab/src/commands/inspect/view-of";
import { fabricOf } from "../../../lab/src/fabric/model";
import { projectRoot, type Lab } from "../../../lab/src/state/paths";
import { type Schema, violations } from "../../support/json-schema";
import { CloudRecords } from "../../support/cloud-records";

const schema = JSON.parse(readFileSync(join(projectRoot(), "docs/schema/lab-inspect.schema.json"), "utf8")) as Schema;
const lab: Lab = {
  id: "0a1b2c3d",
  state: "/state",
  resources: "/state/resources",
  lock: "/state/lock",
  image: () => "/image",
  nodeDir: (id) => `/state/nodes/${id}`,
};

/** Something of every kind. */
function everything(): CloudRecords {
  return new CloudRecords()
    .vpc("a", "10.1.0.0/16")
    .subnet("a1", "a", "10.1.1.0/24")
    .subnet("a2", "a", "10.1.2.0/24")
    .vpc("b", "10.2.0.0/16")
    .subnet("b1", "b", "10.2.1.0/24")
    .routeTable("a2", "a", "a2")
    .internetGateway("a", "a")
    .route("a", "0.0.0.0/0", { gatewayId: "igw-a" })
    .peering("ab", "a", "b")
    .peering("asked", "b", "a", "pending-acceptance")
    .route("a2", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
    .route("a2", "10.3.0.0/16", { vpcPeeringConnectionId: "pcx-gone" })
    .addApart("aws:ec2/eip:Eip", "eipalloc-n", { publicIp: "203.0.113.9" })
    .add("aws:ec2/natGateway:NatGateway", "nat-a", {
      subnetId: "subnet-a1",
      networkInterfaceId: "eni-nat",
      privateIp: "10.1.1.9",
      publicIp: "203.0.113.9",
    })
    .add("aws:ec2transitgateway/transitGateway:TransitGateway", "tgw-a", {})
    .add("aws:ec2transitgateway/vpcAttachment:VpcAttachment", "tgw-attach-a", {
      transitGatewayId: "tgw-a",
      vpcId: "vpc-a",
      subnetIds: ["subnet-a1"],
    })
    .add("aws:ec2transitgateway/routeTable:RouteTable", "tgw-rtb-a", { transitGatewayId: "tgw-a" })
    .add("aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation", "tgw-assoc-a", {
      transitGatewayAttachmentId: "tgw-attach-a",
      transitGatewayRouteTableId: "tgw-rtb-a",
    })
    .add("aws:ec2transitgateway/routeTablePropagation:RouteTablePropagation", "tgw-prop-a", {
      transitGatewayAttachmentId: "tgw-attach-a",
      transitGatewayRouteTableId: "tgw-rtb-a",
    })
    .add("aws:ec2transitgateway/route:Route", "tgw-route-a", {
      transitGatewayRouteTableId: "tgw-rtb-a",
      destinationCidrBlock: "10.9.0.0/16",
      blackhole: true,
    })
    .networkAcl("a", "a", "a1")
    .aclRule("a", "ingress", 100, "allow")
    .addApart("aws:ec2/keyPair:KeyPair", "key", { keyName: "key", fingerprint: "SHA256:x" })
    .instance("x", "a", "a1", "10.1.1.11", { publicIp: "203.0.113.11", instanceType: "t3.micro", ami: "ami-1" })
    .ingress("x-ssh", "x", {
      ipProtocol: "tcp",
      fromPort: 22,
      toPort: 22,
      cidrIpv4: "0.0.0.0/0",
      description: "ssh\u001b[2J",
    })
    .ingress("x-y", "x", { ipProtocol: "4", referencedSecurityGroupId: "sg-y" })
    .instance("y", "a", "a2", "10.1.2.12", { instanceState: "pending" })
    .instance("z", "b", "b1", "10.2.1.13")
    .add("aws:ec2/networkInterface:NetworkInterface", "eni-extra", {
      subnetId: "subnet-a2",
      privateIp: "10.1.2.20",
      privateIps: ["10.1.2.20", "10.1.2.21"],
      securityGroups: ["sg-x"],
      sourceDestCheck: false,
      macAddress: "0a:00:0a:01:02:14",
    })
    .add("aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment", "eni-attach-extra", {
      networkInterfaceId: "eni-extra",
      instanceId: "i-x",
      deviceIndex: 1,
    });
}

const records = everything().list();
const namespaces = fabricOf(`lab-${lab.id}-`, records).map(({ name }) => name);
const seen: Seen = {
  faults: [
    { kind: "loss", target: "eni-z", direction: "ingress", share: 0.25 },
    { kind: "refuse-ssh", target: "eni-x", answer: "reset" },
    { kind: "cut", target: "pcx-ab", direction: "egress", share: 1 },
    { kind: "refuse-ssh", target: "eni-gone", answer: "drop" },
  ],
  caught: (fault) => (fault.kind === "loss" ? 7 : undefined),
  node: (id) =>
    id === "i-x"
      ? { state: "running", pid: 77, uptime: 12.34, settled: true }
      : id === "i-y"
        ? { state: "absent", settled: false }
        : { state: "running", pid: 78, uptime: 1, paused: true, settled: true },
  namespaces,
};
const view = viewOf(lab, records, seen);

describe("overlaynet lab inspect", () => {
  it("fits docs/schema/lab-inspect.schema.json", () => {
    assert.deepEqual(violations(schema, schema, JSON.parse(JSON.stringify(view))), []);
    // What fits has something of every kind in it.
    for (const [kind, list] of Object.entries(view))
      if (kind !== "lab") assert.ok(Array.isArray(list) && list.length > 0, kind);
  });

  it("does not fit it when a property is missing, new, or of another kind", () => {
    const wrong: unknown = JSON.parse(
      JSON.stringify({
        ...view,
        colour: "red",
        nodes: [{ ...view.nodes[0], state: "asleep" }],
        vpcs: [{ id: "vpc-a" }],
      }),
    );
    const found = violations(schema, schema, wrong).join("\n");
    for (const what of [/colour is unknown/, /\$\.nodes\[0\]\.state/, /\$\.vpcs\[0\]\.cidr is missing/])
      assert.match(found, what);
  });

  it("tells of a node what runs, where, and with which interfaces and addresses", () => {
    const [x, y, z] = ["i-x", "i-y", "i-z"].map((id) => view.nodes.find((node) => node.id === id));
    assert.deepEqual(
      [x?.state, x?.uptime, x?.pid, x?.settled, x?.vpcId, x?.publicIp, x?.networkInterfaceIds, x?.namespace],
      ["running", 12.3, 77, true, "vpc-a", "203.0.113.11", ["eni-x", "eni-extra"], "lab-0a1b2c3d-eni-x"],
    );
    assert.deepEqual([y?.state, y?.uptime, y?.pid, y?.publicIp], ["absent", undefined, undefined, undefined]);
    assert.equal(z?.paused, true);
    const extra = view.networkInterfaces.find(({ id }) => id === "eni-extra");
    assert.deepEqual(
      [extra?.deviceIndex, extra?.privateIps, extra?.sourceDestCheck, extra?.mac],
      [1, ["10.1.2.20", "10.1.2.21"], false, "0a:00:0a:01:02:14"],
    );
  });

  it("tells which routes are black holes, which table a subnet has, and what rules say", () => {
    assert.deepEqual(
      view.routeTables.find(({ id }) => id === "rtb-a2")?.routes.map(({ target, state }) => [target, state]),
      [
        ["pcx-ab", "active"],
        ["pcx-gone", "blackhole"],
      ],
    );
    assert.deepEqual(
      view.subnets.map(({ id, routeTableId }) => [id, routeTableId]),
      [
        ["subnet-a1", "rtb-a"],
        ["subnet-a2", "rtb-a2"],
        ["subnet-b1", "rtb-b"],
      ],
    );
    const rules = view.securityGroups.find(({ id }) => id === "sg-x")?.rules;
    assert.deepEqual(
      rules?.find(({ id }) => id === "sgr-x-ssh"),
      {
        id: "sgr-x-ssh",
        direction: "ingress",
        protocol: "tcp",
        fromPort: 22,
        toPort: 22,
        cidr: "0.0.0.0/0",
        description: "ssh\\u{1b}[2J",
      },
    );
    assert.deepEqual(rules?.find(({ id }) => id === "sgr-x-y")?.securityGroupId, "sg-y");
  });

  it("tells what is waiting, and for what", () => {
    assert.deepEqual(view.waiting, [
      { id: "i-y", what: "has not been started: pulumi up starts it" },
      { id: "i-z", what: "is paused: overlaynet lab fault resume" },
      { id: "pcx-asked", what: "is pending-acceptance" },
    ]);
    const stopped = viewOf(lab, records, {
      faults: [],
      node: () => ({ state: "stopped", settled: false }),
      namespaces: namespaces.filter((name) => !name.endsWith("vpc-a")),
      holder: "process 7, creating vpc-1",
    });
    const told = stopped.waiting.map(({ id, what }) => `${id} ${what}`);
    for (const line of [
      "lab is being changed by process 7, creating vpc-1",
      "i-x is stopped: overlaynet lab start starts it",
      "vpc-a its namespace lab-0a1b2c3d-vpc-a is not there: overlaynet lab start makes it",
    ])
      assert.ok(told.includes(line), line);
  });

  it("says what is wrong with records that cannot be made real, and shows the rest", () => {
    const broken = viewOf(
      lab,
      everything()
        .update("i-x", { vpcSecurityGroupIds: ["sg-gone"] })
        .list(),
      seen,
    );
    assert.match(
      broken.waiting.map(({ what }) => what).join("\n"),
      /cannot be made real: i-x .* has the security group sg-gone, which is not there/,
    );
    assert.equal(broken.nodes.length, 3);
  });

  it("of one node, shows what concerns it, in the same form", () => {
    const one = about(view, "i-z");
    assert.deepEqual(violations(schema, schema, JSON.parse(JSON.stringify(one))), []);
    const ids = (key: Exclude<keyof LabView, "lab" | "keyPairs" | "faults">): string[] =>
      one[key].map((each) => ("id" in each ? each.id : ""));
    assert.deepEqual(
      [
        ids("nodes"),
        ids("networkInterfaces"),
        ids("vpcs"),
        ids("subnets"),
        ids("peerings"),
        ids("securityGroups"),
        ids("gateways"),
      ],
      [["i-z"], ["eni-z"], ["vpc-b"], ["subnet-b1"], ["pcx-ab", "pcx-asked"], ["sg-z"], []],
    );
    assert.deepEqual(ids("waiting"), ["i-z"]);
  });

  it("tells of faults what they are about and what they caught, and nothing of what is gone", () => {
    assert.deepEqual(view.faults, [
      { kind: "loss", target: "eni-z", direction: "ingress", share: 0.25, instanceId: "i-z", packets: 7 },
      { kind: "refuse-ssh", target: "eni-x", answer: "reset", instanceId: "i-x" },
      { kind: "cut", target: "pcx-ab", direction: "egress", share: 1 },
    ]);
    assert.deepEqual(
      about(view, "i-z").faults.map(({ target }) => target),
      ["eni-z", "pcx-ab"],
    );
    assert.match(
      inspectText(view),
      /eni-z: 25 % that it receives is lost +7\n +eni-x: ssh is refused \(reset\) +-\n +pcx-ab: all from requester to accepter is lost/,
    );
  });

  it("is a table per kind for people", () => {
    const text = inspectText(view);
    assert.match(text, /^Lab 0a1b2c3d in \/state\n\nNodes\n {2}NAME +INSTANCE +STATE +UPTIME/);
    assert.match(text, /test-x +i-x +running +12 s +10\.1\.1\.11 +203\.0\.113\.11 +lab-0a1b2c3d-eni-x\n/);
    assert.match(text, /rtb-a2 +10\.3\.0\.0\/16 +pcx-gone +blackhole\n/);
    assert.ok(!inspectText(about(view, "i-z")).includes("Gateways"));
  });
});
