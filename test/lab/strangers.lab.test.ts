import assert from "node:assert/strict";
import { privileged, run } from "../../lab/src/state/privileged";
import { renderRoutes } from "../../provider/src/node/routes";
import { renderTunnel } from "../../provider/src/node/tunnel";
import { renderWorkload } from "../../provider/src/node/workload";
import { closeConnections, pushPart, removePart } from "../../provider/src/ssh/push";
import { A, B, C, planOf } from "../support/node-plans";
import { OverlayPair, WORKLOADS } from "./overlay-pair";
import { type Forged, sendCommand, tunnelPacket } from "./tunnel-packets";

const NODES = ["a", "b"] as const;
type NodeName = (typeof NODES)[number];
const SELVES = { a: A, b: B } as const;
/** A host in the nodes' subnet that is no node of the cluster, and what it would have if it were one. */
const STRANGER = { ip: "10.1.0.66", block: "192.168.5.0/26", vtep: "192.168.5.0", mac: "66:00:00:00:00:0d" } as const;
/** Inner sources: a workload of C's, a free address of A's block, one outside all pools, and one of the stranger's. */
const OF = { c: "192.168.0.133", a: "192.168.0.9", outside: "172.16.9.9", stranger: "192.168.5.7" } as const;
const MEMBERS = [A, B, C] as const;

/**
 * Tunnel packets that nobody may send, to nodes with their own kernel: right protocol, right VNI and MAC address, wrong
 * sender or wrong inside. Everything is on one wire without security groups or source/dest check, so that what keeps
 * them out is the nodes alone.
 */
