import assert from "node:assert/strict";
import { type LaidOut, layOut, type LayoutArgs, sendsUnencapsulated } from "../../../provider/src/aws/layout";
import type { NetworkArgs, SubnetArgs } from "../../../provider/src/generated/component-args";
import { ipPool as pool } from "../../support/ip-pool";

const zone = (letter = "a", more: Partial<SubnetArgs> = {}): SubnetArgs => ({
  availabilityZone: `us-east-1${letter}`,
  nodes: 1,
  ...more,
});
const network = (name: string, second = 1, ...subnets: SubnetArgs[]): NetworkArgs => ({
  name,
  cidrBlock: `10.${second}.0.0/16`,
  subnets: subnets.length === 0 ? [zone()] : subnets,
});

function lay(networks: readonly NetworkArgs[], others: Partial<LayoutArgs> = {}): LaidOut {
  return layOut({ networks, pools: [], sourceDestCheck: {}, ...others });
}

function problems(networks: readonly NetworkArgs[], others: Partial<LayoutArgs> = {}): string[] {
  return lay(networks, others).problems.map(({ path, message }) => `${path}: ${message}`);
}

/** The one problem of the networks. */
function problem(...networks: NetworkArgs[]): string {
  const [first = "none", ...others] = problems(networks);
  assert.deepEqual(others, []);
  return first;
}

