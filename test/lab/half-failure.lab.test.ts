import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { labNodes } from "../../lab/src/commands/find-node";
import { nodeStatus, stopNode } from "../../lab/src/node/node";
import { withLock } from "../../lab/src/state/lock";
import { run } from "../../lab/src/state/privileged";
import { RecordStore } from "../../lab/src/state/store";
import { processesOf, type RunningProcess } from "../support/processes";
import { type Outcome, QuickStart, type Resource, type Step } from "./quick-start";
import { stopAfterFailure } from "./steps";

const pools = (mode: string): string =>
  `apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata:\n  name: pool\nspec:\n  cidr: 192.168.0.0/16\n  natOutgoing: true\n  ${mode}\n`;
const program = (networks: string): string => `
  import * as overlaynet from "overlaynet";
  import * as pulumi from "@pulumi/pulumi";
  import { readFileSync } from "node:fs";
  import { join } from "node:path";
  const cluster = new overlaynet.Cluster("test", {
    ipPools: readFileSync(join(__dirname, "pools.yaml"), "utf8"),
    networks: [${networks}],
    workloadsPerNode: 1,
    ssh: { adminCidrBlocks: new pulumi.Config().requireObject("adminCidrBlocks") },
  });
  export const { nodes, workloads, topology, ssh } = cluster;`;
const network = (name: string, cidrBlock: string, nodes: number): string =>
  `{ name: "${name}", cidrBlock: "${cidrBlock}", subnets: [{ availabilityZone: "us-east-1a", nodes: ${nodes} }] }`;

const NODES = ["blue-a0", "blue-a1", "green-a0"];
const INSTANCE = "aws:ec2/instance:Instance";
const RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
/** What each encapsulation opens, by the rules' names. */
const rulesOf = (encapsulation: "ipip" | "vxlan"): string[] =>
  ["blue", "green"].flatMap((of) =>
    ["blue", "green"].flatMap((from) =>
      of === "green" && from === "green" ? [] : [`test-${of}-${encapsulation === "ipip" ? "4" : "udp-4789"}-${from}`],
    ),
  );
/**
 * Seconds that a node may keep ssh waiting, where the test is that it does: others answer well within, also on a busy
 * machine.
 */
const SHORT_DEADLINE = "12";

/** A stack and what is the case on its nodes. */
class Stack {
  readonly quickStart = new QuickStart();
  private former: ReadonlySet<number> = new Set();

  constructor(networks: string) {
    this.quickStart.writeProgram(program(networks));
  }

  /** Makes the stack in another's lab. */
  shareLab(other: Stack): void {
    this.quickStart.env["OVERLAYNET_LAB_STATE"] = other.quickStart.lab.state;
  }

  async init(): Promise<void> {
    const made = await this.quickStart.pulumi("stack", "init", "test");
    assert.equal(made.code, 0, made.stderr);
  }

  /** What was done, without what stayed the same; an operation that must end well. */
  async doing(operation: "up" | "refresh" | "destroy"): Promise<readonly Step[]> {
    const outcome = await this.quickStart.steps(operation);
    assert.equal(outcome.code, 0, `${operation}: ${outcome.stdout}\n${outcome.stderr}`);
    return changes(outcome.steps);
  }

  /** An `up` that runs on, to be disturbed. */
  startUp(): { readonly ended: Promise<Outcome>; readonly cli: Pick<RunningProcess, "pid"> } {
    const { env, dir } = this.quickStart;
    this.former = new Set(this.connections().map(({ pid }) => pid));
    const child = spawn(
      "pulumi",
      ["-C", join(dir, "lab"), "--non-interactive", "up", "--yes", "--skip-preview", "--stack", "test"],
      { env, cwd: dir, stdio: ["ignore", "pipe", "pipe"] },
    );
    const said = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
    return {
      ended: new Promise((resolve) => child.once("close", (code) => resolve({ code: code ?? -1, ...said }))),
      cli: { pid: child.pid ?? assert.fail("pulumi did not start") },
    };
  }

  processes(): RunningProcess[] {
    return processesOf(this.quickStart.dir);
  }

  /**
   * The ends of ssh connections that the provider holds, of all nodes or to one address; not those that an earlier
   * operation has just left.
   */
  connections(address = ""): RunningProcess[] {
    return this.processes().filter(
      ({ pid, commandLine }) => commandLine.startsWith(`socat - TCP4:${address}`) && !this.former.has(pid),
    );
  }

