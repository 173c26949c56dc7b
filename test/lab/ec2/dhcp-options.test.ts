import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ACCOUNT_ID } from "../../../lab/src/ec2/engine/regions";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { UNKNOWN } from "../../../wire/property-value";
import { Account, type Resource, urnOf } from "../../support/account-in-memory";

const OPTIONS = "aws:ec2/vpcDhcpOptions:VpcDhcpOptions";
const ASSOCIATION = "aws:ec2/vpcDhcpOptionsAssociation:VpcDhcpOptionsAssociation";
const ARGS = { domainName: "corp.example", domainNameServers: ["10.1.0.5", "AmazonProvidedDNS"] };

describe("DHCP options, which are recorded only", () => {
  let account: Account;
  let vpc: Resource;
  let options: Resource;
  beforeEach(async () => {
    account = new Account();
    vpc = await account.create(EC2.vpc, "v", { cidrBlock: "10.1.0.0/16" });
    options = await account.create(OPTIONS, "d", ARGS);
  });

  const optionsOf = (which: Resource): unknown => account.refresh(which)?.outputs["dhcpOptionsId"];
  const associate = (which: Resource = options): Promise<Resource> =>
    account.create(ASSOCIATION, "a", { vpcId: vpc.id, dhcpOptionsId: which.id });

  it("are made with what was given, and with what AWS chooses", () => {
    assert.match(options.id, /^dopt-[0-9a-f]{17}$/);
    assert.deepEqual(options.outputs, {
      ...ARGS,
      arn: `arn:aws:ec2:us-east-1:${ACCOUNT_ID}:dhcp-options/${options.id}`,
      id: options.id,
      ipv6AddressPreferredLeaseTime: null,
      netbiosNameServers: null,
      netbiosNodeType: null,
      ntpServers: null,
      ownerId: ACCOUNT_ID,
      region: "us-east-1",
      tags: null,
      tagsAll: {},
    });
  });

  it("are previewed with what AWS chooses unknown", async () => {
    const { id, outputs } = await account.preview(OPTIONS, "d2", { ntpServers: ["169.254.169.123"] });
    assert.equal(id, "");
    assert.deepEqual([outputs["arn"], outputs["ownerId"], outputs["id"]], [UNKNOWN, UNKNOWN, UNKNOWN]);
    assert.deepEqual([outputs["ntpServers"], outputs["domainName"]], [["169.254.169.123"], null]);
  });

  it("mean nothing to the network", async () => {
    account.backend.events.length = 0;
    await account.create(OPTIONS, "d2", ARGS);
    assert.deepEqual(
      account.backend.events.filter((event) => event === "reconcile"),
      [],
    );
  });

  it("are refused by the API when they say nothing, and by the lab where they are for IPv6", async () => {
    await assert.rejects(
      account.create(OPTIONS, "d2", { tags: { a: "b" } }),
      /creating EC2 DHCP Options Set: operation error EC2: CreateDhcpOptions, api error MissingParameter: /,
    );
    assert.deepEqual(account.faults(OPTIONS, "d2", { ...ARGS, ipv6AddressPreferredLeaseTime: "1440" }), [
      `the lab does not model ipv6AddressPreferredLeaseTime of ${OPTIONS}: its networks are IPv4 only. Examine values at 'd2.ipv6AddressPreferredLeaseTime'.`,
    ]);
  });

  it("change their tags in place", async () => {
    const news = { ...ARGS, tags: { Name: "corp" } };
    const { replaces, changes } = account.diff(options, news);
    assert.deepEqual([replaces, [...changes.keys()]], [[], ["tags.Name", "tagsAll.Name"]]);
    const updated = await account.update(options, news);
    assert.deepEqual([updated.outputs["tags"], updated.outputs["tagsAll"]], [{ Name: "corp" }, { Name: "corp" }]);
    assert.deepEqual(account.refresh(updated)?.outputs, updated.outputs);
  });

  it("are replaced when anything else changes, and are the same when nothing does", () => {
    assert.equal(account.diff(options, ARGS).changes.size, 0);
    for (const [name, value] of Object.entries({
      domainName: "other.example",
      domainNameServers: ["10.1.0.5"],
      netbiosNameServers: ["10.1.0.6"],
      netbiosNodeType: "2",
      ntpServers: ["10.1.0.7"],
    }))
      assert.deepEqual(account.diff(options, { ...ARGS, [name]: value }).replaces, [name]);
  });

  it("are imported by their id", () => {
    const imported = account.provider.read(urnOf(OPTIONS, "d"), options.id, { inputs: {}, outputs: {} });
    assert.equal(imported?.id, options.id);
    assert.deepEqual(imported?.outputs, options.outputs);
    assert.deepEqual(imported?.inputs["domainNameServers"], ARGS.domainNameServers);
  });

  it("are gone when they are deleted", async () => {
    await account.delete(options);
    assert.equal(account.refresh(options), undefined);
  });

  describe("of a VPC", () => {
    it("are the default ones until others are associated with it", async () => {
      assert.equal(optionsOf(vpc), "default");
      const association = await associate();
      assert.equal(association.id, `${options.id}-${vpc.id}`);
      assert.deepEqual(association.outputs, {
        dhcpOptionsId: options.id,
        id: association.id,
        region: "us-east-1",
        vpcId: vpc.id,
      });
      assert.equal(optionsOf(vpc), options.id);
    });

    it("have to be there, and the VPC, too", async () => {
      await assert.rejects(
        account.create(ASSOCIATION, "a", { vpcId: vpc.id, dhcpOptionsId: "dopt-1" }),
        /api error InvalidDhcpOptionID\.NotFound: The dhcpOption ID 'dopt-1' does not exist/,
      );
      await assert.rejects(
        account.create(ASSOCIATION, "a", { vpcId: "vpc-1", dhcpOptionsId: options.id }),
        /api error InvalidVpcID\.NotFound/,
      );
    });

    it("are others in place, and of another VPC by replacement", async () => {
      const association = await associate();
      const others = await account.create(OPTIONS, "d2", { ntpServers: ["10.1.0.7"] });
      assert.deepEqual(account.diff(association, { vpcId: vpc.id, dhcpOptionsId: others.id }).replaces, []);
      assert.deepEqual(account.diff(association, { vpcId: "vpc-2", dhcpOptionsId: options.id }).replaces, ["vpcId"]);
      const updated = await account.update(association, { vpcId: vpc.id, dhcpOptionsId: others.id });
      assert.equal(optionsOf(vpc), others.id);
      assert.equal(account.refresh(updated)?.outputs["dhcpOptionsId"], others.id);
    });

    it("are imported by the VPC's id", async () => {
      const association = await associate();
      const imported = account.provider.read(urnOf(ASSOCIATION, "a"), vpc.id, { inputs: {}, outputs: {} });
      assert.deepEqual([imported?.id, imported?.outputs["dhcpOptionsId"]], [association.id, options.id]);
    });

    it("are the default ones again when the association is deleted", async () => {
      await account.delete(await associate());
      assert.equal(optionsOf(vpc), "default");
    });

    it("are the default ones again when the options are deleted, and the association is gone", async () => {
      const association = await associate();
      await account.delete(options);
      assert.equal(optionsOf(vpc), "default");
      assert.equal(account.refresh(association), undefined);
      await account.delete(association);
      assert.equal(optionsOf(vpc), "default");
    });

    it("keep it from nothing: it is deleted with its association", async () => {
      const association = await associate();
      await account.delete(vpc);
      assert.equal(account.refresh(association), undefined);
      assert.equal(
        account.backend.list().some(({ type }) => type === ASSOCIATION),
        false,
      );
      await account.delete(options);
    });
  });

  it("are declared in one file and one line of the registry", () => {
    const lab = join(__dirname, "../../../lab/src");
    const lines = readdirSync(lab, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.endsWith("dhcp-options.ts"))
      .flatMap((file) => readFileSync(join(lab, file), "utf8").split("\n"))
      .filter((line) => /dhcp-options"|VpcDhcpOptions/i.test(line));
    assert.deepEqual(lines, ['export { vpcDhcpOptions, vpcDhcpOptionsAssociation } from "./dhcp-options";']);
  });
});
