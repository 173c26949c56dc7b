import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { loadIpPools } from "../../../provider/src/ippool/load";
import type { ClusterArgs, NetworkArgs } from "../../../provider/src/generated/component-args";
import { planCluster } from "../../../provider/src/resources/cluster-plan";
import type { TopologyInputs } from "../../../provider/src/generated/resource-types";
import { unpackTopology } from "../../../provider/src/plan/packed-topology";
import { planTopology } from "../../../provider/src/plan/plan";
import { topology } from "../../../provider/src/resources/topology";
import { contextOf } from "../../support/context";
import { manifest } from "../../support/ip-pool";
import { instanceOf, recordCluster, recordConstruct, type RecordedStack } from "./recorded-stack";

const ROUTE = "aws:ec2/route:Route";
const RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const never = manifest({ ipipMode: "Never" }, "plain");

function network(name: string, octet: number, ...nodes: number[]): NetworkArgs {
  return {
    name,
    cidrBlock: `10.${octet}.0.0/16`,
    subnets: nodes.map((count, i) => ({ availabilityZone: `us-east-1${"abc"[i]}`, nodes: count })),
  };
}

function args(ipPools: string, networks: readonly NetworkArgs[], others: Partial<ClusterArgs> = {}): ClusterArgs {
  return { ipPools, networks, ssh: { adminCidrBlocks: ["203.0.113.7/32"] }, ...others };
}

function problems(ipPools: string, networks: readonly NetworkArgs[], others: Partial<ClusterArgs> = {}): string[] {
  return planCluster(args(ipPools, networks, others), undefined).problems.map(
    ({ path, message }) => `${path}: ${message}`,
  );
}

function codes(ipPools: string, networks: readonly NetworkArgs[], others: Partial<ClusterArgs> = {}): string[] {
  return planCluster(args(ipPools, networks, others), undefined).warnings.map(({ code }) => code);
}

function several(...manifests: readonly string[]): string {
  return manifests.join("---\n");
}

function keys({ resources }: Pick<RecordedStack, "resources">, type: string): string[] {
  return [...resources.keys()]
    .filter((key) => key.startsWith(`${type}::`))
    .map((key) => key.slice(type.length + 2))
    .sort();
}

const ROUTED = { neverAcrossSubnets: "VpcRouteTables" } as const;

