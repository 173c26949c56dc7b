import assert from "node:assert/strict";
import fc from "fast-check";
import { arrivalsOf, poolNodes } from "../../../provider/src/plan/arrivals";
import { type Layout, layOut } from "../../../provider/src/aws/layout";
import type { NetworkArgs } from "../../../provider/src/generated/component-args";
import { type SecurityRule, type SecurityRules, securityRules } from "../../../provider/src/aws/security-rules";
import { assignAddresses } from "../../../provider/src/ipam/assign-addresses";
import type { IpPool } from "../../../provider/src/ippool/ippool";
import { planTopology } from "../../../provider/src/plan/plan";
import { tries } from "../../support/tries";
import { ipPool } from "../../support/ip-pool";

const ADMIN = { port: 22, cidrBlocks: ["203.0.113.7/32"] };

/** Networks by name with the number of nodes in each of their subnets; nodes are labelled with network and subnet. */
function layout(networks: Readonly<Record<string, readonly number[]>>): Layout {
  const args = Object.entries(networks).map(([name, subnets], i): NetworkArgs => ({
    name,
    cidrBlock: `10.${i}.0.0/16`,
    subnets: subnets.map((nodes, j) => ({ availabilityZone: `us-east-1${"abcdef"[j]}`, nodes })),
  }));
  const { layout, problems } = layOut({ networks: args, pools: [], sourceDestCheck: {} });
  assert.deepEqual(problems, []);
  return layout;
}

function labelled({ nodes }: Layout) {
  return nodes.map(({ name, network, subnet }) => ({ name, labels: { network, subnet: subnet.name, node: name } }));
}

function ruled(
  laid: Layout,
  pools: readonly IpPool[],
  { viaVpcRouter = false, ssh = ADMIN, vxlanPort = 4789 } = {},
): SecurityRules {
  const arrivals = arrivalsOf(
    laid.nodes.map((node) => ({ ...node, subnet: node.subnet.key })),
    poolNodes(pools, labelled(laid)),
    viaVpcRouter,
  );
  return securityRules({ networks: laid.networks, interconnect: laid.interconnect, arrivals, pools, ssh, vxlanPort });
}

function inWords({ ipProtocol, fromPort, toPort, source }: SecurityRule): string {
  return `${ipProtocol}${fromPort === undefined ? "" : ` ${fromPort}-${toPort}`} from ${"cidr" in source ? source.cidr : source.network}`;
}

/** All rules of the networks, as `network: rule`, but for those of ssh and ICMP, which do not depend on modes. */
function overlay({ rules }: SecurityRules): string[] {
  return rules
    .filter(({ purpose }) => purpose !== "ssh" && purpose !== "icmp")
    .map((rule) => `${rule.network}: ${inWords(rule)}`)
    .sort();
}

const PLACES = {
  "one node": { blue: [1] },
  "one subnet": { blue: [2] },
  "two subnets of one node": { blue: [1, 1] },
  "two subnets": { blue: [2, 1] },
  "two networks of one node": { blue: [1], green: [1] },
  "the quick start's": { blue: [2, 2], green: [2] },
  "a network without nodes": { blue: [2], green: [0] },
} as const;

/** What each mode needs in each place, whole. Other rules than these, ssh's and ICMP's there are none. */
const NEEDED: Readonly<Record<string, Readonly<Record<keyof typeof PLACES, readonly string[]>>>> = {
  Always: {
    "one node": [],
    "one subnet": ["blue: T from blue"],
    "two subnets of one node": ["blue: T from blue"],
    "two subnets": ["blue: T from blue"],
    "two networks of one node": ["blue: T from green", "green: T from blue"],
    "the quick start's": ["blue: T from blue", "blue: T from green", "green: T from blue", "green: T from green"],
    "a network without nodes": ["blue: T from blue"],
  },
  CrossSubnet: {
    "one node": [],
    "one subnet": ["blue: P"],
    "two subnets of one node": ["blue: T from blue"],
    "two subnets": ["blue: T from blue", "blue: P"],
    "two networks of one node": ["blue: T from green", "green: T from blue"],
    "the quick start's": ["blue: T from blue", "blue: T from green", "blue: P", "green: T from blue", "green: P"],
    "a network without nodes": ["blue: P"],
  },
  Never: {
    "one node": [],
    "one subnet": ["blue: P"],
    "two subnets of one node": [],
    "two subnets": ["blue: P"],
    "two networks of one node": [],
    "the quick start's": ["blue: P", "green: P"],
    "a network without nodes": ["blue: P"],
  },
  "Never, routed by the VPC": {
    "one node": [],
    "one subnet": ["blue: P"],
    "two subnets of one node": ["blue: P"],
    "two subnets": ["blue: P"],
    "two networks of one node": [],
    "the quick start's": ["blue: P", "green: P"],
    "a network without nodes": ["blue: P"],
  },
};

