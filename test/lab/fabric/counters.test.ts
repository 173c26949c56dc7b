import assert from "node:assert/strict";
import { parseCounters } from "../../../lab/src/fabric/counters";

describe("counters of a card", () => {
  it("are read with chain and comment; what has no counter or comment has no part in it", () => {
    const rule = (body: object): object => ({
      rule: { family: "ip", table: "card", chain: "ingress", handle: 2, ...body },
    });
    const counter = { counter: { packets: 3, bytes: 252 } };
    const nftables = [
      { metainfo: { version: "1.0.6" } },
      { chain: { family: "ip", table: "card", name: "ingress" } },
      rule({ comment: "sgr-x", expr: [{ match: { op: "==", left: {}, right: 4 } }, counter, { accept: null }] }),
      rule({ comment: "no ingress rule", expr: [{ counter: { packets: 0, bytes: 0 } }, { drop: null }] }),
      rule({ comment: "quiet", expr: [{ accept: null }] }),
      rule({ expr: [counter] }),
    ];
    assert.deepEqual(parseCounters(JSON.stringify({ nftables })), [
      { chain: "ingress", comment: "sgr-x", packets: 3 },
      { chain: "ingress", comment: "no ingress rule", packets: 0 },
    ]);
    assert.deepEqual(parseCounters("{}"), []);
  });
});
