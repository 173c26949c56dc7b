import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { existingNamespaces } from "../../lab/src/fabric/apply";
import { destroyAll } from "../../lab/src/fabric/destroy";
import { namespaceOf, namespacePrefix, tapOf } from "../../lab/src/fabric/names";
import { reconcile } from "../../lab/src/fabric/reconcile";
import { selfTest, selfTestFabric } from "../../lab/src/fabric/self-test";
import { type Lab, openLab } from "../../lab/src/state/paths";
import { run } from "../../lab/src/state/privileged";
import { RecordStore } from "../../lab/src/state/store";
import { CloudRecords } from "../support/cloud-records";

/** Six instances in two peered VPCs: the quick start's. */
function sixNodes(): CloudRecords {
  const records = new CloudRecords()
    .vpc("blue", "10.1.0.0/16")
    .subnet("blue-a", "blue", "10.1.0.0/24")
    .subnet("blue-b", "blue", "10.1.1.0/24")
    .vpc("green", "10.2.0.0/16")
    .subnet("green-a", "green", "10.2.0.0/24")
    .peering("bg", "blue", "green")
    .internetGateway("blue", "blue")
    .internetGateway("green", "green");
  for (const [i, subnet] of ["blue-a", "blue-b", "green-a"].entries()) {
    for (const n of [0, 1]) {
      const vpc = subnet.slice(0, -2);
      records.instance(`${subnet}${n}`, vpc, subnet, `10.${vpc === "blue" ? 1 : 2}.${i % 2}.${n + 4}`, {
        publicIp: `203.0.113.${10 * i + n}`,
      });
    }
  }
  return records;
}

