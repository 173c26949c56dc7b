import assert from "node:assert/strict";
import { wellFormedKey } from "../../../provider/src/resources/ssh-key";
import { UNKNOWN } from "../../../wire/property-value";
import { topologyInputs } from "../../support/topologies";
import { FakeEngine } from "./fake-engine";
import { FakeNode } from "./fake-node";
import { Plugin, PROVIDER, secret } from "./plugin";

interface Topology {
  readonly packed: string;
  readonly assignedWorkloads: readonly {
    readonly name: string;
    readonly node: string;
    readonly pool: string;
    readonly address: string;
    readonly mtu: number;
  }[];
}

describe("the started provider, over gRPC and ssh", () => {
  const engine = new FakeEngine();
  let plugin: Plugin;
  let node: FakeNode;
  let topology: Topology;

  before(async () => {
    plugin = await Plugin.start(PROVIDER, await engine.start());
    const checked = (await plugin.check("Topology", topologyInputs())).getInputs()?.toJavaScript() ?? {};
    topology = (await plugin.create("Topology", checked)).getProperties()?.toJavaScript() as object as Topology;
  });
  after(async () => {
    await plugin.stop();
    engine.stop();
  });
  beforeEach(async () => {
    node = await new FakeNode().start();
  });
  afterEach(() => node.stop());

  const onNode = (of: FakeNode): object => ({
    node: "blue-0",
    incarnation: "i-1",
    connection: { ...of.target, privateKey: secret(of.target.privateKey) },
  });
  const tunnel = (of: FakeNode): object => ({
    ...onNode(of),
    encapsulation: "IPIP",
    topology: topology.packed,
  });

  it("makes keys, unknown in preview and secret afterwards", async () => {
    const preview = (await plugin.create("SshKey", {}, { preview: true })).getProperties()?.toJavaScript();
    assert.deepEqual(preview, { privateKey: secret(UNKNOWN), publicKey: UNKNOWN, fingerprint: UNKNOWN });
    const created = await plugin.create("SshKey", {});
    const { privateKey, publicKey, fingerprint } = created.getProperties()?.toJavaScript() as {
      privateKey: { value: string };
      publicKey: string;
      fingerprint: string;
    };
    assert.deepEqual(privateKey, secret(privateKey.value));
    assert.match(privateKey.value, /^-----BEGIN OPENSSH PRIVATE KEY-----/);
    assert.match(publicKey, /^ssh-ed25519 AAAA\S+$/);
    assert.match(fingerprint, /^SHA256:\S{43}$/);
    assert.equal(created.getId(), fingerprint);
  });

  it("brings tunnel, routes and workload onto a node over one connection, with the digests of the preview", async () => {
    const workload = topology.assignedWorkloads.find((one) => one.node === "blue-0");
    assert.ok(workload);
    const { name, pool, address, mtu } = workload;
    const resources: readonly (readonly [string, object])[] = [
      ["Tunnel", tunnel(node)],
      ["Routes", { ...onNode(node), topology: topology.packed, tunnelsReady: "t" }],
      ["Workload", { ...onNode(node), name, pool, address, mtu, routes: "r" }],
    ];
    for (const [type, inputs] of resources) {
      const preview = await plugin.create(type, inputs, { preview: true });
      const created = await plugin.create(type, inputs);
      assert.deepEqual(created.getProperties()?.toJavaScript(), preview.getProperties()?.toJavaScript(), type);
    }
    assert.deepEqual([...node.parts.keys()], ["tunnel-ipip", "routes", `workload-${name}`]);
    assert.deepEqual(node.commands, [
      "install-part tunnel-ipip",
      "install-part routes",
      `install-part workload-${name}`,
    ]);
    assert.equal(node.connections, 1);
  });

  it("sees what was changed on the node, mends it, and takes it off again", async () => {
    const inputs = tunnel(node);
    const created = await plugin.create("Tunnel", inputs);
    const outputs = created.getProperties()?.toJavaScript() ?? {};
    const state = { inputs, outputs };
    assert.deepEqual((await plugin.read("Tunnel", created.getId(), state)).getProperties()?.toJavaScript(), outputs);

    node.deviations.set("tunnel-ipip", "link tunl0 is missing");
    const drifted = (await plugin.read("Tunnel", created.getId(), state)).getProperties()?.toJavaScript() ?? {};
    assert.deepEqual(drifted, { ...outputs, digest: "deviates: link tunl0 is missing" });
    assert.deepEqual(
      (await plugin.diff("Tunnel", created.getId(), { inputs, outputs: drifted }, inputs)).getDiffsList(),
      ["digest"],
    );
    assert.deepEqual(
      (await plugin.update("Tunnel", created.getId(), { inputs, outputs: drifted }, inputs))
        .getProperties()
        ?.toJavaScript(),
      outputs,
    );
    assert.equal(node.deviations.size, 0);

    await plugin.delete("Tunnel", created.getId(), state);
    assert.equal(node.parts.size, 0);
    assert.equal((await plugin.read("Tunnel", created.getId(), state)).getId(), "");
  });

  it("fails with host, operation, attempts and last cause when the node does not answer in time", async () => {
    const gone = await new FakeNode().start();
    await gone.stop();
    await assert.rejects(plugin.create("Tunnel", tunnel(gone), { timeout: 1 }), (error: Error) => {
      assert.match(
        error.message,
        /IPIP tunnel of node blue-0 could not be brought there: root@127\.0\.0\.1:\d+: could not connect within \S+ s and \d+ attempts?; last cause: connection refused/,
      );
      return true;
    });
  });

  it("refuses another host key, with the fingerprints expected and seen, and shows no key", async () => {
    const other = wellFormedKey();
    const impostor = { ...node.target, hostKey: other.publicKey };
    engine.messages.length = 0;
    await assert.rejects(
      plugin.create("Tunnel", {
        ...tunnel(node),
        connection: { ...impostor, privateKey: secret(impostor.privateKey) },
      }),
      (error: Error) => {
        assert.ok(
          error.message.includes(`expected ${other.fingerprint}`) &&
            error.message.includes(`saw ${node.hostKey.fingerprint}`),
          error.message,
        );
        const shown = [error.message, ...engine.messages.map(({ message }) => message)].join("\n");
        assert.doesNotMatch(shown, /PRIVATE KEY/);
        return true;
      },
    );
    assert.deepEqual(node.commands, []);
  });

  it("names in check what cannot be a part", async () => {
    const response = await plugin.check("Workload", {
      ...onNode(node),
      name: "Up Per",
      pool: "p",
      address: "192.168.0.1",
      mtu: 1500,
      routes: "r",
    });
    assert.match(
      response
        .getFailuresList()
        .map((failure) => failure.getReason())
        .join(),
      /"Up Per" is not the name of a workload/,
    );
    assert.equal(node.connections, 0);
  });
});
