import assert from "node:assert/strict";
import { renderRoutes } from "../../../provider/src/node/routes";
import { renderTunnel } from "../../../provider/src/node/tunnel";
import { renderWorkload } from "../../../provider/src/node/workload";
import { A, planOf } from "../../support/node-plans";
import { TestNode } from "../../support/test-node";

/** Seconds between two runs of the repair: overlaynet.timer. */
const PERIOD = 30;
const RUNS = 10;
/** The cluster's nodes: as many as Calico's docs advise a full mesh for ("Configure BGP peering"). */
const NODES = 100;

describe("a repair with nothing to do", function () {
  this.timeout(60_000);
  let node: TestNode;

  before(async () => {
    node = await TestNode.start(A.ip);
    const peers = Array.from({ length: NODES - 1 }, (_, i) => {
      const [high, low] = [(i + 1) >> 2, ((i + 1) & 3) * 64];
      return {
        ip: `10.${i % 2 === 0 ? 1 : 2}.${i >> 7}.${11 + (i & 127)}`,
        block: `192.168.${high}.${low}/26`,
        vtep: `192.168.${high}.${low}`,
        mac: `66:00:00:00:01:${i.toString(16).padStart(2, "0")}`,
      };
    });
    const plan = planOf("VXLAN CrossSubnet", A, [A, ...peers]);
    for (const part of [
      renderTunnel(plan, "VXLAN"),
      renderRoutes(plan),
      renderWorkload({ name: "web", pool: "pool", address: "192.168.0.5", mtu: 8951, plan }),
    ]) {
      const outcome = node.install(part);
      assert.equal(outcome.code, 0, outcome.stderr);
    }
  });
  after(() => node.remove());

  /** CPU seconds, of user and kernel, that a command takes with all its children. */
  function cpu(command: string, times: number): number {
    // The second line of `times` is the children's, each field like 0m0.012s.
    const fields =
      node
        .sh(`i=0; while [ $i -lt ${times} ]; do ${command} >/dev/null; i=$((i + 1)); done; times`)
        .trim()
        .split("\n")
        .at(-1)
        ?.split(" ") ?? [];
    return fields.reduce((sum, field) => {
      const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(field) ?? assert.fail(field);
      return sum + Number(minutes) * 60 + Number(seconds);
    }, 0);
  }
  const repair = (): string => `sh ${node.program} apply`;

  it("tells the kernel nothing, as ip monitor and nft monitor hear", async () => {
    assert.deepEqual(await node.listen(() => assert.equal(node.sh(repair()), "")), []);
    const heard = await node.listen(() =>
      assert.match(node.sh(`ip route del 192.168.0.64/26; ${repair()}`), /^ip route add 192\.168\.0\.64\/26 /),
    );
    assert.equal(heard.filter((line) => line.includes("192.168.0.64/26")).length, 2, heard.join("\n"));
  });

  it(`takes no more CPU than some dozens of the smallest commands, in a cluster of ${NODES} nodes`, () => {
    const idle = cpu(repair(), RUNS) / RUNS;
    const smallest = cpu("ip link show dev lo", 10 * RUNS) / (10 * RUNS);
    const all = cpu(`nft delete table inet overlaynet; ip route flush proto 80; ${repair()}`, RUNS) / RUNS;
    console.log(
      `      ${(idle * 1000).toFixed(0)} ms of CPU, ${((idle / PERIOD) * 100).toFixed(2)} % of one processor; as much as ${(idle / smallest).toFixed(0)} times \`ip link show dev lo\`; when much is to be mended ${(all * 1000).toFixed(0)} ms`,
    );
    assert.ok(idle < 40 * smallest, `${idle} s, and the smallest command takes ${smallest} s`);
    assert.ok(all > idle, `${all} s when much is to be mended, and ${idle} s when nothing is`);
  });
});