describe("fabric's life", function () {
  this.timeout(20_000);
  let lab: Lab;
  beforeEach(() => (lab = openLab(mkdtempSync(join(tmpdir(), "overlaynet-fabric-")))));
  afterEach(async () => {
    await destroyAll(lab);
    rmSync(lab.state, { recursive: true, force: true });
  });

  const namespaces = (): string[] => existingNamespaces(namespacePrefix(lab));

  it("stands within 2 s for six instances, and a second time needs next to nothing", async () => {
    const records = sixNodes().list();
    await reconcile(lab, []);
    const began = performance.now();
    await reconcile(lab, records);
    const made = performance.now();
    await reconcile(lab, records);
    const again = performance.now();
    assert.equal(namespaces().length, 1 + 2 + 2 + 6);
    assert.ok(made - began < 2000, `${made - began} ms`);
    assert.ok(again - made < 100, `${again - made} ms`);
  });

  it("has the tap of an instance where the plugin is told it is", async () => {
    const records = sixNodes();
    await reconcile(lab, records.list());
    const instance = records.get("i-blue-a0");
    const link = await run([
      "ip",
      "-n",
      namespaceOf(lab, instance),
      "-o",
      "-d",
      "link",
      "show",
      "dev",
      tapOf(instance),
    ]);
    assert.ok(/ tun type tap .*persist on/.test(link) && link.includes("mtu 9001"), link);
  });

  it("removes what no record asks for, down to nothing", async () => {
    const records = sixNodes();
    await reconcile(lab, records.list());
    records.remove("i-green-a0", "i-green-a1", "subnet-green-a", "igw-green", "pcx-bg", "vpc-green");
    await reconcile(
      lab,
      records.list().filter(({ id }) => !/green/.test(id)),
    );
    assert.equal(namespaces().length, 1 + 1 + 1 + 4);
    assert.deepEqual(
      (await run(["ip", "-n", `${namespacePrefix(lab)}vpc-blue`, "-o", "link", "show"])).match(/ (?:p-|c-green)\S+/g),
      null,
    );
    await reconcile(lab, []);
    assert.deepEqual(namespaces(), []);
  });

  it("goes on from where a killed process left it", async () => {
    const store = new RecordStore(lab);
    for (const record of sixNodes().list()) store.put(record);
    await reconcile(lab, []);
    for (const after of [60, 150, 240]) await killedReconcile(lab, after);
    await reconcile(lab);
    assert.equal(namespaces().length, 1 + 2 + 2 + 6);
    const green = sixNodes().get("i-green-a0");
    const neighbours = await run(["ip", "-n", namespaceOf(lab, green), "neigh", "show", "nud", "permanent"]);
    assert.ok(neighbours.includes(String(green.outputs["privateIp"])), neighbours);
  });

  it("is destroyed by its names, also after a killed process and with processes inside", async () => {
    const store = new RecordStore(lab);
    for (const record of sixNodes().list()) store.put(record);
    await reconcile(lab);
    writeFileSync(join(lab.resources, "vpc-blue.json"), "{ half");
    const capture = spawn(
      "nsenter",
      [`--net=/run/netns/${namespaceOf(lab, sixNodes().get("i-blue-a0"))}`, "sleep", "600"],
      { stdio: "ignore" },
    );
    const ended = once(capture, "close");
    const { namespaces: removed } = await destroyAll(lab);
    assert.equal(removed.length, 1 + 2 + 2 + 6);
    assert.deepEqual(namespaces(), []);
    await ended;
    assert.equal(existsSync(lab.state), false);
  });

  it("leaves files of others in the state directory alone when it is destroyed", async () => {
    writeFileSync(join(lab.state, "notes"), "mine");
    await destroyAll(lab);
    assert.deepEqual(readdirSync(lab.state), ["notes"]);
  });

  it("does not touch the host's own network", async () => {
    const host = (): Promise<string> =>
      run([
        "sh",
        "-c",
        "ip -o addr; ip route show table all; ip rule; nft list ruleset; sysctl -a 2>/dev/null | grep -E '^net\\.(bridge|ipv4\\.(ip_forward|conf\\.(all|default)))'",
      ]);
    const before = (await host()).replaceAll(/(valid_lft|preferred_lft|expires) \d+sec/g, "$1");
    await reconcile(lab, sixNodes().list());
    assert.equal((await host()).replaceAll(/(valid_lft|preferred_lft|expires) \d+sec/g, "$1"), before);
  });

  describe("self-test", () => {
    it("passes here, leaves nothing, and is not repeated within a boot", async () => {
      await reconcile(lab, []);
      assert.deepEqual(namespaces(), []);
      const remembered = join(lab.state, "fabric", "self-test");
      const first = statSync(remembered).mtimeMs;
      await reconcile(lab, []);
      assert.equal(statSync(remembered).mtimeMs, first);
      writeFileSync(remembered, "another boot\n");
      await reconcile(lab, []);
      assert.notEqual(readFileSync(remembered, "utf8"), "another boot\n");
    });

    it("refuses a machine whose bridges do not show packets to filters", async () => {
      const blind = selfTestFabric(lab).map((each) => ({
        ...each,
        sysctls: { ...each.sysctls, "bridge/bridge-nf-call-iptables": "0" },
      }));
      await assert.rejects(
        selfTest(lab, blind),
        /cannot run the lab's networks: a packet that no rule of a security group lets in arrives\. .*br_netfilter/,
      );
      assert.deepEqual(namespaces(), []);
    });

    it("refuses a machine that does not track connections of protocol 4", async () => {
      const forgetful = selfTestFabric(lab).map((each) => ({
        ...each,
        tables: each.tables.map((table) => ({
          ...table,
          body: table.body.map((line) =>
            line.replace(/^ct state established (.*) accept$/, "ct state established ip protocol != 4 $1 accept"),
          ),
        })),
      }));
      await assert.rejects(selfTest(lab, forgetful), /a reply of IP protocol 4 does not arrive/);
      assert.deepEqual(namespaces(), []);
    });
  });
});

/** Another process that brings the lab in line and is killed at its work, so many milliseconds after it began. */
async function killedReconcile(lab: Lab, after: number): Promise<void> {
  const modules = ["fabric/reconcile", "state/paths"].map((name) =>
    JSON.stringify(resolve(__dirname, "../../lab/src", name)),
  );
  const program = `const { reconcile } = require(${modules[0]}); const { openLab } = require(${modules[1]}); console.log("begun"); reconcile(openLab(process.argv[1]))`;
  const child = spawn(process.execPath, ["--require", "tsx/cjs", "-e", program, lab.state], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  await once(child.stdout, "data");
  setTimeout(() => child.kill("SIGKILL"), after);
  await ended;
}
