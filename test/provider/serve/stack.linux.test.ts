import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import {
  IpPools,
  Routes,
  SshKey,
  Topology,
  Tunnel,
  TunnelsReady,
  Workload,
} from "../../../provider/src/generated/child-resources";
import { manifest } from "../../support/ip-pool";
import { host } from "../../support/topologies";
import { FakeNode } from "./fake-node";
import { steps, testStack, type TestStack } from "./stack";

/** What the program is to say; tests change it between updates. */
interface Wanted {
  manifests: string;
  instanceIds: string[];
  proxyCommand?: string;
}

/** The graph of Cluster without AWS: nodes that are there already. */
function program(nodes: readonly FakeNode[], wanted: Wanted): () => Promise<pulumi.Output<unknown>> {
  return async () => {
    new SshKey("key");
    const pools = new IpPools("pools", { manifests: wanted.manifests, source: "pools.yaml" });
    const places = [
      host("blue-0", "blue", "10.1.1.0/24", "10.1.1.4"),
      host("blue-1", "blue", "10.1.1.0/24", "10.1.1.5"),
      host("green-0", "green", "10.2.1.0/24", "10.2.1.4"),
    ];
    const topology = new Topology("topology", {
      pools: pools.pools,
      hosts: places,
      workloads: places.map(({ name }) => ({ name: `w-${name}`, node: name })),
    });
    const encapsulation = wanted.manifests.includes("vxlanMode") ? "VXLAN" : "IPIP";
    const onNodes = nodes.map((node, index) => {
      const name = places[index]?.name ?? "";
      const connection = {
        ...node.target,
        privateKey: pulumi.secret(node.target.privateKey),
        proxyCommand: wanted.proxyCommand,
      };
      return {
        name,
        args: { node: name, incarnation: wanted.instanceIds[index] ?? "", connection },
      };
    });
    const tunnels = onNodes.map(
      ({ name, args }) =>
        new Tunnel(`${name}-${encapsulation.toLowerCase()}`, { ...args, topology: topology.packed, encapsulation }),
    );
    const ready = new TunnelsReady("ready", { tunnels: tunnels.map(({ digest }) => digest) });
    for (const { name, args } of onNodes) {
      const routes = new Routes(name, { ...args, topology: topology.packed, tunnelsReady: ready.digest });
      const workload = topology.assignedWorkloads.apply((all) => {
        const found = all.find((one) => one.node === name);
        if (found === undefined) throw new Error(`no workload on ${name}`);
        return found;
      });
      new Workload(name, {
        ...args,
        name: workload.name,
        pool: workload.pool,
        address: workload.address,
        mtu: workload.mtu,
        routes: routes.digest,
      });
    }
    return pulumi.output({ blocks: topology.blocks, topology: topology.packed });
  };
}

