import assert from "node:assert/strict";
import { type Cloud, readCloud } from "../../../lab/src/cloud/cloud";
import type { VpcRoute } from "../../../lab/src/cloud/route-table";
import type { Vpc } from "../../../lab/src/cloud/vpc";
import { parseCidr } from "../../../lab/src/cloud/cidr";
import { chooseRoute, resolveTarget, routeName } from "../../../lab/src/reach/route-table";
import type { CloudRecords } from "../../support/cloud-records";
import { ip, joined, natted, three } from "./three-vpcs";

function vpcOf(cloud: Cloud, id: string): Vpc {
  const vpc = cloud.vpcs.get(id);
  assert.ok(vpc, id);
  return vpc;
}

function route(destination: string, target: string): VpcRoute {
  const cidr = parseCidr(destination);
  assert.ok(cidr, destination);
  return { destination: cidr, target };
}

describe("a route table", () => {
  const chosen = (records: CloudRecords, destination: string, tableId = "rtb-a"): string => {
    const choice = chooseRoute(vpcOf(readCloud(records.list()), "vpc-a"), tableId, destination);
    return choice.kind === "route" ? choice.route.target : choice.kind;
  };

  it("chooses the most specific route, in whatever order they are given", () => {
    const records = three()
      .route("a", "10.2.1.0/24", { vpcPeeringConnectionId: "pcx-24" })
      .route("a", "10.0.0.0/8", { vpcPeeringConnectionId: "pcx-8" });
    assert.deepEqual(
      ["10.2.1.1", "10.2.9.1", "10.9.9.9", "192.0.2.1"].map((destination) => chosen(records, destination)),
      ["pcx-24", "pcx-ab", "pcx-8", "igw-a"],
    );
  });

  it("takes the VPC's own network before every route that is not of a part of it", () => {
    const records = three().route("a", "10.0.0.0/8", { vpcPeeringConnectionId: "pcx-8" });
    assert.equal(chosen(records, ip.a2), "local");
    assert.equal(chosen(records.route("a", "10.1.1.0/24", { networkInterfaceId: "eni-a3" }), ip.a2), "eni-a3");
    const whole = three().route("a", "10.1.0.0/16", { networkInterfaceId: "eni-a3" });
    assert.equal(chosen(whole, ip.a2), "local", "also before one of the whole of it");
  });

  it("has nothing for what no route is for", () => {
    assert.equal(chosen(three().remove("r-rtb-a-0-0-0-0-0"), "192.0.2.1"), "none");
    assert.equal(chosen(three(), "192.0.2.1", "rtb-gone"), "none");
    assert.equal(chosen(three(), ip.a2, "rtb-gone"), "local");
  });

  it("names a route by its destination", () => {
    assert.equal(routeName("rtb-a", route("10.2.0.0/16", "pcx-ab")), "rtb-a 10.2.0.0/16");
  });
});

describe("the target of a route", () => {
  const resolved = (records: CloudRecords, vpcId: string, target: string): string => {
    const cloud = readCloud(records.list());
    const found = resolveTarget(vpcOf(cloud, vpcId), route("10.9.0.0/16", target), cloud);
    if (found === undefined) return "black hole";
    if (found.kind === "network-interface") return found.card.networkInterfaceId;
    if (found.kind === "peering") return `${found.peering.id} to ${found.peerVpcId}`;
    return found.kind === "transit-gateway" ? `${found.gateway.id} by ${found.attachment.id}` : found.gateway.id;
  };

  it("is the gateway of that name, of this VPC alone", () => {
    const records = natted().internetGateway("b", "b");
    assert.equal(resolved(records, "vpc-a", "igw-a"), "igw-a");
    assert.equal(resolved(records, "vpc-b", "igw-b"), "igw-b");
    assert.equal(resolved(records, "vpc-b", "igw-a"), "black hole");
    assert.equal(resolved(records, "vpc-a", "nat-a"), "nat-a");
    assert.equal(resolved(records, "vpc-b", "nat-a"), "black hole");
    assert.equal(resolved(records, "vpc-a", "nat-gone"), "black hole");
  });

  it("is the other end of a peering, from either end and from nowhere else", () => {
    assert.equal(resolved(three(), "vpc-a", "pcx-ab"), "pcx-ab to vpc-b");
    assert.equal(resolved(three(), "vpc-b", "pcx-ab"), "pcx-ab to vpc-a");
    assert.equal(resolved(three(), "vpc-c", "pcx-ab"), "black hole");
  });

  it("is a transit gateway by the attachment of this VPC", () => {
    assert.equal(resolved(joined(), "vpc-a", "tgw-1"), "tgw-1 by tgw-attach-a");
    assert.equal(resolved(joined(), "vpc-b", "tgw-1"), "tgw-1 by tgw-attach-b");
    assert.equal(resolved(joined(), "vpc-c", "tgw-1"), "black hole");
    assert.equal(resolved(joined(), "vpc-a", "tgw-gone"), "black hole");
  });

  it("is a network interface of this VPC, or the primary one of an instance", () => {
    const records = three()
      .add("aws:ec2/networkInterface:NetworkInterface", "eni-second", {
        subnetId: "subnet-a1",
        privateIp: "10.1.1.50",
        privateIps: ["10.1.1.50"],
        securityGroups: ["sg-a1"],
        sourceDestCheck: true,
        macAddress: "0a:00:00:00:00:50",
      })
      .add("aws:ec2/networkInterfaceAttachment:NetworkInterfaceAttachment", "eni-attach-1", {
        instanceId: "i-a1",
        networkInterfaceId: "eni-second",
        deviceIndex: 1,
      });
    assert.equal(resolved(records, "vpc-a", "eni-a2"), "eni-a2");
    assert.equal(resolved(records, "vpc-a", "eni-second"), "eni-second");
    assert.equal(resolved(records, "vpc-a", "i-a1"), "eni-a1");
    assert.equal(resolved(records, "vpc-b", "eni-a2"), "black hole");
    assert.equal(resolved(records, "vpc-b", "i-a1"), "black hole");
    assert.equal(resolved(records, "vpc-a", "i-gone"), "black hole");
    // The primary one, wherever it stands in the list.
    const cloud = readCloud(records.list());
    const turned = { ...cloud, networkInterfaces: cloud.networkInterfaces.toReversed() };
    const found = resolveTarget(vpcOf(cloud, "vpc-a"), route("10.9.0.0/16", "i-a1"), turned);
    assert.equal(found?.kind === "network-interface" && found.card.networkInterfaceId, "eni-a1");
  });
});
