import assert from "node:assert/strict";
import { fabricOf } from "../../../lab/src/fabric/model";
import { tableNumber } from "../../../lab/src/fabric/names";
import type { Namespace, Route } from "../../../lab/src/fabric/namespace";
import { CloudRecords } from "../../support/cloud-records";

const PREFIX = "lab-0123abcd-";

const two = (): CloudRecords =>
  new CloudRecords()
    .vpc("a", "10.1.0.0/16")
    .subnet("a1", "a", "10.1.1.0/24")
    .vpc("b", "10.2.0.0/16")
    .subnet("b1", "b", "10.2.1.0/24")
    .peering("ab", "a", "b")
    .route("a", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
    .instance("a1", "a", "a1", "10.1.1.11", { publicIp: "203.0.113.1" });

function namespace(records: CloudRecords, name: string): Namespace {
  const found = fabricOf(PREFIX, records.list()).find((each) => each.name === PREFIX + name);
  if (found === undefined) throw new Error(`There is no ${PREFIX}${name}`);
  return found;
}

/** Destination and device, or blackhole, of a route table's routes. */
function routes({ routes }: Namespace, table: number): string[] {
  const where = ({ via }: Route): string => (via === "blackhole" ? via : via.dev);
  return routes
    .filter((route) => route.table === table)
    .map((route) => `${route.destination} ${where(route)}`)
    .sort();
}

describe("the fabric that records ask for", () => {
  it("is nothing without a VPC", () => assert.deepEqual(fabricOf(PREFIX, []), []));

  it("has a namespace for the internet, each VPC, gateway and interface", () => {
    const names = fabricOf(PREFIX, two().internetGateway("a", "a").list()).map(({ name }) => name.slice(PREFIX.length));
    assert.deepEqual(names, ["inet", "vpc-a", "vpc-b", "igw-a", "eni-a1"]);
  });

  it("is the same for the same records in whatever order", () => {
    const byName = (namespaces: Namespace[]): Namespace[] => namespaces.sort((a, b) => (a.name < b.name ? -1 : 1));
    assert.deepEqual(byName(fabricOf(PREFIX, two().list())), byName(fabricOf(PREFIX, two().list().reverse())));
  });

  it("ends every route table in a black hole, with the local route in it", () => {
    assert.deepEqual(routes(namespace(two(), "vpc-a"), tableNumber("rtb-a")), [
      "0.0.0.0/0 blackhole",
      "10.1.0.0/16 blackhole",
      "10.1.1.0/24 s-a1",
      "10.2.0.0/16 p-ab",
    ]);
    const defaulted = two().internetGateway("a", "a").route("a", "0.0.0.0/0", { gatewayId: "igw-a" });
    assert.deepEqual(routes(namespace(defaulted, "vpc-a"), tableNumber("rtb-a")), [
      "0.0.0.0/0 igw",
      "10.1.0.0/16 blackhole",
      "10.1.1.0/24 s-a1",
      "10.2.0.0/16 p-ab",
    ]);
  });

  it("makes a black hole of a target that is gone, pending or another VPC's", () => {
    const target = (records: CloudRecords): string | undefined =>
      routes(namespace(records, "vpc-a"), tableNumber("rtb-a")).find((route) => route.startsWith("10.2.0.0/16"));
    assert.equal(target(two()), "10.2.0.0/16 p-ab");
    assert.equal(target(two().remove("pcx-ab")), "10.2.0.0/16 blackhole");
    assert.equal(target(two().update("pcx-ab", { acceptStatus: "pending-acceptance" })), "10.2.0.0/16 blackhole");
    assert.equal(
      target(two().internetGateway("b", "b").route("a", "10.2.0.0/16", { gatewayId: "igw-b" })),
      "10.2.0.0/16 blackhole",
    );
  });

  it("leads a route to an instance over its subnet", () => {
    const vpc = namespace(
      two().route("a", "192.168.0.0/26", { networkInterfaceId: "eni-a1", instanceId: "i-a1" }),
      "vpc-a",
    );
    assert.deepEqual(vpc.routes.find(({ destination }) => destination === "192.168.0.0/26")?.via, {
      dev: "s-a1",
      gateway: "10.1.1.11",
    });
  });

  it("lets what enters a VPC reach its own subnets alone", () => {
    const vpc = namespace(two().internetGateway("a", "a"), "vpc-a");
    const tables = vpc.rules.filter(({ iif }) => ["p-ab", "igw"].includes(iif)).map(({ table }) => table);
    assert.deepEqual(tables, [1000, 1000]);
    assert.deepEqual(routes(vpc, 1000), ["0.0.0.0/0 blackhole", "10.1.1.0/24 s-a1"]);
  });

  it("has a public address on the internet while its VPC has a gateway and the instance is there", () => {
    const known = (records: CloudRecords): string[] =>
      namespace(records, "inet").routes.map(({ destination }) => destination);
    assert.deepEqual(known(two()), []);
    assert.deepEqual(known(two().internetGateway("a", "a")), ["203.0.113.1/32"]);
    assert.deepEqual(known(two().internetGateway("a", "a").update("i-a1", { publicIp: "" })), []);
  });

  it("names devices within Linux' 15 characters, whatever the ids", () => {
    const records = new CloudRecords()
      .vpc("0123456789abcdef0", "10.1.0.0/16")
      .subnet("0123456789abcdef0", "0123456789abcdef0", "10.1.1.0/24")
      .instance("fedcba9876543210f", "0123456789abcdef0", "0123456789abcdef0", "10.1.1.4");
    for (const { links } of fabricOf(PREFIX, records.list()))
      for (const link of links)
        assert.ok(link.name.length <= 15 && (link.kind !== "veth" || link.peer.name.length <= 15), link.name);
  });

  it("refuses ids that would give two devices one name", () => {
    const records = new CloudRecords()
      .vpc("a", "10.1.0.0/16")
      .subnet("10000000000000001", "a", "10.1.1.0/24")
      .subnet("20000000000000001", "a", "10.1.2.0/24");
    assert.throws(() => fabricOf(PREFIX, records.list()), /vpc-a\/s-000000000001: ids must differ/);
  });

  it("changes a card's filters alone when a rule or the source/dest check changes", () => {
    const before = namespace(two(), "eni-a1");
    const after = namespace(
      two().update("i-a1", { sourceDestCheck: false }).ingress("x", "a1", { ipProtocol: "4", cidrIpv4: "10.0.0.0/8" }),
      "eni-a1",
    );
    assert.deepEqual({ ...after, tables: [] }, { ...before, tables: [] });
    assert.ok(JSON.stringify(after.tables) !== JSON.stringify(before.tables));
  });
});
