import assert from "node:assert/strict";
import { readCloud } from "../../../lab/src/cloud/cloud";
import { type InstanceMetadata, instanceMetadata } from "../../../lab/src/cloud/instance-metadata";
import { type HostRecord, privateDns } from "../../../lab/src/cloud/private-dns";
import { CloudRecords } from "../../support/cloud-records";

const MAC = "0a:00:0a:01:01:0b";
const CARD = `/latest/meta-data/network/interfaces/macs/${MAC}`;

/** As the plugin writes the records of an instance that has all there is. */
function launched(outputs: Record<string, unknown> = {}, internal: Record<string, unknown> = {}): CloudRecords {
  return new CloudRecords()
    .vpc("v", "10.1.0.0/16")
    .subnet("s", "v", "10.1.1.0/24")
    .update("subnet-s", { availabilityZoneId: "use1-az1" })
    .securityGroup("more", "v")
    .instance("a", "v", "s", "10.1.1.11", {
      ami: "ami-1",
      arn: "arn:aws:ec2:eu-west-1:123456789012:instance/i-a",
      instanceType: "t3.small",
      keyName: "mine",
      privateDns: "host-a.eu-west-1.compute.internal",
      publicDns: "ec2-203-0-113-11.compute.amazonaws.com",
      publicIp: "203.0.113.11",
      region: "eu-west-1",
      secondaryPrivateIps: ["10.1.1.40"],
      vpcSecurityGroupIds: ["sg-a", "sg-more"],
      ...outputs,
    })
    .setInternal("i-a", { publicKey: "ssh-ed25519 AAAA", ...internal });
}

function metadata(records: CloudRecords): InstanceMetadata {
  const [found] = instanceMetadata(records.list(), readCloud(records.list()));
  assert.ok(found);
  return found;
}

const text = (records: CloudRecords, path: string): string | undefined =>
  metadata(records).documents.get(path)?.toString("utf8");

