import assert from "node:assert/strict";
import { IPv4CidrRange } from "ip-num";
import type { NetworkAclEntry } from "../../../lab/src/cloud/network-acl";
import { decidingEntry, entryName } from "../../../lab/src/reach/network-acl";
import type { Packet } from "../../../lab/src/reach/packet";
import { echo, ip, ipip, syn, udp } from "./three-vpcs";

const entry = (ruleNumber: number, more: Partial<NetworkAclEntry> = {}): NetworkAclEntry => ({
  ruleNumber,
  action: "allow",
  protocol: "all",
  cidr: IPv4CidrRange.fromCidr("0.0.0.0/0"),
  ...more,
});

/** The number of the entry that decides about a packet that comes in; undefined when none does. */
function decides(packet: Packet, ...entries: NetworkAclEntry[]): number | undefined {
  return decidingEntry({ id: "acl-x", ingress: entries, egress: [] }, "ingress", packet)?.ruleNumber;
}

describe("the entry of a network ACL that decides", () => {
  it("is the one with the lowest number, in whatever order they are given", () => {
    assert.equal(decides(udp(ip.a1, ip.a2), entry(30), entry(10), entry(20)), 10);
    const given = [entry(30), entry(10)];
    decides(udp(ip.a1, ip.a2), ...given);
    assert.deepEqual(
      given.map(({ ruleNumber }) => ruleNumber),
      [30, 10],
      "the ACL stays as it was",
    );
  });

  it("compares the source of what comes in, and the destination of what goes out", () => {
    const ofA1 = entry(10, { cidr: IPv4CidrRange.fromCidr(`${ip.a1}/32`) });
    const acl = { id: "acl-x", ingress: [ofA1], egress: [ofA1] };
    assert.equal(decidingEntry(acl, "ingress", udp(ip.a1, ip.a2)), ofA1);
    assert.equal(decidingEntry(acl, "ingress", udp(ip.a2, ip.a1)), undefined);
    assert.equal(decidingEntry(acl, "egress", udp(ip.a2, ip.a1)), ofA1);
    assert.equal(decidingEntry(acl, "egress", udp(ip.a1, ip.a2)), undefined);
  });

  it("is for its protocol, or for all", () => {
    assert.equal(decides(ipip(ip.a1, ip.a2), entry(10, { protocol: 17 })), undefined);
    assert.equal(decides(udp(ip.a1, ip.a2), entry(10, { protocol: 17 })), 10, "without ports it is for all of them");
    assert.equal(decides(ipip(ip.a1, ip.a2), entry(10, { protocol: 4 })), 10);
    assert.equal(decides(ipip(ip.a1, ip.a2), entry(10, { protocol: "all" })), 10);
  });

  it("is for its ports, the first and the last included", () => {
    const ports = entry(10, { protocol: 6, ports: { from: 22, to: 24 } });
    assert.deepEqual(
      [21, 22, 23, 24, 25].map((port) => decides(syn(ip.a1, ip.a2, port), ports)),
      [undefined, 10, 10, 10, undefined],
    );
    assert.equal(decides({ ...ipip(ip.a1, ip.a2), protocol: 6 }, ports), undefined, "a packet without ports");
  });

  it("is for its ICMP type and code, where -1 is every one", () => {
    const icmp = (type: number, code: number): NetworkAclEntry => entry(10, { protocol: 1, icmp: { type, code } });
    const request = echo(ip.a1, ip.a2);
    assert.equal(decides(request, icmp(8, 0)), 10);
    assert.equal(decides(request, icmp(-1, -1)), 10);
    assert.equal(decides(request, icmp(8, -1)), 10);
    assert.equal(decides(request, icmp(0, -1)), undefined);
    assert.equal(decides(request, icmp(8, 1)), undefined);
    assert.equal(decides(request, entry(10, { protocol: 1 })), 10, "without a type it is for all of them");
    const bare = { ...ipip(ip.a1, ip.a2), protocol: 1 };
    assert.equal(decides(bare, icmp(8, 0)), undefined, "a packet that is not said to have a type");
    assert.equal(decides(bare, icmp(-1, -1)), 10);
  });

  it("has its ACL's id and its number for a name, and the last of every ACL a star", () => {
    const acl = { id: "acl-x", ingress: [], egress: [] };
    assert.deepEqual([entryName(acl, entry(7)), entryName(acl, undefined)], ["acl-x 7", "acl-x *"]);
  });
});
