import assert from "node:assert/strict";
import { CommandError, privileged, run } from "../../../lab/src/state/privileged";

describe("privileged commands", () => {
  it("take arguments as they are and input on stdin", async () => {
    assert.equal(await run(["printf", "%s|", "a b", "$(id)", "'"]), "a b|$(id)|'|");
    assert.equal(await run(["cat"], { stdin: "hello" }), "hello");
  });

  it("run as root, by sudo when this process is not", async () => {
    assert.equal((await run(["id", "-u"])).trim(), "0");
    assert.deepEqual(
      privileged(["ip", "link"]),
      process.getuid?.() === 0 ? ["ip", "link"] : ["sudo", "-n", "--", "ip", "link"],
    );
  });

  it("tell the program, its exit code and what it said, but not its input", async () => {
    await assert.rejects(
      run(["sh", "-c", "cat >/dev/null; echo broken >&2; exit 7"], { stdin: "SECRET" }),
      (error: unknown) => {
        assert.ok(error instanceof CommandError);
        assert.equal(error.message, "sh failed with exit code 7: broken");
        assert.equal(error.exitCode, 7);
        return true;
      },
    );
    await assert.rejects(run(["/no/such/program"]), /no\/such\/program|sudo/);
  });

  it("do not mind a command that ends without reading its input", async () => {
    assert.equal(await run(["true"], { stdin: "x".repeat(1 << 20) }), "");
  });

  it("end when told to", async () => {
    const began = Date.now();
    await assert.rejects(run(["sleep", "30"], { signal: AbortSignal.timeout(100) }), { name: "TimeoutError" });
    assert.ok(Date.now() - began < 10_000);
    await assert.rejects(run(["true"], { signal: AbortSignal.abort(new Error("stopped")) }), /stopped/);
  });
});
