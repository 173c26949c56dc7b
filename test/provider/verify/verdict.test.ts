import assert from "node:assert/strict";
import type { CapturedPacket } from "../../../provider/src/verify/capture";
import type { Inventory } from "../../../provider/src/verify/inventory";
import { pairsOf, rounds, type Pair } from "../../../provider/src/verify/pair";
import { PROBE_KINDS, type ProbeResult } from "../../../provider/src/verify/script";
import { expectedWire, judge } from "../../../provider/src/verify/verdict";
import { smallInventory } from "./inventories";

const inventory = smallInventory();
const find = (from: string, to: string): Pair => {
  const pair = pairsOf(inventory).find((p) => p.from.name === from && p.to.name === to);
  assert.ok(pair);
  return pair;
};
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
const vxlanPair = (): Pair => ({
  ...find("wa", "wc"),
  encapsulation: "VXLAN",
  outer: { source: "10.1.0.4", destination: "10.2.0.4", port: 8472, vni: 42 },
});
const vxlanOf = (pair: Pair, port: number, vni: number): CapturedPacket => ({
  ...ipipOf(pair),
  protocol: 17,
  inner: { encapsulation: "VXLAN", source: pair.from.address, destination: pair.to.address, port, vni },
});

describe("pairsOf", () => {
  let pairs: readonly Pair[];
  beforeEach(() => {
    pairs = pairsOf(inventory);
  });

  it("makes every ordered pair of workloads on different nodes, with the least MTU on the way", () => {
    assert.equal(pairs.length, 6);
    assert.equal(find("wa", "wb").mtu, 8981, "the workloads' interfaces are smaller than the path");
    assert.equal(find("wa", "wc").encapsulation, "IPIP");
    const smaller = (name: string): Inventory => ({
      ...inventory,
      workloads: inventory.workloads.map((workload) =>
        workload.name === name ? { ...workload, mtu: 1400 } : workload,
      ),
    });
    for (const name of ["wa", "wb"])
      assert.equal(pairsOf(smaller(name)).find(({ from, to }) => from.name === "wa" && to.name === "wb")?.mtu, 1400);
  });
  it("names the pair that the plan knows no path for", () => {
    assert.throws(
      () => pairsOf({ ...inventory, paths: [...inventory.paths].slice(1) }),
      /no path from wa on a to wb on b/,
    );
    for (const gone of ["a", "b", "c"])
      assert.throws(
        () => pairsOf({ ...inventory, nodes: inventory.nodes.filter(({ name }) => name !== gone) }),
        /no path from .* run `pulumi up` again/,
      );
  });
  it("leaves out workloads of one node: their packets never leave it", () => {
    const [first] = inventory.workloads;
    assert.ok(first);
    const more = {
      ...inventory,
      workloads: [...inventory.workloads, { ...first, name: "wa2", address: "192.168.0.2" }],
    };
    const names = pairsOf(more).map(({ from, to }) => `${from.name} ${to.name}`);
    assert.equal(names.length, 10);
    assert.ok(!names.includes("wa wa2") && !names.includes("wa2 wa") && names.includes("wa2 wb"));
  });
  it("never probes both directions of two nodes in one round", () => {
    const all = rounds(pairs);
    assert.equal(all.flat().length, pairs.length);
    for (const round of all) {
      const seen = new Set(round.map((p) => `${p.fromNode.name} ${p.toNode.name}`));
      for (const p of round) assert.ok(!seen.has(`${p.toNode.name} ${p.fromNode.name}`));
    }
    assert.equal(all.length, 2);
  });
  it("has no round without a pair", () => {
    assert.deepEqual(rounds([]), []);
    assert.equal(rounds([find("wb", "wa")]).flat().length, 1);
    assert.equal(rounds([find("wb", "wa")]).length, 1);
  });
});

