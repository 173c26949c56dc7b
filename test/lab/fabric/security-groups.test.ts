import assert from "node:assert/strict";
import { readCloud } from "../../../lab/src/cloud/cloud";
import { securityGroupChains } from "../../../lab/src/fabric/security-groups";
import { CloudRecords } from "../../support/cloud-records";

const base = (): CloudRecords =>
  new CloudRecords()
    .vpc("a", "10.1.0.0/16")
    .subnet("a1", "a", "10.1.1.0/24")
    .instance("a1", "a", "a1", "10.1.1.11")
    .instance("a2", "a", "a1", "10.1.1.12", { secondaryPrivateIps: ["10.1.1.20"] });

function chains(records: CloudRecords, instance = "i-a1"): string[] {
  const cloud = readCloud(records.list());
  const found = cloud.instances.find(({ id }) => id === instance);
  if (found === undefined) throw new Error(`There is no ${instance}`);
  return securityGroupChains(found, cloud);
}

/** The statements of a chain with accept rules. */
function accepts(lines: readonly string[], chain: "ingress" | "egress"): string[] {
  const start = lines.indexOf(`chain ${chain} {`) + 1;
  return lines.slice(start, lines.indexOf("}", start)).filter((line) => line.includes("accept"));
}

describe("security groups as nftables statements", () => {
  const cases: readonly (readonly [Record<string, unknown>, string])[] = [
    [{ ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" }, `counter accept comment "sgr-x"`],
    [{ ipProtocol: "4", cidrIpv4: "10.0.0.0/8" }, `ip saddr 10.0.0.0/8 ip protocol 4 counter accept comment "sgr-x"`],
    [
      { ipProtocol: "tcp", fromPort: 22, toPort: 22, cidrIpv4: "192.0.2.1/32" },
      `ip saddr 192.0.2.1/32 tcp dport 22-22 counter accept comment "sgr-x"`,
    ],
    [
      { ipProtocol: "udp", fromPort: 4789, toPort: 4789, referencedSecurityGroupId: "sg-a2" },
      `ip saddr @sg-a2 udp dport 4789-4789 counter accept comment "sgr-x"`,
    ],
    [
      { ipProtocol: "icmp", fromPort: -1, toPort: -1, cidrIpv4: "0.0.0.0/0" },
      `ip protocol icmp counter accept comment "sgr-x"`,
    ],
    [
      { ipProtocol: "icmp", fromPort: 8, toPort: -1, cidrIpv4: "0.0.0.0/0" },
      `ip protocol icmp icmp type 8 counter accept comment "sgr-x"`,
    ],
    [
      { ipProtocol: "1", fromPort: 3, toPort: 4, cidrIpv4: "0.0.0.0/0" },
      `ip protocol icmp icmp type 3 icmp code 4 counter accept comment "sgr-x"`,
    ],
  ];
  for (const [outputs, statement] of cases) {
    it(`say ${statement}`, () =>
      assert.deepEqual(accepts(chains(base().ingress("x", "a1", outputs)), "ingress"), [statement]));
  }

  it("match destinations on the way out", () => {
    assert.deepEqual(
      accepts(
        chains(base().remove("sgr-a1-out").egress("x", "a1", { ipProtocol: "4", cidrIpv4: "10.0.0.0/8" })),
        "egress",
      ),
      [`ip daddr 10.0.0.0/8 ip protocol 4 counter accept comment "sgr-x"`],
    );
  });

  it("are the union of all groups of the interface, and of no other", () => {
    const records = base()
      .securityGroup("more", "a")
      .ingress("more", "more", { ipProtocol: "4", cidrIpv4: "10.0.0.0/8" })
      .ingress("own", "a1", { ipProtocol: "94", cidrIpv4: "10.0.0.0/8" });
    assert.deepEqual(accepts(chains(records), "ingress").length, 1);
    assert.deepEqual(
      accepts(chains(records.update("i-a1", { vpcSecurityGroupIds: ["sg-a1", "sg-more"] })), "ingress").length,
      2,
    );
    assert.deepEqual(accepts(chains(records, "i-a2"), "ingress"), []);
  });

  it("mark flows that are open both ways, and no others, as not tracked", () => {
    const marks = (records: CloudRecords): string[] => chains(records).filter((line) => line.endsWith("ct mark set 1"));
    const web = { ipProtocol: "tcp", fromPort: 80, toPort: 80, cidrIpv4: "0.0.0.0/0" };
    assert.deepEqual(marks(base().ingress("x", "a1", web)), ["ct state new tcp dport 80-80 ct mark set 1"]);
    assert.deepEqual(marks(base().ingress("x", "a1", { ...web, cidrIpv4: "10.0.0.0/8" })), []);
    assert.deepEqual(marks(base().ingress("x", "a1", web).update("sgr-a1-out", { cidrIpv4: "10.0.0.0/8" })), []);
    assert.deepEqual(
      marks(base().ingress("x", "a1", { ipProtocol: "icmp", fromPort: -1, toPort: -1, cidrIpv4: "0.0.0.0/0" })),
      [],
    );
    const both = ["ct state new ip protocol 6 ct mark set 1", "ct state new ip protocol 17 ct mark set 1"];
    assert.deepEqual(marks(base().ingress("x", "a1", { ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" })), [...both, ...both]);
  });

  it("hold all private addresses of a group's members, and none once the group is gone", () => {
    const records = base().ingress("x", "a1", { ipProtocol: "-1", referencedSecurityGroupId: "sg-a2" });
    assert.ok(chains(records).includes("set sg-a2 { type ipv4_addr; elements = { 10.1.1.12, 10.1.1.20 } }"));
    records.update("i-a2", { vpcSecurityGroupIds: ["sg-a1"] }).remove("sg-a2", "sgr-a2-out");
    assert.ok(chains(records).includes("set sg-a2 { type ipv4_addr; }"));
  });
});