  /** Waits until the provider connects. */
  async connecting(address?: string): Promise<readonly RunningProcess[]> {
    for (let tries = 0; tries < 6000; tries++) {
      const found = this.connections(address);
      if (found.length > 0) return found;
      await sleep(10);
    }
    return assert.fail("the provider does not connect");
  }

  /**
   * Stops the CLI of an update where the state, which Pulumi writes at the beginning and the end of every step, is as
   * it is asked for.
   */
  async stopCli(
    cli: Pick<RunningProcess, "pid">,
    where: (resources: readonly Resource[], pending: readonly Resource[]) => boolean,
  ): Promise<void> {
    const isThere = (): boolean => {
      const { resources, pending_operations: pending } = this.quickStart.deployment();
      return where(
        resources,
        (pending ?? []).map(({ resource }) => resource),
      );
    };
    for (let tries = 0; tries < 6000; tries++) {
      if (isThere()) {
        await end(cli, "STOP");
        if (isThere()) return;
        // It was further by then.
        await end(cli, "CONT");
      }
      await sleep(5);
    }
    return assert.fail("the state never was as the test needs it");
  }

  async on(node: string, script: string): Promise<string> {
    const outcome = await this.quickStart.overlaynet("lab", "exec", node, "--", "sh", "-euc", script);
    assert.equal(outcome.code, 0, `${node}: ${script}\n${outcome.stdout}${outcome.stderr}`);
    return outcome.stdout;
  }

  /**
   * How nodes differ from what the state says of them, and Linux there from both; nothing where all is as it was
   * brought there.
   */
  async amiss(nodes: readonly string[] = NODES): Promise<string[]> {
    const { resources, pending_operations: pending } = this.quickStart.deployment();
    const problems = (pending ?? []).map(({ type, resource }) => `${type} ${resource.urn} is pending`);
    problems.push(...resources.flatMap(({ urn, initErrors }) => (initErrors ?? []).map((error) => `${urn}: ${error}`)));
    if (new Set(resources.map(({ urn }) => urn)).size < resources.length) problems.push("a resource is there twice");
    const seen = await Promise.all(
      nodes.map(async (node) => {
        const known = resources
          .filter(
            ({ inputs, outputs }) =>
              inputs?.node === node && outputs?.digest !== undefined && outputs.digest !== "none",
          )
          .map(({ outputs }) => outputs?.digest);
        const lines = (await this.on(node, "/usr/local/lib/overlaynet/overlaynet-apply digests")).split("\n");
        const there = lines.flatMap((line) => (line.startsWith("part ") ? [line.split(" ")[2]] : []));
        const differing =
          JSON.stringify(known.toSorted()) === JSON.stringify(there.toSorted())
            ? []
            : [`${node} has parts ${there.join()}, the state ${known.join()}`];
        return [...differing, ...lines.filter((line) => line.startsWith("deviates ")).map((line) => `${node} ${line}`)];
      }),
    );
    return [...problems, ...seen.flat()];
  }

  publicIp(node: string): string {
    return (
      labNodes(this.quickStart.lab).find(({ name }) => name === `test-${node}`)?.publicIp ??
      assert.fail(`no node ${node}`)
    );
  }
  id(node: string): string {
    return (
      labNodes(this.quickStart.lab).find(({ name }) => name === `test-${node}`)?.id ?? assert.fail(`no node ${node}`)
    );
  }
}

/**
 * Steps that changed something, without component and stack, and without the security groups' rules, which follow the
 * mode.
 */
function changes(steps: readonly Step[]): readonly Step[] {
  return steps.filter(
    ({ op, type }) =>
      op !== "same" && op !== "read" && op !== "refresh" && !/:Stack$|:Cluster$|IngressRule$/.test(type),
  );
}
/** `update Routes test-blue-a0`, in alphabetical order. */
function told(steps: readonly Step[]): string[] {
  return steps.map(({ op, type, name }) => `${op} ${type.split(":").at(-1)} ${name}`).sort();
}

/** What a resource is called in the program, the last part of its URN. */
const nameOf = (urn: string): string => urn.split("::").at(-1) ?? "";

async function end({ pid }: Pick<RunningProcess, "pid">, signal: "KILL" | "INT" | "STOP" | "CONT"): Promise<void> {
  // It may have ended by itself.
  await run(["kill", `-${signal}`, "--", String(pid)]).catch(() => undefined);
}

