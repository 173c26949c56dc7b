import { run } from "../state/privileged";

/** The packets that a rule of a card has decided about since its table was last replaced. */
export interface RuleCounter {
  /** `ingress`, `egress`, or a check's chain. */
  readonly chain: string;
  /** Id of a security group's rule, or what the card itself says of a drop. */
  readonly comment: string;
  readonly packets: number;
}

/** Reads the counters of a card. */
export async function readCounters(namespace: string): Promise<RuleCounter[]> {
  return parseCounters(await run(["nsenter", `--net=/run/netns/${namespace}`, "nft", "-j", "list", "ruleset"]));
}

/** Counters in what `nft -j list ruleset` prints (libnftables-json(5)). */
export function parseCounters(json: string): RuleCounter[] {
  return list(member(JSON.parse(json), "nftables")).flatMap((item) => {
    const rule = member(item, "rule");
    const [chain, comment] = [member(rule, "chain"), member(rule, "comment")];
    const packets = list(member(rule, "expr"))
      .map((expression) => member(member(expression, "counter"), "packets"))
      .find((count) => count !== undefined);
    return typeof chain === "string" && typeof comment === "string" && typeof packets === "number"
      ? [{ chain, comment, packets }]
      : [];
  });
}

function member(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