describe("the limits of a layout", () => {
  it("are at least one network, and at least one subnet in each", () => {
    assert.equal(problem(), "networks: at least one network is needed");
    assert.equal(problem({ ...network("n"), subnets: [] }), "networks[0].subnets: at least one subnet is needed");
  });

  it("are names that can be part of host names", () => {
    for (const name of ["n", "net2", "a-b-c", "a1-2b"]) assert.deepEqual(problems([network(name)]), [], name);
    for (const name of ["", "N", "2n", "a_b", "a-", "-a", "a--b", "a.b", "a b"])
      assert.match(problem(network(name)), /^networks\[0\]\.name: .* cannot be part of host names/, name);
    for (const name of ["a", "1", "1a-22"])
      assert.deepEqual(problems([network("n", 1, zone("a", { name }))]), [], name);
    for (const name of ["", "A", "a-", "-a", "a--b", "a b"])
      assert.match(
        problem(network("n", 1, zone("a", { name }))),
        /^networks\[0\]\.subnets\[0\]\.name: .* cannot be part of host names/,
        name,
      );
  });

  it("are zones of a region, and a name where the zone has no letter", () => {
    const of = (availabilityZone: string, name?: string, cidrBlock?: string): NetworkArgs =>
      network("n", 1, {
        availabilityZone,
        nodes: 1,
        ...(name === undefined ? {} : { name }),
        ...(cidrBlock === undefined ? {} : { cidrBlock }),
      });
    for (const [availabilityZone, region] of [
      ["us-east-1a", "us-east-1"],
      ["us-gov-west-1b", "us-gov-west-1"],
      ["us-east-1-bos-1a", "us-east-1"],
      ["ap-southeast-12c", "ap-southeast-12"],
    ] as const) {
      const { layout, problems } = lay([of(availabilityZone)]);
      assert.deepEqual([problems, layout.region], [[], region], availabilityZone);
    }
    for (const availabilityZone of ["us-east-1", "1a", "us-east-1a!", "xxus-east-1a", "us-east-a", "useast-1a"])
      assert.match(
        problems([of(availabilityZone, "x")]).join("\n"),
        /is not an availability zone, such as/,
        availabilityZone,
      );
    assert.match(
      problem(of("us-east-1-wl1-bos-wlz-1", undefined, "10.1.0.0/24")),
      /^networks\[0\]\.subnets\[0\]\.name: zone us-east-1-wl1-bos-wlz-1 has no letter/,
    );
    assert.deepEqual(problems([of("us-east-1-wl1-bos-wlz-1", "x", "10.1.0.0/24")]), []);
  });

  it("are names of subnets that are there once, and say how to name them", () => {
    assert.equal(
      problem(network("n", 1, zone("a", { name: "x" }), zone("b", { name: "x" }))),
      'networks[0].subnets[1].name: "x" is the name of networks[0].subnets[0] already',
    );
    assert.equal(
      problem(network("n", 1, zone("a"), zone("a", { cidrBlock: "10.1.9.0/24" }))),
      'networks[0].subnets[1].availabilityZone: "a" is the name of networks[0].subnets[0] already: give one of them a name',
    );
  });

  it("are whole numbers of nodes, none included", () => {
    assert.deepEqual(problems([network("n", 1, zone("a", { nodes: 0 }))]), []);
    for (const nodes of [-1, 1.5, Number.NaN])
      assert.match(
        problem(network("n", 1, zone("a", { nodes }))),
        /^networks\[0\]\.subnets\[0\]\.nodes: .* is not a number of nodes$/,
      );
  });

  it("are node names of 28 characters", () => {
    const name = "a".repeat(24);
    assert.deepEqual(problems([network(name, 1, zone("a", { name: "b", nodes: 10 }))]), [], `${name}-b9`);
    // Its eleventh node would be …-b10, a character more.
    assert.deepEqual(problems([network(`${name}a`, 1, zone("a", { name: "b", nodes: 10 }))]), [], `${name}a-b9`);
    assert.match(
      problem(network(`${name}a`, 1, zone("a", { name: "b", nodes: 11 }))),
      new RegExp(
        `^networks\\[0\\]\\.subnets\\[0\\]: its nodes' names, such as ${name}a-b10, have more than 28 characters`,
      ),
    );
  });

  it("are IPv4 blocks of /16 to /28, in one spelling, for VPCs and for subnets", () => {
    const vpc = (cidrBlock: string): string => problem({ ...network("n", 1, zone("a", { nodes: 0 })), cidrBlock });
    for (const cidrBlock of ["10.1.0.0/16", "10.1.0.0/28"]) assert.equal(vpc(cidrBlock), "none", cidrBlock);
    assert.match(vpc("10.0.0.0/15"), /cidrBlock: 10\.0\.0\.0\/15 is a \/15: AWS takes a \/16 to a \/28 for a VPC/);
    assert.match(vpc("10.0.0.0/29"), /is a \/29/);
    assert.match(vpc("fd00::/16"), /cidrBlock: fd00::\/16 is IPv6: a VPC needs an IPv4 CIDR/);
    assert.match(vpc("ten"), /^networks\[0\]\.cidrBlock: /);
    const subnet = (cidrBlock: string): string => problem(network("n", 1, zone("a", { cidrBlock })));
    assert.match(subnet("10.1.0.0/29"), /^networks\[0\]\.subnets\[0\]\.cidrBlock: .* for a subnet$/);
    assert.match(subnet("10.2.0.0/24"), /10\.2\.0\.0\/24 is not inside the VPC's 10\.1\.0\.0\/16/);
  });

  it("are subnets beside each other, given or not", () => {
    assert.equal(
      problem(network("n", 1, zone("a", { cidrBlock: "10.1.0.0/20" }), zone("b", { cidrBlock: "10.1.8.0/24" }))),
      "networks[0].subnets[1].cidrBlock: 10.1.8.0/24 overlaps 10.1.0.0/20 of networks[0].subnets[0]",
    );
    assert.match(
      problem({ name: "n", cidrBlock: "10.1.0.0/28", subnets: [zone("a", { nodes: 0 }), zone("b", { nodes: 0 })] }),
      /^networks\[0\]\.subnets/,
    );
  });

  it("are networks that do not overlap, and why depends on what joins them", () => {
    const twin = [network("one"), { ...network("two"), cidrBlock: "10.1.128.0/17" }];
    assert.match(problems(twin).join(), /networks\[1\]\.cidrBlock: .* of network one: AWS refuses to peer/);
    assert.match(
      problems(twin, { interconnect: "TransitGateway" }).join(),
      /a transit gateway has one route for each CIDR/,
    );
  });

  it("are names of resources that meet nowhere, when all else is well", () => {
    const hidden = { publicIp: false };
    assert.match(
      problem(network("a", 1, zone("a", hidden)), network("a-private", 2)),
      /^networks: the private subnets of network a and network a-private would both be named a-private: rename one/,
    );
    assert.deepEqual(problems([network("a"), network("a-private", 2)]), [], "without private subnets there is none");
    const mixed = network("a", 1, zone("a"), zone("b", hidden));
    assert.match(problem(mixed, network("a-private", 2)), /would both be named a-private/);
    // Routes and rules end with a CIDR, which no name can be taken for: this was two resources of one name.
    assert.deepEqual(problems([network("blue", 1), network("blue-to", 2), network("internet", 3)]), []);
    assert.match(
      problems([network("a", 1), network("b-c", 2), network("a-b", 3), network("c", 4)]).join("\n"),
      /the peering of a and b-c and the peering of a-b and c would both be named a-b-c/,
    );
    assert.match(
      problems([network("a", 1), network("b-4-c", 2), network("a-4-b", 3), network("c", 4)]).join("\n"),
      /the rules of a for b-4-c and the rules of a-4-b for c would both be named a-4-b-4-c/,
    );
    assert.match(
      problems([network("a", 1), network("b-udp-4789-c", 2), network("a-udp-8472-b", 3), network("c", 4)]).join("\n"),
      /the rules of a for b-udp-4789-c and the rules of a-udp-8472-b for c would both be named/,
    );
    assert.match(
      problems([
        network("a", 1, zone("a", { name: "b-c", nodes: 0 })),
        network("a-b", 2, zone("a", { name: "c", nodes: 0 })),
      ]).join(),
      /subnet b-c of network a and subnet c of network a-b would both be named a-b-c/,
    );
  });

  it("are checks of nodes that there are", () => {
    assert.deepEqual(
      problems([network("n", 1, zone("a", { nodes: 2 }))], { sourceDestCheck: { "n-a0": false, "n-a2": true } }),
      ['sourceDestCheck["n-a2"]: there is no node n-a2: the nodes are n-a0, n-a1'],
    );
  });
});

describe("a NAT gateway", () => {
  const hidden = { publicIp: false };
  const natted = (...subnets: SubnetArgs[]): NetworkArgs => ({ ...network("n", 1, ...subnets), natGateway: true });

  it("stands in the only subnet with public addresses, at its last address", () => {
    const { layout, problems } = lay([natted(zone("a", hidden), zone("b"), zone("c", hidden))]);
    assert.deepEqual([problems, layout.networks[0]?.natGateway], [[], { subnet: "b", privateIp: "10.1.1.254" }]);
    assert.deepEqual(
      layout.networks[0]?.subnets.map(({ publicIp }) => publicIp),
      [false, true, false],
    );
  });

  it("stands where the program says when it may stand in several", () => {
    const subnets = [zone("a", hidden), zone("b"), zone("c")];
    assert.equal(
      problem(natted(...subnets)),
      "networks[0].natGateway: it may stand in subnet b or c: name one with natGatewaySubnet, as the gateway stays where it is whatever else changes",
    );
    for (const natGatewaySubnet of ["b", "c"]) {
      const { layout, problems } = lay([{ ...natted(...subnets), natGatewaySubnet }]);
      assert.deepEqual([problems, layout.networks[0]?.natGateway?.subnet], [[], natGatewaySubnet]);
    }
    const at = (natGatewaySubnet: string): string => problem({ ...natted(...subnets), natGatewaySubnet });
    assert.equal(at("z"), "networks[0].natGatewaySubnet: there is no subnet z: name b or c");
    assert.match(at("a"), /natGatewaySubnet: subnet a has publicIp: false, and .*: name b or c$/);
    assert.equal(
      problem({ ...network("n", 1, ...subnets), natGatewaySubnet: "b" }),
      "networks[0].natGatewaySubnet: the network has no NAT gateway: set natGateway: true, or leave natGatewaySubnet out",
    );
  });

  it("keeps its address from the nodes of its subnet, and from no others", () => {
    const small = (nodes: number, others: Partial<SubnetArgs> = {}): SubnetArgs =>
      zone("b", { nodes, cidrBlock: "10.1.9.0/28", ...others });
    const other = zone("c", { nodes: 11, cidrBlock: "10.1.10.0/28" });
    assert.deepEqual(problems([natted(zone("a", hidden), small(10))]), []);
    assert.match(problem(natted(zone("a", hidden), small(11))), /nodes: subnet 10\.1\.9\.0\/28 has 10 addresses/);
    assert.deepEqual(problems([{ ...natted(zone("a", hidden), small(0), other), natGatewaySubnet: "b" }]), []);
  });

  it("is there when it was asked for, and not otherwise", () => {
    const subnets = [zone("a", hidden), zone("b")];
    for (const given of [network("n", 1, ...subnets), { ...network("n", 1, ...subnets), natGateway: false }]) {
      const { layout } = lay([given]);
      assert.ok(layout.networks[0] && !("natGateway" in layout.networks[0]));
    }
  });

  it("needs a subnet with public addresses to stand in, and one without to serve", () => {
    assert.match(
      problem(natted(zone("a", hidden))),
      /^networks\[0\]\.natGateway: it has to stand in a subnet with public addresses/,
    );
    assert.match(
      problem(natted(zone("a"), zone("b", { publicIp: true }))),
      /^networks\[0\]\.natGateway: it serves subnets without/,
    );
  });
});

describe("warnings of a layout", () => {
  const warnings = (networks: readonly NetworkArgs[], others: Partial<LayoutArgs> = {}): string[] =>
    lay(networks, others).warnings.map(({ code, message }) => `${code}: ${message}`);
  const many = (count: number): NetworkArgs[] =>
    Array.from({ length: count }, (_, i) => network(`n${i}`, i, zone("a", { nodes: 0 })));

  it("are for more VPCs than an account has", () => {
    assert.deepEqual(warnings(many(5)), []);
    assert.match(warnings(many(6)).join(), /^VpcQuota: 6 networks need 6 VPCs, and an account has 5 per region/);
  });

  it("are for more peerings than a VPC has, where networks are peered", () => {
    const peerings = (count: number, others?: Partial<LayoutArgs>): string[] =>
      warnings(many(count), others).filter((line) => line.startsWith("PeeringQuota"));
    assert.deepEqual(peerings(51), []);
    assert.match(peerings(52).join(), /52 networks in a full mesh need 51 peerings per VPC, and a VPC has 50/);
    assert.deepEqual(peerings(52, { interconnect: "TransitGateway" }), []);
  });

  it("name the pool and the network that overlap, or the nodes whose check drops what is not encapsulated", () => {
    const networks = [network("n", 1, zone("a", { nodes: 2 }))];
    assert.match(
      warnings(networks, { pools: [pool({ cidr: "10.1.64.0/18", ipipMode: "Always" })] }).join(),
      /^PoolOverlapsVpc: IP pool pool \(10\.1\.64\.0\/18\) overlaps the VPC of network n \(10\.1\.0\.0\/16\)/,
    );
    const sourceDestCheck = { "n-a0": true, "n-a1": true };
    assert.match(
      warnings(networks, { pools: [pool()], sourceDestCheck }).join(),
      /^SourceDestCheck: the source\/dest check is on at n-a0, n-a1: EC2 drops .* of IP pool pool and/,
    );
  });

  it("know which pools' addresses are on the wire", () => {
    for (const [fields, sends] of [
      [{}, true],
      [{ ipipMode: "CrossSubnet" }, true],
      [{ vxlanMode: "CrossSubnet" }, true],
      [{ ipipMode: "Always" }, false],
      [{ vxlanMode: "Always" }, false],
      [{ allowedUses: ["LoadBalancer"] }, false],
    ] as const)
      assert.equal(sendsUnencapsulated(pool(fields as Parameters<typeof pool>[0])), sends, JSON.stringify(fields));
  });
});
