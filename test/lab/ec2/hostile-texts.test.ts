import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeOf } from "../../../lab/src/ec2/types/instance-node";
import { propertyMap, type PropertyMap } from "../../../wire/property-value";
import { Records } from "../../../lab/src/ec2/engine/records";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { FabricError } from "../../../lab/src/cloud/cloud";
import { linkCommands, nftScript, peerCommands, routingCommands } from "../../../lab/src/fabric/commands";
import { fabricOf } from "../../../lab/src/fabric/model";
import { nothing } from "../../../lab/src/fabric/observed";
import { seedFiles } from "../../../lab/src/node/seed";
import { openLab } from "../../../lab/src/state/paths";
import type { ResourceRecord } from "../../../lab/src/state/record";
import { RecordStore } from "../../../lab/src/state/store";
import { Account, PUBLIC_KEY, type Resource } from "../../support/account-in-memory";
import { Network } from "./network";

interface Hostile {
  readonly text: string;
  /** Whether EC2 takes it as a name or description of a group: its characters are `a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*`. */
  readonly asDescription: boolean;
  /** Whether EC2 takes it as a key pair's name: ASCII. */
  readonly asKeyName: boolean;
}

const hostile: Readonly<Record<string, Hostile>> = {
  "a command after a semicolon": { text: "x; touch /tmp/owned #", asDescription: true, asKeyName: true },
  "a command in a substitution": { text: "$(touch /tmp/owned)", asDescription: true, asKeyName: true },
  "a command in back quotes": { text: "`touch /tmp/owned`", asDescription: false, asKeyName: true },
  "a pipe": { text: "x | sh -c owned > /dev/null", asDescription: false, asKeyName: true },
  quotes: { text: `'"\\'"'; owned "/`, asDescription: false, asKeyName: true },
  "a second line": { text: "x\nflush ruleset\nowned", asDescription: false, asKeyName: false },
  "nft's syntax": { text: `x" accept comment "owned`, asDescription: false, asKeyName: true },
  "nft's block": { text: "} table ip owned { chain c { accept; }", asDescription: true, asKeyName: true },
  "ip's batch": { text: "x\nlink delete dev owned\n", asDescription: false, asKeyName: false },
  "an option": { text: "--owned=1", asDescription: true, asKeyName: true },
  "a path": { text: "../../../../etc/owned", asDescription: true, asKeyName: true },
  "a terminal's commands": { text: "\u001b[2J\u001b]0;owned\u0007", asDescription: false, asKeyName: false },
  "writing that runs backwards": { text: "\u202Edenwo", asDescription: false, asKeyName: false },
  "other scripts": { text: "узел ノード 🦀 é owned", asDescription: false, asKeyName: false },
  "a NUL": { text: "a\0owned", asDescription: false, asKeyName: false },
  "variables of everybody": { text: "${owned} %s %n {{.}} \\u0000", asDescription: false, asKeyName: true },
  "255 characters": { text: "owned".repeat(51), asDescription: true, asKeyName: true },
  "256 characters": { text: "owned".repeat(51) + "x", asDescription: false, asKeyName: false },
};