describe("judge", () => {
  it("passes a pair whose probes and packets are as planned", () => {
    const [direct, across, vxlan] = [find("wa", "wb"), find("wa", "wc"), vxlanPair()];
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

  type Evidence = [Pair, ProbeResult[], CapturedPacket[], CapturedPacket[]];
  type Pairs = Readonly<Record<"direct" | "across" | "vxlan", Pair>>;
  const bad: [string, (pairs: Pairs) => Evidence, RegExp][] = [
    ["nothing captured", ({ across }) => [across, good(across), [], []], /nothing of it was captured at a's interface/],
    [
      "bare where IPIP is planned",
      ({ across }) => [across, good(across), [bareOf(across)], [bareOf(across)]],
      /on the wire IP 192\.168\.0\.1 > 192\.168\.0\.129 instead of IP 10\.1\.0\.4 > 10\.2\.0\.4 proto 4 \| IP 192/,
    ],
    [
      "a stray bare packet beside the tunnel",
      ({ across }) => [across, good(across), [ipipOf(across), bareOf(across)], [ipipOf(across)]],
      /instead of/,
    ],
    [
      "IPIP inside a subnet",
      ({ direct }) => [direct, good(direct), [ipipOf(direct)], [ipipOf(direct)]],
      /proto 4 .* instead of IP 192\.168\.0\.1 > 192\.168\.0\.65/,
    ],
    [
      "a tunnel to the wrong node",
      ({ across }) => [across, good(across), [{ ...ipipOf(across), destination: "10.1.0.5" }], []],
      /IP 10\.1\.0\.4 > 10\.1\.0\.5 proto 4/,
    ],
    [
      "protocol 4 that does not arrive",
      ({ across }) => [across, [], [ipipOf(across)], []],
      /never arrived at c's interface: a security group without protocol 4 from 10\.1\.0\.4/,
    ],
    [
      "bare packets that do not arrive",
      ({ direct }) => [direct, [], [bareOf(direct)], []],
      /source\/dest check of a or b is on/,
    ],
    [
      "VXLAN on another port",
      ({ vxlan }) => [vxlan, good(vxlan), [vxlanOf(vxlan, 4789, 42)], []],
      /on the wire IP \S+ > \S+ udp 4789 VXLAN 42 \| .* instead of IP \S+ > \S+ udp 8472 VXLAN 42 \|/,
    ],
    [
      "VXLAN of another identifier",
      ({ vxlan }) => [vxlan, good(vxlan), [vxlanOf(vxlan, 8472, 4096)], []],
      /udp 8472 VXLAN 4096 \| .* instead of .*udp 8472 VXLAN 42 \|/,
    ],
    [
      "VXLAN that does not arrive",
      ({ vxlan }) => [vxlan, [], [vxlanOf(vxlan, 8472, 42)], []],
      /a security group without UDP 8472 from 10\.1\.0\.4/,
    ],
    [
      "a changed source",
      ({ across }) => [
        across,
        good(across).map((r) => (r.kind === "tcp" ? { ...r, text: "10.1.0.4" } : r)),
        [ipipOf(across)],
        [ipipOf(across)],
      ],
      /wc saw it come from 10\.1\.0\.4, not from 192\.168\.0\.1/,
    ],
    [
      "a probe that never reported",
      ({ across }) => [across, good(across).filter((r) => r.kind !== "udp"), [ipipOf(across)], [ipipOf(across)]],
      /UDP: no result/,
    ],
    [
      "a packet above the MTU that passes",
      ({ across }) => [
        across,
        good(across).map((r) => (r.kind === "over" ? { ...r, ok: false, text: "it passed" } : r)),
        [ipipOf(across)],
        [ipipOf(across)],
      ],
      /DF one byte above the MTU: it passed/,
    ],
  ];
  for (const [name, evidence, reason] of bad) {
    it(`fails ${name}`, () => {
      const [pair, results, sender, receiver] = evidence({
        direct: find("wa", "wb"),
        across: find("wa", "wc"),
        vxlan: vxlanPair(),
      });
      const verdict = judge(pair, results, sender, receiver);
      assert.equal(verdict.verdict, "failed");
      assert.match(verdict.reason, reason);
    });
  }

  it("judges by the pair's own packets alone, at both ends", () => {
    const across = find("wa", "wc");
    const others = bareOf(find("wa", "wb"));
    assert.match(judge(across, good(across), [others], [ipipOf(across)]).reason, /nothing of it was captured/);
    assert.match(judge(across, good(across), [ipipOf(across)], [others]).reason, /never arrived/);
    assert.equal(judge(across, good(across), [others, ipipOf(across)], [others, ipipOf(across)]).verdict, "passed");
  });

  it("says each form in which packets left once, in one order", () => {
    const across = find("wa", "wc");
    const { wire, reason } = judge(across, good(across), [ipipOf(across), bareOf(across), ipipOf(across)], []);
    const tunnelled = "IP 10.1.0.4 > 10.2.0.4 proto 4 | IP 192.168.0.1 > 192.168.0.129";
    const bare = "IP 192.168.0.1 > 192.168.0.129";
    assert.deepEqual(wire, [tunnelled, bare]);
    assert.deepEqual(judge(across, [], [bareOf(across), ipipOf(across)], []).wire, wire);
    assert.ok(reason.includes(`it left a as ${tunnelled}, ${bare} and never arrived`), reason);
    const stray = { ...ipipOf(across), destination: "10.9.9.9" };
    const { reason: wrong } = judge(across, good(across), [bareOf(across), stray], [ipipOf(across)]);
    assert.ok(wrong.includes(`> 10.9.9.9 proto 4 | ${bare}, ${bare} instead of ${tunnelled}`), wrong);
  });

  it("says every finding, the first cause first", () => {
    const across = find("wa", "wc");
    const results = good(across)
      .filter(({ kind }) => kind !== "icmp")
      .map((result) => (result.kind === "mtu" ? { ...result, ok: false, text: "it was lost" } : result))
      .map((result) => (result.kind === "udp" ? { ...result, text: "10.1.0.4" } : result));
    assert.equal(
      judge(across, results, [], []).reason,
      "ICMP: no result; DF at the MTU: it was lost; nothing of it was captured at a's interface; " +
        "udp: wc saw it come from 10.1.0.4, not from 192.168.0.1",
    );
  });

  it("does not ask who was seen of a probe that failed, or that tells nobody", () => {
    const across = find("wa", "wc");
    const lost = good(across).map((result) =>
      result.kind === "tcp" ? { ...result, ok: false, text: "lost" } : result,
    );
    assert.doesNotMatch(judge(across, lost, [ipipOf(across)], [ipipOf(across)]).reason, /saw it come from/);
    const talkative = good(across).map((result) => (result.kind === "icmp" ? { ...result, text: "3 ms" } : result));
    assert.equal(judge(across, talkative, [ipipOf(across)], [ipipOf(across)]).verdict, "passed");
  });

  it("says port and identifier of VXLAN where one is not the usual one, and expects the plan's", () => {
    const outer = { source: "10.1.0.4", destination: "10.2.0.4" };
    const usual: Pair = { ...vxlanPair(), outer: { ...outer, port: 4789, vni: 4096 } };
    const inner = "IP 192.168.0.1 > 192.168.0.129";
    assert.equal(expectedWire(usual), `IP 10.1.0.4 > 10.2.0.4 udp VXLAN | ${inner}`);
    assert.equal(expectedWire(vxlanPair()), `IP 10.1.0.4 > 10.2.0.4 udp 8472 VXLAN 42 | ${inner}`);
    const { outer: _, ...bare } = usual;
    assert.equal(expectedWire(bare), `IP 10.1.0.4 > 10.2.0.4 udp VXLAN | ${inner}`, "the nodes' own addresses");
    const named = { ...usual, outer: { source: "1.1.1.1", destination: "2.2.2.2" } };
    assert.equal(expectedWire(named), `IP 1.1.1.1 > 2.2.2.2 udp VXLAN | ${inner}`);
    const packets = [vxlanOf(usual, 4789, 4096)];
    assert.equal(judge(usual, good(usual), packets, packets).verdict, "passed");
    for (const pair of [usual, bare])
      assert.match(judge(pair, [], packets, []).reason, /without UDP 4789 from 10\.1\.0\.4/);
    assert.match(judge(usual, good(usual), [vxlanOf(usual, 4789, 7)], []).reason, /udp 4789 VXLAN 7 \|/);
  });

  it("knows the public address that packets come from, and says where addresses are translated unplanned", () => {
    const pair = find("wa", "wc");
    const from = { ...pair, fromNode: { ...pair.fromNode, publicIp: "198.51.100.4" } };
    const arrives = (source: string): CapturedPacket[] => [{ ...ipipOf(pair), source }];
    const sent = [ipipOf(pair)];
    assert.equal(judge(from, good(pair), sent, arrives("198.51.100.4")).verdict, "passed");
    assert.equal(judge(pair, good(pair), sent, arrives("10.1.0.4")).verdict, "passed");
    assert.match(
      judge(pair, good(pair), sent, arrives("198.51.100.4")).reason,
      /^it arrived at c from 198\.51\.100\.4, not from 10\.1\.0\.4: addresses are translated on the way; give a its publicAddress/,
    );
  });
});
