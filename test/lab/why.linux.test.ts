import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import type { Answer, CountedHop } from "../../lab/src/commands/why/explain";
import { RecordStore } from "../../lab/src/state/store";
import { CloudRecords } from "../support/cloud-records";
import { delivered, GuestLab } from "../support/guests";

/** What the command says of a packet, and what becomes of that packet. */
describe("overlaynet lab why", function () {
  this.timeout(30_000);
  let lab: GuestLab;
  const ip = { a1: "10.1.1.11", b1: "10.2.1.11" };

  before(async () => {
    lab = await GuestLab.start(
      new CloudRecords()
        .vpc("a", "10.1.0.0/16")
        .subnet("a1", "a", "10.1.1.0/24")
        .vpc("b", "10.2.0.0/16")
        .subnet("b1", "b", "10.2.1.0/24")
        .peering("ab", "a", "b")
        .route("a", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
        .route("b", "10.1.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
        .instance("a1", "a", "a1", ip.a1)
        .instance("b1", "b", "b1", ip.b1)
        .ingress("ipip", "b1", { ipProtocol: "4", cidrIpv4: "10.1.0.0/16" }),
    );
    const store = new RecordStore(lab.lab);
    for (const record of lab.base.list()) store.put(record);
  });
  after(async () => lab?.remove());
  beforeEach(async () => lab.flush());

  async function command(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const program = `require(${JSON.stringify(resolve(__dirname, "../../lab/src/commands/lab"))}).labCommand().parseAsync(["node", "lab", "why", ...process.argv.slice(1)]).catch((error) => { console.error(error.message); process.exitCode = 1; })`;
    const child = spawn(process.execPath, ["--require", "tsx/cjs", "-e", program, "--", ...args], {
      env: { ...process.env, OVERLAYNET_LAB_STATE: lab.lab.state },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [out, err]: Buffer[][] = [[], []];
    child.stdout.on("data", (chunk: Buffer) => out?.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => err?.push(chunk));
    const [code] = (await once(child, "close")) as [number | null];
    return { code, stdout: Buffer.concat(out ?? []).toString(), stderr: Buffer.concat(err ?? []).toString() };
  }

  /** The rule or check with a counter that the packet's way ends with, and its packets. */
  async function lastCounted(
    ...args: string[]
  ): Promise<[verdict: string, rule: string | undefined, packets: number | undefined]> {
    const { packet } = JSON.parse((await command(...args, "--format", "json")).stdout) as Answer;
    const last: CountedHop | undefined = packet.hops.filter(({ packets }) => packets !== undefined).at(-1);
    return [packet.verdict, last?.rule ?? last?.kind, last?.packets];
  }

  it("names the rule that lets a packet in, whose counter the packet moves", async () => {
    const [verdict, rule, before = NaN] = await lastCounted("a1", "b1", "--protocol", "4");
    assert.deepEqual([verdict, rule], ["delivered", "sgr-ipip"]);
    assert.equal(await delivered(lab.guest("b1"), "ip protocol 4", () => lab.guest("a1").sendProtocol(4, ip.b1)), true);
    assert.deepEqual(await lastCounted("a1", "b1", "--protocol", "4"), ["delivered", "sgr-ipip", before + 1]);
  });

  it("names the place that drops a packet, whose counter the packet moves", async () => {
    const [verdict, place, before = NaN] = await lastCounted("a1", "b1", "--protocol", "94");
    assert.deepEqual([verdict, place], ["dropped", "security-group"]);
    assert.equal(
      await delivered(lab.guest("b1"), "ip protocol 94", () => lab.guest("a1").sendProtocol(94, ip.b1)),
      false,
    );
    assert.deepEqual(await lastCounted("a1", "b1", "--protocol", "94"), ["dropped", "security-group", before + 1]);
  });

  it("names the source/dest check, whose counter the packet moves", async () => {
    const workload = "192.168.1.1";
    await lab.guest("a1").exec(["ip", "address", "add", `${workload}/32`, "dev", "lo"]);
    const asked = ["a1", "b1", "--protocol", "4", "--source", workload];
    const [verdict, place, before = NaN] = await lastCounted(...asked);
    assert.deepEqual([verdict, place], ["dropped", "source-dest-check"]);
    assert.equal(
      await delivered(lab.guest("b1"), "ip protocol 4", () => lab.guest("a1").sendProtocol(4, ip.b1, workload)),
      false,
    );
    assert.deepEqual(await lastCounted(...asked), ["dropped", "source-dest-check", before + 1]);
  });

  it("says it in words, with an exit code", async () => {
    const there = await command("test-a1", "b1", "--protocol", "4");
    assert.equal(there.code, 0, there.stderr);
    assert.match(
      there.stdout,
      /eni-b1 +security-group ingress +let in by sgr-ipip: protocol 4 from 10\.1\.0\.0\/16 +\d+\n/,
    );
    assert.match(there.stdout, /\nThe answer: protocol 4 from 10\.2\.1\.11 to 10\.1\.1\.11/);
    const not = await command("a1", ip.b1, "--port", "22");
    assert.equal(not.code, 1);
    assert.match(
      not.stdout,
      /Dropped at eni-b1: ENI_SG_RULES_MISMATCH: .*\n {2}Add an ingress rule to sg-b1: ipProtocol tcp, fromPort 22, toPort 22 from 10\.1\.1\.11\/32\.\n/,
    );
    const wrong = await command("a1", "b1", "--protocol", "tcp");
    assert.deepEqual([wrong.code, wrong.stdout, wrong.stderr], [1, "", "--protocol tcp needs --port\n"]);
  });
});