/**
 * Half failures of a stack on real nodes: a cluster that is brought up once, then disturbed step by step; each step
 * leaves it whole, which the nodes themselves are asked for.
 */
describe("drift and half failure", function () {
  this.timeout(300_000);
  stopAfterFailure();
  const stack = new Stack(`${network("blue", "10.1.0.0/16", 2)}, ${network("green", "10.2.0.0/16", 1)}`);
  const { quickStart } = stack;

  before(async () => {
    quickStart.writePools(pools("ipipMode: CrossSubnet"));
    await stack.init();
    await stack.doing("up");
  });
  afterEach(() => {
    delete quickStart.env["OVERLAYNET_SSH_DEADLINE"];
  });
  after(async () => quickStart.remove());

  const green = async (): Promise<void> => {
    const { report } = await quickStart.verify();
    assert.deepEqual(
      report.pairs.filter(({ verdict }) => verdict !== "passed"),
      [],
    );
    assert.equal(report.passed, NODES.length * (NODES.length - 1));
  };

  it("shows files that were edited and deleted on a node, with what changed, and mends these alone", async () => {
    assert.deepEqual(await stack.amiss(), []);
    await stack.on(
      "blue-a1",
      "cd /etc/overlaynet/parts; echo '# by hand' >>routes/state; rm routes/ippools.yaml; rm -r workload-*",
    );
    await stack.on("green-a0", "echo '# by hand' >>/etc/systemd/system/overlaynet.timer");
    assert.notDeepEqual(await stack.amiss(), [], "the nodes are asked in vain");

    const refreshed = await quickStart.steps("refresh");
    assert.equal(refreshed.code, 0, refreshed.stdout + refreshed.stderr);
    assert.deepEqual(told(changes(refreshed.steps)), [
      "delete Workload test-blue-a1-w0",
      "update Routes test-blue-a1",
      "update Routes test-green-a0",
    ]);
    const routes = changes(refreshed.steps).find(({ name }) => name === "test-blue-a1");
    assert.deepEqual(Object.keys(routes?.detailedDiff ?? {}), ["digest"]);
    assert.match(String(routes?.outputs["digest"]), /^files: ippools\.yaml is missing, state was edited/);
    const said = refreshed.stdout + refreshed.stderr;
    assert.match(
      said,
      /routes of node blue-a1 is not what was brought there \(files: ippools\.yaml is missing, state was edited/,
    );
    assert.match(
      said,
      /routes of node green-a0 is not what was brought there \(deviates: overlaynet's own files: \/etc\/systemd\/system\/overlaynet\.timer: FAILED\)/,
    );
    assert.match(said, /workload blue-a1-w0 of node blue-a1 is not there any more/);

    quickStart.takeConnections();
    assert.deepEqual(told(await stack.doing("up")), [
      "create Workload test-blue-a1-w0",
      "update Routes test-blue-a1",
      "update Routes test-green-a0",
    ]);
    assert.deepEqual(
      [...new Set(quickStart.takeConnections())].sort(),
      [stack.publicIp("blue-a1"), stack.publicIp("green-a0")].sort(),
    );
    assert.deepEqual(await stack.amiss(), []);
    assert.deepEqual(told(await stack.doing("refresh")), [], "nothing is told of a cluster that is whole");
  });

  it("a node without power fails alone, the others finish, and up heals it when it is back", async () => {
    await stopNode(quickStart.lab, stack.id("green-a0"));
    quickStart.writePools(pools("ipipMode: Always"));
    quickStart.env["OVERLAYNET_SSH_DEADLINE"] = SHORT_DEADLINE;
    const outcome = await quickStart.steps("up");
    assert.notEqual(outcome.code, 0, outcome.stdout);
    assert.deepEqual(outcome.failed, ["test-green-a0"]);
    assert.match(
      outcome.stdout + outcome.stderr,
      /routes of node green-a0 could not be brought there: admin@\S+: could not connect within 12 s and \d+ attempts?; last cause: /,
    );
    assert.deepEqual(
      told(changes(outcome.steps)).filter((step) => step.includes("Routes")),
      ["update Routes test-blue-a0", "update Routes test-blue-a1"],
    );
    assert.deepEqual(await stack.amiss(["blue-a0", "blue-a1"]), []);

    const started = await quickStart.overlaynet("lab", "start");
    assert.match(started.stdout, /^Started 1 nodes/, started.stderr);
    delete quickStart.env["OVERLAYNET_SSH_DEADLINE"];
    assert.deepEqual(told(await stack.doing("up")), ["update Routes test-green-a0"]);
    assert.deepEqual(await stack.amiss(), []);
  });

  it("ssh that is cut at any moment of a push is made again, and leaves nothing half done", async () => {
    quickStart.writePools(pools("vxlanMode: Always"));
    quickStart.takeConnections();
    const up = stack.startUp();
    const cut: string[] = [];
    let over = false;
    const cutting = (async () => {
      const cutOnce = new Set<number>();
      while (!over && cut.length < 2 * NODES.length) {
        for (const connection of stack.connections().filter(({ pid }) => !cutOnce.has(pid))) {
          cutOnce.add(connection.pid);
          const wait = Math.random() * 600;
          void sleep(wait).then(async () => {
            cut.push(`${connection.commandLine} after ${Math.round(wait)} ms`);
            await end(connection, "KILL");
          });
        }
        await sleep(20);
      }
    })();
    const outcome = await up.ended;
    over = true;
    await cutting;
    assert.equal(outcome.code, 0, `${cut.join("\n")}\n${outcome.stdout}\n${outcome.stderr}`);
    assert.ok(cut.length >= NODES.length, cut.join("\n"));
    assert.ok(quickStart.takeConnections().length > NODES.length, "no connection was made again");
    assert.deepEqual(await stack.amiss(), [], cut.join("\n"));
  });

  it("ssh that is cut every time fails that node alone, says so, and up heals it", async () => {
    quickStart.writePools(pools("vxlanMode: CrossSubnet"));
    quickStart.env["OVERLAYNET_SSH_DEADLINE"] = SHORT_DEADLINE;
    const address = stack.publicIp("blue-a1");
    const up = stack.startUp();
    let over = false;
    const cutting = (async () => {
      while (!over) {
        await Promise.all(stack.connections(address).map((connection) => end(connection, "KILL")));
        await sleep(10);
      }
    })();
    const { code, stdout, stderr } = await up.ended;
    over = true;
    await cutting;
    assert.notEqual(code, 0, stdout);
    assert.match(
      stdout + stderr,
      /routes of node blue-a1 (?:could not be brought there|is not in force): admin@\S+: .*last cause: (?:the connection was closed|Connection lost)/,
    );
    const failed = new Set((stdout + stderr).match(/routes of node \S+ (?:could not|is not)/g));
    assert.equal(failed.size, 1, [...failed].join());
    delete quickStart.env["OVERLAYNET_SSH_DEADLINE"];
    assert.deepEqual(told(await stack.doing("up")), ["update Routes test-blue-a1"]);
    assert.deepEqual(await stack.amiss(), []);
  });

  /**
   * Ends the CLI first, so that it starts nothing more; then its plugins and what they started, but none of the lab's
   * nodes.
   */
  const kill = async (up: ReturnType<Stack["startUp"]>): Promise<void> => {
    await end(up.cli, "KILL");
    await Promise.all(
      stack
        .processes()
        .filter(({ commandLine }) => !commandLine.includes("uml") && /pulumi|main\.js|socat/.test(commandLine))
        .map((process) => end(process, "KILL")),
    );
    await up.ended;
  };
  const goOn = async (): Promise<void> => {
    const locked = await quickStart.steps("up");
    assert.notEqual(locked.code, 0, locked.stdout);
    assert.match(locked.stdout + locked.stderr, /pulumi cancel/);
    const cancelled = await quickStart.pulumi("cancel", "--yes", "test");
    assert.equal(cancelled.code, 0, cancelled.stderr);
  };
  const inLab = (): string[] => new RecordStore(quickStart.lab).list().map(({ id }) => id);
  const withoutRules = (ids: readonly string[]): string[] => ids.filter((id) => !id.startsWith("sgr-"));

  it("pulumi killed in the middle of its pushes leaves a lock and pending operations, and cancel and up go on from there", async () => {
    const records = inLab();
    quickStart.writePools(pools("ipipMode: Always"));
    const up = stack.startUp();
    await stack.connecting();
    await stack.stopCli(up.cli, (resources, pending) => {
      const opened = rulesOf("ipip").every((rule) => resources.some(({ urn }) => nameOf(urn) === rule));
      return opened && pending.length > 0 && pending.every(({ type }) => type.startsWith("overlaynet:"));
    });
    await kill(up);
    assert.notDeepEqual(quickStart.deployment().pending_operations ?? [], [], "it was to be killed in the middle");
    const stateFiles = readdirSync(join(quickStart.dir, "backend", ".pulumi", "stacks", "overlaynet-quickstart"));
    assert.ok(stateFiles.includes("test.json"));
    assert.deepEqual(
      stateFiles.filter((file) => file.endsWith(".attrs")),
      [],
      "one that Pulumi is killed at makes the state unreadable",
    );

    await goOn();
    await stack.doing("up");
    // What may have been made unseen stays on record until a refresh is told that it was not, or is known by now.
    const cleared = await quickStart.steps("refresh", "--clear-pending-creates");
    assert.equal(cleared.code, 0, cleared.stdout + cleared.stderr);
    assert.deepEqual(told(changes(cleared.steps)), []);
    assert.deepEqual(await stack.amiss(), []);
    assert.deepEqual(withoutRules(inLab()), withoutRules(records), "something is in the lab twice");
    assert.deepEqual(await stack.doing("up"), []);
  });

  it("pulumi killed while AWS makes rules of security groups does not know of them; up names them, and goes on once they are revoked", async () => {
    quickStart.writePools(pools("vxlanMode: Always"));
    const before = new Set(inLab());
    const made = (): string[] => inLab().filter((id) => !before.has(id));
    const up = stack.startUp();
    // The lab keeps the calls waiting until Pulumi cannot hear of their ends any more.
    await withLock(quickStart.lab.lock, "the test", async () => {
      await stack.stopCli(
        up.cli,
        (_resources, pending) => pending.filter(({ type }) => type === RULE).length === rulesOf("vxlan").length,
      );
    });
    for (let tries = 0; made().length < rulesOf("vxlan").length && tries < 600; tries++) await sleep(50);
    await kill(up);
    const unheardOf = (quickStart.deployment().pending_operations ?? [])
      .map(({ resource }) => resource)
      .filter(({ type }) => type === RULE);
    assert.deepEqual(unheardOf.map(({ urn }) => nameOf(urn)).sort(), rulesOf("vxlan"));
    // They are found in the account by their names.
    const tags = new RecordStore(quickStart.lab)
      .list()
      .filter(({ id }) => made().includes(id))
      .map(({ outputs }) => outputs["tagsAll"]);
    assert.deepEqual(tags.map((all) => (all as { Name: string }).Name).sort(), rulesOf("vxlan"));

    await goOn();
    const refused = await quickStart.steps("up");
    assert.notEqual(refused.code, 0, refused.stdout);
    // All of them or some: the first one that is refused ends the update.
    assert.notDeepEqual(refused.failed, []);
    assert.deepEqual(
      refused.failed.filter((name) => !rulesOf("vxlan").includes(name)),
      [],
    );
    assert.match(
      refused.stdout + refused.stderr,
      /InvalidPermission\.Duplicate: the specified rule "peer: sg-\w+, UDP, from port: 4789, to port: 4789, ALLOW" already exists/,
    );
    const revoked = await quickStart.overlaynet("lab", "revoke", "--protocol", "udp");
    assert.equal(revoked.code, 0, revoked.stderr);
    await stack.doing("up");
    const cleared = await quickStart.steps("refresh", "--clear-pending-creates");
    assert.equal(cleared.code, 0, cleared.stdout + cleared.stderr);
    assert.deepEqual(await stack.amiss(), []);
    assert.deepEqual(withoutRules(inLab()), withoutRules([...before]), "something is in the lab twice");
    assert.equal(made().length, rulesOf("vxlan").length);
    assert.deepEqual(await stack.doing("up"), []);
    await green();
  });

  it("an interrupted update ends within seconds, also while a node does not answer, and up goes on from there", async () => {
    const { pid } = nodeStatus(quickStart.lab, stack.id("green-a0"));
    assert.ok(pid !== undefined);
    quickStart.writePools(pools("ipipMode: Always"));
    // The kernel alone: the guest's processes wait for it, and it takes their being stopped for their end.
    await run(["kill", "-STOP", "--", String(pid)]);
    try {
      const up = stack.startUp();
      await stack.connecting(stack.publicIp("green-a0"));
      const early = await Promise.race([up.ended.then(() => "ended"), sleep(3000).then(() => "waiting")]);
      assert.equal(early, "waiting", "the node was to keep it waiting");
      const begun = Date.now();
      await end(up.cli, "INT");
      const { code, stdout, stderr } = await up.ended;
      assert.ok(Date.now() - begun < 15_000, `it took ${Date.now() - begun} ms`);
      assert.notEqual(code, 0);
      assert.match(stdout + stderr, /cancel/i);
      while (stack.connections().length > 0 && Date.now() - begun < 15_000) await sleep(50);
      assert.deepEqual(stack.connections(), []);
    } finally {
      await run(["kill", "-CONT", "--", String(pid)]);
    }
    assert.ok((await stack.doing("up")).some(({ name }) => name.startsWith("test-green-a0")));
    assert.deepEqual(await stack.amiss(), []);
  });

  it("two stacks in one lab are brought up, changed and taken away side by side, and do not disturb each other", async () => {
    const other = new Stack(network("red", "10.1.0.0/16", 1));
    other.shareLab(stack);
    other.quickStart.writePools(pools("ipipMode: CrossSubnet"));
    const records = (): string[] => new RecordStore(quickStart.lab).list().map(({ id }) => id);
    const own = records();
    try {
      await other.init();
      quickStart.writePools(pools("ipipMode: CrossSubnet"));
      const [changed] = await Promise.all([stack.doing("up"), other.doing("up")]);
      assert.deepEqual(told(changed.filter(({ type }) => type.startsWith("aws:"))), []);
      assert.ok(records().length > own.length, "the other one's records are seen");
      assert.deepEqual([...(await stack.amiss()), ...(await labStackAmiss(stack, other))], []);
      quickStart.writePools(pools("ipipMode: Always"));
      await Promise.all([stack.doing("up"), other.doing("destroy")]);
    } finally {
      rmSync(other.quickStart.dir, { recursive: true, force: true });
    }
    assert.deepEqual(
      records().filter((id) => !id.startsWith("sgr-")),
      own.filter((id) => !id.startsWith("sgr-")),
    );
    assert.deepEqual(await stack.amiss(), []);
    await green();
  });

  it("an instance that was terminated by hand is gone for refresh, and made anew by up with its address, also when pulumi is killed over it, the others losing nothing", async () => {
    const workloads = JSON.parse(
      (await quickStart.pulumi("stack", "output", "workloads", "--json", "--stack", "test")).stdout,
    ) as { name: string; address: string; namespace: string }[];
    const ping = (from: string, to: string): string => {
      const [source, target] = [from, to].map(
        (node) => workloads.find(({ name }) => name === `${node}-w0`) ?? assert.fail(node),
      );
      return `(ip netns exec ${source?.namespace} ping -i 0.1 -w 250 ${target?.address} >/run/ping-${to} 2>&1 & echo $! >/run/ping-${to}.pid)`;
    };
    await stack.on("blue-a0", `${ping("blue-a0", "blue-a1")}; ${ping("blue-a0", "green-a0")}`);
    const before = {
      id: stack.id("green-a0"),
      node: labNodes(quickStart.lab).find(({ name }) => name === "test-green-a0"),
    };
    const terminated = await quickStart.overlaynet("lab", "terminate", "green-a0");
    assert.equal(terminated.code, 0, terminated.stderr);

    quickStart.env["OVERLAYNET_SSH_DEADLINE"] = SHORT_DEADLINE;
    const refreshed = await quickStart.steps("refresh");
    delete quickStart.env["OVERLAYNET_SSH_DEADLINE"];
    assert.equal(refreshed.code, 0, refreshed.stdout + refreshed.stderr);
    assert.deepEqual(told(changes(refreshed.steps)), ["delete Instance test-green-10.2.0.4"]);
    assert.match(refreshed.stdout + refreshed.stderr, /taken as unchanged: admin@/);

    // Pulumi killed while AWS makes it: AWS has one that Pulumi knows nothing of, with the address that the next one is
    // to have.
    const up = stack.startUp();
    await withLock(quickStart.lab.lock, "the test", async () => {
      await stack.stopCli(up.cli, (_resources, pending) => pending.some(({ type }) => type === INSTANCE));
    });
    const unheardOf = (): boolean => labNodes(quickStart.lab).some(({ name }) => name === "test-green-a0");
    for (let tries = 0; !unheardOf() && tries < 600; tries++) await sleep(50);
    await kill(up);
    await goOn();
    const refused = await quickStart.steps("up");
    assert.notEqual(refused.code, 0, refused.stdout);
    assert.deepEqual(refused.failed, ["test-green-10.2.0.4"]);
    assert.match(refused.stdout + refused.stderr, new RegExp(`InvalidIPAddress\\.InUse: .*${before.node?.privateIp}`));
    assert.equal((await quickStart.overlaynet("lab", "terminate", "green-a0")).code, 0);

    const made = told(await stack.doing("up"));
    assert.deepEqual(made, [
      "create Instance test-green-10.2.0.4",
      "update Routes test-green-a0",
      "update Topology test",
      "update Tunnel test-green-a0-ipip",
      "update Workload test-green-a0-w0",
    ]);
    const after = labNodes(quickStart.lab).find(({ name }) => name === "test-green-a0");
    assert.notEqual(after?.id, before.id);
    assert.equal(after?.privateIp, before.node?.privateIp);
    const cleared = await quickStart.steps("refresh", "--clear-pending-creates");
    assert.equal(cleared.code, 0, cleared.stdout + cleared.stderr);
    assert.deepEqual(await stack.amiss(), []);
    await green();
    const lost = async (to: string): Promise<number> => {
      const report = await stack.on(
        "blue-a0",
        `kill -INT $(cat /run/ping-${to}.pid); sleep 0.5; tail -n 3 /run/ping-${to}`,
      );
      const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(report) ?? assert.fail(report);
      return Number(sent) - Number(received);
    };
    assert.equal(await lost("blue-a1"), 0);
    assert.ok((await lost("green-a0")) > 10, "the ping would see what is lost");
  });

  it("with one instance terminated, refreshed or not, and one without power, destroy ends and leaves nothing", async () => {
    const { lab } = quickStart;
    const terminated = await quickStart.overlaynet("lab", "terminate", "green-a0");
    assert.equal(terminated.code, 0, terminated.stderr);
    quickStart.env["OVERLAYNET_SSH_DEADLINE"] = SHORT_DEADLINE;
    await stack.doing("refresh");
    delete quickStart.env["OVERLAYNET_SSH_DEADLINE"];
    await Promise.all([stopNode(lab, stack.id("blue-a0")), quickStart.overlaynet("lab", "terminate", "blue-a1")]);
    const namespaces = async (): Promise<string[]> =>
      (await quickStart.command("ip", ["netns", "list"])).stdout
        .split("\n")
        .filter((line) => new RegExp(`^lab-${lab.id}-(?:vpc|eni)`).test(line));
    assert.notDeepEqual(await namespaces(), []);

    assert.notDeepEqual(quickStart.takeConnections(), [], "connections are seen");
    await stack.doing("destroy");
    // Nobody waits for nodes that do not answer, as nobody asks them.
    assert.deepEqual(quickStart.takeConnections(), []);
    assert.deepEqual(quickStart.deployment().resources, []);
    assert.deepEqual(readdirSync(lab.resources), []);
    const nodes = join(lab.state, "nodes");
    assert.deepEqual(existsSync(nodes) ? readdirSync(nodes) : [], []);
    assert.deepEqual(await namespaces(), []);
    assert.deepEqual(processesOf(lab.state), []);
  });
});

/** What is amiss with a stack in another's lab. */
async function labStackAmiss(owner: Stack, stack: Stack): Promise<string[]> {
  const { resources } = stack.quickStart.deployment();
  const known = resources.flatMap(({ inputs, outputs }) =>
    inputs?.node !== undefined && outputs?.digest !== undefined && outputs.digest !== "none" ? [outputs.digest] : [],
  );
  const there = (await owner.on("red-a0", "/usr/local/lib/overlaynet/overlaynet-apply digests"))
    .split("\n")
    .flatMap((line) =>
      line.startsWith("part ")
        ? [line.split(" ")[2] ?? ""]
        : [`red-a0 ${line}`].filter((text) => text.includes("deviates")),
    );
  return JSON.stringify(known.toSorted()) === JSON.stringify(there.toSorted())
    ? []
    : [`red-a0 has ${there.join()}, the state ${known.join()}`];
}
