import assert from "node:assert/strict";
import { readCloud } from "../../../lab/src/cloud/cloud";
import { type InstanceMetadata, instanceMetadata } from "../../../lab/src/cloud/instance-metadata";
import { CloudRecords } from "../../support/cloud-records";

function metadata(outputs: Record<string, unknown> = {}, internal: Record<string, unknown> = {}): InstanceMetadata {
  const records = new CloudRecords()
    .vpc("v", "10.1.0.0/16")
    .subnet("s", "v", "10.1.1.0/24")
    .instance("a", "v", "s", "10.1.1.11", outputs)
    .setInternal("i-a", internal);
  const [found] = instanceMetadata(records.list(), readCloud(records.list()));
  if (found === undefined) throw new Error("There is no metadata");
  return found;
}

const text = (found: InstanceMetadata, path: string): string | undefined => found.documents.get(path)?.toString("utf8");

describe("instance metadata of records", () => {
  it("has EC2's defaults: IMDSv1 and 2, hop limit 1, no tags", () => {
    const { httpEndpoint, httpTokens, hopLimit } = metadata();
    assert.deepEqual([httpEndpoint, httpTokens, hopLimit], ["enabled", "optional", 1]);
    assert.equal(text(metadata({ tags: { Name: "a" } }), "/latest/meta-data/tags/instance/Name"), undefined);
  });

  it("follows the instance's options", () => {
    const found = metadata({
      tags: { Name: "a", "not/a path": "b" },
      metadataOptions: {
        httpEndpoint: "disabled",
        httpTokens: "required",
        httpPutResponseHopLimit: 64,
        instanceMetadataTags: "enabled",
      },
    });
    assert.deepEqual([found.httpEndpoint, found.httpTokens, found.hopLimit], ["disabled", "required", 64]);
    assert.equal(text(found, "/latest/meta-data/tags/instance/"), "Name");
  });

  it("has no document for what an instance has not", () => {
    const found = metadata();
    for (const path of [
      "/latest/user-data",
      "/latest/meta-data/public-ipv4",
      "/latest/meta-data/public-keys/",
      "/latest/meta-data/ami-id",
    ])
      assert.equal(text(found, path), undefined, path);
    assert.equal(text(found, "/latest/"), "dynamic\nmeta-data");
  });

  it("has user data as it was given, text or bytes", () => {
    assert.equal(text(metadata({ userData: "#!/bin/sh\n" }), "/latest/user-data"), "#!/bin/sh\n");
    assert.deepEqual(
      metadata({ userDataBase64: Buffer.from([0, 255, 10]).toString("base64") }).documents.get("/latest/user-data"),
      Buffer.from([0, 255, 10]),
    );
  });

  it("lists folders with a slash, and a key with its name", () => {
    const found = metadata({ keyName: "my key" }, { publicKey: "ssh-ed25519 AAAA" });
    assert.equal(text(found, "/"), "latest");
    assert.equal(text(found, "/latest/meta-data/public-keys/"), "0=my key");
    assert.equal(text(found, "/latest/meta-data/public-keys/0/"), "openssh-key");
    assert.equal(text(found, "/latest/meta-data/network/interfaces/macs/"), "0a:00:0a:01:01:0b/");
    assert.equal(text(found, "/latest/meta-data/placement/"), "availability-zone\nregion");
  });

  it("has paths of one word, whatever names and tags hold", () => {
    const found = metadata(
      {
        keyName: "a b",
        tags: { "x y": "z", "a\nb": "c", "..": "d" },
        metadataOptions: { instanceMetadataTags: "enabled" },
      },
      { publicKey: "ssh-ed25519 AAAA a b" },
    );
    assert.deepEqual(
      [...found.documents.keys()].filter((path) => /\s/.test(path) || path.includes("/../")),
      [],
    );
  });
});
