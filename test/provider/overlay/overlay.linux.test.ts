import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import * as pulumi from "@pulumi/pulumi";
import { unpackTopology } from "../../../provider/src/plan/packed-topology";
import { SshKey } from "../../../provider/src/generated/child-resources";
import { manifest } from "../../support/ip-pool";
import { processesOf } from "../../support/processes";
import { FakeNode } from "../serve/fake-node";
import { steps, testStack, type TestStack } from "../serve/stack";

/** As the generated SDK has it, in any version: what a program of a user registers. */
class Overlay extends pulumi.ComponentResource {
  declare readonly topology: pulumi.Output<string>;
  declare readonly blocks: pulumi.Output<readonly { readonly cidr: string; readonly node: string }[]>;
  declare readonly workloads: pulumi.Output<readonly { readonly name: string; readonly address: string }[]>;

  constructor(
    name: string,
    args: object,
    options: pulumi.ComponentResourceOptions & { readonly version?: string } = {},
  ) {
    const outputs = { nodes: undefined, workloads: undefined, topology: undefined, blocks: undefined, ssh: undefined };
    super("overlaynet:index:Overlay", name, { ...outputs, ...args }, options, true);
  }
}

/** An address that is not known before the update, as another resource's output is. */
function later(address: string): pulumi.Output<string> {
  return new SshKey(`before-${address}`).fingerprint.apply(() => address);
}

const PLACES = [
  { name: "a", network: "blue", address: "10.1.0.4", subnetCidrBlock: "10.1.0.0/24" },
  { name: "b", network: "blue", address: "10.1.0.5", subnetCidrBlock: "10.1.0.0/24" },
  { name: "c", network: "green", address: "10.2.0.4", subnetCidrBlock: "10.2.0.0/24" },
];
const IPIP = manifest();
const VXLAN = manifest({ ipipMode: "Never", vxlanMode: "Always" });

