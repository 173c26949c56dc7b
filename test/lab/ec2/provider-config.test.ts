import assert from "node:assert/strict";
import { parseProviderConfig } from "../../../lab/src/ec2/provider-config";
import type { PropertyMap } from "../../../wire/property-value";

describe("configuration of the aws provider", () => {
  const faults = (args: PropertyMap, env: NodeJS.ProcessEnv = {}): string[] =>
    parseProviderConfig(args, env).failures.map(({ property, reason }) => `${property}: ${reason}`);

  it("has a region and default tags, from JSON too", () => {
    assert.deepEqual(parseProviderConfig({}, {}).config, { region: "us-east-1", defaultTags: {} });
    assert.deepEqual(parseProviderConfig({ region: "eu-west-1", defaultTags: `{"tags":{"team":"net"}}` }, {}).config, {
      region: "eu-west-1",
      defaultTags: { team: "net" },
    });
    assert.equal(parseProviderConfig({}, { AWS_REGION: "eu-west-2" }).config.region, "eu-west-2");
  });

  it("may say how AWS is reached, without effect", () => {
    assert.deepEqual(
      faults({
        skipCredentialsValidation: "true",
        skipMetadataApiCheck: true,
        skipRegionValidation: "true",
        skipRequestingAccountId: true,
        maxRetries: 3,
        version: "7.48.0",
      }),
      [],
    );
  });

  it("cannot have what the lab would silently leave out", () => {
    assert.match(
      faults({ endpoints: [{ ec2: "http://localhost" }] })[0] ?? "",
      /^endpoints: the lab does not model endpoints/,
    );
    assert.match(faults({ ignoreTags: `{"keys":["a"]}` })[0] ?? "", /^ignoreTags: the lab does not model/);
    assert.match(faults({ regoin: "x" })[0] ?? "", /has no configuration key regoin/);
    assert.match(faults({ region: "mars-1" })[0] ?? "", /^region: the lab does not know the region mars-1/);
  });

  it("holds the account to what is allowed", () => {
    assert.deepEqual(faults({ allowedAccountIds: `["123456789012"]` }), [
      "allowedAccountIds: AWS account ID not allowed: 000000000000",
    ]);
    assert.deepEqual(faults({ allowedAccountIds: ["000000000000"], forbiddenAccountIds: ["123456789012"] }), []);
  });

  it("with credentials has to name the lab", () => {
    const says = /^: this is overlaynet's lab.*but AWS credentials are set \(AWS_ACCESS_KEY_ID\)/;
    assert.match(faults({}, { AWS_ACCESS_KEY_ID: "AKIA" })[0] ?? "", says);
    assert.match(faults({ profile: "work" })[0] ?? "", /\(aws:profile\)/);
    assert.deepEqual(faults({ profile: "work" }, { AWS_ACCESS_KEY_ID: "AKIA", OVERLAYNET_LAB_STATE: "/tmp/lab" }), []);
    assert.deepEqual(faults({ accessKey: "", sharedCredentialsFiles: "[]" }, { AWS_PROFILE: "" }), []);
  });

  it("never quotes a credential", () => {
    assert.equal(faults({ secretKey: "wJalr", accessKey: "AKIA" }).join().includes("wJalr"), false);
  });
});
