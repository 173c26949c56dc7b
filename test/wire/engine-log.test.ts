import assert from "node:assert/strict";
import { LogSeverity } from "@pulumi/pulumi/proto/engine_pb";
import { engineAddress, EngineLog } from "../../wire/engine-log";
import { FakeEngine } from "../provider/serve/fake-engine";

describe("the engine's log", () => {
  it("finds the engine's address among the arguments of a plugin, the last one that is an address", () => {
    assert.equal(engineAddress(["--logtostderr", "-v=9", "127.0.0.1:4711"]), "127.0.0.1:4711");
    assert.equal(engineAddress(["127.0.0.1:1", "127.0.0.1:2"]), "127.0.0.1:2");
    assert.equal(engineAddress(["--logtostderr"]), undefined);
  });

  it("shows nothing, and fails nothing, where there is no engine", async () => {
    const log = new EngineLog();
    for (const address of [undefined, ""]) {
      log.connect(address);
      log.status("urn", "working");
      await log.log("urn", "warning", "a warning");
    }
    log.connect("127.0.0.1:1");
    await log.log("urn", "warning", "nobody listens");
  });

  it("carries messages with their resource and severity to the engine that it was connected to last", async () => {
    const engines = [new FakeEngine(), new FakeEngine()];
    const log = new EngineLog();
    for (const engine of engines) log.connect(await engine.start());
    for (const severity of ["debug", "info", "warning", "error"] as const) await log.log("urn", severity, severity);
    const [former, engine] = engines;
    assert.deepEqual(former?.messages, []);
    assert.deepEqual(
      engine?.messages.map(({ urn, severity, message, ephemeral }) => [urn, severity, message, ephemeral]),
      [
        ["urn", LogSeverity.DEBUG, "debug", false],
        ["urn", LogSeverity.INFO, "info", false],
        ["urn", LogSeverity.WARNING, "warning", false],
        ["urn", LogSeverity.ERROR, "error", false],
      ],
    );
    // The next message comes after it on the same connection.
    log.status("urn", "working");
    await log.log("urn", "info", "done");
    const status = engine?.messages.find(({ message }) => message === "working");
    assert.deepEqual([status?.ephemeral, status?.severity], [true, LogSeverity.INFO]);
    for (const each of engines) each.stop();
  });
});
