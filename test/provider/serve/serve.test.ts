import assert from "node:assert/strict";
import type * as grpc from "@grpc/grpc-js";
import * as rpc from "@pulumi/pulumi/proto/provider_pb";
import { PluginAttach } from "@pulumi/pulumi/proto/plugin_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import schema from "../../../provider/schema.json";
import { UNKNOWN } from "../../../wire/property-value";
import { manifest } from "../../support/ip-pool";
import { topologyInputs } from "../../support/topologies";
import { FakeEngine } from "./fake-engine";
import { answer, FIXTURE, Plugin, secret, struct, urn } from "./plugin";

const CONNECTION = {
  host: "good",
  port: 22,
  user: "root",
  privateKey: secret("SECRET-KEY"),
  hostKey: "ssh-ed25519 AAAA",
};
const ROUTES = { node: "blue-0", incarnation: "i-1", connection: CONNECTION, topology: "p1", tunnelsReady: "t" };
const on = (host: string): typeof ROUTES => ({ ...ROUTES, connection: { ...CONNECTION, host } });
const { UPDATE, UPDATE_REPLACE } = rpc.PropertyDiff.Kind;
const { DIFF_NONE, DIFF_SOME } = rpc.DiffResponse.DiffChanges;

describe("the gRPC seam", () => {
  let engine: FakeEngine;
  let address: string;
  let plugin: Plugin;

  before(async () => {
    engine = new FakeEngine();
    address = await engine.start();
    plugin = await Plugin.start(FIXTURE, address);
  });
  after(async () => {
    await plugin.stop();
    engine.stop();
  });

  it("shakes hands, and says that it understands secrets and previews", async () => {
    const request = new rpc.ProviderHandshakeRequest().setEngineAddress(address);
    const hands = await answer<rpc.ProviderHandshakeResponse>((callback) => plugin.client.handshake(request, callback));
    assert.deepEqual(
      [hands.getAcceptSecrets(), hands.getAcceptResources(), hands.getAcceptOutputs()],
      [true, true, true],
    );
    const configured = await answer<rpc.ConfigureResponse>((callback) =>
      plugin.client.configure(new rpc.ConfigureRequest(), callback),
    );
    assert.deepEqual([configured.getAcceptsecrets(), configured.getSupportspreview()], [true, true]);
  });

  it("gives its schema and version", async () => {
    const response = await answer<rpc.GetSchemaResponse>((callback) =>
      plugin.client.getSchema(new rpc.GetSchemaRequest(), callback),
    );
    assert.deepEqual(JSON.parse(response.getSchema()), schema);
    const info = await answer<{ getVersion(): string }>((callback) =>
      plugin.client.getPluginInfo(new Empty(), callback),
    );
    assert.equal(info.getVersion(), schema.version);
  });

  describe("check", () => {
    it("fills in what is assigned", async () => {
      const response = await plugin.check("Topology", topologyInputs());
      assert.deepEqual(response.getFailuresList(), []);
      const inputs = response.getInputs()?.toJavaScript() as { blocks: { cidr: string }[] };
      assert.deepEqual(
        inputs.blocks.map(({ cidr }) => cidr),
        ["192.168.0.0/26", "192.168.0.64/26", "192.168.0.128/26"],
      );
    });

    it("refuses inputs of the wrong form and of the wrong content, all at once, at their paths", async () => {
      const form = await plugin.check("Routes", {
        ...ROUTES,
        incarnation: 1,
        connection: { ...CONNECTION, port: "ssh" },
      });
      assert.deepEqual(
        form.getFailuresList().map((failure) => [failure.getProperty(), failure.getReason()]),
        [
          ["connection.port", "must be a whole number from 1 to 65535, not a string"],
          ["incarnation", "must be a string, not 1"],
        ],
      );
      const content = await plugin.check("IpPools", {
        manifests: manifest({ vxlanMode: "Always", blockSize: 33 }),
        source: "pools.yaml",
      });
      assert.ok(content.getFailuresList().length >= 2);
      for (const failure of content.getFailuresList())
        assert.match(
          `${failure.getProperty()}: ${failure.getReason()}`,
          /^ipPools\[0\]\.spec\S*: .* \(pools\.yaml:\d+:\d+\)$/,
        );
    });

    it("keeps secrets secret, also where a program did not mark the leaf", async () => {
      for (const privateKey of [secret("SECRET-KEY"), "SECRET-KEY"]) {
        const response = await plugin.check("Routes", { ...ROUTES, connection: { ...CONNECTION, privateKey } });
        assert.deepEqual(response.getFailuresList(), []);
        const inputs = response.getInputs()?.toJavaScript() as { connection: object };
        assert.deepEqual(inputs.connection, CONNECTION);
      }
    });

    it("keeps what follows from a secret secret", async () => {
      const { hosts, ...others } = topologyInputs();
      const response = await plugin.check("Topology", { ...others, hosts: secret(hosts) });
      const inputs = response.getInputs()?.toJavaScript() ?? {};
      for (const key of ["hosts", "blocks", "tunnelAddresses", "workloadAddresses"])
        assert.ok("value" in (inputs[key] as object), key);
      assert.ok(Array.isArray(inputs["pools"]));
    });
  });

  describe("diff", () => {
    const old = { inputs: ROUTES, outputs: { digest: "digest of p1", files: {} } };

    it("is none when nothing is to be pushed", async () => {
      const response = await plugin.diff("Routes", "blue-0/routes", old, { ...on("elsewhere"), tunnelsReady: "u" });
      assert.equal(response.getChanges(), DIFF_NONE);
      assert.equal(response.getDetaileddiffMap().getLength(), 0);
    });

    it("names what changes, and what of it replaces", async () => {
      const update = await plugin.diff("Routes", "blue-0/routes", old, { ...ROUTES, topology: "p2" });
      assert.equal(update.getChanges(), DIFF_SOME);
      assert.equal(update.getHasdetaileddiff(), true);
      assert.deepEqual(update.getDetaileddiffMap().get("digest")?.toObject(), { kind: UPDATE, inputdiff: false });
      assert.deepEqual([update.getDiffsList(), update.getReplacesList()], [["digest"], []]);
      const replace = await plugin.diff("Routes", "blue-0/routes", old, { ...ROUTES, node: "blue-1" });
      assert.deepEqual(replace.getDetaileddiffMap().get("node")?.toObject(), { kind: UPDATE_REPLACE, inputdiff: true });
      assert.deepEqual([replace.getReplacesList(), replace.getDeletebeforereplace()], [["node"], true]);
    });

    it("compares inputs with inputs, as deep as they go", async () => {
      const checked = (await plugin.check("Topology", topologyInputs())).getInputs()?.toJavaScript() ?? {};
      const created = await plugin.create("Topology", checked);
      const state = { inputs: checked, outputs: created.getProperties()?.toJavaScript() ?? {} };
      assert.equal((await plugin.diff("Topology", created.getId(), state, checked)).getChanges(), DIFF_NONE);
      const changed =
        (await plugin.check("Topology", topologyInputs(manifest({ natOutgoing: false })), checked))
          .getInputs()
          ?.toJavaScript() ?? {};
      const diff = await plugin.diff("Topology", created.getId(), state, changed);
      assert.deepEqual(diff.getDetaileddiffMap().get("pools[0].natOutgoing")?.toObject(), {
        kind: UPDATE,
        inputdiff: true,
      });
    });
  });

  it("creates in preview without a connection, with what can be known", async () => {
    engine.messages.length = 0;
    const known = await plugin.create("Routes", { ...on("unreachable"), incarnation: UNKNOWN }, { preview: true });
    assert.deepEqual(known.getProperties()?.toJavaScript(), { digest: "digest of p1", files: {} });
    const unknown = await plugin.create("Routes", { ...ROUTES, topology: UNKNOWN }, { preview: true });
    assert.deepEqual(unknown.getProperties()?.toJavaScript(), { digest: UNKNOWN, files: UNKNOWN });
    const updated = await plugin.update(
      "Routes",
      "blue-0/routes",
      { inputs: ROUTES, outputs: { digest: "digest of p1", files: {} } },
      { ...on("unreachable"), topology: "p2" },
      true,
    );
    assert.deepEqual(updated.getProperties()?.toJavaScript(), { digest: "digest of p2", files: {} });
    assert.deepEqual(engine.messages, []);
  });

  it("shows what it does in the resource's row, with customTimeouts as the deadline", async () => {
    engine.messages.length = 0;
    const created = await plugin.create("Routes", ROUTES, { timeout: 7 });
    assert.equal(created.getId(), "blue-0/routes");
    await plugin.update("Routes", created.getId(), { inputs: ROUTES, outputs: { digest: "", files: {} } }, ROUTES);
    // Nobody waits for a row to be shown, so it may come after the result.
    await until(() => engine.messages.length >= 2);
    assert.deepEqual(
      engine.messages.map(({ urn: of, ephemeral, message }) => [of, ephemeral, message]),
      [
        [urn("Routes"), true, "connecting to good for 7000 ms"],
        [urn("Routes"), true, "connecting to good for 300000 ms"],
      ],
    );
  });

  it("keeps a half-done resource, with the reason and no secret in the clear", async () => {
    for (const operation of [
      () => plugin.create("Routes", on("half")),
      () =>
        plugin.update("Routes", "blue-0/routes", { inputs: ROUTES, outputs: { digest: "", files: {} } }, on("half")),
    ]) {
      const error = await failure(operation());
      const details = Status.deserializeBinary(
        Uint8Array.from(error.metadata.get("grpc-status-details-bin")[0] as Buffer),
      ).getDetailsList();
      const failed = details[0]?.unpack(
        (bytes) => rpc.ErrorResourceInitFailed.deserializeBinary(bytes),
        "pulumirpc.ErrorResourceInitFailed",
      );
      assert.ok(failed);
      assert.equal(failed.getId(), "blue-0/routes");
      assert.deepEqual(failed.getReasonsList(), ["routes of node blue-0 is not in force: half: exit code 1"]);
      assert.deepEqual(failed.getProperties()?.toJavaScript(), { digest: "", files: {} });
      assert.deepEqual((failed.getInputs()?.toJavaScript() as { connection: object }).connection, {
        ...CONNECTION,
        host: "half",
      });
    }
  });

  it("keeps nothing of a resource that was never touched", async () => {
    const error = await failure(plugin.create("Routes", on("unreachable")));
    assert.equal(error.details, "routes of node blue-0 could not be brought there: unreachable: no route to host");
    assert.deepEqual(error.metadata.get("grpc-status-details-bin"), []);
  });

  it("tells mistakes of its own with their stack", async () => {
    assert.match((await failure(plugin.create("Routes", on("bug")))).details, /undefined is not a function\n\s+at /);
  });

  it("reads what is there, what is gone, and what cannot be asked", async () => {
    const old = { inputs: ROUTES, outputs: { digest: "digest of p1", files: {} } };
    const there = await plugin.read("Routes", "blue-0/routes", old);
    assert.deepEqual(there.getProperties()?.toJavaScript(), { digest: "on-the-node", files: {} });
    assert.deepEqual(there.getInputs()?.toJavaScript(), ROUTES);
    const gone = await plugin.read("Routes", "blue-0/routes", { ...old, inputs: on("empty") });
    assert.equal(gone.getId(), "");
    engine.messages.length = 0;
    const silent = await plugin.read("Routes", "blue-0/routes", { ...old, inputs: on("unreachable") });
    assert.deepEqual(silent.getProperties()?.toJavaScript(), old.outputs);
    assert.ok(
      engine.messages.some(
        ({ severity, ephemeral, message }) => severity === 2 && !ephemeral && message.includes("no route to host"),
      ),
    );
    assert.match(
      (await failure(plugin.read("Routes", "blue-0/routes", { inputs: {}, outputs: {} }))).details,
      /cannot be imported/,
    );
  });

  it("deletes with the inputs of last time, and says how to go on when it cannot", async () => {
    await plugin.delete("Routes", "blue-0/routes", { inputs: ROUTES, outputs: {} });
    assert.match(
      (await failure(plugin.delete("Routes", "blue-0/routes", { inputs: on("unreachable"), outputs: {} }))).details,
      /OVERLAYNET_DELETE_UNREACHABLE=true/,
    );
  });

  it("names its resources when it is asked for another", async () => {
    assert.match(
      (await failure(plugin.create("Nothing", {}))).details,
      /overlaynet:index:Nothing is no resource of this provider \(.*overlaynet:index:Routes/,
    );
  });

  describe("configuration", () => {
    let own: Plugin;
    beforeEach(async () => {
      own = await Plugin.start(FIXTURE, address);
    });
    afterEach(() => own.stop());

    it("is checked, compared and taken", async () => {
      const check = (news: object): Promise<rpc.CheckResponse> =>
        answer((callback) => own.client.checkConfig(new rpc.CheckRequest().setNews(struct(news)), callback));
      assert.deepEqual((await check({ sshDeadline: "20", version: "0.1.0" })).getFailuresList(), []);
      assert.deepEqual(
        (await check({ sshDeadline: "soon" })).getFailuresList().map((one) => one.getProperty()),
        ["sshDeadline"],
      );
      const diff = (before: object, after: object): Promise<rpc.DiffResponse> =>
        answer((callback) =>
          own.client.diffConfig(new rpc.DiffRequest().setOldInputs(struct(before)).setNews(struct(after)), callback),
        );
      assert.equal((await diff({ sshDeadline: "20" }, { sshDeadline: "20" })).getChanges(), DIFF_NONE);
      const changed = await diff({ sshDeadline: "20" }, { sshDeadline: "30" });
      assert.deepEqual([changed.getChanges(), changed.getReplacesList()], [DIFF_SOME, []]);

      const configure = (args: object): Promise<rpc.ConfigureResponse> =>
        answer((callback) => own.client.configure(new rpc.ConfigureRequest().setArgs(struct(args)), callback));
      assert.match((await failure(configure({ sshDeadline: "soon" }))).details, /overlaynet:sshDeadline/);
      await configure({ sshDeadline: "20", deleteUnreachable: "true" });
      engine.messages.length = 0;
      await own.create("Routes", ROUTES);
      await own.delete("Routes", "blue-0/routes", { inputs: on("unreachable"), outputs: {} });
      await until(() => engine.messages.length >= 3);
      assert.equal(engine.messages[0]?.message, "connecting to good for 20000 ms");
      assert.ok(engine.messages.some(({ message }) => message.includes("taken as deleted")));
    });

    it("goes to another engine when attached to it", async () => {
      const other = new FakeEngine();
      try {
        const attach = new PluginAttach().setAddress(await other.start());
        await answer((callback) => own.client.attach(attach, callback));
        engine.messages.length = 0;
        await own.create("Routes", ROUTES);
        await until(() => other.messages.length + engine.messages.length > 0);
        assert.deepEqual([other.messages.length, engine.messages.length], [1, 0]);
      } finally {
        other.stop();
      }
    });

    it("ends what is going on when cancelled", async () => {
      const going = [
        failure(own.create("Routes", on("slow"))),
        failure(own.delete("Routes", "blue-0/routes", { inputs: on("slow"), outputs: {} })),
      ];
      // Both have begun once their rows say so.
      await until(() => engine.messages.filter(({ message }) => message.startsWith("connecting to slow")).length === 2);
      await answer((callback) => own.client.cancel(new Empty(), callback));
      for (const error of await Promise.all(going)) assert.equal(error.details, "cancelled");
    });
  });
});

async function failure(call: Promise<unknown>): Promise<grpc.ServiceError> {
  try {
    await call;
  } catch (error) {
    return error as grpc.ServiceError;
  }
  throw new assert.AssertionError({ message: "the call did not fail" });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