describe("the documents of an instance's metadata", () => {
  it("say what the records say", () => {
    const expected: Readonly<Record<string, string>> = {
      "ami-id": "ami-1",
      "ami-launch-index": "0",
      hostname: "host-a.eu-west-1.compute.internal",
      "instance-action": "none",
      "instance-id": "i-a",
      "instance-life-cycle": "on-demand",
      "instance-type": "t3.small",
      "local-hostname": "host-a.eu-west-1.compute.internal",
      "local-ipv4": "10.1.1.11",
      mac: MAC,
      "placement/availability-zone": "us-east-1a",
      "placement/availability-zone-id": "use1-az1",
      "placement/region": "eu-west-1",
      "public-hostname": "ec2-203-0-113-11.compute.amazonaws.com",
      "public-ipv4": "203.0.113.11",
      "public-keys/": "0=mine",
      "public-keys/0/openssh-key": "ssh-ed25519 AAAA",
      "security-groups": "a\nmore",
      "services/domain": "amazonaws.com",
      "services/partition": "aws",
    };
    for (const [path, content] of Object.entries(expected))
      assert.equal(text(launched(), `/latest/meta-data/${path}`), content, path);
  });

  it("say what its interface has", () => {
    const expected: Readonly<Record<string, string>> = {
      "device-number": "0",
      "interface-id": "eni-a",
      "ipv4-associations/203.0.113.11": "10.1.1.11",
      "local-hostname": "host-a.eu-west-1.compute.internal",
      "local-ipv4s": "10.1.1.11\n10.1.1.40",
      mac: MAC,
      "owner-id": "123456789012",
      "public-hostname": "ec2-203-0-113-11.compute.amazonaws.com",
      "public-ipv4s": "203.0.113.11",
      "security-group-ids": "sg-a\nsg-more",
      "security-groups": "a\nmore",
      "subnet-id": "subnet-s",
      "subnet-ipv4-cidr-block": "10.1.1.0/24",
      "vpc-id": "vpc-v",
      "vpc-ipv4-cidr-block": "10.1.0.0/16",
      "vpc-ipv4-cidr-blocks": "10.1.0.0/16",
    };
    for (const [path, content] of Object.entries(expected))
      assert.equal(text(launched(), `${CARD}/${path}`), content, path);
  });

  it("identify the instance", () => {
    assert.deepEqual(JSON.parse(text(launched(), "/latest/dynamic/instance-identity/document") ?? ""), {
      accountId: "123456789012",
      architecture: "x86_64",
      availabilityZone: "us-east-1a",
      imageId: "ami-1",
      instanceId: "i-a",
      instanceType: "t3.small",
      privateIp: "10.1.1.11",
      region: "eu-west-1",
      version: "2017-09-30",
    });
  });

  it("are none of what is not said, or said in no text", () => {
    const bare = launched({
      ami: "",
      instanceType: 7,
      keyName: undefined,
      publicDns: "",
      publicIp: "",
      privateDns: undefined,
      region: undefined,
      arn: undefined,
    });
    for (const path of [
      "ami-id",
      "instance-type",
      "public-hostname",
      "public-ipv4",
      "public-keys/",
      "public-keys/0/openssh-key",
    ])
      assert.equal(text(bare, `/latest/meta-data/${path}`), undefined, path);
    assert.equal(text(bare, `${CARD}/`)?.includes("ipv4-associations"), false);
    assert.equal(text(bare, "/latest/meta-data/hostname"), "ip-10-1-1-11.ec2.internal");
    assert.equal(text(bare, "/latest/meta-data/placement/region"), "us-east-1");
    assert.equal(text(bare, `${CARD}/owner-id`), "000000000000");
    assert.equal(text(launched({ arn: "x arn:aws:ec2:r:123456789012:" }), `${CARD}/owner-id`), "000000000000");
    assert.equal(text(launched({}, { publicKey: 7 }), "/latest/meta-data/public-keys/"), undefined);
    const noZone = launched().update("subnet-s", { availabilityZoneId: 7 });
    assert.equal(text(noZone, "/latest/meta-data/placement/availability-zone-id"), undefined);
  });

  it("name a group by its id where its name is not known", () => {
    const unnamed = launched().update("sg-more", { name: undefined });
    assert.equal(text(unnamed, "/latest/meta-data/security-groups"), "a\nsg-more");
  });

  it("hold the tags with which it was made, its provider's own included, whose keys can be paths", () => {
    const tagged = (outputs: Record<string, unknown>): CloudRecords =>
      launched({ metadataOptions: { instanceMetadataTags: "enabled" }, ...outputs });
    const names = (outputs: Record<string, unknown>): string | undefined =>
      text(tagged(outputs), "/latest/meta-data/tags/instance/");
    assert.equal(names({ tags: { own: "1" }, tagsAll: { own: "1", all: "2" } }), "all\nown");
    assert.equal(names({ tags: { own: "1" } }), "own");
    assert.equal(
      names({ tags: { "a.b": "1", ".": "2", "..": "3", _index: "4", "a b": "5", "a+b-c=d.e,f_g:h@i": "6" } }),
      "a+b-c=d.e,f_g:h@i\na.b",
    );
    for (const tags of [undefined, null, "text", ["list"]]) assert.equal(names({ tags }), undefined, String(tags));
    assert.equal(text(tagged({ tags: { n: 7 } }), "/latest/meta-data/tags/instance/n"), "7");
  });

  it("come in a token whose hop limit is 1 to 64, and 1 where it is not said", () => {
    const limit = (httpPutResponseHopLimit: unknown): number =>
      metadata(launched({ metadataOptions: { httpPutResponseHopLimit } })).hopLimit;
    assert.deepEqual([1, 2, 64].map(limit), [1, 2, 64]);
    assert.deepEqual([0, -1, 65, "8", undefined].map(limit), [1, 1, 1, 1, 1]);
    for (const metadataOptions of [null, "text", [], undefined])
      assert.equal(metadata(launched({ metadataOptions })).hopLimit, 1);
  });

  it("are of instances that have a record", () => {
    const records = launched();
    assert.deepEqual(instanceMetadata([], readCloud(records.list())), []);
  });
});

describe("the names that a VPC's resolver knows", () => {
  const names = (records: CloudRecords, vpc = "vpc-v"): readonly HostRecord[] | undefined =>
    privateDns(records.list(), readCloud(records.list())).get(vpc);

  it("are those of its own instances", () => {
    const two = launched().vpc("w", "10.2.0.0/16").subnet("w", "w", "10.2.1.0/24").instance("w", "w", "w", "10.2.1.11");
    assert.deepEqual(names(two, "vpc-w"), [{ name: "ip-10-2-1-11.ec2.internal", address: "10.2.1.11", reverse: true }]);
    assert.deepEqual(
      names(two)?.map(({ name, reverse }) => [name, reverse]),
      [
        ["host-a.eu-west-1.compute.internal", true],
        ["ip-10-1-1-11.eu-west-1.compute.internal", false],
        ["ec2-203-0-113-11.compute.amazonaws.com", false],
      ],
    );
  });

  it("are none without DNS support", () => {
    assert.equal(names(launched().update("vpc-v", { enableDnsSupport: false })), undefined);
    assert.equal(names(launched().update("vpc-v", { enableDnsSupport: true }))?.length, 3);
  });

  it("are host names in lower case, and no text that is none", () => {
    const named = (publicDns: unknown): string[] =>
      names(launched({ publicDns }))
        ?.slice(2)
        .map(({ name }) => name) ?? [];
    const longest = [63, 63, 63, 61].map((length) => "a".repeat(length)).join(".");
    assert.deepEqual(named("EC2-1.Example"), ["ec2-1.example"]);
    assert.deepEqual(named(longest), [longest]);
    for (const name of [`${longest}a`, "a b", "", "a..b", ".a", `${"a".repeat(64)}.b`, 7, ["a"]])
      assert.deepEqual(named(name), [], String(name));
  });
});