describe("pools without encapsulation", () => {
  it("are refused where their nodes are in several subnets, with a pair of nodes and both ways out", async () => {
    const sentence =
      "IP pool plain has ipipMode and vxlanMode Never, and its nodes blue-a0 (subnet blue-a, 10.1.0.0/24) and blue-b0 (subnet blue-b, 10.1.1.0/24) are in different subnets: the VPC's router has no route to workloads, and drops their packets. " +
      "Use ipipMode or vxlanMode CrossSubnet, or let the VPC's route tables have a route for each node's blocks with neverAcrossSubnets: \"VpcRouteTables\" (or use a nodeSelector that selects the nodes of one subnet)";
    assert.deepEqual(problems(never, [network("blue", 1, 1, 1)]), [`ipPools: ${sentence}`]);
    const { error, resources } = await recordConstruct({ ...args(never, [network("blue", 1, 1, 1)]) });
    assert.ok(pulumi.InputPropertiesError.isInstance(error), String(error));
    assert.deepEqual(
      error.errors.map(({ propertyPath, reason }) => [propertyPath, reason]),
      [["ipPools", sentence]],
    );
    assert.equal(resources.size, 0);
  });

  it("are refused across networks whatever was asked for, as a peering carries no workloads' addresses", () => {
    const across =
      /^ipPools: IP pool plain has .* its nodes blue-a0 .* and green-a0 .* are in different networks: what joins networks leads to addresses of their VPCs only .*, and workloads' packets are dropped\. Use ipipMode or vxlanMode CrossSubnet, or a nodeSelector that selects the nodes of one network$/;
    assert.match(problems(never, [network("blue", 1, 1), network("green", 2, 1)], ROUTED).join("\n"), across);
    assert.match(problems(never, [network("blue", 1, 1), network("green", 2, 1)]).join("\n"), /different networks/);
  });

  it("are taken where their nodes are in one subnet, where it was asked for, and where they give no addresses", () => {
    assert.deepEqual(problems(never, [network("blue", 1, 2)]), []);
    assert.deepEqual(problems(never, [network("blue", 1, 2, 2)], ROUTED), []);
    assert.deepEqual(
      problems(manifest({ ipipMode: "Never", nodeSelector: "overlaynet/subnet == 'a'" }), [network("blue", 1, 2, 2)]),
      [],
    );
    assert.deepEqual(
      problems(
        manifest({ ipipMode: "Never", nodeSelector: "overlaynet/network == 'blue'" }),
        [network("blue", 1, 2, 2), network("green", 2, 1)],
        ROUTED,
      ),
      [],
    );
    const blue = { "blue-a0": { rack: "1" }, "blue-b0": { rack: "2" } };
    assert.deepEqual(
      problems(manifest({ ipipMode: "Never", nodeSelector: "rack == '1'" }), [network("blue", 1, 1, 1)], {
        labels: blue,
      }),
      [],
    );
    assert.deepEqual(
      problems(manifest({ ipipMode: "Never", disabled: true, cidr: "172.16.0.0/12" }), [network("blue", 1, 2, 2)]),
      [],
    );
    assert.deepEqual(
      problems(manifest({ ipipMode: "Never", allowedUses: ["LoadBalancer"] }), [network("blue", 1, 2, 2)]),
      [],
    );
  });

  it("have a route for each block to its node's interface, before any node routes to it", async () => {
    const stack = await recordCluster(
      args(several(never, manifest({ cidr: "172.16.0.0/16" }, "other")), [network("blue", 1, 1, 1)], ROUTED),
    );
    const blocks = keys(stack, ROUTE).filter((name) => name.includes("192.168."));
    assert.deepEqual(blocks, ["test-blue-192.168.0.0-26", "test-blue-192.168.0.64-26"]);
    assert.deepEqual(stack.resources.get(`${ROUTE}::${blocks[1]}`)?.inputs, {
      routeTableId: "id-of-test-blue",
      destinationCidrBlock: "192.168.0.64/26",
      networkInterfaceId: "eni-of-test-blue-10.1.1.4",
    });
    const ready = stack.resources.get("overlaynet:index:TunnelsReady::test")?.dependencies ?? [];
    for (const name of blocks) assert.ok(ready.includes(`${ROUTE}::${name}`), name);
    assert.equal(stack.resources.get("overlaynet:index:Topology::test")?.inputs["viaVpcRouter"], true);
    assert.equal(instanceOf(stack, "blue-b0").inputs["sourceDestCheck"], false);
    assert.ok(stack.resources.has(`${RULE}::test-blue-all-192.168.0.0-16`));
  });

  it("have none where there is one subnet, or it was not asked for", async () => {
    assert.deepEqual(keys(await recordCluster(args(never, [network("blue", 1, 2)], ROUTED)), ROUTE), [
      "test-blue-0.0.0.0-0",
    ]);
    const selected = manifest({ ipipMode: "Never", nodeSelector: "overlaynet/subnet == 'a'" });
    const plain = await recordCluster(args(selected, [network("blue", 1, 2, 1)]));
    assert.deepEqual(keys(plain, ROUTE), ["test-blue-0.0.0.0-0"]);
    assert.equal(plain.resources.get("overlaynet:index:Topology::test")?.inputs["viaVpcRouter"], undefined);
  });

  it("warn of AWS' quota of 50 routes per table", () => {
    // Two of the table's are the local one and that of the internet.
    assert.deepEqual(codes(never, [network("blue", 1, 24, 24)], ROUTED), []);
    assert.deepEqual(codes(never, [network("blue", 1, 25, 24)], ROUTED), ["RouteTableQuota"]);
    assert.deepEqual(codes(manifest({ ipipMode: "CrossSubnet" }), [network("blue", 1, 25, 24)], ROUTED), []);
  });
});

