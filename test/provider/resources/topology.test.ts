import assert from "node:assert/strict";
import { unpackTopology } from "../../../provider/src/plan/packed-topology";
import { planTopology } from "../../../provider/src/plan/plan";
import { topology } from "../../../provider/src/resources/topology";
import { UNKNOWN } from "../../../wire/property-value";
import { contextOf } from "../../support/context";
import { manifest } from "../../support/ip-pool";
import { host, topologyInputs } from "../../support/topologies";

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
    const hosts = [host("new-0", "blue", "10.1.1.0/24", "10.1.1.9"), ...given.hosts.slice(1)];
    const { inputs: second, failures } = await check({ ...given, hosts, workloads: given.workloads.slice(1) }, first);
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

  it("keeps blocks and addresses when a pool gets another name, and the twin with another CIDR does not", async () => {
    const given = topologyInputs();
    const moved = [{ cidr: "192.168.9.0/26", node: "blue-0", pool: "ippool-cross-subnet-1" }];
    const { inputs: first } = await check({ ...given, blocks: moved });
    const addresses = ({ workloadAddresses }: Inputs): unknown => workloadAddresses?.map(({ address }) => address);
    const { inputs: renamed } = await check(topologyInputs(manifest({}, "pods")), first);
    assert.deepEqual(
      renamed.blocks?.map(({ cidr, pool }) => [cidr, pool]),
      first.blocks?.map(({ cidr }) => [cidr, "pods"]),
    );
    assert.deepEqual(addresses(renamed), addresses(first));
    const { inputs: other } = await check(topologyInputs(manifest({ cidr: "172.16.0.0/16" }, "pods")), first);
    assert.notDeepEqual(addresses(other), addresses(first));
  });

  it("carries a disabled pool as if it were enabled, as long as it has blocks", async () => {
    const { inputs: first } = await check(topologyInputs());
    const disabled = await check(topologyInputs(manifest({ disabled: true })), first);
    assert.deepEqual(disabled.failures, []);
    assert.deepEqual(disabled.inputs.tunnelAddresses, first.tunnelAddresses);
    const [before, after] = await Promise.all([create(first), create(disabled.inputs)]);
    const plans = (packed: string): unknown => [...planTopology(unpackTopology(packed)).nodes];
    assert.deepEqual(plans(after.outputs.packed), plans(before.outputs.packed));
    const fresh = await check({ ...topologyInputs(manifest({ disabled: true })), workloads: [] });
    assert.deepEqual(fresh.inputs.tunnelAddresses, { "blue-0": {}, "blue-1": {}, "green-0": {} });
  });

  it("a fresh stack gives the same every time, and the twin in another order does not", async () => {
    const given = topologyInputs();
    assert.deepEqual(await check(given), await check(topologyInputs()));
    assert.notDeepEqual(
      (await check({ ...given, hosts: given.hosts.toReversed() })).inputs.blocks,
      (await check(given)).inputs.blocks,
    );
  });

  it("says all that is wrong at once, at its path", async () => {
    const given = topologyInputs(manifest({ cidr: "192.168.0.0/25", blockSize: 26 }));
    const twice = await check({
      ...given,
      hosts: [...given.hosts, ...given.hosts.slice(0, 1)],
      workloads: [{ name: "w", node: "nowhere" }],
    });
    assert.deepEqual(twice.failures.map(({ property }) => property).toSorted(), [
      "hosts[3].name",
      "pools[0].cidr",
      "workloads[0].node",
    ]);
    const malformed = await check({ ...given, hosts: [host("a", "blue", "10.1.1.0/33", "10.1.1.400")] });
    assert.deepEqual(
      malformed.failures.map(({ property }) => property),
      ["hosts[0].address", "hosts[0].subnetCidrBlock"],
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

  it("packs what all hosts share, known in preview", async () => {
    const { inputs } = await check(topologyInputs());
    const { outputs } = await create(inputs, contextOf({ preview: true }));
    const { nodes, paths } = planTopology(unpackTopology(outputs.packed));
    const plan = nodes.get("blue-0") ?? assert.fail();
    assert.deepEqual([...nodes.keys()], ["blue-0", "blue-1", "green-0"]);
    assert.ok(
      plan.routes.some(
        (route) => route.dst === "192.168.0.128/26" && route.dev === "tunl0" && route.via === "10.2.1.4",
      ),
    );
    assert.ok(
      plan.routes.some((route) => route.dst === "192.168.0.64/26" && route.dev === "eth0" && route.via === "10.1.1.5"),
    );
    assert.equal([...paths].length, 6);
    assert.deepEqual(new Set(outputs.assignedWorkloads.map(({ mtu }) => mtu)), new Set([plan.workloadBlocks[0]?.mtu]));
  });

  it("packs the same topology into the same bytes, and in few of them", async () => {
    const { inputs } = await check(topologyInputs());
    const { packed } = (await create(inputs)).outputs;
    assert.equal(packed, (await create(structuredClone(inputs))).outputs.packed);
    const hosts = Array.from({ length: 1000 }, (_, i) =>
      host(`node-${i}`, "blue", "10.1.0.0/16", `10.1.${i >> 8}.${i & 255}`, { rack: `r${i % 40}` }),
    );
    const large = await check({ ...topologyInputs(manifest({ cidr: "100.64.0.0/10" })), hosts, workloads: [] });
    assert.ok((await create(large.inputs)).outputs.packed.length < 60 * hosts.length);
  });

  it("has an owner of its own, which outlives a rename of the stack", async () => {
    const { inputs } = await check(topologyInputs());
    const urn = (stack: string): string => `urn:pulumi:${stack}::net::overlaynet:index:Topology::test`;
    const one = await create(inputs, contextOf({ urn: urn("dev") }));
    const other = await create(inputs, contextOf({ urn: urn("dev") }));
    assert.match(one.outputs.owner, /^net\/dev\/test [0-9a-f]{8}$/);
    assert.notEqual(one.outputs.owner, other.outputs.owner);
    const { owner } = await topology.update(one, inputs, contextOf({ urn: urn("night") }));
    assert.equal(owner, one.outputs.owner.replace("/dev/", "/night/"));
    assert.equal((await topology.diff(one, inputs, contextOf())).changes.size, 0, "not a difference by itself");
  });

  it("matches nodeSelectors against the labels of zone, network and the user", async () => {
    const given = topologyInputs(manifest({ nodeSelector: "overlaynet/network == 'green' || rack == '7'" }));
    const { inputs, failures } = await check({
      ...given,
      hosts: given.hosts.map((one) => (one.name === "blue-1" ? { ...one, labels: { rack: "7" } } : one)),
      workloads: [],
    });
    assert.deepEqual(failures, []);
    assert.deepEqual(
      inputs.blocks?.map(({ node }) => node),
      ["blue-1", "green-0"],
    );
  });

  it("refuses in preview what the networks cannot carry", async () => {
    const reasons = async (inputs: Inputs): Promise<string[]> =>
      (await check(inputs)).failures.map(({ property, reason }) => `${property}: ${reason}`);
    const never = await reasons(topologyInputs(manifest({ ipipMode: "Never" })));
    assert.match(never.join(), /^pools: IP pool ippool-cross-subnet-1 .* are in different subnets/);
    const blocked = { name: "green", protocol4: "Blocked" as const };
    const dropped = await reasons({ ...topologyInputs(), networks: [blocked] });
    assert.match(dropped.join(), /^pools: network green is said to block IP protocol 4, .*: use vxlanMode/);
    for (const text of [manifest({ ipipMode: "Never", vxlanMode: "Always" }), manifest({ disabled: true })])
      assert.deepEqual(await reasons({ ...topologyInputs(text), networks: [blocked], workloads: [] }), []);
    const green = topologyInputs().hosts.filter(({ network }) => network === "green");
    const alone = { ...topologyInputs(), hosts: green, networks: [blocked], workloads: [] };
    assert.deepEqual(await reasons(alone), [], "nothing is encapsulated there");
  });

  it("gives no IPv6 address on hosts that have none, and says so", async () => {
    const both = `${manifest()}---\n${manifest({ cidr: "fd00:10::/48", ipipMode: "Never", blockSize: 122 }, "six")}`;
    const given = topologyInputs(both);
    const twice = given.hosts.flatMap(({ name }) => [0, 1].map((i) => ({ name: `w${i}-${name}`, node: name })));
    const { inputs, failures } = await check({ ...given, workloads: twice });
    assert.deepEqual(failures, []);
    assert.deepEqual(new Set(inputs.workloadAddresses?.map(({ pool }) => pool)), new Set(["ippool-cross-subnet-1"]));
    const { outputs } = await create(inputs);
    assert.ok(!JSON.stringify(outputs.blocks).includes("fd00"));
    assert.ok(
      outputs.warnings.some(({ message }) => message.includes("have no ip6: nothing is routed to or from there")),
    );
  });

  it("logs warnings where they arise", async () => {
    const { inputs } = await check(topologyInputs());
    const context = contextOf();
    const { outputs } = await create({ ...inputs, hostMtu: 590 }, context);
    assert.ok(outputs.warnings.some(({ code }) => code === "MtuTooSmall"));
    assert.equal(context.logs.filter((line) => line.startsWith("warning: ") && line.includes("MtuTooSmall")).length, 1);
    const quiet = contextOf();
    await create((await check(topologyInputs())).inputs, quiet);
    assert.deepEqual(quiet.logs, []);
  });

  it("shows in a preview a line for each pair of subnets, once it changes", async () => {
    const { inputs } = await check(topologyInputs());
    const first = contextOf({ preview: true });
    await create(inputs, first);
    assert.deepEqual(first.logs, [
      [
        "info: 3 nodes in 2 subnets; packets between workloads go",
        "  inside blue 10.1.1.0/24: not encapsulated, 9001 bytes (ippool-cross-subnet-1)",
        "  blue 10.1.1.0/24 - green 10.2.1.0/24: IPIP, 8981 bytes (ippool-cross-subnet-1)",
      ].join("\n"),
    ]);
    const same = contextOf({ preview: true });
    await topology.update(await create(inputs), inputs, same);
    assert.deepEqual(same.logs, []);
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
    const stale = { ...old, outputs: { ...old.outputs, packed: "" } };
    const diff = await topology.diff(stale, inputs, contextOf());
    assert.deepEqual([...diff.changes.keys()], ["packed"]);
    assert.deepEqual(diff.outputChanges, ["packed"]);
  });

  it("knows blocks, addresses and refusals while hosts' addresses are unknown", async () => {
    const given = topologyInputs();
    const unknown = (inputs: Inputs): Inputs => ({
      ...inputs,
      hosts: inputs.hosts.map((one) => (one.name === "blue-1" ? { ...one, address: UNKNOWN } : one)),
    });
    const { inputs, failures } = await check(unknown(given));
    assert.deepEqual(failures, []);
    const { outputs } = await topology.create(inputs, contextOf({ preview: true }));
    const known = (await create((await check(given)).inputs)).outputs;
    assert.deepEqual(outputs.blocks, known.blocks);
    assert.deepEqual(outputs.assignedWorkloads, known.assignedWorkloads);
    assert.deepEqual([outputs.packed, outputs.owner], [UNKNOWN, UNKNOWN]);
    const refused = await check(unknown(topologyInputs(manifest({ ipipMode: "Never" }))));
    assert.equal(refused.failures.length, 1, "the hosts that are known are in two subnets");
  });

  it("is unknown as long as a label or a pool is", async () => {
    const given = topologyInputs();
    const { inputs, failures } = await check({ ...given, pools: UNKNOWN as never });
    assert.deepEqual(failures, []);
    const { outputs } = await topology.create(inputs, contextOf({ preview: true }));
    assert.deepEqual([outputs.packed, outputs.blocks], [UNKNOWN, UNKNOWN]);
  });

  it("tells which machines are on a link, without making that a fact of all hosts", async () => {
    const with_ = async (incarnation: string): Promise<Parameters<typeof topology.diff>[0]["outputs"]> => {
      const given = topologyInputs();
      const hosts = given.hosts.map((one) => (one.name === "blue-1" ? { ...one, incarnation } : one));
      return (await create((await check({ ...given, hosts })).inputs, contextOf({ preview: true }))).outputs;
    };
    const [one, other, unknown] = [await with_("i-1"), await with_("i-2"), await with_(UNKNOWN)];
    assert.equal(one.packed, other.packed);
    assert.notEqual(one.links["10.1.1.0/24"], other.links["10.1.1.0/24"]);
    assert.equal(one.links["10.2.1.0/24"], other.links["10.2.1.0/24"]);
    assert.deepEqual(unknown.links, { "10.1.1.0/24": UNKNOWN, "10.2.1.0/24": one.links["10.2.1.0/24"] });
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
      const { nodes, paths } = planTopology(unpackTopology(outputs.packed));
      for (const plan of nodes.values()) assert.deepEqual([plan.vxlan?.vni, plan.vxlan?.port], [42, 8472]);
      assert.deepEqual([...paths][0]?.outer, { source: "10.1.1.4", destination: "10.1.1.5", port: 8472, vni: 42 });
    });
  });
});
