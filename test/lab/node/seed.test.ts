import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { type NodeSpec } from "../../../lab/src/node/node-spec";
import { seedFiles } from "../../../lab/src/node/seed";

const spec: NodeSpec = {
  instanceId: "i-0123456789abcdef0",
  namespace: "lab-0a0b0c0d-eni-1",
  tap: "tap-1",
  mac: "0a:58:0a:01:00:0a",
  address: "10.1.0.10",
  prefixLen: 24,
  gateway: "10.1.0.1",
  mtu: 9001,
  hostname: "ip-10-1-0-10",
  authorizedKeys: ["ssh-ed25519 AAAAone\n"],
};
const contents = (of: NodeSpec): Record<string, string> =>
  Object.fromEntries(seedFiles(of, new Set()).map(({ name, content }) => [name, content.toString()]));
const userData = (text: string): NodeSpec => ({ ...spec, userDataBase64: Buffer.from(text).toString("base64") });

describe("seed", () => {
  it("tells a node its network, name and keys", () => {
    assert.deepEqual(contents(spec), {
      meta: "address=10.1.0.10\nprefix=24\ngateway=10.1.0.1\nmtu=9001\nhostname=ip-10-1-0-10\n",
      authorized_keys: "ssh-ed25519 AAAAone\n",
      "write-files": "sync\n",
    });
  });

  it("puts the user data's host name and keys before and beside the instance's", () => {
    const files = contents(userData("#cloud-config\nhostname: blue\nssh_authorized_keys: [ssh-ed25519 AAAAtwo]\n"));
    assert.match(files["meta"] ?? "", /^hostname=blue$/m);
    assert.equal(files["authorized_keys"], "ssh-ed25519 AAAAone\nssh-ed25519 AAAAtwo\n");
  });

  it("writes files by a script that takes any path and content", () => {
    const dir = mkdtempSync(join(tmpdir(), "seed-"));
    try {
      const path = join(dir, "a 'b'", "$(x)");
      const owner = userInfo().username;
      const config = {
        write_files: [
          { path, content: "one\n", owner },
          { path, content: "two\n", owner, append: true, permissions: "0600" },
        ],
      };
      for (const file of seedFiles(userData(`#cloud-config\n${JSON.stringify(config)}`), new Set()))
        writeFileSync(join(dir, file.name), file.content);
      const script = readFileSync(join(dir, "write-files"), "utf8").replaceAll("/run/lab-seed", dir);
      execFileSync("sh", ["-eu", "-c", script]);
      assert.equal(readFileSync(path, "utf8"), "one\ntwo\n");
      assert.equal(statSync(path).mode & 0o777, 0o600);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it("refuses a spec that could not be a node, naming every field", () => {
    const wrong: NodeSpec = {
      ...spec,
      instanceId: "../x",
      namespace: "a b",
      tap: "sixteen-letters-",
      mac: "01:00:5e:00:00:01",
      address: "10.1.0",
      prefixLen: 8,
      gateway: "::1",
      mtu: 9002,
      hostname: "a,b",
      memoryMiB: 1,
    };
    assert.throws(
      () => seedFiles(wrong, new Set()),
      (error: Error) => {
        for (const field of [
          "instanceId",
          "namespace",
          "tap",
          "mac",
          "address",
          "prefixLen",
          "gateway",
          "mtu",
          "hostname",
          "memoryMiB",
        ]) {
          assert.ok(error.message.includes(`${field} `), `${field} in: ${error.message}`);
        }
        return true;
      },
    );
  });
});
