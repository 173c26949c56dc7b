import assert from "node:assert/strict";
import fc from "fast-check";
import { type LaidOut, layOut, type LayoutArgs } from "../../../provider/src/aws/layout";
import type { NetworkArgs, SubnetArgs } from "../../../provider/src/generated/component-args";
import { containsAddress, containsCidr, overlaps, parseAddress, parseCidr } from "../../../provider/src/ippool/cidr";
import { tries } from "../../support/tries";
import { ipPool } from "../../support/ip-pool";

const blue: NetworkArgs = {
  name: "blue",
  cidrBlock: "10.1.0.0/16",
  subnets: [
    { availabilityZone: "us-east-1a", nodes: 2 },
    { availabilityZone: "us-east-1b", nodes: 2 },
  ],
};
const green: NetworkArgs = {
  name: "green",
  cidrBlock: "10.2.0.0/16",
  subnets: [{ availabilityZone: "us-east-1a", nodes: 2 }],
};

function lay(networks: readonly NetworkArgs[], others: Partial<LayoutArgs> = {}): LaidOut {
  return layOut({ networks, pools: [], sourceDestCheck: {}, ...others });
}

function addresses({ layout }: LaidOut): Record<string, string> {
  return Object.fromEntries(layout.nodes.map(({ name, privateIp }) => [name, privateIp]));
}

function problems(networks: readonly NetworkArgs[], others: Partial<LayoutArgs> = {}): string[] {
  return lay(networks, others).problems.map(({ path, message }) => `${path}: ${message}`);
}

