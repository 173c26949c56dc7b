import assert from "node:assert/strict";
import { fabricOf } from "../../../lab/src/fabric/model";
import { tableNumber, wireName } from "../../../lab/src/fabric/names";
import type { Namespace, Route } from "../../../lab/src/fabric/namespace";
import { CloudRecords } from "../../support/cloud-records";

const PREFIX = "lab-0123abcd-";

/** Two VPCs, the first in two zones; attached in one of them. */
const joined = (): CloudRecords =>
  new CloudRecords()
    .vpc("a", "10.1.0.0/16")
    .subnet("a1", "a", "10.1.1.0/24")
    .subnet("a2", "a", "10.1.2.0/24")
    .update("subnet-a2", { availabilityZone: "us-east-1b" })
    .vpc("b", "10.2.0.0/16")
    .subnet("b1", "b", "10.2.1.0/24")
    .route("a", "10.2.0.0/16", { transitGatewayId: "tgw-1" })
    .add("aws:ec2transitgateway/transitGateway:TransitGateway", "tgw-1", {})
    .add("aws:ec2transitgateway/routeTable:RouteTable", "tgw-rtb-1", { transitGatewayId: "tgw-1" })
    .add("aws:ec2transitgateway/vpcAttachment:VpcAttachment", "tgw-attach-a", {
      transitGatewayId: "tgw-1",
      vpcId: "vpc-a",
      subnetIds: ["subnet-a1"],
    })
    .add("aws:ec2transitgateway/vpcAttachment:VpcAttachment", "tgw-attach-b", {
      transitGatewayId: "tgw-1",
      vpcId: "vpc-b",
      subnetIds: ["subnet-b1"],
    })
    .add("aws:ec2transitgateway/routeTableAssociation:RouteTableAssociation", "assoc-a", {
      transitGatewayAttachmentId: "tgw-attach-a",
      transitGatewayRouteTableId: "tgw-rtb-1",
    })
    .add("aws:ec2transitgateway/routeTablePropagation:RouteTablePropagation", "prop-b", {
      transitGatewayAttachmentId: "tgw-attach-b",
      transitGatewayRouteTableId: "tgw-rtb-1",
    });

function namespace(records: CloudRecords, name: string): Namespace {
  const found = fabricOf(PREFIX, records.list()).find((each) => each.name === PREFIX + name);
  if (found === undefined) throw new Error(`There is no ${PREFIX}${name}`);
  return found;
}

function routes({ routes }: Namespace, table: number): string[] {
  const where = ({ via }: Route): string => (via === "blackhole" ? via : via.dev);
  return routes
    .filter((route) => route.table === table)
    .map((route) => `${route.destination} ${where(route)}`)
    .sort();
}

describe("the fabric of a transit gateway", () => {
  const [toA, toB] = [wireName("tgw-attach-a", "subnet-a1"), wireName("tgw-attach-b", "subnet-b1")];

  it("has a wire per attachment's subnet, and a table per route table and zone", () => {
    const gateway = namespace(joined(), "tgw-1");
    assert.deepEqual(
      gateway.links.map(({ name, mtu }) => [name, mtu]),
      [
        [toA, 8500],
        [toB, 8500],
      ],
    );
    assert.deepEqual(routes(gateway, tableNumber("tgw-rtb-1/us-east-1a")), [
      "0.0.0.0/0 blackhole",
      `10.2.0.0/16 ${toB}`,
    ]);
    assert.deepEqual(gateway.rules, [
      { iif: toA, table: tableNumber("tgw-rtb-1/us-east-1a") },
      { iif: toB, table: 1000 },
    ]);
  });

  it("splits the VPC's route table by zone, and leads from the attached one alone", () => {
    const vpc = namespace(joined(), "vpc-a");
    assert.equal(routes(vpc, tableNumber("rtb-a/us-east-1a")).includes(`10.2.0.0/16 ${toA}`), true);
    assert.equal(routes(vpc, tableNumber("rtb-a/us-east-1b")).includes("10.2.0.0/16 blackhole"), true);
    assert.deepEqual(routes(vpc, tableNumber("rtb-a")), []);
    assert.deepEqual(
      vpc.rules.map(({ iif, table }) => [iif, table]),
      [
        ["s-a1", tableNumber("rtb-a/us-east-1a")],
        ["s-a2", tableNumber("rtb-a/us-east-1b")],
        [toA, tableNumber("rtb-a/us-east-1a")],
      ],
    );
    // Nothing of it without a route there.
    assert.deepEqual(namespace(joined(), "vpc-b").rules, [
      { iif: "s-b1", table: tableNumber("rtb-b") },
      { iif: toB, table: tableNumber("rtb-b") },
    ]);
  });

  it("makes a black hole of the route when the attachment is gone", () => {
    const vpc = namespace(joined().remove("tgw-attach-a"), "vpc-a");
    assert.equal(routes(vpc, tableNumber("rtb-a")).includes("10.2.0.0/16 blackhole"), true);
  });

  it("is the same whatever the order of the records", () => {
    const sorted = (records: CloudRecords, reverse: boolean): unknown => {
      const { routes, rules } = fabricOf(PREFIX, reverse ? records.list().reverse() : records.list()).find(
        ({ name }) => name === `${PREFIX}tgw-1`,
      ) ?? { routes: [], rules: [] };
      return [routes.map((route) => JSON.stringify(route)).sort(), rules.map((rule) => JSON.stringify(rule)).sort()];
    };
    assert.deepEqual(sorted(joined(), true), sorted(joined(), false));
  });
});
