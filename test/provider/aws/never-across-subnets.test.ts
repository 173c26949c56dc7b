import assert from "node:assert/strict";
import { poolNodes } from "../../../provider/src/plan/arrivals";
import { type Layout, layOut } from "../../../provider/src/aws/layout";
import { type NeverAcrossSubnets, neverAcrossSubnets } from "../../../provider/src/aws/never-across-subnets";
import type { NetworkArgs } from "../../../provider/src/generated/component-args";
import type { IpPool } from "../../../provider/src/ippool/ippool";
import { ipPool as pool } from "../../support/ip-pool";

/** Networks by name with the number of nodes in each of their subnets. */
function layout(networks: Readonly<Record<string, readonly number[]>>): Layout {
  const args = Object.entries(networks).map(([name, subnets], i): NetworkArgs => ({
    name,
    cidrBlock: `10.${i}.0.0/16`,
    subnets: subnets.map((nodes, j) => ({ availabilityZone: `us-east-1${"abcdef"[j]}`, nodes })),
  }));
  return layOut({ networks: args, pools: [], sourceDestCheck: {} }).layout;
}

function never(
  networks: Readonly<Record<string, readonly number[]>>,
  pools: readonly IpPool[] = [pool()],
  viaVpcRouter = false,
): NeverAcrossSubnets {
  const { nodes } = layout(networks);
  const labelled = nodes.map(({ name, network, subnet }) => ({ name, labels: { network, subnet: subnet.name } }));
  return neverAcrossSubnets(nodes, poolNodes(pools, labelled), viaVpcRouter);
}

const messages = ({ problems }: NeverAcrossSubnets): string[] =>
  problems.map(({ path, message }) => `${path}: ${message}`);

describe("a pool without encapsulation", () => {
  it("is no problem while its nodes are in one subnet", () => {
    for (const viaVpcRouter of [false, true])
      assert.deepEqual(messages(never({ blue: [3] }, [pool()], viaVpcRouter)), []);
    const one = pool({ nodeSelector: "subnet == 'a'" });
    assert.deepEqual(messages(never({ blue: [2, 2] }, [one])), []);
    assert.deepEqual(messages(never({ blue: [0] })), [], "nor without nodes");
  });

  it("is refused across the subnets of a network, with both nodes and every way out", () => {
    const [message, ...more] = messages(never({ blue: [1, 2] }));
    assert.deepEqual(more, []);
    assert.match(message ?? "", /^ipPools: IP pool pool has ipipMode and vxlanMode Never/);
    assert.match(
      message ?? "",
      /nodes blue-a0 \(subnet blue-a, 10\.0\.0\.0\/24\) and blue-b0 \(subnet blue-b, 10\.0\.1\.0\/24\)/,
    );
    assert.match(message ?? "", /in different subnets: the VPC's router has no route/);
    for (const way of [
      "CrossSubnet",
      'neverAcrossSubnets: "VpcRouteTables"',
      "a nodeSelector that selects the nodes of one subnet",
    ])
      assert.ok(message?.includes(way), way);
  });

  it("is taken across the subnets of a network where the VPC routes its blocks", () => {
    assert.deepEqual(messages(never({ blue: [1, 2] }, [pool()], true)), []);
  });

  it("is refused across networks, whatever the VPC's route tables say", () => {
    for (const viaVpcRouter of [false, true]) {
      const [message, ...more] = messages(never({ blue: [1, 1], green: [1] }, [pool()], viaVpcRouter));
      assert.deepEqual(more, []);
      assert.match(
        message ?? "",
        /nodes blue-a0 .* and green-a0 \(subnet green-a, 10\.1\.0\.0\/24\) are in different networks: /,
      );
      assert.ok(message?.endsWith(`selects the nodes of one ${viaVpcRouter ? "network" : "subnet"}`), message);
      assert.doesNotMatch(message ?? "", /VpcRouteTables/);
    }
  });

  it("is the only one meant: not one that is encapsulated, disabled, or without workloads", () => {
    const others = [
      pool({ name: "ipip", ipipMode: "CrossSubnet" }),
      pool({ name: "vxlan", vxlanMode: "Always" }),
      pool({ name: "off", disabled: true }),
      pool({ name: "tunnels", allowedUses: ["Tunnel"] }),
    ];
    assert.deepEqual(messages(never({ blue: [1, 1] }, others)), []);
    assert.equal(messages(never({ blue: [1, 1] }, [...others, pool()])).length, 1);
  });
});

describe("routes of blocks in the VPC's route tables", () => {
  it("are for the blocks of such pools, where other subnets of the network have nodes", () => {
    const { routed } = never({ blue: [1, 1], green: [2] }, [pool(), pool({ name: "ipip", ipipMode: "Always" })], true);
    assert.equal(routed("pool", "blue-a0"), true);
    assert.equal(routed("pool", "blue-b0"), true);
    assert.equal(routed("pool", "green-a0"), false, "green has one subnet");
    assert.equal(routed("ipip", "blue-a0"), false);
    assert.equal(routed("gone", "blue-a0"), false);
    assert.equal(routed("pool", "gone"), false);
  });

  it("are for those of a disabled pool, too: its workloads are still there", () => {
    assert.equal(never({ blue: [1, 1] }, [pool({ disabled: true })], true).routed("pool", "blue-a0"), true);
  });

  it("are none unless they were asked for", () => {
    assert.equal(never({ blue: [1, 1] }).routed("pool", "blue-a0"), false);
  });

  it("warn where a table would have more than 50, with what it has besides", () => {
    const warned = (
      nodes: number,
      pools: readonly IpPool[] = [pool()],
      more: Readonly<Record<string, readonly number[]>> = {},
    ) => never({ blue: [nodes, 0], ...more }, pools, true).warnings;
    // One for the VPC itself or the way out, and one per network.
    assert.deepEqual(warned(48), []);
    const [warning, ...others] = warned(49);
    assert.deepEqual([warning?.code, others], ["RouteTableQuota", []]);
    assert.match(
      warning?.message ?? "",
      /^the route tables of network blue need 51 routes, 49 of them for blocks .* AWS allows 50/,
    );
    assert.equal(warned(48, [pool({ nodeSelector: "network == 'blue'" })], { green: [1] }).length, 1, "a network more");
    assert.equal(
      warned(25, [pool(), pool({ name: "second", cidr: "10.200.0.0/16" })]).length,
      1,
      "each pool has its own",
    );
    assert.deepEqual(warned(60, [pool({ disabled: true })]), []);
    assert.deepEqual(warned(60, [pool({ ipipMode: "Always" })]), []);
    assert.deepEqual(never({ blue: [60, 0] }).warnings, [], "nor where there are no such routes");
    const fewer = pool({ nodeSelector: "network == 'green'" });
    assert.deepEqual(
      never({ blue: [60], green: [60] }, [fewer], true).warnings.map(({ message }) => /network \w+/.exec(message)?.[0]),
      ["network green"],
    );
  });

  it("warn of nothing where a mesh of networks alone fills the tables", () => {
    const networks = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`n${i}`, [0]]));
    assert.deepEqual(never(networks, [pool()], true).warnings, []);
  });
});
