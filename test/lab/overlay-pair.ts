import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startNode } from "../../lab/src/node/node";
import type { NodeSpec } from "../../lab/src/node/node-spec";
import { privileged, run } from "../../lab/src/state/privileged";
import type { Part } from "../../provider/src/node/part";
import { renderRoutes } from "../../provider/src/node/routes";
import { renderTunnel } from "../../provider/src/node/tunnel";
import { renderWorkload } from "../../provider/src/node/workload";
import { pushPart } from "../../provider/src/ssh/push";
import type { SshTarget } from "../../provider/src/ssh/target";
import { A, B, type Mode, planOf, workloadMtuOf } from "../support/node-plans";
import { NodesInNamespaces, type SshOptions } from "./node-in-namespace";

export const WORKLOADS = { a: "192.168.0.5", b: "192.168.0.69" } as const;

/** Two nodes on one wire, a workload on each: the smallest network that an overlay can be seen in. */
export class OverlayPair {
  /** Of the workloads, since the last push. */
  private mtu = 0;

  private constructor(
    readonly nodes: NodesInNamespaces,
    private readonly specs: Readonly<Record<"a" | "b", NodeSpec>>,
    private readonly ssh: SshOptions,
  ) {}

  /** @param ssh how `on` reaches the nodes */
  static async start(more: Partial<NodeSpec> = {}, ssh: SshOptions = {}): Promise<OverlayPair> {
    const nodes = new NodesInNamespaces();
    try {
      const a = await nodes.attach(0, { address: A.ip, hostname: "a", ...more });
      const b = await nodes.attach(1, { address: B.ip, hostname: "b", ...more });
      const [one, two] = [a.namespace, b.namespace];
      // Both taps on one wire; the gateway is in the first namespace.
      for (const line of [
        `-n ${one} link add to-b mtu 9001 type veth peer name to-a mtu 9001 netns ${two}`,
        `-n ${one} address flush dev tap0`,
        `-n ${two} address flush dev tap0`,
        `-n ${one} link add br0 mtu 9001 type bridge`,
        `-n ${two} link add br0 mtu 9001 type bridge`,
        `-n ${one} link set tap0 master br0`,
        `-n ${one} link set to-b master br0 up`,
        `-n ${one} link set br0 up`,
        `-n ${two} link set tap0 master br0`,
        `-n ${two} link set to-a master br0 up`,
        `-n ${two} link set br0 up`,
        `-n ${one} address add 10.1.0.1/24 dev br0`,
      ])
        await run(["ip", ...line.split(" ")]);
      await Promise.all([startNode(nodes.lab, a), startNode(nodes.lab, b)]);
      return new OverlayPair(nodes, { a, b }, ssh);
    } catch (error) {
      await nodes.remove();
      throw error;
    }
  }

  spec(name: "a" | "b"): NodeSpec {
    return this.specs[name];
  }

  /** The node as it is reached: from the first namespace, where the gateway is. */
  reached(name: "a" | "b"): NodeSpec {
    return { ...this.spec(name), namespace: this.spec("a").namespace };
  }

  /** One command on a node, as its user admin. */
  on(name: "a" | "b", command: string): Promise<string> {
    return this.nodes.ssh(this.reached(name), command, this.ssh);
  }

  target(name: "a" | "b"): SshTarget {
    return {
      host: this.spec(name).address,
      port: 22,
      user: "admin",
      privateKey: readFileSync(join(this.nodes.dir, "user"), "utf8"),
      hostKey: readFileSync(join(this.nodes.dir, "host.pub"), "utf8"),
      proxyCommand: [...privileged(["ip", "netns", "exec", this.spec("a").namespace]), "socat", "-", "TCP:%h:%p"].join(
        " ",
      ),
    };
  }

  parts(name: "a" | "b", mode: Mode): Part[] {
    const plan = planOf(mode, name === "a" ? A : B, [A, B]);
    const tunnel = mode === "Never" ? [] : [renderTunnel(plan, mode.startsWith("IPIP") ? "IPIP" : "VXLAN")];
    return [
      ...tunnel,
      renderRoutes(plan),
      renderWorkload({ name: "w", pool: "pool", address: WORKLOADS[name], mtu: workloadMtuOf(mode), plan }),
    ];
  }

  /** Brings both nodes' parts of a mode, waiting for nodes that boot. */
  async push(mode: Mode): Promise<void> {
    this.mtu = workloadMtuOf(mode);
    await Promise.all(
      (["a", "b"] as const).map(async (name) => {
        for (const part of this.parts(name, mode)) await pushPart(this.target(name), part, { deadlineMs: 60_000 });
      }),
    );
  }

  /** One echo request of the largest size from workload to workload, and what is seen of it on the wire. */
  async ping(): Promise<{ readonly answered: boolean; readonly wire: string }> {
    const [program = "", ...args] = privileged([
      "ip",
      "netns",
      "exec",
      this.spec("a").namespace,
      "tcpdump",
      "--immediate-mode",
      "-l",
      "-nn",
      "-v",
      "-i",
      "tap0",
      "ip proto 4 or udp port 4789 or net 192.168.0.0/16",
    ]);
    const tcpdump = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let wire = "";
    tcpdump.stdout.setEncoding("utf8").on("data", (text: string) => (wire += text));
    await once(tcpdump.stderr, "data");
    const answered = await this.on(
      "a",
      `sudo ip netns exec wl-w ping -c 1 -W 2 -M do -s ${this.mtu - 28} ${WORKLOADS.b}`,
    ).then(
      () => true,
      () => false,
    );
    if (answered) while (!wire.includes("ICMP")) await once(tcpdump.stdout, "data");
    tcpdump.kill("SIGINT");
    await once(tcpdump, "close");
    return { answered, wire };
  }

  async remove(): Promise<void> {
    await this.nodes.remove();
  }
}
