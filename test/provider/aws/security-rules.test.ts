import assert from "node:assert/strict";
import { layOut } from "../../../provider/src/aws/layout";
import { type SecurityRule, securityRules } from "../../../provider/src/aws/security-rules";
import type { IpPool } from "../../../provider/src/ippool/ippool";
import { pool } from "./pool";

const ADMIN = { port: 22, cidrBlocks: ["203.0.113.7/32"] };

function rules(pools: readonly IpPool[], count = 2, admin = ADMIN): readonly SecurityRule[] {
  return securityRules(layout(count), pools, admin).rules;
}

function layout(count: number) {
  const networks = Array.from({ length: count }, (_, i) => ({ name: `net${i}`, cidrBlock: `10.${i}.0.0/16`, subnets: [{ availabilityZone: "us-east-1a", nodes: 3 }] }));
  return layOut({ networks, pools: [], workloadsPerNode: 0, sourceDestCheck: {} }).layout;
}

function lines(list: readonly SecurityRule[], network = "net0"): string[] {
  return list
    .filter((rule) => rule.network === network)
    .map(({ ipProtocol, fromPort, toPort, source }) => `${ipProtocol}${fromPort === undefined ? "" : ` ${fromPort}-${toPort}`} from ${"cidr" in source ? source.cidr : source.network}`);
}

const COMMON = ["tcp 22-22 from 203.0.113.7/32", "icmp -1--1 from 10.0.0.0/16", "icmp -1--1 from 10.1.0.0/16"];

describe("security rules", () => {
  it("are exactly what each mode needs", () => {
    const ipip = ["4 from net0", "4 from net1"];
    const vxlan = ["udp 4789-4789 from net0", "udp 4789-4789 from net1"];
    const bare = ["-1 from 192.168.0.0/16"];
    assert.deepEqual(lines(rules([pool({ ipipMode: "CrossSubnet" })])), [...COMMON, ...ipip, ...bare]);
    assert.deepEqual(lines(rules([pool({ ipipMode: "Always" })])), [...COMMON, ...ipip]);
    assert.deepEqual(lines(rules([pool({ vxlanMode: "CrossSubnet" })])), [...COMMON, ...vxlan, ...bare]);
    assert.deepEqual(lines(rules([pool({ vxlanMode: "Always" })])), [...COMMON, ...vxlan]);
    assert.deepEqual(lines(rules([pool()])), [...COMMON, ...bare]);
    assert.deepEqual(lines(rules([])), COMMON);
    const both = [pool({ name: "a", cidr: "192.168.0.0/17", ipipMode: "Always" }), pool({ name: "b", cidr: "192.168.128.0/17", vxlanMode: "CrossSubnet" })];
    assert.deepEqual(lines(rules(both)), [...COMMON, ...ipip, ...vxlan, "-1 from 192.168.128.0/17"]);
    assert.deepEqual(lines(rules([pool({ allowedUses: ["LoadBalancer"] })])), COMMON);
  });

  it("give IP in IP no ports, and nothing comes from everywhere", () => {
    const all = rules([pool({ ipipMode: "CrossSubnet" }), pool({ name: "v", cidr: "172.16.0.0/16", vxlanMode: "CrossSubnet" })], 3);
    for (const rule of all) {
      assert.ok(!("cidr" in rule.source) || rule.source.cidr !== "0.0.0.0/0", rule.key);
      assert.equal(rule.fromPort === undefined, rule.ipProtocol === "4" || rule.ipProtocol === "-1", rule.key);
      // What EC2 takes in descriptions.
      assert.match(rule.description, /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/);
    }
    assert.equal(new Set(all.map(({ network, key }) => `${network}-${key}`)).size, all.length);
    assert.equal(new Set(all.map(({ network, ipProtocol, source }) => JSON.stringify([network, ipProtocol, source]))).size, all.length);
  });

  it("do not depend on the number of nodes, and warn beyond AWS's 60 per group", () => {
    const ipip = pool({ ipipMode: "CrossSubnet" });
    assert.deepEqual(securityRules(layout(29), [ipip], ADMIN).warnings, []);
    assert.equal(lines(rules([ipip], 29)).length, 60);
    assert.deepEqual(new Set(securityRules(layout(30), [ipip], ADMIN).warnings.map(({ code }) => code)), new Set(["SecurityGroupRuleQuota"]));
  });

  it("name the nodes of their own network, and others' CIDRs over a transit gateway, which references do not cross", () => {
    const over = { ...layout(2), interconnect: "TransitGateway" as const };
    const both = [pool({ name: "a", cidr: "192.168.0.0/17", ipipMode: "Always" }), pool({ name: "b", cidr: "192.168.128.0/17", vxlanMode: "Always" })];
    const sources = (of: typeof over | ReturnType<typeof layout>): unknown[] => securityRules(of, both, ADMIN).rules.filter(({ network, purpose }) => network === "net0" && ["ipip", "vxlan"].includes(purpose)).map(({ key, source }) => [key, source]);
    assert.deepEqual(sources(over), [
      ["ipip-net0", { network: "net0" }],
      ["ipip-net1", { cidr: "10.1.0.0/16" }],
      ["vxlan-net0", { network: "net0" }],
      ["vxlan-net1", { cidr: "10.1.0.0/16" }],
    ]);
    assert.deepEqual(sources(layout(2)).map((row) => JSON.stringify(row).includes("cidr")), [false, false, false, false]);
  });

  it("let ssh in at the given port only", () => {
    assert.deepEqual(lines(rules([], 1, { port: 2222, cidrBlocks: ["10.0.0.0/8"] })), ["tcp 2222-2222 from 10.0.0.0/8", "icmp -1--1 from 10.0.0.0/16"]);
  });
});