describe("hostile texts", () => {
  for (const [what, { text, asDescription, asKeyName }] of Object.entries(hostile)) {
    it(`${what}: in tags they leave no trace in what is run`, async () => {
      const account = await furnished({ Name: text, [text.slice(0, 128)]: text });
      const commands = commandsOf(account);
      assert.deepEqual(commandsOf(account, withoutTexts), commands);
      assert.ok(!commands.includes(text), commands);
    });

    it(`${what}: ${asDescription ? "as names and descriptions of groups and rules, too" : "refused as names and descriptions of groups and rules"}`, async () => {
      const network = await Network.make();
      const { account } = network;
      const calls: readonly (readonly [string, () => Promise<Resource>])[] = [
        ["rule description", () => network.rule("r", { ipProtocol: "4", cidrIpv4: "10.0.0.0/8", description: text })],
        [
          "rule description",
          () =>
            account.create(EC2.securityGroupRule, "s", {
              securityGroupId: network.group.id,
              type: "egress",
              protocol: "4",
              fromPort: 0,
              toPort: 0,
              cidrBlocks: ["10.0.0.0/8"],
              description: text,
            }),
        ],
        [
          "rule description",
          () =>
            account.create(EC2.securityGroup, "i", {
              vpcId: network.vpc.id,
              ingress: [{ protocol: "4", fromPort: 0, toPort: 0, self: true, description: text }],
            }),
        ],
        [
          "security group description",
          () => account.create(EC2.securityGroup, "d", { vpcId: network.vpc.id, description: text }),
        ],
        ["security group name", () => account.create(EC2.securityGroup, "n", { vpcId: network.vpc.id, name: text })],
      ];
      for (const [field, call] of calls) {
        if (asDescription) await call();
        // 256 characters are refused by the provider in some places, by the API in the others.
        else
          await assert.rejects(
            call,
            (error: Error) => (
              assert.match(
                error.message,
                new RegExp(
                  `InvalidParameterValue: (Invalid ${field}\\. Valid |Value \\([^]*\\) for parameter \\w+ is invalid)|expected length of (name|description) to be in the range`,
                ),
              ),
              true
            ),
          );
      }
      const commands = commandsOf(account);
      assert.ok(!commands.includes(text), commands);
      assert.deepEqual(commandsOf(account, withoutTexts), commands);
    });

    it(`${what}: ${asKeyName ? "as the name of a key pair, in a file of another name" : "refused as the name of a key pair"}`, async () => {
      const account = new Account();
      if (!asKeyName) {
        await assert.rejects(
          account.create(EC2.keyPair, "k", { keyName: text, publicKey: PUBLIC_KEY }),
          /InvalidParameterValue: Value \([^]*\) for parameter KeyName is invalid|expected length of key_name/,
        );
        return;
      }
      const key = await account.create(EC2.keyPair, "k", { keyName: text, publicKey: PUBLIC_KEY });
      assert.equal(key.id, text);
      await assert.rejects(
        account.create(EC2.keyPair, "l", { keyName: text, publicKey: PUBLIC_KEY }),
        /InvalidKeyPair\.Duplicate: The keypair already exists/,
      );
      const lab = openLab(mkdtempSync(join(tmpdir(), "overlaynet-hostile-")));
      try {
        const store = new RecordStore(lab);
        for (const record of account.backend.list()) store.put(record);
        assert.deepEqual(
          readdirSync(lab.resources).map((name) => /^key-[0-9a-f]{17}\.json$/.test(name)),
          [true],
        );
        assert.deepEqual(store.list(), account.backend.list());
      } finally {
        rmSync(lab.state, { recursive: true, force: true });
      }
    });
  }

  it("in any place of any record are refused by the fabric, or run by nobody", async () => {
    const account = await furnished({ Name: "x" });
    const records = account.backend.list();
    const outcomes = { refused: 0, without: 0 };
    for (const [index, record] of records.entries()) {
      // User data is a program, and its author's own.
      for (const path of stringsIn(record).filter((keys) => !keys.includes("userData"))) {
        for (const name of ["a command after a semicolon", "nft's syntax", "ip's batch"]) {
          const { text } = hostile[name] ?? { text: "" };
          const changed = records.map((other, i) => (i === index ? replaced(other, path, text) : other));
          try {
            const commands = commandsOf(account, () => changed);
            assert.ok(!commands.includes("owned"), `${record.type} ${path.join(".")}: ${commands}`);
            outcomes.without++;
          } catch (error) {
            // What is named and not there, or no node can be made of it.
            if (
              !(error instanceof FabricError) &&
              !(error instanceof Error && /is not |does not exist|Two resources would both be/.test(error.message))
            )
              throw error;
            outcomes.refused++;
          }
        }
      }
    }
    assert.ok(outcomes.refused > 50 && outcomes.without > 300, JSON.stringify(outcomes));
  });

  it("would show: an address that is changed is in what is run", async () => {
    const account = await furnished({});
    const before = commandsOf(account);
    assert.ok(before.includes("10.1.0.9") && !before.includes("10.1.0.77"));
    const after = commandsOf(account, (records) =>
      records.map((record) =>
        record.type === EC2.instance ? replaced(record, ["outputs", "privateIp"], "10.1.0.77") : record,
      ),
    );
    assert.ok(after.includes("10.1.0.77"));
  });

  it("in the names of resources make names that EC2 refuses", async () => {
    const network = await Network.make();
    await assert.rejects(
      network.account.create(EC2.securityGroup, "it's", { vpcId: network.vpc.id }),
      /InvalidParameterValue: Invalid security group name/,
    );
    await assert.rejects(
      network.account.create(EC2.keyPair, "ключ", { publicKey: PUBLIC_KEY }),
      /for parameter KeyName is invalid\. Character sets beyond ASCII are not supported/,
    );
  });

  it("behind a public key are a comment, and never a second key", async () => {
    const account = new Account();
    await account.create(EC2.keyPair, "k", { publicKey: `${PUBLIC_KEY} $(touch /tmp/owned)` });
    for (const more of ["\nssh-ed25519 AAAA", "\r\n# x", "\0", " é"]) {
      await assert.rejects(
        account.create(EC2.keyPair, "l", { publicKey: `${PUBLIC_KEY}${more}x` }),
        /InvalidKeyPair\.Format/,
      );
    }
  });

  describe("in tags", () => {
    const refusals: readonly (readonly [string, PropertyMap, RegExp])[] = [
      [
        "a reserved key",
        { "aws:x": "y" },
        /creating EC2 VPC: operation error EC2: CreateVpc, api error InvalidParameterValue: Value \( aws:x \) for parameter key is invalid\. Tag keys starting with 'aws:' are reserved for internal use/,
      ],
      ["a reserved key in other case", { "AWS:x": "y" }, /reserved for internal use/],
      ["an empty key", { "": "y" }, /InvalidParameterValue: Tag key cannot be null or empty/],
      ["a key of 129 characters", { ["🦀".repeat(129)]: "y" }, /Tag key exceeds the maximum length of 128 characters/],
      ["a value of 257 characters", { x: "🦀".repeat(257) }, /Tag value exceeds the maximum length of 256 characters/],
      [
        "51 of them",
        Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, ""])),
        /TagLimitExceeded: The maximum number of Tags for a resource has been reached\./,
      ],
    ];
    for (const [what, tags, says] of refusals) {
      it(`${what} is refused, wherever it comes from`, async () => {
        const network = await Network.make();
        const { account } = network;
        await assert.rejects(account.create(EC2.vpc, "x", { cidrBlock: "10.9.0.0/16", tags }), says);
        await assert.rejects(
          account.update(network.vpc, { cidrBlock: "10.1.0.0/16", tags }),
          (error: Error) => (assert.match(error.message, /updating EC2 VPC/), true),
        );
        await assert.rejects(network.instance("i", { volumeTags: tags }), /creating EC2 Instance/);
        await assert.rejects(network.instance("i", { rootBlockDevice: { tags } }), /creating EC2 Instance/);
        account.provider.config = {
          region: "us-east-1",
          defaultTags: Object.fromEntries(Object.entries(tags).map(([key, value]) => [key, String(value)])),
        };
        await assert.rejects(account.create(EC2.vpc, "x", { cidrBlock: "10.9.0.0/16" }), says);
      });
    }

    it("as many and as long as EC2 takes are taken", async () => {
      const { outputs } = await new Account().create(EC2.vpc, "x", {
        cidrBlock: "10.9.0.0/16",
        tags: {
          ["🦀".repeat(128)]: "🦀".repeat(256),
          ...Object.fromEntries(Array.from({ length: 49 }, (_, i) => [`k${i}`, ""])),
        },
      });
      assert.equal(Object.keys(propertyMap(outputs["tags"])).length, 50);
    });
  });
});