describe("strangers' tunnel packets", function () {
  this.timeout(120_000);
  let pair: OverlayPair;
  let stranger: string;

  before(async () => {
    pair = await OverlayPair.start({}, { keep: true });
    stranger = (await pair.nodes.attach(2)).namespace;
    const wire = pair.spec("a").namespace;
    for (const line of [
      `-n ${wire} link add to-x mtu 9001 type veth peer name eth0 mtu 9001 netns ${stranger}`,
      `-n ${wire} link set to-x master br0 up`,
      `-n ${stranger} address flush dev tap0`,
      `-n ${stranger} address add ${STRANGER.ip}/24 dev eth0`,
      `-n ${stranger} link set eth0 up`,
    ])
      await run(["ip", ...line.split(" ")]);
  });
  after(async () => {
    closeConnections();
    await pair.remove();
  });

  for (const encapsulation of ["IPIP", "VXLAN"] as const) {
    describe(`in ${encapsulation}`, () => {
      const tunnel = (name: NodeName, members: readonly (typeof STRANGER | (typeof MEMBERS)[number])[] = MEMBERS) => {
        const plan = planOf(`${encapsulation} Always`, SELVES[name], members);
        return [renderTunnel(plan, encapsulation), renderRoutes(plan)];
      };
      const packet = (outer: Forged["outer"], source: string, to: NodeName): Buffer =>
        tunnelPacket({ encapsulation, outer, inner: { source, destination: WORKLOADS[to] }, mac: SELVES[to].mac });
      /** The chain that asks who sent the outer packet. */
      const outerChain = encapsulation === "IPIP" ? "ipip" : "vxlan_in";
      const device = encapsulation === "IPIP" ? "tunl0" : "vxlan.calico";

      before(async () => {
        await Promise.all(
          NODES.map(async (name) => {
            const workload = renderWorkload({
              name: "w",
              pool: "pool",
              address: WORKLOADS[name],
              mtu: 8951,
              plan: planOf(`${encapsulation} Always`, SELVES[name]),
            });
            for (const part of [...tunnel(name), workload])
              await pushPart(pair.target(name), part, { deadlineMs: 60_000 });
            // Nothing that is taken away here may be mended meanwhile. A run of the repair that has begun is let
            // finish.
            await pair.on(
              name,
              "sudo systemctl stop overlaynet.timer; until systemctl show -p ActiveState overlaynet-repair.service | grep -q =inactive; do sleep 0.1; done",
            );
            await pair.on(
              name,
              "sudo ip netns exec wl-w nft 'table ip seen { set sources { type ipv4_addr; size 64; flags dynamic; }; chain arriving { type filter hook prerouting priority -300; icmp type echo-request add @sources { ip saddr }; }; }'",
            );
          }),
        );
      });
      after(async () => {
        await Promise.all(
          NODES.map(async (name) => {
            for (const part of ["workload-w", "routes", `tunnel-${encapsulation.toLowerCase()}`])
              await removePart(pair.target(name), part);
          }),
        );
      });

      /**
       * Inner sources of what arrived at a workload since it was last asked. Asking takes the same way as the packets,
       * behind them.
       */
      async function arrived(at: NodeName): Promise<string[]> {
        const listed = JSON.parse(
          await pair.on(
            at,
            "sudo ip netns exec wl-w sh -c 'nft -j list set ip seen sources; nft flush set ip seen sources'",
          ),
        ) as { nftables: { set?: { elem?: string[] } }[] };
        return listed.nftables.flatMap(({ set }) => set?.elem ?? []).sort();
      }
      async function send(from: "stranger" | NodeName, packets: readonly Buffer[], inside = ""): Promise<void> {
        const command = sendCommand(packets);
        if (from === "stranger") await run(privileged(["ip", "netns", "exec", stranger, ...command]));
        else
          await pair.on(
            from,
            `sudo ${inside} ${command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")}`,
          );
      }
      const broken = (node: NodeName, command: string): Promise<string> => pair.on(node, `sudo sh -euc '${command}'`);
      const mended = (node: NodeName): Promise<string> =>
        broken(node, "/usr/local/lib/overlaynet/overlaynet-apply apply; systemctl stop overlaynet.timer");

      it("arrive from no host that is no member, whatever it claims inside", async () => {
        const forged = [B.vtep, WORKLOADS.b, OF.c, OF.outside, OF.stranger, STRANGER.ip].map((source) =>
          packet({ source: STRANGER.ip, destination: A.ip }, source, "a"),
        );
        await send("stranger", forged);
        assert.deepEqual(await arrived("a"), []);
        // As a member it gets through, with what is its own.
        for (const part of tunnel("a", [...MEMBERS, STRANGER])) await pushPart(pair.target("a"), part);
        await send("stranger", forged);
        assert.deepEqual(await arrived("a"), [STRANGER.ip, OF.stranger]);
        for (const part of tunnel("a")) await pushPart(pair.target("a"), part);
        await send("stranger", forged);
        assert.deepEqual(await arrived("a"), []);
      });

      it("arrive from a member only with a source of its own block", async () => {
        const claims = [OF.c, OF.a, OF.outside];
        const forged = [...claims, B.vtep].map((source) => packet({ source: B.ip, destination: A.ip }, source, "a"));
        await send("b", forged);
        assert.deepEqual(await arrived("a"), [B.vtep]);
        // Behind the check is another for the node's own block, and Linux' own.
        await broken("a", "nft flush chain inet overlaynet decapsulated");
        await send("b", forged);
        assert.deepEqual(await arrived("a"), [B.vtep, OF.c, OF.outside].sort());
        await broken(
          "a",
          `nft flush chain inet overlaynet prerouting; echo 0 >/proc/sys/net/ipv4/conf/${device}/rp_filter`,
        );
        await send("b", forged);
        assert.deepEqual(await arrived("a"), [B.vtep, ...claims].sort());
        await mended("a");
        await send("b", forged);
        assert.deepEqual(await arrived("a"), [B.vtep]);
      });

      it("arrive from no workload, though NAT would make them its node's, or its packet says that it comes from another", async () => {
        const forged = [
          packet({ source: WORKLOADS.a, destination: B.ip }, WORKLOADS.a, "b"),
          packet({ source: C.ip, destination: B.ip }, OF.c, "b"),
        ];
        await send("a", forged, "ip netns exec wl-w");
        assert.deepEqual(await arrived("b"), []);
        // All that a node asks of its workloads is asked here. A connection of the same protocol the other way would be
        // in NAT's way.
        await broken("a", "nft flush chain inet overlaynet prerouting; conntrack -F 2>&1");
        await send("a", forged, "ip netns exec wl-w");
        assert.deepEqual(await arrived("b"), [WORKLOADS.a, OF.c].sort());
        await mended("a");
      });

      it("arrive from no workload by its own node", async () => {
        const forged = [
          packet({ source: WORKLOADS.a, destination: A.ip }, WORKLOADS.b, "a"),
          packet({ source: B.ip, destination: A.ip }, B.vtep, "a"),
        ];
        await send("a", forged, "ip netns exec wl-w");
        assert.deepEqual(await arrived("a"), []);
        await broken(
          "a",
          `for chain in from_workload ${outerChain} decapsulated; do nft flush chain inet overlaynet $chain; done`,
        );
        await send("a", forged, "ip netns exec wl-w");
        assert.deepEqual(await arrived("a"), [WORKLOADS.b, B.vtep].sort());
        await mended("a");
      });
    });
  }
});
