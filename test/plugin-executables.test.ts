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
      const plugin = spawn(join(ROOT, executable), [], { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, NODE_COMPILE_CACHE: join(dir, "cache"), OVERLAYNET_LAB_STATE: join(dir, "state") } });
      try {
        const ended = once(plugin, "exit");
        const [port] = (await once(plugin.stdout, "data")) as [Buffer];
        assert.match(port.toString(), /^\d+\n$/);
        const kept = (): number => readdirSync(join(dir, "cache"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
        while (kept() < 10) await sleep(20);
        plugin.kill("SIGKILL");
        await ended;
      } finally {
        plugin.kill("SIGKILL");
        rmSync(dir, { recursive: true });
      }
    });
  }
});