describe("an Overlay over hosts", function () {
  this.timeout(180_000);
  let nodes: FakeNode[];
  let test: TestStack;
  let program: () => void;
  const events: EngineEvent[] = [];
  const options = { onEvent: (event: EngineEvent): void => void events.push(event), suppressProgress: true };

  /** Runs an operation; what it did to resources, and on hosts. */
  async function doing(operation: () => Promise<unknown>): Promise<{ steps: string[]; commands: string[] }> {
    events.length = 0;
    for (const node of nodes) node.commands.length = 0;
    await operation();
    return {
      steps: steps(events).toSorted(),
      commands: nodes.flatMap((node, i) => node.commands.map((command) => `${PLACES[i]?.name} ${command}`)).toSorted(),
    };
  }
  const up = (): ReturnType<typeof doing> => doing(() => test.stack.up(options));
  const preview = (): ReturnType<typeof doing> => doing(() => test.stack.preview(options));
  const said = (): string =>
    events
      .flatMap(({ diagnosticEvent }) => (diagnosticEvent === undefined ? [] : [diagnosticEvent.message]))
      .join("\n");
  const hosts = (change: (place: (typeof PLACES)[number]) => object = () => ({})): object[] =>
    PLACES.map((place, i) => ({ ...place, ssh: sshOf(nodes[i]), ...change(place) }));
  const overlay = (others: object = {}): object => ({
    ipPools: IPIP,
    networks: [{ name: "blue", mtu: 9001 }, { name: "green" }],
    hosts: hosts(),
    workloadsPerNode: 1,
    ...others,
  });

  beforeEach(async () => {
    nodes = await Promise.all(PLACES.map(() => new FakeNode().start()));
    test = await testStack(async () => program());
  });
  afterEach(async () => {
    await test.remove();
    await Promise.all(nodes.map((node) => node.stop()));
  });

  it("is previewed, made, left alone, switched and taken away", async () => {
    let args = overlay();
    program = () => void new Overlay("joined", args);
    const planned = await preview();
    assert.equal(
      nodes.reduce((sum, { connections }) => sum + connections, 0),
      0,
      "a preview asks no host",
    );
    assert.match(said(), /inside blue 10\.1\.0\.0\/24: not encapsulated, 9001 bytes/);
    assert.match(said(), /blue 10\.1\.0\.0\/24 - green 10\.2\.0\.0\/24: IPIP, 1480 bytes/);
    const made = await up();
    assert.deepEqual(made.steps, planned.steps);
    const brought = ["install-part routes", "install-part tunnel-ipip"];
    assert.deepEqual(
      made.commands,
      PLACES.flatMap(({ name }) => [...brought, `install-part workload-${name}-w0`].map((c) => `${name} ${c}`)),
    );

    // Another order of the same hosts, another way to one: nothing.
    args = overlay({ hosts: hosts().toReversed() });
    assert.deepEqual(await up(), { steps: ["update Topology joined"], commands: [] });
    assert.deepEqual(await up(), { steps: [], commands: [] });

    args = overlay({ ipPools: VXLAN });
    const switched = await up();
    assert.ok(
      switched.steps.includes("delete Tunnel joined-a-ipip") && switched.steps.includes("create Tunnel joined-c-vxlan"),
    );
    assert.ok(nodes.every(({ parts }) => parts.has("tunnel-vxlan") && !parts.has("tunnel-ipip")));

    await doing(() => test.stack.destroy(options));
    assert.deepEqual(
      nodes.map(({ parts }) => parts.size),
      [0, 0, 0],
    );
  });

  it("keeps what hosts share once, whatever their number, and no key in the clear", async () => {
    program = () => void new Overlay("joined", overlay());
    await up();
    const { resources, text } = await test.state();
    const packed = resources.find(({ urn }) => urn.includes("Topology::"))?.outputs?.["packed"];
    assert.deepEqual(
      unpackTopology(String(packed)).nodes.map(({ name }) => name),
      ["a", "b", "c"],
    );
    const onHosts = resources.filter(({ urn }) => /:(?:Tunnel|Routes|Workload)::/.test(urn));
    assert.equal(onHosts.length, 9);
    for (const { urn } of onHosts) {
      const one = JSON.stringify(resources.find((resource) => resource.urn === urn));
      assert.ok(!one.includes(String(packed)) && !one.includes("10.2.0.0/24"), urn);
      assert.ok(one.length < 3600, `${urn} takes ${one.length} bytes`);
    }
    assert.doesNotMatch(text, /PRIVATE KEY/);
    // Names and parents of what is made, kept from here on.
    assert.deepEqual(
      resources
        .map(({ urn }) => urn.split("::").slice(2).join("::").replaceAll("overlaynet:index:", ""))
        .filter((name) => !name.startsWith("pulumi:"))
        .toSorted(),
      [
        ...["IpPools", "Topology", "TunnelsReady"].map((type) => `Overlay$${type}::joined`),
        ...PLACES.flatMap(({ name }) => [
          `Overlay$Routes::joined-${name}`,
          `Overlay$Tunnel::joined-${name}-ipip`,
          `Overlay$Workload::joined-${name}-w0`,
        ]),
        "Overlay::joined",
      ].toSorted(),
    );
  });

  it("finds what hosts share by whatever version and provider it is made, and beside another one", async () => {
    const another = PLACES.slice(2).map((place) => ({ ...place, ssh: sshOf(nodes[2]) }));
    program = () => {
      const explicit = new (class extends pulumi.ProviderResource {
        constructor() {
          super("overlaynet", "mine", {});
        }
      })();
      new Overlay("explicit", overlay({ hosts: hosts().slice(0, 1) }), { provider: explicit });
      new Overlay("later", overlay({ hosts: hosts().slice(1, 2) }), { version: "0.1.7" });
      new Overlay("plain", overlay({ hosts: another }));
    };
    await up();
    assert.deepEqual(
      nodes.map(({ parts }) => parts.size),
      [3, 3, 3],
    );
    assert.deepEqual((await up()).steps, []);
    const { resources } = await test.state();
    for (const name of ["explicit", "later", "plain"]) {
      const providers = new Set(
        resources
          .filter(({ urn }) => urn.includes(`::${name}`) && !urn.includes("pulumi:providers"))
          .flatMap((resource) => Reflect.get(resource, "provider") ?? []),
      );
      assert.equal(providers.size, 1, `${name}: ${[...providers].join()}`);
    }
  });

  it("knows blocks and refusals while addresses are unknown", async () => {
    let pools = IPIP;
    program = () => {
      const place = later("10.1.0.4");
      const own = hosts(({ name }) => (name === "a" ? { address: place } : {}));
      const { blocks } = new Overlay("joined", overlay({ ipPools: pools, hosts: own }));
      blocks.apply((known) => void pulumi.log.info(`blocks: ${known.map(({ cidr }) => cidr).join()}`));
    };
    await preview();
    assert.match(said(), /blocks: 192\.168\.0\.0\/26,192\.168\.0\.64\/26,192\.168\.0\.128\/26/);
    pools = manifest({ ipipMode: "Never" });
    await assert.rejects(preview());
    assert.match(said(), /different subnets/);
    pools = IPIP;
    await up();
    assert.ok(nodes.every(({ parts }) => parts.has("routes")));
  });

  it("says all that is wrong with its arguments at once, and makes nothing", async () => {
    program = () =>
      void new Overlay("joined", {
        ipPools: "kind: IPPool",
        hosts: [
          { name: "A", address: "10.1.0.4", subnetCidrBlock: "10.1.0.0/24", network: "red" },
          { ...PLACES[0], network: "blue", ssh: { ...sshOf(nodes[0]), hostKey: undefined } },
          { ...PLACES[0], network: "blue", ssh: sshOf(nodes[0]) },
        ],
        networks: [{ name: "blue" }, { name: "blue" }],
      });
    await assert.rejects(preview());
    for (const path of [
      "ipPools",
      "networks[1].name",
      "hosts[0].name",
      "hosts[0].network",
      "hosts[0].ssh.privateKey",
      "hosts[0].ssh.hostKey",
      "hosts[1].ssh.hostKey",
      "hosts[2].name",
    ])
      assert.ok(said().includes(path), `${path} in ${said()}`);
    assert.deepEqual((await test.state().catch(() => ({ resources: [] }))).resources, []);
  });

  it("goes on without a host that is not reached where that is asked for, and heals it when it is back", async () => {
    let args = overlay({ unreachable: "Skip" });
    program = () => void new Overlay("joined", args);
    await up();
    const [, away] = nodes;
    await away?.stop();
    test.environment["OVERLAYNET_SSH_DEADLINE"] = "4";
    args = overlay({ unreachable: "Skip", ipPools: VXLAN });
    await up();
    assert.match(said(), /VXLAN tunnel of node b could not be brought there: .*; skipped, the next update tries again/);
    for (const node of [nodes[0], nodes[2]])
      assert.deepEqual([...(node?.parts.keys() ?? [])].map((name) => name.replace(/-[ac]-/, "-X-")).toSorted(), [
        "routes",
        "tunnel-vxlan",
        "workload-X-w0",
      ]);
    await away?.start();
    const healed = await up();
    assert.ok(
      healed.commands.every((command) => command.startsWith("b ")),
      healed.commands.join(),
    );
    assert.deepEqual([...(away?.parts.keys() ?? [])].toSorted(), ["routes", "tunnel-vxlan", "workload-b-w0"]);
    assert.deepEqual((await up()).steps, []);

    // The twin: without it, the update fails.
    await away?.stop();
    args = overlay();
    await assert.rejects(up());
  });

  it("is updated in part with --target, after a refresh, and after a provider that was killed", async () => {
    let args = overlay();
    program = () => void new Overlay("joined", args);
    await up();
    const { resources } = await test.state();
    const routes = resources.find(({ urn }) => urn.endsWith("Routes::joined-a"))?.urn ?? assert.fail();
    nodes[0]?.deviations.set("routes", "route 192.168.0.64/26 is missing");
    nodes[1]?.deviations.set("routes", "route 192.168.0.0/26 is missing");
    await doing(() => test.stack.refresh(options));
    // Topology is no target: its outputs come from the state, and lead to what hosts share all the same.
    const targeted = await doing(() => test.stack.up({ ...options, target: [routes] }));
    assert.deepEqual(targeted, { steps: ["update Routes joined-a"], commands: ["a install-part routes"] });
    assert.deepEqual(await doing(() => test.stack.up({ ...options, refresh: true })), {
      steps: ["update Routes joined-b"],
      commands: [
        ...PLACES.flatMap(({ name }) => Array<string>(3).fill(`${name} digests`)),
        "b install-part routes",
      ].toSorted(),
    });

    args = overlay({ ipPools: VXLAN });
    const run = randomUUID();
    test.environment["OVERLAYNET_TEST_RUN"] = run;
    const killed: number[] = [];
    for (const node of nodes)
      node.onCommand = async () => {
        const plugin = processesOf(run).find(({ commandLine }) => commandLine.includes("provider/src/main.js"));
        if (plugin === undefined || killed.length > 0) return;
        killed.push(plugin.pid);
        process.kill(plugin.pid, "SIGKILL");
      };
    await assert.rejects(up());
    assert.equal(killed.length, 1);
    for (const node of nodes) node.onCommand = async () => undefined;
    await up();
    assert.ok(nodes.every(({ parts }) => parts.has("tunnel-vxlan") && !parts.has("tunnel-ipip")));
    assert.deepEqual((await up()).steps, []);
  });
});

function sshOf(node: FakeNode | undefined): object {
  assert.ok(node);
  const { host, port, privateKey, hostKey } = node.target;
  return { host, port, privateKey: pulumi.secret(privateKey), hostKey };
}
