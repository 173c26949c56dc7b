import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = resolve(__dirname, "..");

describe("what the engine starts as a plugin", () => {
  for (const executable of ["provider/pulumi-resource-overlaynet", "lab/pulumi-resource-aws"]) {
    it(`${executable} tells its port, and keeps what was compiled for the next start before a signal ends it`, async () => {
      const dir = mkdtempSync(join(tmpdir(), "overlaynet-plugin-"));
      const plugin = spawn(join(ROOT, executable), ["127.0.0.1:1"], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, NODE_COMPILE_CACHE: join(dir, "cache"), OVERLAYNET_LAB_STATE: join(dir, "state") },
      });
      try {
        const ended = once(plugin, "exit");
        const [port] = (await once(plugin.stdout, "data")) as [Buffer];
        assert.match(port.toString(), /^\d+\n$/);
        const kept = (): number =>
          readdirSync(join(dir, "cache"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
            .length;
        for (const began = performance.now(); kept() < 10; await sleep(20))
          assert.ok(performance.now() - began < 10_000, "nothing is kept while it runs");
        plugin.kill("SIGKILL");
        await ended;
      } finally {
        plugin.kill("SIGKILL");
        rmSync(dir, { recursive: true });
      }
    });
  }
});
