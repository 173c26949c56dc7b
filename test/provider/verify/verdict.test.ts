import assert from "node:assert/strict";
import type { CapturedPacket } from "../../../provider/src/verify/capture";
import { pairsOf, rounds, type Pair } from "../../../provider/src/verify/pair";
import { PROBE_KINDS, type ProbeResult } from "../../../provider/src/verify/script";
import { judge } from "../../../provider/src/verify/verdict";
import { smallInventory } from "./inventories";

const inventory = smallInventory();
const pairs = pairsOf(inventory);
const find = (from: string, to: string): Pair => {
  const pair = pairs.find((p) => p.from.name === from && p.to.name === to);
  assert.ok(pair);
  return pair;
};
const direct = find("wa", "wb");
const across = find("wa", "wc");
const good = (pair: Pair): ProbeResult[] =>
  PROBE_KINDS.map((kind) => ({
    pair: 0,
    kind,
    ok: true,
    text: kind === "tcp" || kind === "udp" ? pair.from.address : "",
  }));
const bareOf = (pair: Pair): CapturedPacket => ({
  source: pair.from.address,
  destination: pair.to.address,
  protocol: 1,
});
const ipipOf = (pair: Pair): CapturedPacket => ({
  source: pair.fromNode.privateIp,
  destination: pair.toNode.privateIp,
  protocol: 4,
  inner: { encapsulation: "IPIP", source: pair.from.address, destination: pair.to.address },
});
/** The pair by VXLAN with the identifier 42 on port 8472, and its packets. */
const vxlan: Pair = {
  ...across,
  encapsulation: "VXLAN",
  outer: { source: "10.1.0.4", destination: "10.2.0.4", port: 8472, vni: 42 },
};
const vxlanOf = (pair: Pair, port: number, vni: number): CapturedPacket => ({
  ...ipipOf(pair),
  protocol: 17,
  inner: { encapsulation: "VXLAN", source: pair.from.address, destination: pair.to.address, port, vni },
});

describe("pairsOf", () => {
  it("makes every ordered pair of workloads on different nodes, with the least MTU on the way", () => {
    assert.equal(pairs.length, 6);
    assert.equal(direct.mtu, 8981, "the workloads' interfaces are smaller than the path");
    assert.equal(across.encapsulation, "IPIP");
  });
  it("names the pair that the plan knows no path for", () => {
    assert.throws(() => pairsOf({ ...inventory, paths: inventory.paths.slice(1) }), /no path from wa on a to wb on b/);
  });
  it("never probes both directions of two nodes in one round", () => {
    const all = rounds(pairs);
    assert.equal(all.flat().length, pairs.length);
    for (const round of all) {
      const seen = new Set(round.map((p) => `${p.fromNode.name} ${p.toNode.name}`));
      for (const p of round) assert.ok(!seen.has(`${p.toNode.name} ${p.fromNode.name}`));
    }
  });
});

describe("judge", () => {
  it("passes a pair whose probes and packets are as planned", () => {
    for (const [pair, packet] of [
      [direct, bareOf(direct)],
      [across, ipipOf(across)],
      [vxlan, vxlanOf(vxlan, 8472, 42)],
    ] as const) {
      const verdict = judge(pair, good(pair), [packet], [packet]);
      assert.equal(verdict.verdict, "passed", verdict.reason);
      assert.equal(verdict.reason, pair.reason);
    }
  });

  const bad: [string, Pair, ProbeResult[], CapturedPacket[], CapturedPacket[], RegExp][] = [
    ["nothing captured", across, good(across), [], [], /nothing of it was captured at a's interface/],
    [
      "bare where IPIP is planned",
      across,
      good(across),
      [bareOf(across)],
      [bareOf(across)],
      /on the wire IP 192\.168\.0\.1 > 192\.168\.0\.129 instead of IP 10\.1\.0\.4 > 10\.2\.0\.4 proto 4 \| IP 192/,
    ],
    [
      "a stray bare packet beside the tunnel",
      across,
      good(across),
      [ipipOf(across), bareOf(across)],
      [ipipOf(across)],
      /instead of/,
    ],
    [
      "IPIP inside a subnet",
      direct,
      good(direct),
      [ipipOf(direct)],
      [ipipOf(direct)],
      /proto 4 .* instead of IP 192\.168\.0\.1 > 192\.168\.0\.65/,
    ],
    [
      "a tunnel to the wrong node",
      across,
      good(across),
      [{ ...ipipOf(across), destination: "10.1.0.5" }],
      [],
      /IP 10\.1\.0\.4 > 10\.1\.0\.5 proto 4/,
    ],
    [
      "protocol 4 that does not arrive",
      across,
      [],
      [ipipOf(across)],
      [],
      /never arrived at c's interface: a security group without protocol 4 from 10\.1\.0\.4/,
    ],
    ["bare packets that do not arrive", direct, [], [bareOf(direct)], [], /source\/dest check of a or b is on/],
    [
      "VXLAN on another port",
      vxlan,
      good(vxlan),
      [vxlanOf(vxlan, 4789, 42)],
      [],
      /on the wire IP \S+ > \S+ udp 4789 VXLAN 42 \| .* instead of IP \S+ > \S+ udp 8472 VXLAN 42 \|/,
    ],
    [
      "VXLAN of another identifier",
      vxlan,
      good(vxlan),
      [vxlanOf(vxlan, 8472, 4096)],
      [],
      /udp 8472 VXLAN 4096 \| .* instead of .*udp 8472 VXLAN 42 \|/,
    ],
    [
      "VXLAN that does not arrive",
      vxlan,
      [],
      [vxlanOf(vxlan, 8472, 42)],
      [],
      /a security group without UDP 8472 from 10\.1\.0\.4/,
    ],
    [
      "a changed source",
      across,
      good(across).map((r) => (r.kind === "tcp" ? { ...r, text: "10.1.0.4" } : r)),
      [ipipOf(across)],
      [ipipOf(across)],
      /wc saw it come from 10\.1\.0\.4, not from 192\.168\.0\.1/,
    ],
    [
      "a probe that never reported",
      across,
      good(across).filter((r) => r.kind !== "udp"),
      [ipipOf(across)],
      [ipipOf(across)],
      /UDP: no result/,
    ],
    [
      "a packet above the MTU that passes",
      across,
      good(across).map((r) => (r.kind === "over" ? { ...r, ok: false, text: "it passed" } : r)),
      [ipipOf(across)],
      [ipipOf(across)],
      /DF one byte above the MTU: it passed/,
    ],
  ];
  for (const [name, pair, results, sender, receiver, reason] of bad) {
    it(`fails ${name}`, () => {
      const verdict = judge(pair, results, sender, receiver);
      assert.equal(verdict.verdict, "failed");
      assert.match(verdict.reason, reason);
    });
  }
});
