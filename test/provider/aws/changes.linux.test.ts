import assert from "node:assert/strict";
import type { ClusterArgs, NetworkArgs, SubnetArgs } from "../../../provider/src/generated/component-args";
import { manifest } from "../../support/ip-pool";
import { stopAfterFailure } from "../../lab/steps";
import { AwsStack, type Release } from "./aws-stack";

const zone = (letter: string, others: Partial<SubnetArgs> = {}): SubnetArgs => ({
  availabilityZone: `us-east-1${letter}`,
  nodes: 1,
  ...others,
});
const network = (name: string, cidrBlock: string, subnets: SubnetArgs[], others: Partial<NetworkArgs> = {}) => ({
  name,
  cidrBlock,
  subnets,
  ...others,
});
const green = network("green", "10.2.0.0/16", [zone("a")]);
const twoPools = (one: string, other: string): string =>
  [manifest({ cidr: "192.168.0.0/17" }, one), manifest({ cidr: "192.168.128.0/17" }, other)].join("---\n");

interface Step {
  readonly what: string;
  readonly args: Partial<ClusterArgs>;
  readonly release?: Release;
  /** Patterns of what comes, goes and is made anew, each one of which is met, and by nothing else. Default: nothing. */
  readonly created?: readonly RegExp[];
  readonly gone?: readonly RegExp[];
  readonly replaced?: readonly RegExp[];
  /** Whether it is previewed first, where a preview knows less than the update. */
  readonly previewed?: true;
}

const blue = (subnets: SubnetArgs[], others: Partial<NetworkArgs> = {}): NetworkArgs =>
  network("blue", "10.1.0.0/16", subnets, others);
const both = (subnets: SubnetArgs[], others: Partial<NetworkArgs> = {}): Partial<ClusterArgs> => ({
  networks: [blue(subnets, others), green],
});
const hidden = { publicIp: false };
const given = { cidrBlock: "10.1.0.0/24" };
const front = { ...given, name: "front" };
const natted = { natGateway: true };
/** What has a subnet of one node replaced with it. */
const subnetOf = (place: string): RegExp[] => [
  new RegExp(`^Instance ${place.replaceAll(".", "\\.")}\\.4$`),
  new RegExp(`^(RouteTableAssociation|Subnet) ${place.replaceAll(".", "\\.")}\\.0-24$`),
];
const TUNNEL_RULE = / blue-4-blue$/;
const POOL_RULE = / blue-all-192\.168\.0\.0-16$/;
/** What a network has but for its VPC, subnets and nodes, and the routes to it. */
const OF_BLUE = [
  /^(InternetGateway|RouteTable|SecurityGroup|VpcAttachment|VpcPeeringConnection) (blue|blue-green|green-blue)$/,
  /^Route blue-(0\.0\.0\.0-0|10\.2\.0\.0-16)$/,
  /^SecurityGroup(Ingress|Egress)Rule blue-/,
];

