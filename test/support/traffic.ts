import assert from "node:assert/strict";
import { join } from "node:path";

/** The program that sends and counts; see there for its words and signals. */
export const TRAFFIC = join(__dirname, "traffic.pl");

export interface PeerReport {
  readonly sent: readonly number[];
  readonly highest: number;
  readonly missing: readonly number[];
  readonly tcp: { readonly lines: number; readonly error: string };
}
export interface TrafficReport {
  /** Lines sent over each connection. */
  readonly lines: number;
  /** By the peer's address. */
  readonly peers: Readonly<Record<string, PeerReport>>;
}

/** What is lost of what was sent in each phase, over all pairs, and what became of the connections. */
export function account(
  reports: ReadonlyMap<string, TrafficReport>,
  phases: number,
): { readonly sent: number[]; readonly lost: number[]; readonly broken: string[] } {
  const sent = Array.from({ length: phases }, () => 0);
  const lost = Array.from({ length: phases }, () => 0);
  const broken: string[] = [];
  for (const [from, { lines, peers }] of reports) {
    for (const [to, { sent: packets, tcp }] of Object.entries(peers)) {
      if (tcp.error !== "" || tcp.lines < lines - 20)
        broken.push(`${from} to ${to}: ${tcp.lines} of ${lines} lines came back, ${tcp.error}`);
      const arrived = reports.get(to)?.peers[from] ?? assert.fail(`${to} has no report of ${from}`);
      const total = packets.reduce((a, b) => a + b, 0);
      const missing = [
        ...arrived.missing,
        ...Array.from({ length: total - 1 - arrived.highest }, (_, i) => arrived.highest + 1 + i),
      ];
      let first = 0;
      packets.forEach((count, phase) => {
        sent[phase] = (sent[phase] ?? 0) + count;
        lost[phase] = (lost[phase] ?? 0) + missing.filter((number) => number >= first && number < first + count).length;
        first += count;
      });
    }
  }
  return { sent, lost, broken };
}
