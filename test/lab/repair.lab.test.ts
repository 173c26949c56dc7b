import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { renderTunnel } from "../../provider/src/node/tunnel";
import { closeConnections, pushPart, readParts } from "../../provider/src/ssh/push";
import { A, B, planOf } from "../support/node-plans";
import { OverlayPair } from "./overlay-pair";

interface Damage {
  readonly node: "a" | "b";
  readonly what: string;
  readonly command: string;
  /** A line of `readParts` and, when it is mended, of the journal. */
  readonly named: RegExp;
}

/**
 * On A what can be taken away one by one, on B a device, which takes its addresses, routes, neighbours and FDB entries
 * along.
 */
const damages: readonly Damage[] = [
  {
    node: "a",
    what: "a route",
    command: "ip route del 192.168.0.64/26",
    named: /^ip route add 192\.168\.0\.64\/26 via 192\.168\.0\.64 dev vxlan\.calico proto 3 onlink mtu 8951$/m,
  },
  {
    node: "a",
    what: "an nftables rule",
    command:
      "nft delete rule inet overlaynet decapsulated handle $(nft -a list chain inet overlaynet decapsulated | sed -n 's/.*drop # handle //p')",
    named: /^nft (update|load) table inet overlaynet$/m,
  },
  {
    node: "b",
    what: "an element of a set",
    command: "nft delete element inet overlaynet vxlan_members '{ 10.1.0.10 }'",
    named: /^nft (update|load) table inet overlaynet$/m,
  },
  {
    node: "b",
    what: "a device",
    command: "ip link del vxlan.calico",
    named: /^ip link add name ovl-draft .* type vxlan id 4096 local 10\.1\.0\.11 dev ens5 dstport 4789 nolearning$/m,
  },
  {
    node: "a",
    what: "an address",
    command: "ip address del 192.168.0.0/32 dev tunl0",
    named: /^ip address add 192\.168\.0\.0\/32 dev tunl0$/m,
  },
  {
    node: "a",
    what: "an FDB entry",
    command: `bridge fdb del ${B.mac} dev vxlan.calico dst ${B.ip}`,
    named: new RegExp(`^bridge fdb (add|append|replace) ${B.mac} dev vxlan\\.calico dst ${B.ip}`, "m"),
  },
  {
    node: "a",
    what: "a neighbour",
    command: `ip neigh del ${B.vtep} dev vxlan.calico`,
    named: new RegExp(`^ip neigh (add|replace) ${B.vtep} lladdr ${B.mac} dev vxlan\\.calico nud permanent$`, "m"),
  },
  {
    node: "a",
    what: "a sysctl value",
    command: "sysctl -q -w net.ipv4.ip_forward=0",
    named: /^sysctl net\/ipv4\/ip_forward=1$/m,
  },
  {
    node: "a",
    what: "the CNI configuration",
    command: "rm /etc/cni/net.d/10-overlaynet.conflist",
    named: /^write \/etc\/cni\/net\.d\/10-overlaynet\.conflist$/m,
  },
  { node: "a", what: "a workload's namespace", command: "ip netns del wl-w", named: /^attach w 192\.168\.0\.5 8951$/m },
];

describe("a node's own timer", function () {
  this.timeout(120_000);
  let pair: OverlayPair;
  const NODES = ["a", "b"] as const;

  before(async () => {
    pair = await OverlayPair.start({}, { keep: true });
    await pair.push("VXLAN Always");
    await pushPart(pair.target("a"), renderTunnel(planOf("IPIP Always", A, [A, B]), "IPIP"));
  });
  after(async () => {
    closeConnections();
    await pair.remove();
  });

  async function deviations(node: "a" | "b"): Promise<string> {
    return [...(await readParts(pair.target(node))).values()].flatMap(({ deviations }) => deviations).join("\n");
  }

  /** Waits for the first run of the repair that mends all. @returns what it wrote to the journal */
  async function mended(node: "a" | "b", begun: number): Promise<string> {
    while ((await deviations(node)) !== "") {
      if (Date.now() - begun > 60_000)
        assert.fail(
          `not mended within a minute:\n${await pair.on(node, "sudo journalctl -n 30; systemctl list-timers")}`,
        );
      await sleep(1000);
    }
    return pair.on(node, "sudo journalctl -o cat -u overlaynet-repair.service");
  }

  it("mends what is taken away by hand, within a minute, and the journal names it", async () => {
    // Nothing may be mended before all is broken. A run of the repair that has begun is let finish.
    for (const node of NODES)
      await pair.on(
        node,
        "sudo systemctl stop overlaynet.timer; until systemctl show -p ActiveState overlaynet-repair.service | grep -q =inactive; do sleep 0.1; done",
      );
    for (const node of NODES) {
      assert.equal(await deviations(node), "");
      await pair.on(
        node,
        `sudo sh -euc ${quoted(
          damages
            .filter((damage) => damage.node === node)
            .map(({ command }) => command)
            .join("\n"),
        )}`,
      );
    }
    const broken = { a: await deviations("a"), b: await deviations("b") };
    for (const { node, what, named } of damages) assert.match(broken[node], named, what);
    assert.equal((await pair.ping()).answered, false);

    const before = await pair.on("a", "sudo journalctl -o cat -u overlaynet-repair.service");
    for (const { node, what, named } of damages) if (node === "a") assert.doesNotMatch(before, named, what);
    await pair.on("a", "sudo systemctl start overlaynet.timer");
    const journalOfA = await mended("a", Date.now());
    for (const { node, what, named } of damages) if (node === "a") assert.match(journalOfA, named, what);
    assert.doesNotMatch(journalOfA, /Start|Finish|Deactivated/);

    // The same while, and nobody mends: B's timer is stopped still.
    assert.equal(await deviations("b"), broken.b);
    assert.equal((await pair.ping()).answered, false);

    // What the timer starts, at once: that it does so in time has been seen on A.
    await pair.on("b", "sudo systemctl start overlaynet-repair.service");
    const journalOfB = await mended("b", Date.now());
    for (const { node, what, named } of damages) if (node === "b") assert.match(journalOfB, named, what);
    const { answered, wire } = await pair.ping();
    assert.ok(answered);
    assert.match(wire, /10\.1\.0\.10\.\d+ > 10\.1\.0\.11\.4789: VXLAN/);
  });
});

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
