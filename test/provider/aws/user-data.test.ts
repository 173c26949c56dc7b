import assert from "node:assert/strict";
import { parse } from "yaml";
import { cloudConfig, USER_DATA_LIMIT } from "../../../provider/src/aws/user-data";

const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\nBBBB\n-----END OPENSSH PRIVATE KEY-----\n";

describe("user data", () => {
  it("gives the node its name and host key, in cloud-init's form", () => {
    const text = cloudConfig({
      hostname: "blue-a0",
      hostPrivateKey: KEY,
      hostPublicKey: "ssh-ed25519 AAAA",
      packages: ["nftables", "socat"],
    });
    assert.equal(text.split("\n")[0], "#cloud-config");
    assert.deepEqual(parse(text), {
      hostname: "blue-a0",
      ssh_deletekeys: true,
      ssh_keys: { ed25519_private: KEY, ed25519_public: "ssh-ed25519 AAAA" },
      package_update: true,
      packages: ["nftables", "socat"],
    });
    assert.ok(text.length < 2048);
  });

  it("takes keys as files have them, and leaves a long line in one piece", () => {
    const publicKey = `ssh-ed25519 ${"A".repeat(100)} ${"a comment ".repeat(10)}end`;
    const text = cloudConfig({
      hostname: "blue-a0",
      hostPrivateKey: KEY.trimEnd(),
      hostPublicKey: `${publicKey}\n`,
      packages: [],
    });
    assert.deepEqual((parse(text) as Record<string, unknown>)["ssh_keys"], {
      ed25519_private: KEY,
      ed25519_public: publicKey,
    });
    assert.ok(text.split("\n").some((line) => line.endsWith(publicKey)));
  });

  it("may be as long as EC2 takes, to the byte", () => {
    const of = (length: number): string =>
      cloudConfig({
        hostname: "a".repeat(length),
        hostPrivateKey: KEY,
        hostPublicKey: "ssh-ed25519 AAAA",
        packages: [],
      });
    const room = USER_DATA_LIMIT - Buffer.byteLength(of(1)) + 1;
    assert.equal(Buffer.byteLength(of(room)), USER_DATA_LIMIT);
    assert.throws(() => of(room + 1), /has 16385 bytes, and EC2 takes 16384/);
  });

  it("is refused beyond what EC2 takes, without showing the key", () => {
    const long = "S".repeat(USER_DATA_LIMIT);
    assert.throws(
      () => cloudConfig({ hostname: "blue-a0", hostPrivateKey: long, hostPublicKey: "ssh-ed25519 AAAA", packages: [] }),
      (error: unknown) =>
        error instanceof RangeError && /EC2 takes 16384/.test(error.message) && !error.message.includes("SSS"),
    );
  });
});
