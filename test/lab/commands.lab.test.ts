import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { LabView } from "../../lab/src/commands/inspect/lab-view";
import { destroyAll } from "../../lab/src/fabric/destroy";
import { internetNamespace, namespaceOf, namespacePrefix, tapOf } from "../../lab/src/fabric/names";
import { reconcile } from "../../lab/src/fabric/reconcile";
import { consoleTail, hasSettled, nodeStatus, pauseNode, resumeNode, startNode } from "../../lab/src/node/node";
import type { NodeSpec } from "../../lab/src/node/node-spec";
import { labPublicKey } from "../../lab/src/state/lab-key";
import { type Lab, openLab } from "../../lab/src/state/paths";
import { run } from "../../lab/src/state/privileged";
import { RecordStore } from "../../lab/src/state/store";
import { CloudRecords } from "../support/cloud-records";

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A node whose security group lets nothing in. */
describe("overlaynet lab, on a node", function () {
  this.timeout(40_000);
  let lab: Lab;
  const records = new CloudRecords()
    .vpc("a", "10.1.0.0/16")
    .subnet("a1", "a", "10.1.1.0/24")
    .internetGateway("a", "a")
    .route("a", "0.0.0.0/0", { gatewayId: "igw-a" })
    .instance("a1", "a", "a1", "10.1.1.11", { publicIp: "203.0.113.11" });

  before(async () => {
    lab = openLab(mkdtempSync(join(tmpdir(), "overlaynet-commands-")));
    const store = new RecordStore(lab);
    for (const record of records.list()) store.put(record);
    await reconcile(lab);
    await startNode(lab, await spec());
    await settled();
  });
  beforeEach(() => reconcile(lab));
  after(async () => {
    await destroyAll(lab);
    rmSync(lab.state, { recursive: true, force: true });
  });

  async function spec(): Promise<NodeSpec> {
    const instance = records.get("i-a1");
    return {
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
    };
  }

  async function settled(): Promise<void> {
    while (!hasSettled(lab, "i-a1")) await new Promise((done) => setTimeout(done, 50));
  }

  function start(...args: string[]): ChildProcess {
    const program = `require(${JSON.stringify(resolve(__dirname, "../../lab/src/commands/lab"))}).labCommand().parseAsync(["node", ...process.argv.slice(1)]).catch((error) => { console.error(error.message); process.exitCode = 1; })`;
    return spawn(process.execPath, ["--require", "tsx/cjs", "-e", program, "--", "lab", ...args], {
      env: { ...process.env, OVERLAYNET_LAB_STATE: lab.state },
      stdio: ["pipe", "pipe", "pipe"],
    });
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
  async function listening(
    ...args: string[]
  ): Promise<{ readonly child: ChildProcess; readonly ended: Promise<Outcome> }> {
    const child = start(...args);
    const begun = new Promise<void>((done) =>
      child.stderr?.on("data", (chunk: Buffer) => chunk.toString().includes("listening on") && done()),
    );
    const ended = outcome(child);
    await Promise.race([begun, ended]);
    return { child, ended };
  }

  it("exec runs as root with arguments, input and exit code as they are, whatever the security groups say", async () => {
    assert.deepEqual(
      await command("exec", "a1", "--", "sh", "-c", 'id -u; echo "$1"; cat; exit 7', "sh", "it's  $HOME"),
      { code: 7, stdout: "0\nit's  $HOME\nfrom outside\n", stderr: "" },
    );
  });

  it("a node finds its instance metadata where it is on EC2", async () => {
    const request =
      "exec 3<>/dev/tcp/169.254.169.254/80; printf 'GET /latest/meta-data/instance-id HTTP/1.1\\r\\n\\r\\n' >&3; cat <&3";
    assert.match(
      (await command("exec", "a1", "--", "bash", "-c", request)).stdout,
      /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\ni-a1$/s,
    );
  });

  it("list tells the nodes, as a table and as JSON", async () => {
    assert.match(
      (await command("list")).stdout,
      /^NAME .*\ntest-a1 +i-a1 +vpc-a +us-east-1a +10\.1\.1\.11 +203\.0\.113\.11 +running\n$/,
    );
    const [node] = JSON.parse((await command("list", "--format", "json")).stdout) as Record<string, unknown>[];
    assert.deepEqual([node?.["id"], node?.["state"], node?.["privateIp"]], ["i-a1", "running", "10.1.1.11"]);
  });

  it("inspect tells of the running node what its processes are and what it hangs on", async () => {
    const view = JSON.parse((await command("inspect", "a1", "--format", "json")).stdout) as LabView;
    const [node] = view.nodes;
    assert.deepEqual(
      [
        node?.id,
        node?.state,
        node?.paused,
        view.networkInterfaces.map(({ id }) => id),
        view.securityGroups.map(({ id }) => id),
      ],
      ["i-a1", "running", false, ["eni-a1"], ["sg-a1"]],
    );
    assert.ok(node?.pid !== undefined && readFileSync(`/proc/${node.pid}/cmdline`, "utf8").includes("i-a1"));
    assert.ok(node.uptime !== undefined && node.uptime > 0.1 && node.uptime < 600, String(node.uptime));
    assert.match(
      (await command("inspect")).stdout,
      /^Lab [0-9a-f]{8} .*\n\nNodes\n.*\n +test-a1 +i-a1 +(running|booting) /,
    );
  });

  it("capture sees inside what security groups keep from going outside", async () => {
    // Out to a neighbour that is not there, with no rule to let it out: to be seen inside alone.
    await reconcile(lab, records.copy().remove("sgr-a1-out").list());
    const seen = async (point: string): Promise<string> => {
      const tcpdump = await listening("capture", "a1", "--point", point, "udp port 4000");
      let printed = "";
      tcpdump.child.stdout?.on("data", (chunk: Buffer) => (printed += chunk.toString()));
      await command(
        "exec",
        "a1",
        "--",
        "bash",
        "-c",
        "ip neigh replace 10.1.1.9 lladdr 0a:00:0a:01:01:09 dev ens5; echo x >/dev/udp/10.1.1.9/4000",
      );
      // One packet more, from the internet, which the security groups keep out: once it is seen, so is all before it.
      if (point === "outside")
        await run([
          "ip",
          "netns",
          "exec",
          internetNamespace(namespacePrefix(lab)),
          "bash",
          "-c",
          "echo x >/dev/udp/203.0.113.11/4000",
        ]);
      while (!(point === "outside" ? /> 10\.1\.1\.11\.4000: .*\n/ : /> 10\.1\.1\.9\.4000: .*\n/).test(printed))
        await new Promise((done) => setTimeout(done, 10));
      tcpdump.child.kill("SIGINT");
      return (await tcpdump.ended).stdout
        .split("\n")
        .filter((line) => !line.includes("> 10.1.1.11.4000"))
        .join("\n")
        .trim();
    };
    assert.match(await seen("inside"), /10\.1\.1\.11\.\d+ > 10\.1\.1\.9\.4000/);
    assert.equal(await seen("outside"), "");
    await reconcile(lab, records.list());
    assert.match(await seen("outside"), /10\.1\.1\.11\.\d+ > 10\.1\.1\.9\.4000/);
  });

  it("capture writes pcap files, from before and from after the security groups", async () => {
    const points = ["inside", "outside"] as const;
    const captures = await Promise.all(
      points.map((point) =>
        listening(
          "capture",
          "a1",
          "--point",
          point,
          "-c",
          "1",
          "-w",
          join(lab.state, `${point}.pcap`),
          "udp port 4003",
        ),
      ),
    );
    await command("exec", "a1", "--", "bash", "-c", "echo marked >/dev/udp/198.51.100.1/4003");
    assert.deepEqual(
      (await Promise.all(captures.map(({ ended }) => ended))).map(({ code }) => code),
      [0, 0],
    );
    for (const point of points) {
      const file = join(lab.state, `${point}.pcap`);
      const packets = readFileSync(file);
      assert.ok([0xa1b2c3d4, 0xa1b23c4d].includes(packets.readUInt32LE(0)) && packets.includes("marked\n"), point);
      rmSync(file);
    }
  });

  it("flush makes cards forget", async () => {
    const tracked = async (): Promise<string> =>
      (
        await outcome(
          spawn(
            "nsenter",
            [`--net=/run/netns/${namespaceOf(lab, records.get("i-a1"))}`, "conntrack", "-L", "-p", "udp"],
            { stdio: ["ignore", "pipe", "pipe"] },
          ),
        )
      ).stdout;
    await command("exec", "a1", "--", "bash", "-c", "echo x >/dev/udp/198.51.100.1/4002");
    assert.match(await tracked(), /dport=4002/);
    assert.equal((await command("flush", "a1")).code, 0);
    assert.ok(!(await tracked()).includes("dport=4002"));
  });

  it("console shows what the node said", async () =>
    assert.match((await command("console", "a1", "--no-follow")).stdout, /Linux version|systemd/));

  it("check finds this machine fit", async () => {
    const { code, stdout } = await command("check");
    assert.equal(code, 0, stdout);
    assert.match(stdout, /^ok +self-test: security groups hold$/m);
  });

  it("names what there is when the node is none, with exit code 1", async () => {
    const { code, stderr } = await command("exec", "b7", "--", "true");
    assert.deepEqual([code, stderr], [1, 'The lab has no node "b7". There are: test-a1\n']);
  });

  it("never shows the lab's private key", async () => {
    const key = readFileSync(join(lab.state, "lab_key"), "utf8").split("\n")[3] ?? "";
    assert.ok(key.length > 60);
    assert.ok(!consoleTail(lab, "i-a1", 10_000).includes(key));
    assert.equal(
      (
        await command(
          "exec",
          "a1",
          "--",
          "sh",
          "-c",
          'grep -rlF -- "$1" /run/lab-seed /home /etc 2>/dev/null || true',
          "sh",
          key,
        )
      ).stdout,
      "",
    );
  });

  it("wait returns when the node takes the key and has settled, and tells of one that does not in time, with the end of its console", async () => {
    assert.equal((await command("wait", "a1")).code, 0);
    await pauseNode(lab, "i-a1");
    try {
      const { code, stderr } = await command("wait", "a1", "--deadline", "1");
      assert.equal(code, 1);
      assert.match(
        stderr,
        /^test-a1 was not ready within 1 s: .*\. The end of its console:\n(?: {2}.*\n)* {2}.*Reached target multi-user/,
      );
    } finally {
      await resumeNode(lab, "i-a1");
    }
  });

  describe("fault", () => {
    const card = (): string => namespaceOf(lab, records.get("i-a1"));
    const answers = async (): Promise<boolean> =>
      (
        await outcome(
          spawn("nsenter", [`--net=/run/netns/${card()}`, "ping", "-n", "-q", "-c", "1", "-W", "0.5", "10.1.1.11"], {
            stdio: "pipe",
          }),
        )
      ).code === 0;
    const bootId = async (): Promise<string> =>
      (await command("exec", "a1", "--", "cat", "/proc/sys/kernel/random/boot_id")).stdout;

    it("pause stops the node, and resume lets it go on where it was", async () => {
      const before = await bootId();
      assert.match((await command("fault", "pause", "a1")).stdout, /^Paused test-a1\.$/m);
      assert.equal(await answers(), false);
      assert.match(
        (await command("inspect", "a1")).stdout,
        /test-a1 +i-a1 +paused .*\bi-a1 +is paused: overlaynet lab fault resume/s,
      );
      assert.match((await command("fault")).stdout, /^test-a1: is paused$/m);
      assert.match((await command("fault", "--clear")).stdout, /^Cleared 0 faults, resumed test-a1\.$/m);
      assert.ok(await answers());
      await command("fault", "pause", "a1");
      assert.equal((await command("fault", "resume", "a1")).code, 0);
      assert.equal(await bootId(), before);
    });

    for (const [how, ...options] of [["the power button"], ["reset", "--hard"]]) {
      it(`reboot brings another kernel from the same disk, by ${how}`, async () => {
        const { stdout: before } = await command(
          "exec",
          "a1",
          "--",
          "sh",
          "-c",
          "echo kept >/var/tmp/kept; sync; cat /proc/sys/kernel/random/boot_id",
        );
        assert.equal((await command("fault", "reboot", "a1", ...options)).code, 0);
        assert.equal(hasSettled(lab, "i-a1"), false);
        await settled();
        const [kept, after] = (
          await command("exec", "a1", "--", "cat", "/var/tmp/kept", "/proc/sys/kernel/random/boot_id")
        ).stdout.split("\n");
        assert.equal(kept, "kept");
        assert.match(after ?? "", /^[0-9a-f-]{36}$/);
        assert.notEqual(`${after}\n`, before);
      });
    }

    it("kill leaves a node that is stopped, with its disk, and that can be started", async () => {
      assert.match((await command("fault", "kill", "a1")).stdout, /^Stopped test-a1\.$/m);
      assert.deepEqual(
        [nodeStatus(lab, "i-a1").state, await answers(), hasSettled(lab, "i-a1")],
        ["stopped", false, false],
      );
      assert.match((await command("fault", "pause", "a1")).stderr, /i-a1 is stopped, not running: it cannot be paused/);
      await startNode(lab, await spec());
      await settled();
      assert.equal((await command("exec", "a1", "--", "cat", "/var/tmp/kept")).stdout, "kept\n");
    });

    it("cut leaves the lab's own way in, and loss says what it takes for a share", async () => {
      assert.match(
        (await command("fault", "cut", "a1", "--direction", "egress")).stdout,
        /^eni-a1: all that it sends is lost$/m,
      );
      assert.equal((await command("exec", "a1", "--", "true")).code, 0);
      assert.match(
        (await command("fault", "loss", "a1", "--share", "2.5%")).stdout,
        /^eni-a1: 2\.5 % that it receives is lost\neni-a1: 2\.5 % that it sends is lost$/m,
      );
      for (const share of ["0", "101%", "x", "1.5"])
        assert.match(
          (await command("fault", "loss", "a1", "--share", share)).stderr,
          /'--share <share>' argument '.+' is invalid\. It must be a share of all packets/,
        );
      assert.match((await command("fault", "--clear", "a1")).stdout, /^Cleared 2 faults\.$/m);
    });
  });
});