/** An account with one of each that has tags. */
async function furnished(tags: PropertyMap): Promise<Account> {
  const network = await Network.make();
  const { account, vpc, subnet, group } = network;
  await account.update(vpc, { cidrBlock: "10.1.0.0/16", tags });
  await account.update(subnet, { vpcId: vpc.id, cidrBlock: "10.1.0.0/24", availabilityZone: "us-east-1a", tags });
  await account.update(group, { vpcId: vpc.id, tags });
  const gateway = await account.create(EC2.internetGateway, "g", { vpcId: vpc.id, tags });
  const table = await account.create(EC2.routeTable, "t", {
    vpcId: vpc.id,
    tags,
    routes: [{ cidrBlock: "0.0.0.0/0", gatewayId: gateway.id }],
  });
  await account.create(EC2.routeTableAssociation, "a", { routeTableId: table.id, subnetId: subnet.id });
  const other = await account.create(EC2.vpc, "w", { cidrBlock: "10.2.0.0/16", tags });
  const peering = await account.create(EC2.peering, "p", {
    vpcId: vpc.id,
    peerVpcId: other.id,
    autoAccept: true,
    tags,
  });
  await account.create(EC2.route, "r", {
    routeTableId: table.id,
    destinationCidrBlock: "10.2.0.0/16",
    vpcPeeringConnectionId: peering.id,
  });
  await network.rule("c", { ipProtocol: "tcp", fromPort: 22, toPort: 22, cidrIpv4: "10.0.0.0/8", tags });
  await network.rule("s", { ipProtocol: "4", referencedSecurityGroupId: group.id, tags });
  const key = await account.create(EC2.keyPair, "k", { keyName: "k", publicKey: PUBLIC_KEY, tags });
  await network.instance("i", {
    privateIp: "10.1.0.9",
    keyName: key.id,
    associatePublicIpAddress: true,
    userData: "#!/bin/sh\ntrue\n",
    tags,
    volumeTags: tags,
    rootBlockDevice: { tags },
  });
  return account;
}