describe("a preview of another mode", () => {
  const MODES = {
    "IPIP CrossSubnet": { ipipMode: "CrossSubnet" },
    "IPIP Always": { ipipMode: "Always" },
    "VXLAN CrossSubnet": { ipipMode: "Never", vxlanMode: "CrossSubnet" },
    "VXLAN Always": { ipipMode: "Never", vxlanMode: "Always" },
    Never: { ipipMode: "Never" },
  } as const;
  const tunnels = (kind: string) => ["a0", "a1"].map((node) => `overlaynet:index:Tunnel::test-blue-${node}-${kind}`);
  const rule = (key: string) => `${RULE}::test-blue-${key}`;
  /** What each mode has in one subnet that not all modes have. */
  const OWN: Readonly<Record<keyof typeof MODES, readonly string[]>> = {
    "IPIP CrossSubnet": [...tunnels("ipip"), rule("all-192.168.0.0-16")],
    "IPIP Always": [...tunnels("ipip"), rule("4-blue")],
    "VXLAN CrossSubnet": [...tunnels("vxlan"), rule("all-192.168.0.0-16")],
    "VXLAN Always": [...tunnels("vxlan"), rule("udp-4789-blue")],
    Never: [rule("all-192.168.0.0-16")],
  };
  const all = new Set(Object.values(OWN).flat());

  for (const mode of Object.keys(MODES) as (keyof typeof MODES)[]) {
    it(`shows its tunnels and rules, and those of no other mode: ${mode}`, async () => {
      const { resources } = await recordCluster(args(manifest(MODES[mode], "p"), [network("blue", 1, 2)]));
      assert.deepEqual([...resources.keys()].filter((key) => all.has(key)).sort(), [...OWN[mode]].sort());
      const plain = await recordCluster(args(never.replace("name: plain", "name: p"), [network("blue", 1, 2)]));
      const rest = (keys: Iterable<string>): string[] => [...keys].filter((key) => !all.has(key)).sort();
      assert.deepEqual(rest(resources.keys()), rest(plain.resources.keys()));
    });
  }
});

describe("natOutgoing", () => {
  const one = [network("blue", 1, 1)];

  it("off is warned about, as the workloads have no other way out", () => {
    assert.deepEqual(codes(manifest({ natOutgoing: false }), one), ["NoWayOut"]);
    assert.match(
      planCluster(args(manifest({ natOutgoing: false }), one), undefined).warnings[0]?.message ?? "",
      /^IP pool ippool-cross-subnet-1 has natOutgoing off, .* drops what comes from 192\.168\.0\.0\/16, .*Set natOutgoing: true/,
    );
    assert.deepEqual(codes(manifest(), one), []);
  });

  it("off means nothing for pools that workloads get no addresses from", () => {
    for (const allowedUses of [["Tunnel"], ["LoadBalancer"]])
      assert.deepEqual(
        codes(
          manifest({
            natOutgoing: false,
            allowedUses,
            ...(allowedUses[0] === "LoadBalancer" && { ipipMode: "Never" }),
          }),
          one,
        ),
        [],
      );
    assert.deepEqual(codes(manifest({ natOutgoing: false, disabled: true }), one), []);
  });

  it("is not done towards a disabled pool: it is among all pools of every node's plan, and lets nobody in", async () => {
    const text = several(
      manifest({}, "own"),
      manifest({ cidr: "172.16.0.0/12", ipipMode: "Never", natOutgoing: false, disabled: true }, "office"),
    );
    const stack = await recordCluster(args(text, [network("blue", 1, 2, 1)]));
    const inputs = {
      ...stack.resources.get("overlaynet:index:Topology::test")?.inputs,
      pools: loadIpPools(text).pools,
    } as TopologyInputs;
    const checked = await topology.check?.(inputs, undefined, contextOf());
    assert.deepEqual(checked?.failures, []);
    const { outputs } = await topology.create(checked?.inputs as TopologyInputs, contextOf());
    const plans = [...planTopology(unpackTopology(outputs.packed)).nodes.values()];
    assert.equal(plans.length, 3);
    for (const { allPools, masqueradePools, workloadBlocks } of plans) {
      assert.deepEqual([allPools, masqueradePools], [["192.168.0.0/16", "172.16.0.0/12"], ["192.168.0.0/16"]]);
      assert.deepEqual(
        workloadBlocks.map(({ pool }) => pool),
        ["own"],
      );
    }
    const plan = planCluster(args(text, [network("blue", 1, 2, 1)]), undefined);
    assert.deepEqual(
      plan.rules.filter(({ purpose }) => purpose === "pool").map(({ key }) => key),
      ["all-192.168.0.0-16"],
    );
  });
});

