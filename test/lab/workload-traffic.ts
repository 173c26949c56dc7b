import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { labNodes } from "../../lab/src/commands/find-node";
import { nodeStatus } from "../../lab/src/node/node";
import { run } from "../../lab/src/state/privileged";
import { unpackTopology } from "../../provider/src/plan/packed-topology";
import { planTopology } from "../../provider/src/plan/plan";
import { TRAFFIC, type TrafficReport } from "../support/traffic";
import { differences, STATE_SCRIPT } from "./node-state";
import type { QuickStart } from "./quick-start";

export interface TestWorkload {
  readonly name: string;
  readonly node: string;
  readonly address: string;
  readonly namespace: string;
}

/** Test workloads on nodes of the lab, and traffic between all of them whose packets are counted. */
export class WorkloadTraffic {
  protected workloads: readonly TestWorkload[] = [];

  /** @param rate packets a second from every workload to every other */
  constructor(
    readonly quickStart: QuickStart,
    private readonly rate: number,
  ) {}

  /** Takes the workloads from the stack's outputs. */
  async readWorkloads(): Promise<void> {
    const outputs = await this.quickStart.pulumi("stack", "output", "--json", "--stack", "test");
    this.workloads = (JSON.parse(outputs.stdout) as { workloads: TestWorkload[] }).workloads;
  }

  async on(node: string, script: string): Promise<string> {
    const outcome = await this.quickStart.overlaynet("lab", "exec", node, "--", "sh", "-euc", script);
    assert.equal(outcome.code, 0, `${node}: ${script}\n${outcome.stdout}${outcome.stderr}`);
    return outcome.stdout;
  }
  everywhere(script: (workload: TestWorkload) => string): Promise<string[]> {
    return Promise.all(this.workloads.map((workload) => this.on(workload.node, script(workload))));
  }

  async startTraffic(): Promise<void> {
    // On AWS nodes have processors of their own; here they go before what changes them.
    for (const { id } of labNodes(this.quickStart.lab))
      await run(["renice", "-n", "-10", "-g", String(nodeStatus(this.quickStart.lab, id).pid)]);
    const program = readFileSync(TRAFFIC, "utf8");
    await this.everywhere(({ namespace, address }) => {
      const peers = this.workloads.map((each) => each.address).filter((each) => each !== address);
      return `rm -rf /run/traffic; mkdir /run/traffic; cat >/run/traffic/program <<'PROGRAM'\n${program}PROGRAM\n# What is counted is what the network loses: the reader goes before all else on the node, and what waits for it has room.\nsysctl -qw net.ipv4.udp_mem='16384 20480 24576'\nsetsid nice -n -10 ip netns exec ${namespace} perl /run/traffic/program ${this.rate} /run/traffic/report ${address} ${peers.join(" ")} </dev/null >/run/traffic/log 2>&1 & echo $! >/run/traffic/pid`;
    });
    await this.everywhere(
      () =>
        "for i in $(seq 300); do [ ! -e /run/traffic/report.ready ] || exit 0; sleep 0.1; done; cat /run/traffic/log >&2; exit 1",
    );
  }

  /** The switches that follow are counted for themselves. */
  async nextPhase(): Promise<void> {
    await this.everywhere(() => "kill -USR1 $(cat /run/traffic/pid)");
  }

  /** Nobody ends before all have stopped sending. */
  async stopTraffic(): Promise<ReadonlyMap<string, TrafficReport>> {
    await this.everywhere(
      () =>
        "kill -USR2 $(cat /run/traffic/pid); for i in $(seq 300); do [ ! -e /run/traffic/report.stopped ] || exit 0; sleep 0.1; done; exit 1",
    );
    const printed = await this.everywhere(
      () =>
        "kill -TERM $(cat /run/traffic/pid); for i in $(seq 300); do [ ! -e /run/traffic/report ] || break; sleep 0.1; done; cat /run/traffic/log >&2; cat /run/traffic/report",
    );
    return new Map(this.workloads.map(({ address }, i) => [address, JSON.parse(printed[i] ?? "") as TrafficReport]));
  }

  /**
   * Packets that devices and sockets have dropped so far, where any: what is lost there is no matter of routes and
   * tunnels.
   */
  async drops(): Promise<string[]> {
    const counters = "nstat -as | grep -E 'Drop|Discard|UdpInErrors|Rcvbuf|MemErrors|NoRoutes|AddrErr' || true";
    const inside = await this.everywhere(
      ({ name, namespace }) =>
        `echo ${name}; ${counters}; echo ${namespace}; ip netns exec ${namespace} sh -c "${counters}"; cut -c 1-26 /proc/net/softnet_stat`,
    );
    const outside = await Promise.all(
      labNodes(this.quickStart.lab).map(
        async ({ name, namespace }) => `${name}: ${await run(["ip", "-n", namespace, "-s", "link"])}`,
      ),
    );
    return [...inside, ...outside];
  }

  /** What Linux holds on the nodes that the plan does not say, and what it lacks, a line each. */
  async unlikePlan(): Promise<string[]> {
    const packed =
      this.quickStart.deployment().resources.find(({ type }) => type === "overlaynet:index:Topology")?.outputs
        ?.packed ?? "";
    const plans = [...planTopology(unpackTopology(packed)).nodes];
    assert.notDeepEqual(plans, []);
    const found = await Promise.all(
      plans.map(async ([node, plan]) =>
        differences(plan, await this.on(node, STATE_SCRIPT)).map((line) => `${node} ${line}`),
      ),
    );
    return found.flat();
  }
}