/** Changes of a running cluster, one after the other, each of which failed once or replaced what nobody had changed. */
const walks: Readonly<Record<string, readonly [start: Partial<ClusterArgs>, ...steps: Step[]]>> = {
  "names and orders": [
    { ...both([zone("a", { nodes: 2 }), zone("b")]), ipPools: twoPools("one", "two") },
    {
      what: "pools swap their names",
      args: { ...both([zone("a", { nodes: 2 }), zone("b")]), ipPools: twoPools("two", "one") },
    },
    {
      what: "a pool is renamed",
      args: { ...both([zone("a", { nodes: 2 }), zone("b")]), ipPools: twoPools("two", "three") },
    },
    {
      what: "a pool is removed",
      args: both([zone("a", { nodes: 2 }), zone("b")]),
      created: [/ blue-all-192\.168\.0\.0-16$/],
      gone: [/ blue-all-192\.168\.(0|128)\.0-17$/],
    },
    { what: "subnets change places", args: both([zone("b"), zone("a", { nodes: 2 })]) },
    { what: "networks change places", args: { networks: [green, blue([zone("b"), zone("a", { nodes: 2 })])] } },
    {
      what: "the first subnet goes",
      args: both([zone("a")]),
      gone: [...subnetOf("blue-10.1.1"), /^Instance blue-10\.1\.0\.5$/, TUNNEL_RULE, POOL_RULE],
    },
    {
      what: "a subnet is put in front",
      args: both([zone("b"), zone("a")]),
      created: [...subnetOf("blue-10.1.1"), TUNNEL_RULE],
    },
    {
      what: "a release words descriptions and the cloud-config otherwise",
      args: both([zone("a"), zone("b")]),
      release: { descriptions: "the same in other words", packages: ["one", "another"] },
    },
    { what: "a larger type of instance", args: { ...both([zone("a"), zone("b")]), instanceType: "t3.large" } },
    {
      what: "a subnet gets a name",
      previewed: true,
      args: both([zone("a", { name: "front" }), zone("b")]),
      replaced: [/^Instance blue-10\.1\.0\.4$/],
    },
    {
      what: "subnets swap their names",
      args: both([zone("a", { name: "b" }), zone("b", { name: "front" })]),
      replaced: [/^Instance blue-10\.1\.0\.4$/, /^Instance blue-10\.1\.1\.4$/],
    },
    {
      what: "a network is renamed",
      previewed: true,
      args: { networks: [{ ...blue([zone("a"), zone("b")]), name: "azure" }, green] },
      created: [/ azure(-|$)/, / green-4-azure$/],
      gone: [/ blue(-|$)/, / green-4-blue$/],
    },
    {
      what: "networks swap their names",
      args: {
        networks: [
          { ...blue([zone("a"), zone("b")]), name: "green" },
          { ...green, name: "azure" },
        ],
      },
      created: [/-10\.[12]\./, /-4-/],
      gone: [/-10\.[12]\./, /-4-/],
      replaced: [/ (azure|green)(-|$)/],
    },
  ],
  "a subnet's zone, CIDR and public addresses": [
    both([zone("a", given), zone("b", hidden)], natted),
    {
      what: "another zone, with a NAT gateway in it",
      previewed: true,
      args: both([zone("c", { ...given, name: "a" }), zone("b", hidden)], natted),
      replaced: [...subnetOf("blue-10.1.0"), /^NatGateway blue$/],
    },
    {
      what: "another zone and a name",
      args: both([zone("a", front), zone("b", hidden)], natted),
      replaced: [...subnetOf("blue-10.1.0"), /^NatGateway blue$/],
    },
    {
      what: "more nodes beside the gateway",
      args: both([zone("a", { ...front, nodes: 3 }), zone("b", hidden)], natted),
      created: [/^Instance blue-10\.1\.0\.[56]$/, POOL_RULE],
    },
    {
      what: "a public subnet before the gateway's",
      args: both([zone("c"), zone("a", front), zone("b", hidden)], { ...natted, natGatewaySubnet: "front" }),
      created: subnetOf("blue-10.1.2"),
      gone: [/^Instance blue-10\.1\.0\.[56]$/, POOL_RULE],
    },
    {
      what: "the gateway in the other subnet",
      args: both([zone("c"), zone("a", front), zone("b", hidden)], { ...natted, natGatewaySubnet: "c" }),
      replaced: [/^NatGateway blue$/],
    },
    {
      what: "no public addresses any more",
      args: both([zone("c"), zone("a", { ...front, ...hidden }), zone("b", hidden)], natted),
      replaced: [/^Instance blue-10\.1\.0\.4$/],
    },
    {
      what: "public addresses",
      args: both([zone("c"), zone("a", { ...front, ...hidden }), zone("b")], { ...natted, natGatewaySubnet: "c" }),
      replaced: [/^Instance blue-10\.1\.1\.4$/],
    },
    {
      what: "no public addresses anywhere",
      args: both([zone("c", hidden), zone("a", { ...front, ...hidden }), zone("b", hidden)]),
      replaced: [/^Instance blue-10\.1\.[12]\.4$/],
      gone: [
        /^(Eip|InternetGateway|NatGateway|RouteTable) blue$/,
        /^Route blue-(private-0\.0\.0\.0-0|0\.0\.0\.0-0|10\.2\.0\.0-16)$/,
      ],
    },
    {
      what: "another CIDR",
      args: both([zone("c", hidden), zone("a", { ...front, ...hidden, cidrBlock: "10.1.7.0/24" }), zone("b", hidden)]),
      created: subnetOf("blue-10.1.7"),
      gone: subnetOf("blue-10.1.0"),
    },
    {
      what: "CIDRs swapped",
      args: both([
        zone("c", { ...hidden, cidrBlock: "10.1.7.0/24" }),
        zone("a", { ...front, ...hidden, cidrBlock: "10.1.2.0/24" }),
        zone("b", hidden),
      ]),
      replaced: [...subnetOf("blue-10.1.2"), ...subnetOf("blue-10.1.7")],
    },
  ],
  "a VPC's CIDR": [
    { networks: [network("blue", "10.1.0.0/17", [zone("a"), zone("b", hidden)], natted), green] },
    {
      what: "twice the size, with the subnets that it has",
      previewed: true,
      args: both([zone("a"), zone("b", hidden)], natted),
      created: [/10\.1\.0\.0-16$/],
      gone: [/10\.1\.0\.0-17$/],
      replaced: [
        ...OF_BLUE,
        ...subnetOf("blue-10.1.0"),
        ...subnetOf("blue-10.1.1"),
        /^NatGateway blue$/,
        / blue-private/,
      ],
    },
    {
      what: "another one",
      args: { networks: [network("blue", "10.9.0.0/16", [zone("a"), zone("b", hidden)], natted), green] },
      created: [/10\.9\.\d+\./],
      gone: [/10\.1\.\d+\./],
      replaced: [...OF_BLUE, /^NatGateway blue$/, / blue-private/],
    },
    {
      what: "two that are swapped",
      args: {
        networks: [
          network("blue", "10.2.0.0/16", [zone("a"), zone("b", hidden)], natted),
          network("green", "10.9.0.0/16", [zone("a")]),
        ],
      },
      created: [/10\.[29]\./],
      gone: [/10\.[29]\./],
      replaced: [/ (blue|green)(-|$)/],
    },
  ],
  "networks over a transit gateway": [
    both([zone("a"), zone("b")]),
    {
      what: "peerings give way to it",
      args: { ...both([zone("a"), zone("b")]), interconnect: "TransitGateway" },
      created: [
        /^TransitGateway test$/,
        /^VpcAttachment /,
        /^Route 10\.[12]\.0\.0-16$/,
        /^Subnet \w+-10\.\d\.255\./,
        /-4-10\.\d\.0\.0-16$/,
      ],
      gone: [/^VpcPeeringConnection /, /-4-(blue|green)$/],
    },
    {
      what: "another CIDR",
      args: {
        networks: [network("blue", "10.9.0.0/16", [zone("a"), zone("b")]), green],
        interconnect: "TransitGateway",
      },
      created: [/10\.9\.\d+\./],
      gone: [/10\.1\.\d+\./],
      replaced: OF_BLUE,
    },
    {
      what: "another name",
      args: {
        networks: [network("azure", "10.9.0.0/16", [zone("a"), zone("b")]), green],
        interconnect: "TransitGateway",
      },
      created: [/ azure/],
      gone: [/ blue/],
    },
    {
      what: "half the size, with subnets that it has",
      args: {
        networks: [network("azure", "10.9.0.0/17", [zone("a"), zone("b")]), green],
        interconnect: "TransitGateway",
      },
      created: [/10\.9\.(127\.|0\.0-17)/],
      gone: [/10\.9\.(255\.|0\.0-16)/],
      replaced: [/ azure/],
    },
  ],
};

