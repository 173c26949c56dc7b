import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { rebootNode, startNode } from "../../lab/src/node/node";
import type { NodeSpec } from "../../lab/src/node/node-spec";
import { privileged, run } from "../../lab/src/state/privileged";
import type { Part } from "../../provider/src/node/part";
import { renderRoutes } from "../../provider/src/node/routes";
import { renderTunnel } from "../../provider/src/node/tunnel";
import { renderWorkload } from "../../provider/src/node/workload";
import { closeConnections, pushPart, readParts, removePart } from "../../provider/src/ssh/push";
import type { SshTarget } from "../../provider/src/ssh/target";
import { A, B, planOf } from "../provider/node/plans";
import { NodesInNamespaces } from "./node-in-namespace";

const WORKLOADS = { a: "192.168.0.5", b: "192.168.0.69" } as const;

/** Parts pushed by ssh through a proxy command to nodes with their own kernel, systemd and sshd, as a user with sudo. */
describe("an overlay node with its own kernel", function () {
  this.timeout(120_000);
  let nodes: NodesInNamespaces;
  const specs = new Map<"a" | "b", NodeSpec>();
  const spec = (name: "a" | "b"): NodeSpec => specs.get(name) ?? assert.fail(name);
  const on = (name: "a" | "b", command: string): Promise<string> => nodes.ssh({ ...spec(name), namespace: spec("a").namespace }, command);
  const target = (name: "a" | "b"): SshTarget => ({
    host: spec(name).address,
    port: 22,
    user: "admin",
    privateKey: readFileSync(join(nodes.dir, "user"), "utf8"),
    hostKey: readFileSync(join(nodes.dir, "host.pub"), "utf8"),
    proxyCommand: [...privileged(["ip", "netns", "exec", spec("a").namespace]), "socat", "-", "TCP:%h:%p"].join(" "),
  });
  function parts(name: "a" | "b", mode: "IPIP Always" | "VXLAN Always"): Part[] {
    const plan = planOf(mode, name === "a" ? A : B, [A, B]);
    return [renderTunnel(plan, mode === "IPIP Always" ? "IPIP" : "VXLAN"), renderRoutes(plan), renderWorkload({ name: "w", pool: "pool", address: WORKLOADS[name], mtu: 8951, plan })];
  }

  before(async () => {
    nodes = new NodesInNamespaces();
    specs.set("a", await nodes.attach(0, { address: A.ip, hostname: "a" }));
    specs.set("b", await nodes.attach(1, { address: B.ip, hostname: "b" }));
    const [one, two] = [spec("a").namespace, spec("b").namespace];
    // Both taps on one wire; the gateway is in the first namespace.
    for (const line of [
      `-n ${one} link add to-b mtu 9001 type veth peer name to-a mtu 9001 netns ${two}`,
      `-n ${one} address flush dev tap0`, `-n ${two} address flush dev tap0`,
      `-n ${one} link add br0 mtu 9001 type bridge`, `-n ${two} link add br0 mtu 9001 type bridge`,
      `-n ${one} link set tap0 master br0`, `-n ${one} link set to-b master br0 up`, `-n ${one} link set br0 up`,
      `-n ${two} link set tap0 master br0`, `-n ${two} link set to-a master br0 up`, `-n ${two} link set br0 up`,
      `-n ${one} address add 10.1.0.1/24 dev br0`,
    ]) await run(["ip", ...line.split(" ")]);
    await Promise.all([startNode(nodes.lab, spec("a")), startNode(nodes.lab, spec("b"))]);
    // No waiting: pushing waits.
    await Promise.all((["a", "b"] as const).map(async (name) => {
      for (const part of parts(name, "IPIP Always")) await pushPart(target(name), part, { deadlineMs: 60_000 });
    }));
  });
  after(async () => {
    closeConnections();
    await nodes.remove();
  });

  /** Echo requests of the largest size from workload to workload, and what is seen of them on the wire. */
  async function ping(): Promise<{ readonly answered: boolean; readonly wire: string }> {
    const [program = "", ...args] = privileged(["ip", "netns", "exec", spec("a").namespace, "tcpdump", "--immediate-mode", "-l", "-nn", "-v", "-i", "tap0", "ip proto 4 or udp port 4789 or net 192.168.0.0/16"]);
    const tcpdump = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let wire = "";
    tcpdump.stdout.setEncoding("utf8").on("data", (text: string) => (wire += text));
    await once(tcpdump.stderr, "data");
    const answered = await on("a", `sudo ip netns exec wl-w ping -c 1 -W 2 -M do -s ${8951 - 28} ${WORKLOADS.b}`).then(() => true, () => false);
    if (answered) while (!wire.includes("ICMP")) await once(tcpdump.stdout, "data");
    tcpdump.kill("SIGINT");
    await once(tcpdump, "close");
    return { answered, wire };
  }
  const fresh = async (name: "a" | "b"): Promise<boolean> => [...(await readParts(target(name))).values()].every(({ deviations }) => deviations.length === 0);

  it("carries workloads' packets in IP in IP between the nodes' addresses", async () => {
    const { answered, wire } = await ping();
    assert.ok(answered);
    assert.match(wire, /10\.1\.0\.10 > 10\.1\.0\.11: .*192\.168\.0\.5 > 192\.168\.0\.69: ICMP echo request/s);
    const link = await on("a", "ip -d link show tunl0; ip -4 -o address show dev tunl0; ip route show 192.168.0.64/26");
    assert.match(link, /mtu 8981 .*alias overlaynet.*inet 192\.168\.0\.0\/32 .*192\.168\.0\.64\/26 via 10\.1\.0\.11 dev tunl0 proto 80 onlink mtu 8981/s);
    // Without the mapping of nodes to their blocks nothing gets in: the filter looks into the tunnel.
    await on("b", "sudo nft flush set inet overlaynet sources");
    assert.equal((await ping()).answered, false);
    assert.deepEqual(await pushPart(target("b"), parts("b", "IPIP Always")[1] ?? assert.fail()), ["nft update table inet overlaynet"]);
    assert.ok((await ping()).answered);
  });

  it("has nothing to do when the same comes again", async () => {
    for (const part of parts("a", "IPIP Always")) assert.deepEqual(await pushPart(target("a"), part), []);
    assert.ok(await fresh("a"));
  });

  it("is what it was after a reboot, with no push", async () => {
    const before = await readParts(target("b"));
    closeConnections();
    const boot = await on("b", "cat /proc/sys/kernel/random/boot_id");
    await rebootNode(nodes.lab, spec("b").instanceId);
    const settled = await nodes.untilSsh({ ...spec("b"), namespace: spec("a").namespace }, "until systemctl is-active overlaynet.service; do sleep 0.2; done | tail -n 1; cat /proc/sys/kernel/random/boot_id; systemctl is-active overlaynet.timer");
    assert.match(settled, /^active\n[0-9a-f-]+\nactive\n$/);
    assert.ok(!settled.includes(boot.trim()));
    assert.ok((await ping()).answered);
    assert.deepEqual(await readParts(target("b")), before);
  });

  it("is mended by its own timer within a minute, and its journal tells only that", async () => {
    // Without the timer it stays broken; with it, whoever looks may come too late.
    await on("a", "sudo systemctl stop overlaynet.timer");
    await on("a", "sudo sh -c 'ip route del 192.168.0.64/26; ip address flush dev tunl0; nft delete table inet overlaynet; ip netns del wl-w'");
    assert.equal(await fresh("a"), false);
    assert.equal((await ping()).answered, false);
    await on("a", "sudo systemctl start overlaynet.timer");
    const begun = Date.now();
    while (!(await fresh("a"))) {
      assert.ok(Date.now() - begun < 60_000, await on("a", "sudo journalctl -n 30; systemctl list-timers"));
      await sleep(1000);
    }
    assert.ok((await ping()).answered);
    const told = await on("a", "sudo journalctl -o cat -u overlaynet-repair.service");
    assert.match(told, /^ip route add 192\.168\.0\.64\/26 via 10\.1\.0\.11 dev tunl0 proto 80 onlink mtu 8981$/m);
    for (const change of [/^ip address add 192\.168\.0\.0\/32 dev tunl0$/m, /^nft load table inet overlaynet$/m, /^attach w 192\.168\.0\.5 /m]) assert.match(told, change);
    assert.doesNotMatch(told, /Start|Finish|Deactivated/);
  });

  it("goes over from IP in IP to VXLAN and leaves nothing of the first", async () => {
    for (const step of [0, 1]) for (const name of ["a", "b"] as const) await pushPart(target(name), parts(name, "VXLAN Always")[step] ?? assert.fail());
    for (const name of ["a", "b"] as const) await removePart(target(name), "tunnel-ipip");
    const { answered, wire } = await ping();
    assert.ok(answered);
    assert.match(wire, /10\.1\.0\.10\.\d+ > 10\.1\.0\.11\.4789: VXLAN/);
    const link = await on("a", "ip link show tunl0; ip -4 -o address show dev tunl0; ip route show dev tunl0 2>&1; sudo nft list table inet overlaynet | grep -c 'jump ipip' || true");
    assert.match(link, /tunl0@NONE: <NOARP> mtu 1480 /);
    assert.doesNotMatch(link, /inet |proto 80|alias/);
    assert.match(link, /\n0\n$/);
  });

  it("is left without a trace by the last part", async () => {
    for (const { name } of parts("a", "VXLAN Always").reverse()) await removePart(target("a"), name);
    assert.deepEqual(await readParts(target("a")), new Map());
    const left = await on("a", "ip -o link show; ip route; sudo nft list ruleset; ip netns list; ls /etc/systemd/system /usr/local/lib; systemctl is-active overlaynet.timer || true");
    assert.doesNotMatch(left, /vxlan|veth|proto 80|overlaynet|wl-w/);
  });
});
