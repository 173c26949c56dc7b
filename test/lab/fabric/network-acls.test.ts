import assert from "node:assert/strict";
import { FabricError, readCloud } from "../../../lab/src/cloud/cloud";
import { networkAclChains } from "../../../lab/src/fabric/network-acls";
import { CloudRecords } from "../../support/cloud-records";

const base = (): CloudRecords =>
  new CloudRecords().vpc("v", "10.1.0.0/16").subnet("a", "v", "10.1.1.0/24").subnet("b", "v", "10.1.2.0/24");

function chains(records: CloudRecords): string[] {
  const vpc = readCloud(records.list()).vpcs.get("vpc-v");
  return vpc === undefined ? [] : networkAclChains(vpc.subnets);
}

function chain(records: CloudRecords, name: string): string[] {
  const lines = chains(records);
  const start = lines.indexOf(`chain ${name} {`) + 1;
  return start === 0 ? [] : lines.slice(start, lines.indexOf("}", start));
}

describe("network ACLs as nftables statements", () => {
  it("have a chain per ACL and direction in use, and two per subnet", () => {
    const lines = chains(base().networkAcl("n", "v", "b"));
    assert.deepEqual(
      lines.filter((line) => line.startsWith("chain ")),
      [
        "chain acl-default-egress {",
        "chain acl-default-ingress {",
        "chain acl-n-egress {",
        "chain acl-n-ingress {",
        `chain leave-s-a { oifname "s-a" return; goto acl-default-egress; }`,
        `chain enter-s-a { iifname "s-a" return; goto acl-default-ingress; }`,
        `chain leave-s-b { oifname "s-b" return; goto acl-n-egress; }`,
        `chain enter-s-b { iifname "s-b" return; goto acl-n-ingress; }`,
        `chain leaving { iifname vmap { "s-a" : goto leave-s-a, "s-b" : goto leave-s-b }; }`,
        `chain entering { oifname vmap { "s-a" : goto enter-s-a, "s-b" : goto enter-s-b }; }`,
      ],
    );
  });

  it("are empty for a VPC without subnets", () =>
    assert.deepEqual(chains(new CloudRecords().vpc("v", "10.1.0.0/16")), ["chain leaving { }", "chain entering { }"]));

  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{}, `counter return comment "acl-n 100"`],
    [
      { protocol: "4", cidrBlock: "10.0.0.0/8" },
      `ip saddr 10.0.0.0/8 ip protocol 4 counter return comment "acl-n 100"`,
    ],
    [{ protocol: "6", fromPort: 22, toPort: 23 }, `ip protocol 6 th dport 22-23 counter return comment "acl-n 100"`],
    [
      { protocol: "17", fromPort: 0, toPort: 65535, ruleAction: "deny" },
      `ip protocol 17 th dport 0-65535 counter drop comment "acl-n 100"`,
    ],
    [{ protocol: "1", icmpType: -1, icmpCode: -1 }, `ip protocol icmp counter return comment "acl-n 100"`],
    [
      { protocol: "1", icmpType: 3, icmpCode: 4 },
      `ip protocol icmp icmp type 3 icmp code 4 counter return comment "acl-n 100"`,
    ],
  ];
  for (const [outputs, statement] of cases) {
    it(`say ${statement}`, () =>
      assert.deepEqual(
        chain(base().networkAcl("n", "v", "a").aclRule("n", "ingress", 100, "allow", outputs), "acl-n-ingress"),
        [statement, `counter drop comment "acl-n *"`],
      ));
  }

  it("match destinations on the way out, in the order of the numbers", () => {
    const records = base()
      .networkAcl("n", "v", "a")
      .aclRule("n", "egress", 200, "deny", { cidrBlock: "10.2.0.0/16" })
      .aclRule("n", "egress", 30, "allow", { cidrBlock: "10.2.1.0/24" });
    assert.deepEqual(chain(records, "acl-n-egress"), [
      `ip daddr 10.2.1.0/24 counter return comment "acl-n 30"`,
      `ip daddr 10.2.0.0/16 counter drop comment "acl-n 200"`,
      `counter drop comment "acl-n *"`,
    ]);
  });

  const problems: Readonly<Record<string, [(records: CloudRecords) => unknown, RegExp]>> = {
    "an id that nft would read": [
      (r) => r.add("aws:ec2/networkAcl:NetworkAcl", "acl-1 } drop", { vpcId: "vpc-v" }),
      /acl-1 } drop .* not spelled as AWS spells ids/,
    ],
    "a CIDR that is none": [
      (r) => r.aclRule("n", "ingress", 1, "allow", { cidrBlock: "10.0.0.1/8" }),
      /nacl-n-ingress-1 .* cidrBlock "10\.0\.0\.1\/8"/,
    ],
    "a number that is none": [(r) => r.aclRule("n", "ingress", 32767, "allow"), /ruleNumber 32767/],
    "an action that is none": [
      (r) => r.aclRule("n", "ingress", 1, "allow", { ruleAction: "reject" }),
      /ruleAction "reject"/,
    ],
    "a protocol that is none": [
      (r) => r.aclRule("n", "ingress", 1, "allow", { protocol: "tcp; drop" }),
      /protocol "tcp; drop"/,
    ],
    "ports that are none": [
      (r) => r.aclRule("n", "ingress", 1, "allow", { protocol: "6", fromPort: 2, toPort: 1 }),
      /ports 2 to 1/,
    ],
    "an ICMP type that is none": [
      (r) => r.aclRule("n", "ingress", 1, "allow", { protocol: "1", icmpType: 256 }),
      /ICMP type 256/,
    ],
    "an association with an ACL that is not there": [
      (r) => r.remove("acl-n"),
      /aclassoc-a .* networkAclId acl-n, which is not there/,
    ],
    "a second association of a subnet": [
      (r) =>
        r.add("aws:ec2/networkAclAssociation:NetworkAclAssociation", "aclassoc-2", {
          subnetId: "subnet-a",
          networkAclId: "acl-n",
        }),
      /a second network ACL with subnet-a/,
    ],
  };
  for (const [what, [change, says]] of Object.entries(problems)) {
    it(`refuse ${what}`, () => {
      const records = base().networkAcl("n", "v", "a");
      change(records);
      let said: readonly string[] = [];
      try {
        readCloud(records.list());
      } catch (error) {
        if (!(error instanceof FabricError)) throw error;
        said = error.problems;
      }
      assert.ok(said.length === 1 && says.test(said[0] ?? ""), said.join("\n"));
    });
  }
});
