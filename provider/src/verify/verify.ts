import { randomBytes } from "node:crypto";
import { readCapture, type CapturedPacket } from "./capture";
import { ENCAPSULATIONS } from "../plan/encapsulation";
import type { Inventory, InventoryNode } from "./inventory";
import { pairsOf, rounds, type Pair } from "./pair";
import { probeScript, readPorts, readResults, startScript, stopScript, type Ports, type ProbeResult } from "./script";
import { judge, type Verdict } from "./verdict";

/** Pairs that a node probes at a time: a small one has too little memory for five processes for each of a hundred pairs. */
const PAIRS_AT_A_TIME = 8;

/** Runs a script as root on a node and gives what it printed; throws with the host and its stderr when it fails. */
export type RunOnNode = (node: InventoryNode, script: string) => Promise<string>;

export interface VerifyOptions {
  readonly run: RunOnNode;
  /** Text of provider/verify/overlaynet-probe. */
  readonly probe: string;
  /** Makes the cloud forget its tracked flows before each round; absent on AWS, which offers no way to. */
  readonly flush?: () => Promise<void>;
  readonly progress?: (message: string) => void;
}

export interface VerifyReport {
  readonly passed: number;
  readonly failed: number;
  readonly pairs: readonly Verdict[];
  /** What the run could not prove. */
  readonly notes: readonly string[];
}

/**
 * Sends ICMP, TCP, UDP and both sides of the MTU between every ordered pair of workloads, captures at both nodes'
 * interfaces, and judges each pair. A node that cannot be reached fails its own pairs, with the reason, and no others.
 */
export async function verify(inventory: Inventory, options: VerifyOptions): Promise<VerifyReport> {
  const pairs = pairsOf(inventory);
  const used = inventory.nodes.filter((node) => inventory.workloads.some((w) => w.node === node.name));
  const verdicts = new Map<Pair, Verdict>();
  for (const [i, round] of rounds(pairs).entries()) {
    await options.flush?.();
    options.progress?.(`round ${i + 1}: ${round.length} pairs`);
    for (const [pair, verdict] of await verifyRound(round, used, inventory, options)) verdicts.set(pair, verdict);
  }
  const judged = pairs.map((pair) => verdicts.get(pair)).filter((v) => v !== undefined);
  const notes = options.flush
    ? []
    : [
        "tracked flows were not flushed: AWS tracks protocol 4 by address for 600 s, so a pair may pass only because the other direction was used before",
      ];
  return {
    passed: judged.filter((v) => v.verdict === "passed").length,
    failed: judged.filter((v) => v.verdict === "failed").length,
    pairs: judged,
    notes,
  };
}

async function verifyRound(
  round: readonly Pair[],
  nodes: readonly InventoryNode[],
  inventory: Inventory,
  options: VerifyOptions,
): Promise<Map<Pair, Verdict>> {
  const run = randomBytes(4).toString("hex");
  const unreachable = new Map<string, string>();
  const onEach = (step: (node: InventoryNode) => Promise<void>): Promise<void[]> =>
    Promise.all(
      nodes.map(async (node) => {
        if (unreachable.has(node.name)) return;
        await step(node).catch((error: unknown) => {
          unreachable.set(node.name, error instanceof Error ? error.message : String(error));
        });
      }),
    );

  const ports = new Map<InventoryNode, Ports>();
  await onEach(async (node) => {
    const namespaces = inventory.workloads.filter((w) => w.node === node.name).map((w) => w.namespace);
    ports.set(node, readPorts(await options.run(node, startScript(run, node.privateIp, namespaces, options.probe))));
  });
  const results: ProbeResult[] = [];
  await onEach(async (node) => {
    const own = round.flatMap((pair, index) => {
      const port = ports.get(pair.toNode)?.get(pair.to.namespace);
      return pair.fromNode.name === node.name && port !== undefined ? [{ index, pair, port }] : [];
    });
    for (let first = 0; first < own.length; first += PAIRS_AT_A_TIME)
      results.push(
        ...readResults(await options.run(node, probeScript(run, own.slice(first, first + PAIRS_AT_A_TIME)))),
      );
  });
  const vxlanPorts = new Set(round.map(({ outer }) => outer?.port ?? ENCAPSULATIONS.VXLAN.udp.port));
  const captures = new Map<string, readonly CapturedPacket[]>();
  // Also where the start failed half-way: stopScript ends whatever there is.
  await Promise.all(
    nodes.map(async (node) => {
      try {
        captures.set(
          node.name,
          readCapture(Buffer.from((await options.run(node, stopScript(run))).trim(), "base64"), vxlanPorts),
        );
      } catch (error) {
        if (!unreachable.has(node.name))
          unreachable.set(node.name, error instanceof Error ? error.message : String(error));
      }
    }),
  );

  return new Map(
    round.map((pair, index) => {
      const lost = [pair.fromNode, pair.toNode].find((node) => unreachable.has(node.name));
      if (lost) {
        const reason = `${lost.name}: ${unreachable.get(lost.name) ?? "not reached"}`;
        return [
          pair,
          {
            from: pair.from.name,
            to: pair.to.name,
            encapsulation: pair.encapsulation,
            mtu: pair.mtu,
            verdict: "failed",
            reason,
            wire: [],
          },
        ];
      }
      return [
        pair,
        judge(
          pair,
          results.filter((r) => r.pair === index),
          captures.get(pair.fromNode.name) ?? [],
          captures.get(pair.toNode.name) ?? [],
        ),
      ];
    }),
  );
}
