import assert from "node:assert/strict";
import { aclProtocolNumber } from "../../../lab/src/ec2/engine/protocol-names";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { fabricOf } from "../../../lab/src/fabric/model";
import { Account, type Resource } from "../../support/account-in-memory";

const everything = { protocol: "-1", cidrBlock: "0.0.0.0/0", fromPort: 0, toPort: 0 };
const inline = (ruleNo: number, more: object = {}): object => ({ ruleNo, action: "allow", ...everything, ...more });

describe("network ACLs of EC2's API in the lab", () => {
  let account: Account;
  let vpc: Resource, a: Resource, b: Resource, defaultId: string;
  beforeEach(async () => {
    account = new Account();
    vpc = await account.create(EC2.vpc, "v", { cidrBlock: "10.1.0.0/16" });
    a = await account.create(EC2.subnet, "a", { vpcId: vpc.id, cidrBlock: "10.1.1.0/24" });
    b = await account.create(EC2.subnet, "b", { vpcId: vpc.id, cidrBlock: "10.1.2.0/24" });
    defaultId = String(vpc.outputs["defaultNetworkAclId"]);
  });

  const acl = (more: object = {}, name = "n"): Promise<Resource> =>
    account.create(EC2.networkAcl, name, { vpcId: vpc.id, ...more });
  const rule = (
    networkAclId: string,
    ruleNumber: number,
    more: object = {},
    name = `r${ruleNumber}`,
  ): Promise<Resource> =>
    account.create(EC2.networkAclRule, name, { networkAclId, ruleNumber, ruleAction: "allow", ...everything, ...more });
  /** Which ACL a subnet has, as the fabric sees it. */
  const aclOf = (subnet: Resource): string => {
    const body =
      fabricOf("lab-0-", account.backend.list()).find(({ name }) => name === `lab-0-${vpc.id}`)?.tables[0]?.body ?? [];
    return (
      /goto (acl-[0-9a-f]+)-egress/.exec(
        body.find((line) => line.startsWith(`chain leave-s-${subnet.id.slice(-12)}`)) ?? "",
      )?.[1] ?? ""
    );
  };
  /** Comments of its rules in the fabric. */
  const rulesIn = (id: string): string[] => {
    const body = fabricOf("lab-0-", account.backend.list()).flatMap(({ tables }) =>
      tables.flatMap((table) => table.body),
    );
    return body.flatMap((line) =>
      line.includes(`comment "${id} `)
        ? [
            line
              .replace(/counter /, "")
              .replace(/comment .*/, "")
              .trim(),
          ]
        : [],
    );
  };

  it("a VPC comes with one that lets everything through, and takes it along", async () => {
    assert.equal(aclOf(a), defaultId);
    assert.deepEqual(rulesIn(defaultId), ["return", "drop", "return", "drop"]);
    await rule(defaultId, 50, { ruleAction: "deny" });
    for (const resource of [a, b, vpc]) await account.delete(resource);
    assert.deepEqual(account.backend.list(), []);
  });

  it("has inline rules and subnets, in the provider's form", async () => {
    const args = {
      ingress: [
        inline(200, { protocol: "tcp", fromPort: 22, toPort: 23 }),
        inline(100, { action: "DENY", protocol: "ipv4", cidrBlock: "10.9.0.0/16" }),
      ],
      egress: [inline(100)],
      subnetIds: [a.id],
    };
    const made = await acl(args);
    assert.match(made.id, /^acl-[0-9a-f]{17}$/);
    assert.deepEqual(made.outputs["ingress"], [
      {
        action: "deny",
        cidrBlock: "10.9.0.0/16",
        fromPort: 0,
        icmpCode: 0,
        icmpType: 0,
        ipv6CidrBlock: "",
        protocol: "4",
        ruleNo: 100,
        toPort: 0,
      },
      {
        action: "allow",
        cidrBlock: "0.0.0.0/0",
        fromPort: 22,
        icmpCode: 0,
        icmpType: 0,
        ipv6CidrBlock: "",
        protocol: "6",
        ruleNo: 200,
        toPort: 23,
      },
    ]);
    assert.match(String(made.outputs["arn"]), /:network-acl\/acl-/);
    assert.deepEqual([aclOf(a), aclOf(b)], [made.id, defaultId]);
    assert.deepEqual(rulesIn(made.id), [
      "return",
      "drop",
      "ip saddr 10.9.0.0/16 ip protocol 4 drop",
      "ip protocol 6 th dport 22-23 return",
      "drop",
    ]);
    // Protocols and actions in other spellings, and in another order, mean the same.
    assert.deepEqual(
      account.diff(made, {
        vpcId: vpc.id,
        ...args,
        ingress: [
          inline(100, { action: "deny", protocol: "4", cidrBlock: "10.9.0.0/16" }),
          inline(200, { protocol: "6", fromPort: 22, toPort: 23 }),
        ],
      }).properties,
      [],
    );
    assert.deepEqual(account.refresh(made)?.inputs, made.inputs);
    assert.deepEqual(account.diff(made, { vpcId: vpc.id, ...args, egress: [] }).replaces, []);
  });

  it("changes in place: the rules of a direction that is given, and its subnets", async () => {
    const made = await acl({ ingress: [inline(100)], egress: [inline(100)], subnetIds: [a.id] });
    const changed = await account.update(made, { vpcId: vpc.id, ingress: [inline(110)], subnetIds: [b.id] });
    assert.deepEqual(rulesIn(made.id), ["return", "drop", "return", "drop"]);
    assert.deepEqual([aclOf(a), aclOf(b)], [defaultId, made.id]);
    assert.deepEqual(
      (changed.outputs["ingress"] as { ruleNo: number }[]).map(({ ruleNo }) => ruleNo),
      [110],
    );
    await account.update(changed, { vpcId: vpc.id, ingress: [], egress: [], subnetIds: [] });
    assert.deepEqual(
      [
        aclOf(b),
        account.backend
          .list()
          .filter(({ type, outputs }) => type === EC2.networkAclRule && outputs["networkAclId"] === made.id),
      ],
      [defaultId, []],
    );
  });

  it("gives its subnets back when it goes, also those of associations", async () => {
    const made = await acl({ subnetIds: [a.id] });
    const association = await account.create(EC2.networkAclAssociation, "x", { networkAclId: made.id, subnetId: b.id });
    assert.match(association.id, /^aclassoc-/);
    assert.deepEqual([aclOf(a), aclOf(b)], [made.id, made.id]);
    assert.deepEqual(
      [...((account.refresh(made)?.outputs["subnetIds"] ?? []) as string[])].sort(),
      [a.id, b.id].sort(),
    );
    await account.delete(made);
    assert.deepEqual([aclOf(a), aclOf(b)], [defaultId, defaultId]);
    assert.equal(account.refresh(association), undefined);
  });

  it("an association replaces the subnet's former one, and leaves it to the default ACL in the end", async () => {
    const [first, second] = [await acl({}, "n"), await acl({}, "m")];
    const one = await account.create(EC2.networkAclAssociation, "x", { networkAclId: first.id, subnetId: a.id });
    const two = await account.create(EC2.networkAclAssociation, "y", { networkAclId: second.id, subnetId: a.id });
    assert.equal(aclOf(a), second.id);
    assert.equal(account.refresh(one), undefined);
    assert.deepEqual(account.diff(two, { networkAclId: first.id, subnetId: a.id }).replaces, ["networkAclId"]);
    await account.delete(two);
    assert.equal(aclOf(a), defaultId);
  });

  it("a default ACL that is taken over has the given rules alone, and stays when its resource goes", async () => {
    const taken = await account.create(EC2.defaultNetworkAcl, "d", {
      defaultNetworkAclId: defaultId,
      ingress: [inline(100, { protocol: "1", icmpType: 8, icmpCode: -1 })],
    });
    assert.equal(taken.id, defaultId);
    assert.deepEqual(rulesIn(defaultId), ["drop", "ip protocol icmp icmp type 8 return", "drop"]);
    await account.update(taken, { defaultNetworkAclId: defaultId, egress: [inline(7)] });
    assert.deepEqual(rulesIn(defaultId), ["return", "drop", "drop"]);
    await account.delete(taken);
    assert.deepEqual(rulesIn(defaultId), ["return", "drop", "drop"]);
    for (const resource of [a, b, vpc]) await account.delete(resource);
    assert.deepEqual(account.backend.list(), []);
  });

  it("a default ACL takes subnets back", async () => {
    await acl({ subnetIds: [a.id] });
    await account.create(EC2.defaultNetworkAcl, "d", { defaultNetworkAclId: defaultId, subnetIds: [a.id] });
    assert.equal(aclOf(a), defaultId);
  });

  it("rules are ids of Terraform's kind, replaced by every change, and imported as Terraform names them", async () => {
    const made = await acl();
    const tcp = await rule(made.id, 110, { protocol: "tcp", fromPort: 22, toPort: 22, cidrBlock: "100.68.0.18/18" });
    assert.match(tcp.id, /^nacl-\d+$/);
    assert.deepEqual(
      [tcp.outputs["protocol"], tcp.outputs["cidrBlock"], tcp.outputs["egress"]],
      ["6", "100.68.0.0/18", false],
    );
    const args = {
      networkAclId: made.id,
      ruleNumber: 110,
      ruleAction: "ALLOW",
      ...everything,
      protocol: "6",
      fromPort: 22,
      toPort: 22,
      cidrBlock: "100.68.0.18/18",
    };
    assert.deepEqual(account.diff(tcp, args).properties, []);
    assert.deepEqual(account.diff(tcp, { ...args, toPort: 23 }).replaces, ["toPort"]);
    assert.equal(account.provider.read(tcp.urn, `${made.id}:110:tcp:false`, { inputs: {}, outputs: {} })?.id, tcp.id);
    await account.delete(tcp);
    assert.deepEqual(rulesIn(made.id), []);
  });

  it("a subnet that goes takes its association along; a VPC with an ACL of one's own cannot go", async () => {
    const made = await acl({ subnetIds: [a.id] });
    for (const subnet of [a, b]) await account.delete(subnet);
    await assert.rejects(account.delete(vpc), /DependencyViolation: The vpc 'vpc-\w+' has dependencies/);
    for (const resource of [made, vpc]) await account.delete(resource);
    assert.deepEqual(account.backend.list(), []);
  });

  describe("refuses", () => {
    const refusals: readonly (readonly [what: string, call: () => Promise<unknown>, says: RegExp])[] = [
      [
        "a number twice, inline",
        () => acl({ ingress: [inline(100), inline(100, { action: "deny" })] }),
        /creating EC2 Network ACL: operation error EC2: CreateNetworkAcl, api error NetworkAclEntryAlreadyExists: The network acl entry identified by 100 already exists\./,
      ],
      [
        "a number twice, as a rule",
        () => rule(defaultId, 100),
        /NetworkAclEntryAlreadyExists: EC2 Network ACL \(acl-\w+\) Rule \(egress: false\)\(100\) already exists/,
      ],
      [
        "an ACL that is not there",
        () => rule("acl-0", 100),
        /creating EC2 Network ACL \(acl-0\) Rule \(egress: false\)\(100\): operation error EC2: CreateNetworkAclEntry, api error InvalidNetworkAclID\.NotFound: The networkAcl ID 'acl-0' does not exist/,
      ],
      [
        "a VPC that is not there",
        () => account.create(EC2.networkAcl, "x", { vpcId: "vpc-0" }),
        /InvalidVpcID\.NotFound/,
      ],
      ["a subnet that is not there", () => acl({ subnetIds: ["subnet-0"] }), /InvalidSubnetID\.NotFound/],
      [
        "a number that AWS keeps",
        () => rule(defaultId, 32767),
        /InvalidParameterValue: Value \(32767\) for parameter ruleNumber is invalid/,
      ],
      [
        "a CIDR that is none",
        () => rule(defaultId, 7, { cidrBlock: "banana" }),
        /InvalidParameterValue: Value \(banana\) for parameter cidrBlock is invalid/,
      ],
      [
        "ports the wrong way round",
        () => rule(defaultId, 7, { protocol: "udp", fromPort: 2, toPort: 1 }),
        /Invalid TCP\/UDP port range \(2:1\)/,
      ],
      [
        "ports of every protocol",
        () => acl({ ingress: [inline(1, { toPort: 1 })] }),
        /to_port \(1\) and from_port \(0\) must both be 0 to use the 'all' "-1" protocol!/,
      ],
      ["ICMPv6", () => rule(defaultId, 7, { protocol: "58" }), /the lab does not model ICMPv6/],
      [
        "another type's resource for a default ACL",
        async () => account.create(EC2.defaultNetworkAcl, "x", { defaultNetworkAclId: (await acl()).id }),
        /use the `aws_network_acl` resource instead/,
      ],
    ];
    for (const [what, call, says] of refusals)
      it(what, () => assert.rejects(call, (error: Error) => (assert.match(error.message, says), true)));

    it("a subnet of another VPC", async () => {
      const other = await account.create(EC2.vpc, "w", { cidrBlock: "10.2.0.0/16" });
      const subnet = await account.create(EC2.subnet, "c", { vpcId: other.id, cidrBlock: "10.2.1.0/24" });
      await assert.rejects(
        acl({ subnetIds: [subnet.id] }),
        /InvalidParameterValue: networkAcl acl-\w+ and subnet subnet-\w+ belong to different networks/,
      );
    });

    it("the 21st rule of a direction", async () => {
      const made = await acl({ ingress: Array.from({ length: 20 }, (_, i) => inline(i + 1)) });
      await assert.rejects(rule(made.id, 21), /NetworkAclEntryLimitExceeded/);
      await rule(made.id, 21, { egress: true });
    });
  });

  const faults: readonly (readonly [token: string, inputs: object, says: string])[] = [
    [
      EC2.networkAcl,
      { vpcId: "vpc-1", ingress: [inline(0)] },
      "expected ingress.0.rule_no to be in the range (1 - 32766), got 0. Examine values at 'x.ingress[0].ruleNo'.",
    ],
    [
      EC2.networkAcl,
      { vpcId: "vpc-1", egress: [inline(1, { action: "reject" })] },
      `expected egress.0.action to be one of ["allow" "deny"], got reject. Examine values at 'x.egress[0].action'.`,
    ],
    [
      EC2.networkAcl,
      { vpcId: "vpc-1", ingress: [inline(1, { fromPort: -1 })] },
      `expected "ingress.0.from_port" to be a valid port number or 0, got: -1. Examine values at 'x.ingress[0].fromPort'.`,
    ],
    [
      EC2.networkAcl,
      { vpcId: "vpc-1", ingress: [inline(1, { protocol: "ipinip" })] },
      `"ingress.0.protocol" : unsupported NACL protocol: ipinip. Examine values at 'x.ingress[0].protocol'.`,
    ],
    [
      EC2.networkAcl,
      { vpcId: "vpc-1", ingress: [inline(1, { cidrBlock: "10.0.0.1/8" })] },
      `"10.0.0.1/8" is not a valid IPv4 CIDR block; did you mean "10.0.0.0/8"?. Examine values at 'x.ingress[0].cidrBlock'.`,
    ],
    [
      EC2.networkAcl,
      { vpcId: "vpc-1", ingress: [inline(1, { ipv6CidrBlock: "::/0" })] },
      "the lab does not model ingress[0].ipv6CidrBlock of aws:ec2/networkAcl:NetworkAcl: its networks are IPv4 only. Examine values at 'x.ingress[0].ipv6CidrBlock'.",
    ],
    [
      EC2.networkAclRule,
      { networkAclId: "acl-1", ruleNumber: 1, ruleAction: "allow", protocol: "143", cidrBlock: "0.0.0.0/0" },
      `"protocol" : unsupported NACL protocol: 143. Examine values at 'x.protocol'.`,
    ],
    [
      EC2.networkAclRule,
      { networkAclId: "acl-1", ruleNumber: 1, ruleAction: "allow", protocol: "4" },
      `Invalid combination of arguments. "cidr_block": one of \`cidr_block,ipv6_cidr_block\` must be specified. Examine values at 'x.cidrBlock'.`,
    ],
    [
      EC2.networkAclAssociation,
      { networkAclId: "acl-1" },
      `Missing required argument. The argument "subnet_id" is required, but no definition was found. Examine values at 'x.subnetId'.`,
    ],
    [
      EC2.networkAcl,
      { vpcId: "vpc-1", rules: [] },
      "aws:ec2/networkAcl:NetworkAcl of the aws package 7.48 has no input rules. Examine values at 'x.rules'.",
    ],
  ];
  for (const [token, inputs, says] of faults)
    it(`check: ${token.split(":").at(-1)} ${JSON.stringify(inputs)}`, () =>
      assert.equal(new Account().faults(token, "x", inputs)[0], says));

  it("knows IANA's protocols by number and keyword", () => {
    const numbers = {
      all: -1,
      icmp: 1,
      ipv4: 4,
      tcp: 6,
      udp: 17,
      sdrp: 42,
      gre: 47,
      esp: 50,
      "ipv6-icmp": 58,
      ospfigp: 89,
      ipip: 94,
      sctp: 132,
      rohc: 142,
      "254": 254,
      "04": 4,
    };
    assert.deepEqual(
      Object.fromEntries(Object.keys(numbers).map((keyword) => [keyword, aclProtocolNumber(keyword)])),
      numbers,
    );
    for (const none of ["57", "143", "255", "-2", "TCP", ""]) assert.equal(aclProtocolNumber(none), undefined, none);
  });
});