describe("a disabled pool that still has blocks", () => {
  it("keeps the rules that its workloads need", () => {
    const networks = [network("blue", 1, 2)];
    const plan = planCluster(
      args(
        several(
          manifest({ ipipMode: "Never", disabled: true }, "old"),
          manifest({ cidr: "172.16.0.0/16", ipipMode: "Always" }, "new"),
        ),
        networks,
      ),
      undefined,
    );
    assert.deepEqual(
      plan.rules.filter(({ purpose }) => purpose === "pool"),
      [],
    );
    assert.deepEqual(plan.rulesOfDisabled(new Set(["new"])), []);
    // Its workloads, and what sends to them: all of it goes un-encapsulated.
    assert.deepEqual(
      plan.rulesOfDisabled(new Set(["new", "old"])).map(({ network, key }) => `${network} ${key}`),
      ["blue all-192.168.0.0-16", "blue all-172.16.0.0-16"],
    );
  });

  it("has them under the names that they had while it was enabled", async () => {
    const before = await recordCluster(args(manifest({}, "old"), [network("blue", 1, 2)]));
    const after = await recordCluster(args(manifest({ disabled: true }, "old"), [network("blue", 1, 2)]));
    assert.deepEqual(keys(after, RULE), keys(before, RULE));
    assert.ok(keys(after, RULE).includes("test-blue-all-192.168.0.0-16"));
    const ready = after.resources.get("overlaynet:index:TunnelsReady::test")?.dependencies ?? [];
    assert.ok(ready.includes(`${RULE}::test-blue-all-192.168.0.0-16`), "no node routes before");
  });
});

describe("VXLAN's identifier and port, and the MTU", () => {
  const vxlan = manifest({ ipipMode: "Never", vxlanMode: "Always" });

  it("reach the topology and the security groups", async () => {
    const stack = await recordCluster(
      args(vxlan, [network("blue", 1, 2)], { vxlanVni: 42, vxlanPort: 8472, hostMtu: 1500 }),
    );
    const { vxlanVni, vxlanPort, hostMtu } = stack.resources.get("overlaynet:index:Topology::test")?.inputs ?? {};
    assert.deepEqual([vxlanVni, vxlanPort, hostMtu], [42, 8472, 1500]);
    const { fromPort, toPort } = stack.resources.get(`${RULE}::test-blue-udp-8472-blue`)?.inputs ?? {};
    assert.deepEqual([fromPort, toPort], [8472, 8472]);
  });

  it("are Calico's and EC2's where they are not given", async () => {
    const stack = await recordCluster(args(vxlan, [network("blue", 1, 2)]));
    assert.equal(stack.resources.get("overlaynet:index:Topology::test")?.inputs["hostMtu"], 9001);
    assert.equal(stack.resources.get(`${RULE}::test-blue-udp-4789-blue`)?.inputs["fromPort"], 4789);
  });
});