describe("layout", () => {
  it("names the quick start's nodes after network and zone, and gives them the subnets' first free addresses", () => {
    const result = lay([blue, green]);
    assert.deepEqual(result.problems, []);
    assert.deepEqual(addresses(result), {
      "blue-a0": "10.1.0.4",
      "blue-a1": "10.1.0.5",
      "blue-b0": "10.1.1.4",
      "blue-b1": "10.1.1.5",
      "green-a0": "10.2.0.4",
      "green-a1": "10.2.0.5",
    });
    assert.equal(result.layout.region, "us-east-1");
    assert.deepEqual(result.layout.peerings, [{ key: "blue-green", requester: "blue", accepter: "green" }]);
  });

  it("keeps every address, subnet and peering when nodes, subnets and networks are added at the end or moved", () => {
    const before = lay([blue, green]);
    const more = lay([
      green,
      {
        ...blue,
        subnets: [
          ...blue.subnets.map((subnet) => ({ ...subnet, nodes: subnet.nodes + 3 })),
          { availabilityZone: "us-east-1c", nodes: 1 },
        ],
      },
      { name: "red", cidrBlock: "10.3.0.0/16", subnets: [{ availabilityZone: "us-east-1a", nodes: 1 }] },
    ]);
    const after = addresses(more);
    for (const [name, address] of Object.entries(addresses(before))) assert.equal(after[name], address, name);
    assert.deepEqual(
      more.layout.peerings.map(({ key }) => key),
      ["blue-green", "blue-red", "green-red"],
    );
  });

  it("gives subnets the CIDR of their zone's letter, and asks for one where another subnet has that", () => {
    const of = (...subnets: SubnetArgs[]): NetworkArgs => ({ name: "n", cidrBlock: "10.1.0.0/16", subnets });
    const zone = (letter: string, others: Partial<SubnetArgs> = {}): SubnetArgs => ({
      availabilityZone: `us-east-1${letter}`,
      nodes: 1,
      ...others,
    });
    const blocks = (network: NetworkArgs): unknown =>
      lay([network]).layout.networks[0]?.subnets.map(({ cidrBlock }) => cidrBlock);
    assert.deepEqual(blocks(of(zone("c"), zone("a"), zone("b", { cidrBlock: "10.1.200.0/22" }))), [
      "10.1.2.0/24",
      "10.1.0.0/24",
      "10.1.200.0/22",
    ]);
    const second = zone("a", { name: "second" });
    assert.deepEqual(problems([of(zone("a"), second)]), [
      "networks[0].subnets[1].cidrBlock: 10.1.0.0/24 is the default of zones with the letter a, and networks[0].subnets[0] has it: give the newer of the two a cidrBlock",
    ]);
    assert.deepEqual(problems([of({ ...second, cidrBlock: "10.1.9.0/24" }, zone("a"))]), []);
    // A local zone may have the letter of one of the region's.
    assert.match(
      problems([of(zone("a"), zone("a", { availabilityZone: "us-east-1-bos-1a", name: "bos" }))]).join(),
      /^networks\[0\]\.subnets\[1\]\.cidrBlock: 10\.1\.0\.0\/24 is the default/,
    );
    assert.deepEqual(problems([of(zone("b"), zone("c", { cidrBlock: "10.1.0.0/20" }))]), [
      "networks[0].subnets[0].cidrBlock: the default of zones with the letter b, 10.1.1.0/24, overlaps 10.1.0.0/20 of networks[0].subnets[1]: give the subnet a cidrBlock",
    ]);
    assert.deepEqual(problems([{ ...of(zone("f")), cidrBlock: "10.1.0.0/26" }]), [
      "networks[0].subnets[0].cidrBlock: the VPC 10.1.0.0/26 is too small for the default CIDR of zones with the letter f: give the subnet a cidrBlock, or the network a larger one",
    ]);
    assert.deepEqual(problems([of(zone("a", { availabilityZone: "us-east-1-wl1-bos-wlz-1", name: "w" }))]), [
      "networks[0].subnets[0].cidrBlock: zone us-east-1-wl1-bos-wlz-1 has no letter, after which the default would be chosen: give the subnet a cidrBlock",
    ]);
  });

  it("leaves every subnet and node as it is, whatever else comes, goes or changes places", () => {
    const subnet = fc.record({
      letter: fc.constantFrom(..."abcdef"),
      nodes: fc.integer({ min: 0, max: 5 }),
      publicIp: fc.boolean(),
      named: fc.boolean(),
      given: fc.boolean(),
    });
    const network = fc.record({
      place: fc.integer({ min: 1, max: 9 }),
      nat: fc.boolean(),
      subnets: fc.uniqueArray(subnet, { minLength: 1, maxLength: 5, selector: ({ letter }) => letter }),
    });
    const networks = fc.uniqueArray(network, { minLength: 1, maxLength: 4, selector: ({ place }) => place });
    const shuffled = fc.tuple(networks, fc.infiniteStream(fc.nat()), fc.infiniteStream(fc.boolean()));
    const property = fc.property(shuffled, ([list, order, kept]) => {
      const argsOf = (natted: boolean, subnets: typeof list): NetworkArgs[] =>
        subnets.map(({ place, nat, subnets }) => {
          const open = subnets.filter(({ publicIp }) => publicIp);
          const nameOf = (one: (typeof subnets)[number]): string => (one.named ? `name-${one.letter}` : one.letter);
          return {
            name: `net${place}`,
            cidrBlock: `10.${place}.0.0/16`,
            ...(natted &&
              nat &&
              open[0] !== undefined &&
              open.length < subnets.length && { natGateway: true, natGatewaySubnet: nameOf(open[0]) }),
            subnets: subnets.map((one) => ({
              availabilityZone: `us-east-1${one.letter}`,
              nodes: one.nodes,
              publicIp: one.publicIp,
              ...(one.named && { name: nameOf(one) }),
              ...(one.given && { cidrBlock: `10.${place}.${100 + one.letter.charCodeAt(0)}.0/24` }),
            })),
          };
        });
      const sort = <T>(items: readonly T[]): T[] =>
        items
          .map((item) => ({ item, at: order.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ item }) => item);
      const before = argsOf(true, list);
      const whole = lay(before);
      assert.deepEqual(whole.problems, []);
      const moved = sort(before).map((one) => ({ ...one, subnets: sort(one.subnets) }));
      const gone = moved.flatMap((one) => {
        const subnets = one.subnets.filter(
          ({ name, availabilityZone }) =>
            kept.next().value === true || (name ?? availabilityZone.at(-1)) === one.natGatewaySubnet,
        );
        const served = subnets.some(({ publicIp }) => publicIp === false);
        const { natGateway: _gateway, natGatewaySubnet: _subnet, ...others } = one;
        if (subnets.length === 0) return [];
        return [served ? { ...one, subnets } : { ...others, subnets }];
      });
      const facts = ({ layout }: LaidOut): Map<string, unknown> =>
        new Map(
          layout.networks.flatMap((one): [string, unknown][] => [
            [`nat of ${one.name}`, one.natGateway],
            ...one.subnets.map((each): [string, unknown] => [each.key, each]),
            ...layout.nodes.map((node): [string, unknown] => [node.name, node.privateIp]),
          ]),
        );
      const known = facts(whole);
      const sorted = lay(moved);
      assert.deepEqual(sorted.problems, []);
      assert.deepEqual(new Map([...facts(sorted)].sort()), new Map([...known].sort()));
      if (gone.length === 0) return;
      const fewer = lay(gone);
      assert.deepEqual(fewer.problems, []);
      for (const [name, fact] of facts(fewer)) {
        if (name.startsWith("nat of") && fact === undefined) continue;
        assert.deepEqual(fact, known.get(name), name);
      }
    });
    fc.assert(property, { numRuns: tries(300) });
  });

  it("says all that is wrong at once, each at its place", () => {
    assert.deepEqual(
      problems(
        [
          { name: "Blue", cidrBlock: "10.1.0.5/16", subnets: [{ availabilityZone: "us-east-1", nodes: 1 }] },
          {
            name: "green",
            cidrBlock: "10.2.0.0/16",
            subnets: [
              { availabilityZone: "us-east-1a", nodes: 1 },
              { availabilityZone: "us-east-1a", nodes: 1, cidrBlock: "10.2.9.0/24" },
            ],
          },
          {
            name: "green",
            cidrBlock: "10.2.128.0/17",
            subnets: [
              { availabilityZone: "eu-west-1b", nodes: 2, cidrBlock: "10.2.128.0/28" },
              { availabilityZone: "eu-west-1c", nodes: 1, cidrBlock: "10.9.0.0/24" },
            ],
          },
          { name: "tiny", cidrBlock: "10.3.0.0/29", subnets: [] },
        ],
        { sourceDestCheck: { "green-z9": true } },
      ),
      [
        'networks[0].name: "Blue" cannot be part of host names: use lower-case letters, digits and single hyphens, with a letter first',
        "networks[0].cidrBlock: 10.1.0.5/16 has host bits set: did you mean 10.1.0.0/16?",
        'networks[0].subnets[0].availabilityZone: "us-east-1" is not an availability zone, such as us-east-1a',
        'networks[1].subnets[1].availabilityZone: "a" is the name of networks[1].subnets[0] already: give one of them a name',
        'networks[2].name: "green" is the name of networks[1] already',
        "networks[2].cidrBlock: 10.2.128.0/17 overlaps 10.2.0.0/16 of network green: AWS refuses to peer VPCs with overlapping CIDRs",
        "networks[2].subnets[1].cidrBlock: 10.9.0.0/24 is not inside the VPC's 10.2.128.0/17",
        "networks[3].cidrBlock: 10.3.0.0/29 is a /29: AWS takes a /16 to a /28 for a VPC",
        "networks[3].subnets: at least one subnet is needed",
        "networks[2].subnets[0].availabilityZone: it is in region eu-west-1, but networks[1].subnets[0] is in us-east-1: a cluster lies in one region",
        'sourceDestCheck["green-z9"]: there is no node green-z9: the nodes are green-a0, green-b0, green-b1, green-c0',
      ],
    );
  });

  it("counts AWS's reserved addresses: a /28 holds 11 nodes and not 12", () => {
    const network = (nodes: number): NetworkArgs => ({
      name: "n",
      cidrBlock: "10.1.0.0/28",
      subnets: [{ availabilityZone: "us-east-1a", nodes }],
    });
    assert.deepEqual(problems([network(11)]), []);
    assert.match(
      problems([network(12)]).join(),
      /^networks\[0\]\.subnets\[0\]\.nodes: subnet 10\.1\.0\.0\/28 has 11 addresses/,
    );
  });

  it("refuses names that would meet", () => {
    const network = (name: string, cidrBlock: string, subnet: string, nodes: number): NetworkArgs => ({
      name,
      cidrBlock,
      subnets: [{ availabilityZone: "us-east-1a", nodes, name: subnet }],
    });
    assert.match(
      problems([network("a", "10.1.0.0/16", "b-c", 1), network("a-b", "10.2.0.0/16", "c", 1)]).join(),
      /its node a-b-c0 has the same name as one of networks\[0\]\.subnets\[0\]/,
    );
    assert.match(
      problems([network("a", "10.1.0.0/16", "b-c", 0), network("a-b", "10.2.0.0/16", "c", 0)]).join(),
      /would both be named a-b-c/,
    );
    const zone = { availabilityZone: "us-east-1a" };
    assert.match(
      problems([
        {
          name: "n",
          cidrBlock: "10.1.0.0/16",
          subnets: [
            { ...zone, name: "x", nodes: 11 },
            { ...zone, name: "x1", nodes: 1, cidrBlock: "10.1.1.0/24" },
          ],
        },
      ]).join(),
      /its node n-x10 has the same name/,
    );
    assert.match(
      problems([network("very-long-name-of-a-network", "10.1.0.0/16", "zone", 1)]).join(),
      /more than 28 characters/,
    );
  });

  it("takes local zones, which lie in their region", () => {
    const { layout, problems } = lay([
      { name: "n", cidrBlock: "10.1.0.0/16", subnets: [{ availabilityZone: "us-east-1-bos-1a", nodes: 1 }] },
    ]);
    assert.deepEqual([layout.region, layout.nodes[0]?.name, problems], ["us-east-1", "n-a0", []]);
  });

  it("warns of pools that overlap a VPC, and of source/dest checks that un-encapsulated packets will meet", () => {
    const codes = (others: Partial<LayoutArgs>): string[] =>
      lay([blue, green], others).warnings.map(({ code }) => code);
    assert.deepEqual(codes({ pools: [ipPool({ cidr: "10.2.64.0/18" })] }), ["PoolOverlapsVpc"]);
    assert.deepEqual(codes({ pools: [ipPool({ ipipMode: "CrossSubnet" })], sourceDestCheck: { "blue-a0": true } }), [
      "SourceDestCheck",
    ]);
    assert.deepEqual(codes({ pools: [ipPool({ ipipMode: "Always" })], sourceDestCheck: { "blue-a0": true } }), []);
    assert.deepEqual(
      codes({ pools: [ipPool({ ipipMode: "CrossSubnet" })], sourceDestCheck: { "blue-a0": false } }),
      [],
    );
  });

  it("holds for random clusters: subnets inside their VPC and apart, addresses inside their subnet, unique, not AWS's, and stable", () => {
    const networks = fc
      .array(
        fc.record({
          bits: fc.integer({ min: 16, max: 22 }),
          subnets: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 6 }),
        }),
        { minLength: 1, maxLength: 5 },
      )
      .map((list) =>
        list.map(({ bits, subnets }, i): NetworkArgs => ({
          name: `net${i}`,
          cidrBlock: `10.${i}.0.0/${bits}`,
          subnets: subnets.map((nodes, j) => ({ availabilityZone: `us-east-1${"abcdef"[j]}`, nodes })),
        })),
      );
    fc.assert(
      fc.property(networks, fc.nat(4), (args, which) => {
        const result = lay(args);
        assert.deepEqual(result.problems, []);
        for (const { cidrBlock, subnets } of result.layout.networks) {
          subnets.forEach((subnet, j) => {
            assert.ok(containsCidr(parseCidr(cidrBlock), parseCidr(subnet.cidrBlock)));
            for (const other of subnets.slice(0, j))
              assert.ok(!overlaps(parseCidr(other.cidrBlock), parseCidr(subnet.cidrBlock)));
          });
        }
        for (const { subnet, privateIp } of result.layout.nodes) {
          const { first, last, version } = parseCidr(subnet.cidrBlock);
          assert.ok(
            containsAddress({ version, first: first + 4n, last: last - 1n, prefixLength: 0 }, parseAddress(privateIp)),
          );
        }
        const all = addresses(result);
        assert.equal(new Set(Object.values(all)).size, result.layout.nodes.length);
        assert.equal(result.layout.peerings.length, (args.length * (args.length - 1)) / 2);

        const grown = args.map((network, i) =>
          i === which % args.length
            ? { ...network, subnets: network.subnets.map((subnet) => ({ ...subnet, nodes: subnet.nodes + 1 })) }
            : network,
        );
        const after = addresses(lay(grown));
        for (const [name, address] of Object.entries(all)) assert.equal(after[name], address);
      }),
      { numRuns: tries(200) },
    );
  });
});
