import { deepStrictEqual, match, ok, strictEqual } from "node:assert";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { LabView } from "../../lab/src/commands/inspect";
import { destroyAll } from "../../lab/src/fabric/destroy";
import { namespaceOf, tapOf } from "../../lab/src/fabric/names";
import { reconcile } from "../../lab/src/fabric/reconcile";
import { consoleTail, startNode } from "../../lab/src/node/node";
import { labPublicKey } from "../../lab/src/state/lab-key";
import { type Lab, openLab } from "../../lab/src/state/paths";
import { RecordStore } from "../../lab/src/state/store";
import { CloudRecords } from "./cloud-records";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A node whose security group lets nothing in. */
describe("overlaynet lab, on a node", function () {
  this.timeout(40_000);
  let lab: Lab;
  const records = new CloudRecords().vpc("a", "10.1.0.0/16").subnet("a1", "a", "10.1.1.0/24").internetGateway("a", "a").route("a", "0.0.0.0/0", { gatewayId: "igw-a" }).instance("a1", "a", "a1", "10.1.1.11", { publicIp: "203.0.113.11" });

  before(async () => {
    lab = openLab(mkdtempSync(join(tmpdir(), "overlaynet-commands-")));
    const store = new RecordStore(lab);
    for (const record of records.list()) store.put(record);
    await reconcile(lab);
    const instance = records.get("i-a1");
    await startNode(lab, {
      instanceId: instance.id,
      namespace: namespaceOf(lab, instance),
      tap: tapOf(instance),
      mac: String(instance.internal["mac"]),
      address: "10.1.1.11",
      prefixLen: 24,
      gateway: "10.1.1.1",
      mtu: 9001,
      hostname: "a1",
      authorizedKeys: [await labPublicKey(lab)],
    });
    while (!/ssh\.service|Reached target.*multi-user/.test(consoleTail(lab, "i-a1", 200))) await new Promise((done) => setTimeout(done, 100));
  });
  beforeEach(() => reconcile(lab));
  after(async () => {
    await destroyAll(lab);
    rmSync(lab.state, { recursive: true, force: true });
  });

  function start(...args: string[]): ChildProcess {
    const program = `require(${JSON.stringify(resolve(__dirname, "../../lab/src/commands/lab"))}).labCommand().parseAsync(["node", ...process.argv.slice(1)]).catch((error) => { console.error(error.message); process.exitCode = 1; })`;
    return spawn(process.execPath, ["--require", "tsx/cjs", "-e", program, "--", "lab", ...args], { env: { ...process.env, OVERLAYNET_LAB_STATE: lab.state }, stdio: ["pipe", "pipe", "pipe"] });
  }

  async function command(...args: string[]): Promise<Outcome> {
    return outcome(start(...args));
  }

  async function outcome(child: ChildProcess): Promise<Outcome> {
    const text = { stdout: "", stderr: "" };
    child.stdout?.on("data", (chunk: Buffer) => (text.stdout += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (text.stderr += chunk.toString()));
    child.stdin?.end("from outside\n");
    const [code] = (await once(child, "close")) as [number];
    return { code, ...text };
  }

  /** A capture that has begun. */
  async function listening(...args: string[]): Promise<{ readonly child: ChildProcess; readonly ended: Promise<Outcome> }> {
    const child = start(...args);
    const begun = new Promise<void>((done) => child.stderr?.on("data", (chunk: Buffer) => chunk.toString().includes("listening on") && done()));
    const ended = outcome(child);
    await Promise.race([begun, ended]);
    return { child, ended };
  }

  it("exec runs as root with arguments, input and exit code as they are, whatever the security groups say", async () => {
    deepStrictEqual(await command("exec", "a1", "--", "sh", "-c", 'id -u; echo "$1"; cat; exit 7', "sh", "it's  $HOME"), { code: 7, stdout: "0\nit's  $HOME\nfrom outside\n", stderr: "" });
  });

  it("a node finds its instance metadata where it is on EC2", async () => {
    const request = "exec 3<>/dev/tcp/169.254.169.254/80; printf 'GET /latest/meta-data/instance-id HTTP/1.1\\r\\n\\r\\n' >&3; cat <&3";
    match((await command("exec", "a1", "--", "bash", "-c", request)).stdout, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\ni-a1$/s);
  });

  it("list tells the nodes, as a table and as JSON", async () => {
    match((await command("list")).stdout, /^NAME .*\ntest-a1 +i-a1 +vpc-a +us-east-1a +10\.1\.1\.11 +203\.0\.113\.11 +running\n$/);
    const [node] = JSON.parse((await command("list", "--output", "json")).stdout) as Record<string, unknown>[];
    deepStrictEqual([node?.["id"], node?.["state"], node?.["privateIp"]], ["i-a1", "running", "10.1.1.11"]);
  });

  it("inspect tells of the running node what its processes are and what it hangs on", async () => {
    const view = JSON.parse((await command("inspect", "a1", "--output", "json")).stdout) as LabView;
    const [node] = view.nodes;
    deepStrictEqual([node?.id, node?.state, node?.paused, view.networkInterfaces.map(({ id }) => id), view.securityGroups.map(({ id }) => id)], ["i-a1", "running", false, ["eni-a1"], ["sg-a1"]]);
    ok(node?.pid !== undefined && readFileSync(`/proc/${node.pid}/cmdline`, "utf8").includes("i-a1"));
    ok(node.uptime !== undefined && node.uptime > 0.1 && node.uptime < 600, String(node.uptime));
    match((await command("inspect")).stdout, /^Lab [0-9a-f]{8} .*\n\nNodes\n.*\n +test-a1 +i-a1 +(running|booting) /);
  });

  it("capture sees inside what security groups keep from going outside", async () => {
    // Out to a neighbour that is not there, with no rule to let it out: to be seen inside alone.
    await reconcile(lab, records.copy().remove("sgr-a1-out").list());
    const seen = async (point: string): Promise<string> => {
      const tcpdump = await listening("capture", "a1", "--point", point, "udp port 4000");
      await command("exec", "a1", "--", "bash", "-c", "ip neigh replace 10.1.1.9 lladdr 0a:00:0a:01:01:09 dev ens5; echo x >/dev/udp/10.1.1.9/4000");
      tcpdump.child.kill("SIGINT");
      return (await tcpdump.ended).stdout.trim();
    };
    match(await seen("inside"), /10\.1\.1\.11\.\d+ > 10\.1\.1\.9\.4000/);
    strictEqual(await seen("outside"), "");
    await reconcile(lab, records.list());
    match(await seen("outside"), /10\.1\.1\.11\.\d+ > 10\.1\.1\.9\.4000/);
  });

  it("capture writes pcap files", async () => {
    const file = join(lab.state, "packets.pcap");
    const tcpdump = await listening("capture", "a1", "--point", "inside", "-c", "1", "-w", file, "tcp port 22");
    await command("exec", "a1", "--", "true");
    strictEqual((await tcpdump.ended).code, 0);
    ok([0xa1b2c3d4, 0xa1b23c4d].includes(readFileSync(file).readUInt32LE(0)));
    rmSync(file);
  });

  it("flush makes cards forget", async () => {
    const tracked = async (): Promise<string> => (await outcome(spawn("nsenter", [`--net=/run/netns/${namespaceOf(lab, records.get("i-a1"))}`, "conntrack", "-L", "-p", "udp"], { stdio: "pipe" }))).stdout;
    await command("exec", "a1", "--", "bash", "-c", "echo x >/dev/udp/198.51.100.1/4002");
    match(await tracked(), /dport=4002/);
    strictEqual((await command("flush", "a1")).code, 0);
    ok(!(await tracked()).includes("dport=4002"));
  });

  it("console shows what the node said", async () => match((await command("console", "a1", "--no-follow")).stdout, /Linux version|systemd/));

  it("check finds this machine fit", async () => {
    const { code, stdout } = await command("check");
    strictEqual(code, 0, stdout);
    match(stdout, /^ok +self-test: security groups hold$/m);
  });

  it("names what there is when the node is none, with exit code 1", async () => {
    const { code, stderr } = await command("exec", "b7", "--", "true");
    deepStrictEqual([code, stderr], [1, 'The lab has no node "b7". There are: test-a1.\n']);
  });

  it("never shows the lab's private key", async () => {
    const key = readFileSync(join(lab.state, "lab_key"), "utf8").split("\n")[3] ?? "";
    ok(key.length > 60);
    ok(!consoleTail(lab, "i-a1", 10_000).includes(key));
    strictEqual((await command("exec", "a1", "--", "sh", "-c", "grep -rlF -- \"$1\" /run/lab-seed /home /etc 2>/dev/null || true", "sh", key)).stdout, "");
  });
});
