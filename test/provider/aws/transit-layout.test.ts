import assert from "node:assert/strict";
import { type LaidOut, layOut } from "../../../provider/src/aws/layout";
import type { NetworkArgs } from "../../../provider/src/generated/component-args";

const zone = (letter: string, nodes = 1): NetworkArgs["subnets"][number] => ({
  availabilityZone: `us-east-1${letter}`,
  nodes,
});
const blue: NetworkArgs = { name: "blue", cidrBlock: "10.1.0.0/16", subnets: [zone("a"), zone("b")] };
const green: NetworkArgs = { name: "green", cidrBlock: "10.2.0.0/16", subnets: [zone("a")] };

function lay(networks: readonly NetworkArgs[], interconnect: "Peering" | "TransitGateway" = "TransitGateway"): LaidOut {
  return layOut({ networks, interconnect, pools: [], sourceDestCheck: {} });
}

function subnets(networks: readonly NetworkArgs[], interconnect?: "Peering" | "TransitGateway"): string[] {
  const { layout, problems } = lay(networks, interconnect);
  assert.deepEqual(problems, []);
  return layout.transitSubnets.map(({ key, availabilityZone, cidrBlock }) => `${key} ${availabilityZone} ${cidrBlock}`);
}

function problems(networks: readonly NetworkArgs[]): string[] {
  return lay(networks).problems.map(({ path, message }) => `${path}: ${message}`);
}

describe("layout of a transit gateway's subnets", () => {
  it("has one per network and zone, at the end of the VPC, and no peering", () => {
    assert.deepEqual(subnets([blue, green]), [
      "blue-transit-a us-east-1a 10.1.255.240/28",
      "blue-transit-b us-east-1b 10.1.255.224/28",
      "green-transit-a us-east-1a 10.2.255.240/28",
    ]);
    assert.deepEqual(lay([blue, green]).layout.peerings, []);
    assert.deepEqual(lay([blue, green], "Peering").layout.transitSubnets, []);
    assert.equal(lay([blue, green], "Peering").layout.peerings.length, 1);
  });

  it("has none for a single network, and one for two subnets of a zone", () => {
    assert.deepEqual(subnets([blue]), []);
    assert.deepEqual(
      subnets([{ ...green, subnets: [zone("a"), { ...zone("a"), name: "x", cidrBlock: "10.2.9.0/24" }] }, blue]).filter(
        (line) => line.startsWith("green"),
      ),
      ["green-transit-a us-east-1a 10.2.255.240/28"],
    );
  });

  it("moves none when zones, nodes and networks come and go", () => {
    const before = subnets([blue, green]);
    const red: NetworkArgs = { name: "red", cidrBlock: "10.3.0.0/16", subnets: [zone("c")] };
    const after = subnets([red, { ...blue, subnets: [zone("c"), zone("b", 5), zone("a")] }, green]);
    for (const line of before) assert.ok(after.includes(line), line);
    assert.deepEqual(
      subnets([{ ...blue, subnets: [zone("b")] }, green])[0],
      "blue-transit-b us-east-1b 10.1.255.224/28",
    );
  });

  it("refuses a VPC without room for them, and zones without transit gateways", () => {
    assert.match(
      problems([{ ...green, subnets: [{ ...zone("a"), cidrBlock: "10.2.255.0/24" }] }, blue]).join(),
      /^networks\[0\]\.cidrBlock: 10\.2\.255\.240\/28 overlaps 10\.2\.255\.0\/24 of subnet a: it leaves none for the transit/,
    );
    assert.match(
      problems([
        { name: "tiny", cidrBlock: "10.9.0.0/27", subnets: [{ ...zone("c"), cidrBlock: "10.9.0.0/28" }] },
        blue,
      ]).join(),
      /^networks\[0\]\.cidrBlock: the VPC 10\.9\.0\.0\/27 has no free addresses for the transit gateway's subnet in us-east-1c/,
    );
    assert.match(
      problems([
        { name: "far", cidrBlock: "10.9.0.0/16", subnets: [{ availabilityZone: "us-east-1-bos-1a", nodes: 1 }] },
        blue,
      ]).join(),
      /^networks\[0\]\.subnets: us-east-1-bos-1a is a local or wavelength zone/,
    );
    assert.match(
      problems([green, { ...blue, cidrBlock: "10.2.0.0/17" }]).join(),
      /a transit gateway has one route for each CIDR/,
    );
    assert.deepEqual(
      lay([blue, { ...green, subnets: [{ ...zone("a"), cidrBlock: "10.2.255.0/24" }] }], "Peering").problems,
      [],
    );
  });

  it("does not warn of too many peerings", () => {
    const many = Array.from({ length: 52 }, (_, i): NetworkArgs => ({
      name: `n${i}`,
      cidrBlock: `10.${i}.0.0/16`,
      subnets: [zone("a", 0)],
    }));
    const codes = (interconnect: "Peering" | "TransitGateway"): string[] =>
      lay(many, interconnect).warnings.map(({ code }) => code);
    assert.deepEqual(codes("TransitGateway"), ["VpcQuota"]);
    assert.deepEqual(codes("Peering"), ["VpcQuota", "PeeringQuota"]);
  });
});