/** Everything that nft, ip and the nodes' boot are given, as text. */
function commandsOf(
  { backend }: Account,
  change: (records: ResourceRecord[]) => ResourceRecord[] = (records) => records,
): string {
  const records = change(backend.list());
  const namespaces = fabricOf("lab-00000000-", records);
  const fabric = namespaces.flatMap((namespace) => [
    namespace.name,
    ...Object.entries(namespace.sysctls).map((pair) => pair.join("=")),
    ...namespace.tables.map(nftScript),
    ...linkCommands(namespace, nothing),
    ...peerCommands(namespace.name, namespaces),
    ...routingCommands(namespace, nothing),
  ]);
  const nodes = records
    .filter(({ type }) => type === EC2.instance)
    .flatMap((record) => seedFiles(nodeOf(backend, record, new Records(records, "us-east-1")), new Set()));
  return [
    ...fabric,
    ...nodes
      .filter(({ name }) => name !== "authorized_keys" && name !== "commands")
      .map(({ name, content }) => `${name} ${String(content)}`),
  ].join("\n");
}

/** The same records as if nobody had given a name, tag or description. */
function withoutTexts(records: ResourceRecord[]): ResourceRecord[] {
  const bare = ({
    tags: _tags,
    tagsAll: _tagsAll,
    volumeTags: _volumeTags,
    description: _description,
    name: _name,
    ...rest
  }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => rest;
  return records.map((record) => ({ ...record, urn: "", inputs: {}, outputs: bare(record.outputs) }));
}

type Path = readonly (string | number)[];

function stringsIn(value: unknown, before: Path = []): Path[] {
  if (typeof value === "string") return [before];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    stringsIn(item, [...before, Array.isArray(value) ? Number(key) : key]),
  );
}

function replaced(record: ResourceRecord, path: Path, text: string): ResourceRecord {
  const at = (value: unknown, [key, ...rest]: Path): unknown => {
    if (key === undefined) return text;
    if (Array.isArray(value)) return value.map((item: unknown, i) => (i === key ? at(item, rest) : item));
    return { ...(value as object), [key]: at((value as Record<string, unknown>)[key], rest) };
  };
  return at(record, path) as ResourceRecord;
}
