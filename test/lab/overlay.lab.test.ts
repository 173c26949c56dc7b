import assert from "node:assert/strict";
import { labNodes } from "../../lab/src/commands/find-node";
import { nodeStatus } from "../../lab/src/node/node";
import { RecordStore } from "../../lab/src/state/store";
import { account } from "../support/traffic";
import { OverlayExample, RATE, replaced } from "./overlay-example";
import { failures, type Report } from "./quick-start";
import { stopAfterFailure } from "./steps";

type Mode = "ipipMode: CrossSubnet" | "ipipMode: Always" | "vxlanMode: Always";
const FIRST: Mode = "ipipMode: CrossSubnet";

/** The program of examples/overlay on real nodes; the steps build on each other. */
describe("Overlay over instances of a plain aws program in the lab", function () {
  this.timeout(240_000);
  stopAfterFailure();
  const example = new OverlayExample();
  const { quickStart, program } = example;
  const up = (): Promise<string[]> => example.up();

  before(() => example.start());
  after(() => quickStart.remove());

  const switchTo = async (mode: Mode): Promise<void> => {
    quickStart.writePools(replaced(example.manifest, FIRST, mode));
    await up();
  };
  /** Every pair talks, as the mode says, and nothing else is on the wire. */
  const verified = async (mode: Mode): Promise<void> => {
    const { code, report } = await quickStart.verify();
    assert.deepEqual(failures(report), [], JSON.stringify(report.pairs, undefined, 1));
    assert.equal(report.passed, 6);
    assert.equal(code, 0);
    for (const pair of report.pairs) carriedAs(mode, pair);
    assert.deepEqual(await example.unlikePlan(), []);
  };
  const protocols = (): string[] => [
    ...new Set(
      new RecordStore(quickStart.lab)
        .list()
        // Those of the VPCs' default security groups name no CIDR.
        .filter(({ type, outputs }) => type.includes("IngressRule") && outputs["cidrIpv4"] !== undefined)
        .map(({ outputs }) => String(outputs["ipProtocol"])),
    ),
  ];

  it("comes up with the rules that getIngress named, every pair verified", async () => {
    await up();
    assert.deepEqual(protocols().sort(), ["-1", "4", "icmp", "tcp"]);
    await verified("ipipMode: CrossSubnet");
  });

  it("changes nothing when nothing has changed, nor on any host when they are listed in another order", async () => {
    quickStart.takeConnections();
    assert.deepEqual(await up(), []);
    quickStart.writeProgram(reordered(program));
    // The list itself is on record.
    assert.deepEqual(await up(), ["update overlaynet:index:Topology joined"]);
    assert.deepEqual(quickStart.takeConnections(), []);
    quickStart.writeProgram(program);
    await up();
  });

  for (const mode of ["ipipMode: Always", "vxlanMode: Always", "ipipMode: CrossSubnet"] as const) {
    it(`switches to ${mode} without the loss of a packet, every pair verified afterwards`, async () => {
      await example.readWorkloads();
      await example.startTraffic();
      await switchTo(mode);
      const { sent, lost, broken } = account(await example.stopTraffic(), 1);
      assert.deepEqual(broken, []);
      assert.deepEqual(lost, [0]);
      assert.ok((sent[0] ?? 0) > 6 * RATE, `${sent[0]} packets`);
      await verified(mode);
      assert.equal(protocols().includes("4"), mode.startsWith("ipip"));
      assert.equal(protocols().includes("udp"), mode.startsWith("vxlan"));
      assert.equal(protocols().includes("-1"), mode.endsWith("CrossSubnet"));
    });
  }

  it("would see what is lost: a route that is away for a moment", async () => {
    await example.startTraffic();
    await example.on(
      "blue-1",
      "route=$(ip route show | grep 'proto 80' | grep -v blackhole | head -n 1); ip route del $route; sleep 0.2; ip route add $route",
    );
    const { lost } = account(await example.stopTraffic(), 1);
    assert.ok((lost[0] ?? 0) > 4, JSON.stringify(lost));
  });

  it("turns the source/dest check on where getIngress says that no host forwards, and every pair talks", async () => {
    await switchTo("vxlanMode: Always");
    await example.pulumi("config", "rm", "--stack", "test", "keepForwarding");
    assert.deepEqual(
      (await up()).sort(),
      ["blue-1", "blue-2", "green-1"].map((name) => `update aws:ec2/instance:Instance ${name}`),
    );
    await verified("vxlanMode: Always");
  });

  it("leaves the hosts without anything of its own when it is removed from the program, and the instances alone", async () => {
    const before = labNodes(quickStart.lab).map(({ id }) => nodeStatus(quickStart.lab, id).pid);
    assert.notDeepEqual(await leftOn("blue-1"), []);
    quickStart.writeProgram(example.withOverlays("return {};"));
    const steps = await up();
    assert.deepEqual(
      steps.filter((step) => !step.startsWith("delete overlaynet:")),
      [],
    );
    for (const { name } of labNodes(quickStart.lab)) assert.deepEqual(await leftOn(name), [], name);
    assert.deepEqual(
      labNodes(quickStart.lab).map(({ id }) => nodeStatus(quickStart.lab, id).pid),
      before,
    );
  });

  it("is taken away whole", async () => {
    const { code, stdout, stderr } = await quickStart.steps("destroy");
    assert.equal(code, 0, stdout + stderr);
  });

  /** What of ours a node holds, a line each. */
  async function leftOn(node: string): Promise<string[]> {
    const printed = await example.on(
      node,
      `ls -d /etc/overlaynet /etc/cni/net.d/10-overlaynet.conflist /usr/local/lib/overlaynet 2>/dev/null || :
      ip -o link show | grep -E 'alias overlaynet|vxlan\\.calico|vxlan-v6\\.calico' || :
      ip -o -4 address show dev tunl0 2>/dev/null || :
      ip route show table all | grep 'proto 80' || :
      ip neigh show nud permanent | grep -E 'tunl0|calico' || :
      nft list tables | grep overlaynet || :
      ip netns list
      systemctl list-unit-files --no-legend 'overlaynet*' || :`,
    );
    return printed.split("\n").filter((line) => line !== "");
  }
});

/** The host list in another order; the instances stay where they are. */
function reordered(program: string): string {
  return replaced(
    program,
    "hosts: hosts.map((host, i) => {",
    "hosts: hosts.toReversed().map((host) => {\n const i = hosts.indexOf(host);",
  );
}

/** What a capture at the sender's interface saw, each kind of packet once. */
function carriedAs(mode: Mode, { from, to, encapsulation, wire }: Report["pairs"][number]): void {
  const near = from.startsWith("blue") && to.startsWith("blue");
  const expected = near && mode.endsWith("CrossSubnet") ? "None" : mode.startsWith("ipip") ? "IPIP" : "VXLAN";
  assert.equal(encapsulation, expected, `${from} ${to}`);
  assert.equal(wire.length, 1);
  assert.match(
    wire[0] ?? "",
    {
      None: /^IP 192\.168\.\S+ > 192\.168\.\S+$/,
      IPIP: /^IP 10\.\S+ > 10\.\S+ proto 4 \| IP 192\.168\./,
      VXLAN: /^IP 10\.\S+ > 10\.\S+ udp VXLAN \| IP 192\.168\./,
    }[expected],
  );
}
