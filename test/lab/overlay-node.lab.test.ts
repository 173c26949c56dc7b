import assert from "node:assert/strict";
import { rebootNode } from "../../lab/src/node/node";
import type { Part } from "../../provider/src/node/part";
import { renderRoutes } from "../../provider/src/node/routes";
import { readHostKey } from "../../provider/src/ssh/host-key";
import { closeConnections, pushPart, readParts, removePart } from "../../provider/src/ssh/push";
import { OwnedNodeError } from "../../provider/src/ssh/ssh-error";
import { A, B, planOf } from "../support/node-plans";
import { OverlayPair } from "./overlay-pair";

/**
 * Parts pushed by ssh through a proxy command to nodes with their own kernel, systemd and sshd, as a user with sudo.
 */
describe("an overlay node with its own kernel", function () {
  this.timeout(120_000);
  let pair: OverlayPair;

  before(async () => {
    pair = await OverlayPair.start();
    // No waiting: pushing waits.
    await pair.push("IPIP Always");
  });
  after(async () => {
    closeConnections();
    await pair.remove();
  });

  it("carries workloads' packets in IP in IP between the nodes' addresses", async () => {
    const { answered, wire } = await pair.ping();
    assert.ok(answered);
    assert.match(wire, /10\.1\.0\.10 > 10\.1\.0\.11: .*192\.168\.0\.5 > 192\.168\.0\.69: ICMP echo request/s);
    const link = await pair.on(
      "a",
      "ip -d link show tunl0; ip -4 -o address show dev tunl0; ip route show 192.168.0.64/26",
    );
    assert.match(
      link,
      /mtu 8981 .*alias overlaynet.*inet 192\.168\.0\.0\/32 .*192\.168\.0\.64\/26 via 10\.1\.0\.11 dev tunl0 proto 80 onlink mtu 8981/s,
    );
    // Without the mapping of nodes to their blocks nothing gets in: the filter looks into the tunnel.
    await pair.on("b", "sudo nft flush set inet overlaynet sources");
    assert.equal((await pair.ping()).answered, false);
    assert.deepEqual(await pushPart(pair.target("b"), pair.parts("b", "IPIP Always")[1] ?? assert.fail()), [
      "nft update table inet overlaynet",
    ]);
    assert.ok((await pair.ping()).answered);
  });

  it("has nothing to do when the same comes again", async () => {
    for (const part of pair.parts("a", "IPIP Always")) assert.deepEqual(await pushPart(pair.target("a"), part), []);
    assert.ok([...(await readParts(pair.target("a"))).values()].every(({ deviations }) => deviations.length === 0));
  });

  it("is what it was after a reboot, with no push", async () => {
    const before = await readParts(pair.target("b"));
    closeConnections();
    const boot = await pair.on("b", "cat /proc/sys/kernel/random/boot_id");
    await rebootNode(pair.nodes.lab, pair.spec("b").instanceId);
    const settled = await pair.nodes.untilSsh(
      pair.reached("b"),
      "until systemctl is-active overlaynet.service; do sleep 0.2; done | tail -n 1; cat /proc/sys/kernel/random/boot_id; systemctl is-active overlaynet.timer",
    );
    assert.match(settled, /^active\n[0-9a-f-]+\nactive\n$/);
    assert.ok(!settled.includes(boot.trim()));
    assert.ok((await pair.ping()).answered);
    assert.deepEqual(await readParts(pair.target("b")), before);
  });

  it("goes over from IP in IP to VXLAN and leaves nothing of the first", async () => {
    await pair.push("VXLAN Always");
    for (const name of ["a", "b"] as const) await removePart(pair.target(name), "tunnel-ipip");
    const { answered, wire } = await pair.ping();
    assert.ok(answered);
    assert.match(wire, /10\.1\.0\.10\.\d+ > 10\.1\.0\.11\.4789: VXLAN/);
    const link = await pair.on(
      "a",
      "ip link show tunl0; ip -4 -o address show dev tunl0; ip route show dev tunl0 2>&1; sudo nft list table inet overlaynet | grep -c 'jump ipip' || true",
    );
    assert.match(link, /tunl0@NONE: <NOARP> mtu 1480 /);
    assert.doesNotMatch(link, /inet |proto 80|alias/);
    assert.match(link, /\n0\n$/);
  });

  it("is left without a trace by the last part", async () => {
    for (const { name } of pair.parts("a", "VXLAN Always").reverse()) await removePart(pair.target("a"), name);
    assert.deepEqual(await readParts(pair.target("a")), new Map());
    const left = await pair.on(
      "a",
      "ip -o link show; ip route; sudo nft list ruleset; ip netns list; ls /etc/systemd/system /usr/local/lib; systemctl is-active overlaynet.timer || true",
    );
    assert.doesNotMatch(left, /vxlan|veth|proto 80|overlaynet|wl-w/);
  });

  it("shows its host key to who has none yet", async () => {
    const { host, port, user, proxyCommand, hostKey } = pair.target("a");
    assert.equal(await readHostKey({ host, port, user, proxyCommand }), hostKey.split(" ").slice(0, 2).join(" "));
  });

  it("takes nothing while its tunl0 is somebody else's, and then from one owner alone", async () => {
    const [tunnel = assert.fail(), routes = assert.fail()] = pair.parts("a", "IPIP Always");
    await pair.on("a", "sudo ip address add 192.168.200.1/32 dev tunl0");
    await assert.rejects(
      pushPart(pair.target("a"), tunnel),
      /tunl0 is in use by something else .*192\.168\.200\.1\/32/,
    );
    await pair.on("a", "sudo ip address del 192.168.200.1/32 dev tunl0; test ! -e /etc/overlaynet");
    await pushPart(pair.target("a"), tunnel, { owner: "dev/joined 3f9a1c2b" });
    for (const owner of ["prod/joined 77777777", undefined])
      await assert.rejects(pushPart(pair.target("a"), routes, { owner }), OwnedNodeError);
    await pair.on("a", "sudo /usr/local/lib/overlaynet/overlaynet-apply uninstall; test ! -e /etc/overlaynet");
  });

  it("asks anew for a neighbour that is another machine now", async () => {
    const plan = planOf("Never", A, [A, B]);
    const routes = (linkIncarnation: string): Part => renderRoutes({ ...plan, linkIncarnation });
    await pushPart(pair.target("a"), routes("one"));
    const stale = `sudo ip neigh replace ${B.ip} lladdr 02:00:00:00:00:99 dev $(ip -o route get ${B.ip} | sed 's/.* dev \\([^ ]*\\).*/\\1/') nud reachable`;
    const answers = (): Promise<string> => pair.on("a", `ping -q -c 1 -W 1 ${B.ip} | grep -o '[01] received'`);
    await pair.on("a", stale);
    assert.equal(await answers(), "0 received\n");
    await pushPart(pair.target("a"), routes("two"));
    assert.equal(await answers(), "1 received\n");
    await removePart(pair.target("a"), "routes");
  });
});