describe("security rules", () => {
  for (const [mode, places] of Object.entries(NEEDED)) {
    for (const [place, networks] of Object.entries(PLACES)) {
      const fields = mode.startsWith("Never") ? [{}] : [{ ipipMode: mode }, { vxlanMode: mode }];
      for (const field of fields as Partial<IpPool>[]) {
        it(`are exactly what ${Object.keys(field)[0] ?? "neither mode"} ${mode} needs: ${place}`, () => {
          const expected = places[place as keyof typeof PLACES]
            .map((line) =>
              line
                .replace("T from", `${"vxlanMode" in field ? "udp 4789-4789" : "4"} from`)
                .replace("P", "-1 from 192.168.0.0/16"),
            )
            .sort();
          assert.deepEqual(
            overlay(ruled(layout(networks), [ipPool(field)], { viaVpcRouter: mode.includes("routed") })),
            expected,
          );
        });
      }
    }
  }

  it("of several pools at once are what each needs, and let the workloads of all in where one of them is not encapsulated", () => {
    const pools = [
      ipPool({ name: "a", cidr: "172.16.0.0/16", ipipMode: "Always" }),
      ipPool({ name: "b", cidr: "172.17.0.0/16", vxlanMode: "CrossSubnet" }),
      ipPool({ name: "c", cidr: "172.18.0.0/16", nodeSelector: "subnet == 'b'" }),
    ];
    const bare = (network: string, ...numbers: number[]) =>
      numbers.map((number) => `${network}: -1 from 172.${number}.0.0/16`);
    assert.deepEqual(
      overlay(ruled(layout(PLACES["the quick start's"]), pools)),
      [
        ...["4", "udp 4789-4789"].flatMap((tunnel) => [`blue: ${tunnel} from blue`, `blue: ${tunnel} from green`]),
        ...bare("blue", 16, 17, 18),
        "green: 4 from blue",
        "green: 4 from green",
        "green: udp 4789-4789 from blue",
        // c has no blocks in green, where b's packets stay in the subnet as they are.
        ...bare("green", 16, 17),
      ].sort(),
    );
  });

  it("are none where a node has no device to send from", () => {
    const apart = [
      ipPool({ name: "a", cidr: "172.16.0.0/16", ipipMode: "Always", nodeSelector: "network == 'blue'" }),
      ipPool({ name: "b", cidr: "172.17.0.0/16", vxlanMode: "Always", nodeSelector: "network == 'green'" }),
    ];
    assert.deepEqual(overlay(ruled(layout({ blue: [1], green: [1] }), apart)), []);
    assert.deepEqual(
      overlay(
        ruled(layout({ blue: [1], green: [1] }), [
          ...apart,
          ipPool({ name: "c", cidr: "172.18.0.0/16", ipipMode: "Always" }),
        ]),
      ),
      ["blue: 4 from green", "green: 4 from blue"],
    );
  });

  it("are none for pools that give workloads and tunnels no addresses, and none of bare packets for those of tunnels alone", () => {
    const laid = layout(PLACES["the quick start's"]);
    assert.deepEqual(overlay(ruled(laid, [ipPool({ allowedUses: ["LoadBalancer"] })])), []);
    assert.deepEqual(overlay(ruled(laid, [ipPool({ allowedUses: ["Tunnel"] })])), []);
    assert.deepEqual(overlay(ruled(laid, [ipPool({ cidr: "fd00::/112", blockSize: 122, vxlanMode: "Always" })])), []);
    assert.deepEqual(
      overlay(ruled(layout(PLACES["one subnet"]), [ipPool({ allowedUses: ["Tunnel"], ipipMode: "CrossSubnet" })])),
      [],
    );
    assert.deepEqual(overlay(ruled(laid, [])), []);
  });

  it("let in exactly the paths of the plan, for any pools and places", () => {
    const mode = fc.constantFrom(
      {},
      { vxlanMode: "Always", allowedUses: ["Workload"] },
      { ipipMode: "Always" },
      { ipipMode: "CrossSubnet" },
      { vxlanMode: "Always" },
      { vxlanMode: "CrossSubnet" },
    );
    const selector = fc.constantFrom(
      "all()",
      "network == 'a'",
      "network != 'a'",
      "subnet == 'b'",
      "node in { 'a-a0', 'b-a0', 'b-b1' }",
    );
    const spots = fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 3,
    });
    const property = fc.property(
      fc.array(fc.tuple(mode, selector), { maxLength: 3 }),
      spots,
      fc.boolean(),
      (kinds, counts, viaVpcRouter) => {
        const laid = layout(Object.fromEntries(counts.map((subnets, i) => ["abc"[i] ?? "", subnets])));
        const pools = kinds.map(([fields, nodeSelector], i) =>
          ipPool({ name: `p${i}`, cidr: `172.${16 + i}.0.0/16`, nodeSelector, ...(fields as Partial<IpPool>) }),
        );
        const nodes = labelled(laid);
        const { blocks, tunnels } = assignAddresses({ pools, nodes, workloads: [] });
        const subnetOf = new Map(laid.nodes.map((node) => [node.name, node]));
        const plan = planTopology({
          pools,
          blocks,
          viaVpcRouter,
          nodes: laid.nodes.map(({ name, network, subnet, privateIp }) => ({
            name,
            network,
            ip: privateIp,
            subnetPrefixLen: Number(subnet.cidrBlock.split("/")[1]),
            ...tunnels.get(name),
          })),
        });
        const needed = new Set<string>();
        for (const { from, to, encapsulation } of plan.paths) {
          const [sender, receiver] = [subnetOf.get(from), subnetOf.get(to)];
          if (sender === undefined || receiver === undefined) throw new Error("a path of no node");
          if (encapsulation !== "None")
            needed.add(
              `${receiver.network}: ${encapsulation === "IPIP" ? "4" : "udp 4789-4789"} from ${sender.network}`,
            );
          else if (sender.subnet.key === receiver.subnet.key || (viaVpcRouter && sender.network === receiver.network)) {
            for (const block of blocks)
              if (block.node === from)
                needed.add(`${receiver.network}: -1 from ${pools.find(({ name }) => name === block.pool)?.cidr}`);
          }
        }
        assert.deepEqual(overlay(ruled(laid, pools, { viaVpcRouter })), [...needed].sort());
      },
    );
    fc.assert(property, { numRuns: tries(300) });
  });

  it("let ssh in at the given port only, and ICMP from the networks", () => {
    const { rules } = ruled(layout({ blue: [1], green: [1] }), [], {
      ssh: { port: 2222, cidrBlocks: ["203.0.113.0/24"] },
    });
    assert.deepEqual(rules.filter(({ network }) => network === "blue").map(inWords), [
      "tcp 2222-2222 from 203.0.113.0/24",
      "icmp -1--1 from 10.0.0.0/16",
      "icmp -1--1 from 10.1.0.0/16",
    ]);
  });

  it("are named after what AWS compares, whatever pools are called", () => {
    const keysOf = (one: string, other: string): string[] =>
      ruled(layout({ blue: [2, 2] }), [
        ipPool({ name: one, cidr: "172.16.0.0/16", ipipMode: "CrossSubnet" }),
        ipPool({ name: other, cidr: "172.17.0.0/16", vxlanMode: "Always" }),
      ]).rules.map(({ key }) => key);
    assert.deepEqual(keysOf("one", "other"), [
      "tcp-22-203.0.113.7-32",
      "icmp-10.0.0.0-16",
      "4-blue",
      "udp-4789-blue",
      "all-172.16.0.0-16",
      "all-172.17.0.0-16",
    ]);
    assert.deepEqual(keysOf("other", "one"), keysOf("one", "other"));
  });

  it("follow VXLAN's port", () => {
    assert.deepEqual(overlay(ruled(layout({ blue: [2] }), [ipPool({ vxlanMode: "Always" })], { vxlanPort: 8472 })), [
      "blue: udp 8472-8472 from blue",
    ]);
  });

  it("give IP in IP no ports, and nothing comes from everywhere", () => {
    const all = ruled(layout({ a: [2, 2], b: [2], c: [2] }), [
      ipPool({ ipipMode: "CrossSubnet" }),
      ipPool({ name: "v", cidr: "172.16.0.0/16", vxlanMode: "CrossSubnet" }),
    ]).rules;
    for (const rule of all) {
      assert.ok(!("cidr" in rule.source) || rule.source.cidr !== "0.0.0.0/0", rule.key);
      assert.equal(rule.fromPort === undefined, rule.ipProtocol === "4" || rule.ipProtocol === "-1", rule.key);
      // What EC2 takes in descriptions.
      assert.match(rule.description, /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/);
    }
    assert.equal(new Set(all.map(({ network, key }) => `${network}-${key}`)).size, all.length);
    assert.equal(
      new Set(all.map(({ network, ipProtocol, source }) => JSON.stringify([network, ipProtocol, source]))).size,
      all.length,
    );
  });

  it("do not depend on the number of nodes, and warn beyond AWS's 60 per group", () => {
    const many = (count: number, nodes: number, admins = 1) =>
      ruled(
        layout(Object.fromEntries(Array.from({ length: count }, (_, i) => [`net${i}`, [nodes]]))),
        [ipPool({ ipipMode: "Always" })],
        { ssh: { port: 22, cidrBlocks: Array.from({ length: admins }, (_, i) => `203.0.113.${i}/32`) } },
      );
    assert.deepEqual(many(29, 2), many(29, 40));
    assert.deepEqual(many(29, 2).warnings, []);
    assert.equal(many(29, 2).rules.filter(({ network }) => network === "net0").length, 59);
    assert.equal(many(29, 2, 2).rules.filter(({ network }) => network === "net0").length, 60);
    assert.deepEqual(many(29, 2, 2).warnings, []);
    assert.match(
      many(29, 2, 3).warnings[0]?.message ?? "",
      /^the security group of network net0 needs 61 ingress rules/,
    );
    assert.deepEqual(new Set(many(30, 2).warnings.map(({ code }) => code)), new Set(["SecurityGroupRuleQuota"]));
  });

  it("name the nodes of their own network, and others' CIDRs over a transit gateway, which references do not cross", () => {
    const peered = layout({ net0: [2], net1: [2] });
    const both = [
      ipPool({ name: "a", cidr: "192.168.0.0/17", ipipMode: "Always" }),
      ipPool({ name: "b", cidr: "192.168.128.0/17", vxlanMode: "Always" }),
    ];
    const sources = (laid: Layout): unknown[] =>
      ruled(laid, both)
        .rules.filter(({ network, purpose }) => network === "net0" && ["ipip", "vxlan"].includes(purpose))
        .map(({ key, source }) => [key, source]);
    assert.deepEqual(sources({ ...peered, interconnect: "TransitGateway" }), [
      ["4-net0", { network: "net0" }],
      ["4-10.1.0.0-16", { cidr: "10.1.0.0/16" }],
      ["udp-4789-net0", { network: "net0" }],
      ["udp-4789-10.1.0.0-16", { cidr: "10.1.0.0/16" }],
    ]);
    assert.deepEqual(
      sources(peered).map((row) => JSON.stringify(row).includes("cidr")),
      [false, false, false, false],
    );
  });
});