describe("a stack of custom resources on nodes", function () {
  this.timeout(120_000);
  let nodes: FakeNode[];
  let wanted: Wanted;
  let test: TestStack;
  const events: EngineEvent[] = [];
  const options = { onEvent: (event: EngineEvent): void => void events.push(event), suppressProgress: true };

  const commands = (): string[] =>
    nodes.flatMap((node, index) => node.commands.map((command) => `${index} ${command}`));
  /** Runs an operation; what it did to resources and on nodes. */
  async function doing<T>(
    operation: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly steps: string[]; readonly commands: string[] }> {
    events.length = 0;
    for (const node of nodes) node.commands.length = 0;
    const result = await operation();
    return { result, steps: steps(events), commands: commands() };
  }
  const up = (): ReturnType<typeof doing> => doing(() => test.stack.up(options));
  const preview = (): ReturnType<typeof doing> => doing(() => test.stack.preview(options));
  const diagnostics = (): string =>
    events
      .flatMap(({ diagnosticEvent }) => (diagnosticEvent === undefined ? [] : [diagnosticEvent.message]))
      .join("\n");

  beforeEach(async () => {
    events.length = 0;
    nodes = await Promise.all([0, 1, 2].map(() => new FakeNode().start()));
    wanted = { manifests: manifest(), instanceIds: ["i-0", "i-1", "i-2"] };
    test = await testStack(() => program(nodes, wanted)());
  });
  afterEach(async () => {
    await test.remove();
    await Promise.all(nodes.map((node) => node.stop()));
  });

  it("is previewed with all that is to come, created as previewed, left alone, and changed where it has to be", async () => {
    // Preview: everything known, nobody asked.
    const planned = await preview();
    assert.equal(planned.steps.length, 13);
    assert.deepEqual(
      nodes.map(({ connections }) => connections),
      [0, 0, 0],
    );
    const digests = new Map(
      events.flatMap(({ resOutputsEvent }) => {
        const state = resOutputsEvent?.metadata.new;
        return state === undefined
          ? []
          : [[state.urn, (state.outputs as { digest?: string } | undefined)?.digest] as const];
      }),
    );

    const created = await up();
    assert.equal(created.steps.length, 13);
    assert.deepEqual(
      created.commands.toSorted(),
      [0, 1, 2].flatMap((n) => [
        `${n} install-part routes`,
        `${n} install-part tunnel-ipip`,
        `${n} install-part workload-w-${["blue-0", "blue-1", "green-0"][n]}`,
      ]),
    );
    // Tunnels stand on all nodes before any routes into them.
    assert.deepEqual(
      nodes.map(({ connections }) => connections),
      [1, 1, 1],
    );
    const state = await test.state();
    const parts = state.resources.filter(({ urn }) => /:(?:Tunnel|Routes|Workload)::/.test(urn));
    assert.equal(parts.length, 9);
    for (const { urn, outputs } of parts)
      assert.equal(digests.get(urn), outputs?.["digest"], `${urn} was not known in preview`);
    assert.match(state.text, /SHA256:/);
    assert.ok(!state.text.includes("PRIVATE KEY"), "a private key is in the clear in the state");

    // No change: no step, no ssh. Neither for another way to the nodes.
    for (const proxyCommand of [undefined, "exec socat - TCP:%h:%p"]) {
      wanted.proxyCommand = proxyCommand;
      const again = await up();
      assert.deepEqual([again.steps, again.commands], [[], []]);
      // The state knows the new way all the same: a deletion goes by it.
      assert.equal((await test.state()).text.includes("exec socat"), proxyCommand !== undefined);
    }
    wanted.proxyCommand = undefined;
    await up();

    // A changed pool goes to every node, which keeps the pools beside its routes; nothing else moves.
    wanted.manifests = manifest({ ipipMode: "Always" });
    const changed = await up();
    assert.deepEqual(changed.commands, ["0 install-part routes", "1 install-part routes", "2 install-part routes"]);
    assert.deepEqual(changed.steps.toSorted(), [
      "update IpPools pools",
      "update Routes blue-0",
      "update Routes blue-1",
      "update Routes green-0",
      "update Topology topology",
    ]);
  });

  it("shows drift in a refresh, is mended there alone, comes to a new instance, and goes without a trace", async () => {
    await up();
    // Drift is seen by a refresh, and mended by the next update, there alone.
    nodes[1]?.deviations.set("routes", "route 192.168.0.0/26 is missing");
    const refreshed = await doing(() => test.stack.refresh(options));
    assert.equal(refreshed.commands.filter((command) => command.endsWith(" digests")).length, 9);
    assert.ok((await test.state()).text.includes("deviates: route 192.168.0.0/26 is missing"));
    const mended = await up();
    assert.deepEqual([mended.steps, mended.commands], [["update Routes blue-1"], ["1 install-part routes"]]);

    // A part that is gone is made again.
    nodes[2]?.parts.delete("workload-w-green-0");
    await doing(() => test.stack.refresh(options));
    const remade = await up();
    assert.deepEqual(
      [remade.steps, remade.commands],
      [["create Workload green-0"], ["2 install-part workload-w-green-0"]],
    );

    // A new instance gets all that was on the old one; the others are left alone.
    nodes[0]?.parts.clear();
    wanted.instanceIds[0] = "i-9";
    const replaced = await up();
    assert.deepEqual(
      replaced.commands.filter((command) => !command.startsWith("0 ")),
      [],
    );
    assert.deepEqual([...(nodes[0]?.parts.keys() ?? [])].toSorted(), ["routes", "tunnel-ipip", "workload-w-blue-0"]);
    assert.deepEqual(replaced.steps.toSorted(), [
      "update Routes blue-0",
      "update Tunnel blue-0-ipip",
      "update Workload blue-0",
    ]);
    assert.ok(replaced.commands.every((command) => command.includes("install-part")));

    const destroyed = await doing(() => test.stack.destroy(options));
    assert.equal(destroyed.steps.length, 13);
    assert.deepEqual(
      nodes.map(({ parts }) => parts.size),
      [0, 0, 0],
    );
    // Routes go before the tunnels they lead into.
    for (const n of [0, 1, 2]) {
      const own = destroyed.commands.filter((command) => command.startsWith(`${n} `));
      assert.ok(own.indexOf(`${n} remove-part routes`) < own.indexOf(`${n} remove-part tunnel-ipip`));
    }
  });

  it("switches the encapsulation by making before breaking", async () => {
    await up();
    wanted.manifests = manifest({ ipipMode: "Never", vxlanMode: "CrossSubnet" });
    const order: string[] = [];
    nodes.forEach((node, index) => (node.onCommand = async () => void order.push(`${index} ${node.commands.at(-1)}`)));
    await up();
    const all = (command: string): number[] => [0, 1, 2].map((n) => order.indexOf(`${n} ${command}`));
    assert.ok(
      [...all("install-part tunnel-vxlan"), ...all("install-part routes"), ...all("remove-part tunnel-ipip")].every(
        (at) => at >= 0,
      ),
      order.join("\n"),
    );
    assert.ok(
      Math.max(...all("install-part tunnel-vxlan")) < Math.min(...all("install-part routes")),
      order.join("\n"),
    );
    assert.ok(Math.max(...all("install-part routes")) < Math.min(...all("remove-part tunnel-ipip")), order.join("\n"));
  });

  it("carries an error on the node that cannot be reached alone, and heals", async () => {
    await nodes[1]?.stop();
    // Long enough for the others on a busy machine.
    test.environment["OVERLAYNET_SSH_DEADLINE"] = "8";
    await assert.rejects(up());
    assert.match(
      diagnostics(),
      /root@127\.0\.0\.1:\d+: could not connect within \S+ s and \d+ attempts?; last cause: connection refused/,
    );
    assert.ok(nodes[0]?.parts.has("tunnel-ipip") && nodes[2]?.parts.has("tunnel-ipip"));
    await nodes[1]?.start();
    delete test.environment["OVERLAYNET_SSH_DEADLINE"];
    const healed = await up();
    assert.deepEqual(
      healed.commands.filter((command) => command.includes("tunnel")),
      ["1 install-part tunnel-ipip"],
    );
    assert.deepEqual(
      nodes.map(({ parts }) => parts.size),
      [3, 3, 3],
    );
  });

  it("keeps a half-done part with what went wrong, and heals it", async () => {
    const failing = nodes[1];
    assert.ok(failing);
    failing.failWith = 4;
    await assert.rejects(up());
    const initErrors = (await test.state()).resources.flatMap(({ urn, initErrors: errors }) =>
      (errors ?? []).map((error) => `${urn.split("::").at(-1)}: ${error}`),
    );
    assert.equal(initErrors.length, 1);
    assert.match(
      initErrors[0] ?? "",
      /^blue-1-ipip: IPIP tunnel of node blue-1 is not in force: root@127\.0\.0\.1:\d+: .*exit code 4/s,
    );
    failing.failWith = undefined;
    const healed = await up();
    assert.ok(healed.steps.includes("update Tunnel blue-1-ipip"));
    assert.deepEqual(
      healed.commands.filter((command) => command.includes("tunnel")),
      ["1 install-part tunnel-ipip"],
    );
  });

  it("fails the preview of a bad manifest with Calico's sentence at field, line and column, and touches nothing", async () => {
    wanted.manifests = manifest({ cidr: "192.168.0.1/16", vxlanMode: "Always" });
    await assert.rejects(preview());
    assert.match(diagnostics(), /ipPools\[0\]\.spec/);
    assert.match(diagnostics(), /\(pools\.yaml:\d+:\d+\)/);
    assert.deepEqual(
      nodes.map(({ connections }) => connections),
      [0, 0, 0],
    );
  });

  it("ends a refresh and a destroy with a dead node, with a word on how to go on", async () => {
    await up();
    await nodes[2]?.stop();
    test.environment["OVERLAYNET_SSH_DEADLINE"] = "4";
    await doing(() => test.stack.refresh(options));
    assert.match(diagnostics(), /taken as unchanged: root@127\.0\.0\.1/);
    await assert.rejects(doing(() => test.stack.destroy(options)));
    assert.match(diagnostics(), /OVERLAYNET_DELETE_UNREACHABLE=true/);
    test.environment["OVERLAYNET_DELETE_UNREACHABLE"] = "true";
    await doing(() => test.stack.destroy(options));
    assert.deepEqual((await test.state()).resources, []);
  });
});