describe("changes of a cluster's AWS resources go through, and touch what they concern alone", function () {
  this.timeout(300_000);

  for (const [about, [start, ...steps]] of Object.entries(walks)) {
    describe(about, () => {
      stopAfterFailure();
      let stack: AwsStack;
      before(async () => {
        stack = await AwsStack.make();
        await stack.up(start);
      });
      after(() => stack.remove());

      let current: { readonly args: Partial<ClusterArgs>; readonly release?: Release } = { args: start };
      for (const { what, args, release, created, gone, replaced, previewed } of steps) {
        it(what, async () => {
          current = { args, release: release ?? current.release };
          if (previewed === true) await stack.preview(args, current.release);
          const changes = await stack.up(args, current.release);
          assert.deepEqual(
            [
              unexpected(changes.created, created),
              unexpected(changes.gone, gone),
              unexpected(changes.replaced, replaced),
            ],
            [[], [], []],
          );
          // A VPC that another one had the addresses of is reached as well.
          const cidrs = args.interconnect === "TransitGateway" ? (args.networks ?? []).map((one) => one.cidrBlock) : [];
          assert.deepEqual(stack.transitRoutes(), Object.fromEntries(cidrs.map((cidr) => [cidr, cidr])));
        });
      }

      it("all of it goes", async () => {
        await stack.destroy();
        assert.deepEqual([...stack.backend.records.keys()], []);
      });
    });
  }
});

describe("a node that is stopped at the console", function () {
  this.timeout(120_000);

  it("is left alone by a refresh and the next update, and keeps its place when it runs again", async () => {
    const stack = await AwsStack.make();
    try {
      const args = both([zone("a"), zone("b", hidden)], natted);
      await stack.up(args);
      for (const address of ["10.1.0.4", "10.1.1.4"]) await stack.backend.stopNode(stack.instanceAt(address));
      await stack.refresh();
      assert.deepEqual((await stack.up(args)).replaced, []);
      for (const address of ["10.1.0.4", "10.1.1.4"]) {
        const id = stack.instanceAt(address);
        assert.equal(stack.backend.nodeState(id), "stopped");
        stack.backend.nodes.set(id, "running");
      }
      await stack.refresh();
      assert.deepEqual((await stack.up(args)).replaced, []);
      // While it is stopped another change is made: what replaces it has a public address again.
      await stack.backend.stopNode(stack.instanceAt("10.1.0.4"));
      await stack.refresh();
      const changes = await stack.up(both([zone("a", { name: "front" }), zone("b", hidden)], natted));
      assert.deepEqual(changes.replaced, ["Instance blue-10.1.0.4"]);
      const { outputs } = stack.backend.records.get(stack.instanceAt("10.1.0.4")) ?? assert.fail();
      assert.match(String(outputs["publicIp"]), /^203\.0\.113\./);
    } finally {
      await stack.remove();
    }
  });
});

/** Names that meet no pattern, and patterns that no name meets. */
function unexpected(names: readonly string[], patterns: readonly RegExp[] = []): string[] {
  return [
    ...names.filter((name) => !patterns.some((pattern) => pattern.test(name))),
    ...patterns.filter((pattern) => !names.some((name) => pattern.test(name))).map(String),
  ];
}
