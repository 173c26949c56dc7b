import assert from "node:assert/strict";
import { unpackPlan } from "../../../provider/src/resources/packed-plan";
import { topology } from "../../../provider/src/resources/topology";
import { UNKNOWN } from "../../../wire/property-value";
import { contextOf } from "../../support/context";
import { manifest } from "../../support/ip-pool";
import { node, topologyInputs } from "../../support/topologies";

type Inputs = Parameters<typeof topology.create>[0];

async function check(
  inputs: Inputs,
  old?: Inputs,
): Promise<{ inputs: Inputs; failures: readonly { property: string; reason: string }[] }> {
  assert.ok(topology.check);
  const { inputs: checked, failures } = await topology.check(inputs, old, contextOf());
  return { inputs: checked as Inputs, failures };
}

async function create(inputs: Inputs, context = contextOf()): Promise<Parameters<typeof topology.diff>[0]> {
  const { id, outputs } = await topology.create(inputs, context);
  return { id, inputs, outputs: outputs as Parameters<typeof topology.diff>[0]["outputs"] };
}

describe("Topology", () => {
  it("assigns blocks, tunnel and workload addresses in check", async () => {
    const { inputs, failures } = await check(topologyInputs());
    assert.deepEqual(failures, []);
    assert.deepEqual(
      inputs.blocks?.map(({ node, cidr }) => [node, cidr]),
      [
        ["blue-0", "192.168.0.0/26"],
        ["blue-1", "192.168.0.64/26"],
        ["green-0", "192.168.0.128/26"],
      ],
    );
    assert.equal(inputs.tunnelAddresses?.["blue-1"]?.ipipTunnelAddr, "192.168.0.64");
    assert.deepEqual(
      inputs.workloadAddresses?.map(({ name, address }) => [name, address]),
      [
        ["w-blue-0", "192.168.0.1"],
        ["w-blue-1", "192.168.0.65"],
        ["w-green-0", "192.168.0.129"],
      ],
    );
  });

  it("keeps what the others have when nodes come and go", async () => {
    const { inputs: first } = await check(topologyInputs());
    const given = topologyInputs();
    const nodes = [node("new-0", "blue", "10.1.1.0/24", "10.1.1.9"), ...given.nodes.slice(1)];
    const { inputs: second, failures } = await check({ ...given, nodes, workloads: given.workloads.slice(1) }, first);
    assert.deepEqual(failures, []);
    const blockOf = (name: string): string | undefined => second.blocks?.find((block) => block.node === name)?.cidr;
    assert.deepEqual(["new-0", "blue-1", "green-0"].map(blockOf), [
      "192.168.0.0/26",
      "192.168.0.64/26",
      "192.168.0.128/26",
    ]);
    assert.deepEqual(
      second.workloadAddresses?.map(({ address }) => address),
      ["192.168.0.65", "192.168.0.129"],
    );
  });

  it("a fresh stack gives the same every time, and the twin in another order does not", async () => {
    const given = topologyInputs();
    assert.deepEqual(await check(given), await check(topologyInputs()));
    assert.notDeepEqual(
      (await check({ ...given, nodes: given.nodes.toReversed() })).inputs.blocks,
      (await check(given)).inputs.blocks,
    );
  });

  it("says all that is wrong at once, at its path", async () => {
    const given = topologyInputs(manifest({ cidr: "192.168.0.0/25", blockSize: 26 }));
    const twice = await check({
      ...given,
      nodes: [...given.nodes, ...given.nodes.slice(0, 1)],
      workloads: [{ name: "w", node: "nowhere" }],
    });
    assert.deepEqual(twice.failures.map(({ property }) => property).toSorted(), [
      "nodes[3].name",
      "pools[0].cidr",
      "workloads[0].node",
    ]);
    const malformed = await check({ ...given, nodes: [node("a", "blue", "10.1.1.0/33", "10.1.1.400")] });
    assert.deepEqual(
      malformed.failures.map(({ property }) => property),
      ["nodes[0].privateIp", "nodes[0].subnetCidrBlock"],
    );
  });

  it("takes blocks and addresses that are asked for, and refuses those that cannot be had", async () => {
    const given = topologyInputs();
    const pool = "ippool-cross-subnet-1";
    const good = await check({
      ...given,
      blocks: [{ cidr: "192.168.9.0/26", node: "blue-0", pool }],
      workloadAddresses: [{ name: "w-blue-0", node: "blue-0", pool, address: "192.168.9.7" }],
    });
    assert.deepEqual(good.failures, []);
    assert.equal(good.inputs.blocks?.find((block) => block.node === "blue-0")?.cidr, "192.168.9.0/26");
    assert.equal(good.inputs.workloadAddresses?.[0]?.address, "192.168.9.7");
    const bad = await check({
      ...given,
      blocks: [{ cidr: "172.16.0.0/26", node: "blue-0", pool }],
      workloadAddresses: [{ name: "w-blue-0", node: "blue-0", pool, address: "192.168.200.1" }],
    });
    assert.deepEqual(
      bad.failures.map(({ property }) => property),
      ["blocks[0]", "workloadAddresses[0].address"],
    );
  });

  it("gives every node its plan, known in preview", async () => {
    const { inputs } = await check(topologyInputs());
    const { outputs } = await create(inputs, contextOf({ preview: true }));
    assert.deepEqual(outputs.encapsulations, { "blue-0": ["IPIP"], "blue-1": ["IPIP"], "green-0": ["IPIP"] });
    const plan = unpackPlan(outputs.nodePlans["blue-0"] ?? "");
    assert.equal(plan.node, "blue-0");
    assert.ok(
      plan.routes.some(
        (route) => route.dst === "192.168.0.128/26" && route.dev === "tunl0" && route.via === "10.2.1.4",
      ),
    );
    assert.ok(
      plan.routes.some((route) => route.dst === "192.168.0.64/26" && route.dev === "eth0" && route.via === "10.1.1.5"),
    );
    assert.equal(outputs.paths.length, 6);
    assert.deepEqual(new Set(outputs.assignedWorkloads.map(({ mtu }) => mtu)), new Set([plan.workloadBlocks[0]?.mtu]));
  });

  it("packs the same plan into the same bytes", async () => {
    const { inputs } = await check(topologyInputs());
    assert.deepEqual(
      (await create(inputs)).outputs.nodePlans,
      (await create(structuredClone(inputs))).outputs.nodePlans,
    );
  });

  it("matches nodeSelectors against the labels of zone, network and the user", async () => {
    const given = topologyInputs(manifest({ nodeSelector: "overlaynet/network == 'green' || rack == '7'" }));
    const { inputs, failures } = await check({
      ...given,
      nodes: given.nodes.map((one) => (one.name === "blue-1" ? { ...one, labels: { rack: "7" } } : one)),
      workloads: [],
    });
    assert.deepEqual(failures, []);
    assert.deepEqual(
      inputs.blocks?.map(({ node }) => node),
      ["blue-1", "green-0"],
    );
  });

  it("logs warnings where they arise", async () => {
    const { inputs } = await check(topologyInputs(manifest({ ipipMode: "Never" })));
    const context = contextOf();
    const { outputs } = await create(inputs, context);
    assert.ok(outputs.warnings.some(({ code }) => code === "NeverAcrossSubnets"));
    assert.equal(
      context.logs.filter((line) => line.startsWith("warning: ") && line.includes("NeverAcrossSubnets")).length,
      1,
    );
    const quiet = contextOf();
    await create((await check(topologyInputs())).inputs, quiet);
    assert.deepEqual(quiet.logs, []);
  });

  it("finds no difference where there is none, and names the field where there is one", async () => {
    const { inputs } = await check(topologyInputs());
    const old = await create(inputs);
    assert.equal(
      (await topology.diff(old, (await check(topologyInputs(), inputs)).inputs, contextOf())).changes.size,
      0,
    );
    const changed = await check(topologyInputs(manifest({ ipipMode: "Always" })), inputs);
    assert.deepEqual(
      [...(await topology.diff(old, changed.inputs, contextOf())).changes.keys()],
      ["pools[0].ipipMode"],
    );
  });

  it("plans anew when the same inputs mean something else, as after an upgrade", async () => {
    const { inputs } = await check(topologyInputs());
    const old = await create(inputs);
    const stale = { ...old, outputs: { ...old.outputs, nodePlans: { ...old.outputs.nodePlans, "blue-0": "" } } };
    const diff = await topology.diff(stale, inputs, contextOf());
    assert.deepEqual([...diff.changes.keys()], ["nodePlans"]);
    assert.deepEqual(diff.outputChanges, ["nodePlans"]);
  });

  it("is unknown as long as an input is", async () => {
    const given = topologyInputs();
    const { inputs, failures } = await check({
      ...given,
      nodes: given.nodes.map((one) => ({ ...one, privateIp: UNKNOWN })),
    });
    assert.deepEqual(failures, []);
    const { outputs } = await topology.create(inputs, contextOf({ preview: true }));
    assert.equal(outputs.paths, UNKNOWN);
    assert.equal(outputs.blocks, UNKNOWN);
  });

  describe("with VXLAN", () => {
    const given = topologyInputs(manifest({ ipipMode: "Never", vxlanMode: "Always" }));
    const warned = async (inputs: Inputs, old?: Inputs): Promise<string[]> => {
      const context = contextOf();
      await topology.check?.(inputs, old, context);
      return context.logs;
    };

    it("warns, already in preview, of what a change of identifier or port interrupts", async () => {
      const sentence = (changes: string): string[] => [
        `warning: VXLAN's ${changes}: every node makes its device vxlan.calico anew, one after the other, and a pair of nodes exchanges no encapsulated packets of IP pools ippool-cross-subnet-1 until both have done so (VxlanInterrupted)`,
      ];
      assert.deepEqual(await warned({ ...given, vxlanVni: 42 }, given), sentence("VNI 4096 becomes 42"));
      assert.deepEqual(
        await warned({ ...given, vxlanVni: 4096, vxlanPort: 8472 }, { ...given, vxlanVni: 42 }),
        sentence("VNI 42 becomes 4096 and UDP port 4789 becomes 8472"),
      );
    });

    it("warns of nothing where nothing is interrupted", async () => {
      assert.deepEqual(await warned({ ...given, vxlanVni: 42 }), []);
      assert.deepEqual(await warned({ ...given, vxlanVni: 4096, vxlanPort: 4789 }, given), []);
      assert.deepEqual(await warned({ ...topologyInputs(), vxlanVni: 42 }, topologyInputs()), []);
      assert.deepEqual(await warned({ ...given, vxlanVni: 42 }, topologyInputs()), []);
    });

    it("gives every node the identifier and port", async () => {
      const { outputs } = await create((await check({ ...given, vxlanVni: 42, vxlanPort: 8472 })).inputs);
      for (const plan of Object.values(outputs.nodePlans).map(unpackPlan))
        assert.deepEqual([plan.vxlan?.vni, plan.vxlan?.port], [42, 8472]);
      assert.deepEqual(outputs.paths[0]?.outer, { source: "10.1.1.4", destination: "10.1.1.5", port: 8472, vni: 42 });
    });
  });
});
