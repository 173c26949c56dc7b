import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { existingNamespaces } from "../../lab/src/fabric/apply";
import { destroyAll } from "../../lab/src/fabric/destroy";
import { namespacePrefix } from "../../lab/src/fabric/names";
import { reconcile } from "../../lab/src/fabric/reconcile";
import { destroyNode, nodeStatus, startNode } from "../../lab/src/node/node";
import { type Lab, openLab } from "../../lab/src/state/paths";
import { run } from "../../lab/src/state/privileged";
import { RecordStore } from "../../lab/src/state/store";
import { CloudRecords } from "../support/cloud-records";
import { NodesInNamespaces } from "./node-in-namespace";
import { processesOf } from "../support/processes";

/** Two peered VPCs with a gateway and three instances: eight namespaces. */
function records(): CloudRecords {
  return new CloudRecords()
    .vpc("a", "10.1.0.0/16")
    .subnet("a", "a", "10.1.0.0/24")
    .vpc("b", "10.2.0.0/16")
    .subnet("b", "b", "10.2.0.0/24")
    .peering("ab", "a", "b")
    .route("a", "10.2.0.0/16", { vpcPeeringConnectionId: "pcx-ab" })
    .internetGateway("a", "a")
    .route("a", "0.0.0.0/0", { gatewayId: "igw-a" })
    .instance("a1", "a", "a", "10.1.0.11", { publicIp: "203.0.113.11" })
    .instance("a2", "a", "a", "10.1.0.12")
    .instance("b1", "b", "b", "10.2.0.11")
    .ingress("a1-b", "a1", { ipProtocol: "4", referencedSecurityGroupId: "sg-b1" });
}

/**
 * Another process of the lab that is killed as soon as something is to be seen of its work.
 *
 * @param program an expression on `lab`, with the modules of lab/src that it names
 * @returns whether it was in the middle: it had not come to its end
 */
async function killed(lab: Lab, modules: readonly string[], program: string, when: () => boolean): Promise<boolean> {
  const source = (name: string): string => JSON.stringify(resolve(__dirname, "../../lab/src", name));
  const text = `const { ${modules.map((module) => module.split(" ")[0]).join(", ")} } = { ${modules.map((module) => `...require(${source(module.split(" ")[1] ?? "")})`).join(", ")} };
const lab = require(${source("state/paths")}).openLab(process.argv[1]); console.log("begun"); Promise.resolve(${program}).then(() => console.log("done"))`;
  const child = spawn(process.execPath, ["--require", "tsx/cjs", "-e", text, lab.state], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, "close");
  await once(child.stdout, "data");
  while (!when() && child.exitCode === null) await new Promise((done) => setImmediate(done));
  child.kill("SIGKILL");
  await ended;
  return !said.includes("done");
}

describe("a lab whose process is killed", function () {
  this.timeout(60_000);

  describe("at its networks", () => {
    let lab: Lab;
    let whole: string;
    const namespaces = (): string[] => existingNamespaces(namespacePrefix(lab));
    const count = 1 + 2 + 1 + 3;

    before(async () => {
      lab = openLab(mkdtempSync(join(tmpdir(), "overlaynet-killed-")));
      const store = new RecordStore(lab);
      for (const record of records().list()) store.put(record);
      await reconcile(lab);
      assert.equal(namespaces().length, count);
      whole = await everything();
      await reconcile(lab, []);
    });
    after(async () => {
      await destroyAll(lab);
    });

    /** All that the fabric makes in its namespaces, but numbers that Linux gives. */
    async function everything(): Promise<string> {
      const commands = [
        "ip -br link | sed 's/[@ ].*//' | sort",
        "ip -4 -br address | sed 's/@[^ ]*//' | sort",
        "ip -4 rule",
        "ip -4 route show table all proto static | sort",
        "ip -4 neigh show nud permanent | sort",
        "nft list ruleset",
      ];
      const script = namespaces()
        .map(
          (name) =>
            `echo "== ${name}"; nsenter --net=/run/netns/${name} sh -c "${commands.join("; ").replaceAll('"', '\\"')}"`,
        )
        .join("\n");
      return (await run(["sh", "-s"], { stdin: script })).replaceAll(/packets \d+ bytes \d+/g, "");
    }

    for (const seen of [1, 3, 5, count]) {
      it(`goes on when ${seen} of ${count} namespaces are to be seen, to what it would have been`, async () => {
        const middle = await killed(
          lab,
          ["reconcile fabric/reconcile"],
          "reconcile(lab)",
          () => namespaces().length >= seen,
        );
        assert.ok(middle, "it was to be killed in the middle");
        await reconcile(lab);
        assert.equal(await everything(), whole);
        await reconcile(lab, []);
        assert.deepEqual(namespaces(), []);
      });
    }

    for (const left of [count - 1, 3, 1]) {
      it(`takes down the rest when ${left} are left of its taking down`, async () => {
        await reconcile(lab);
        await killed(lab, ["reconcile fabric/reconcile"], "reconcile(lab, [])", () => namespaces().length <= left);
        await reconcile(lab, []);
        assert.deepEqual(namespaces(), []);
      });
    }
  });

  describe("at the start of a node", () => {
    let nodes: NodesInNamespaces;
    before(() => (nodes = new NodesInNamespaces()));
    after(() => nodes.remove());

    const points: readonly [string, (dir: string) => boolean][] = [
      ["its directory", (dir) => existsSync(dir)],
      ["its seed", (dir) => existsSync(join(dir, "seed.tar"))],
      ["its supervisor", (dir) => existsSync(join(dir, "supervisor.pid"))],
      ["its kernel", (dir) => existsSync(join(dir, "uml.pid"))],
    ];
    for (const [i, [what, when]] of points.entries()) {
      it(`starts it, or removes it without a trace, when ${what} is to be seen`, async () => {
        for (const [n, then] of (["start", "destroy"] as const).entries()) {
          const spec = await nodes.attach(10 + 2 * i + n);
          const dir = nodes.lab.nodeDir(spec.instanceId);
          const middle = await killed(
            nodes.lab,
            ["startNode node/node"],
            `startNode(lab, ${JSON.stringify(spec)})`,
            () => when(dir),
          );
          assert.ok(middle, "it was to be killed in the middle");
          if (then === "start") {
            await startNode(nodes.lab, spec);
            const { state, pid } = nodeStatus(nodes.lab, spec.instanceId);
            assert.deepEqual([state, pid === undefined], ["running", false]);
            const supervisors = processesOf(dir).filter(({ commandLine }) => commandLine.includes("supervise"));
            assert.equal(supervisors.length, 1, JSON.stringify(supervisors));
          }
          await destroyNode(nodes.lab, spec.instanceId);
          assert.deepEqual([existsSync(dir), await nodes.processes(spec)], [false, []]);
        }
      });
    }
  });

  describe("at its destruction", () => {
    let nodes: NodesInNamespaces;
    let lab: Lab;
    beforeEach(async () => {
      nodes = new NodesInNamespaces();
      lab = nodes.lab;
      const store = new RecordStore(lab);
      for (const record of records().list()) store.put(record);
      await reconcile(lab);
      await startNode(lab, await nodes.attach(1));
    });
    afterEach(() => rmSync(nodes.dir, { recursive: true, force: true }));

    const namespaces = (): string[] => existingNamespaces(namespacePrefix(lab));
    const points: readonly [string, () => boolean][] = [
      ["its node is gone", () => !existsSync(lab.nodeDir("i-1"))],
      ["some namespaces are gone", () => namespaces().length <= 5],
      ["its records are gone", () => !existsSync(lab.resources)],
    ];
    for (const [what, when] of points) {
      it(`is destroyed by the next one when ${what}`, async () => {
        assert.ok(namespaces().length === 8 && processesOf(lab.state).length > 0, "there is something to remove");
        await killed(lab, ["destroyAll fabric/destroy"], "destroyAll(lab)", when);
        await destroyAll(openLab(lab.state));
        assert.deepEqual([namespaces(), processesOf(lab.state), existsSync(lab.state)], [[], [], false]);
      });
    }

    it("is destroyed by its names when its records have been removed by hand", async () => {
      rmSync(lab.resources, { recursive: true });
      const { nodes: removed, namespaces: gone } = await destroyAll(openLab(lab.state));
      assert.deepEqual(
        [removed, gone.length, namespaces(), processesOf(lab.state), existsSync(lab.state)],
        [["i-1"], 8, [], [], false],
      );
    });

    it("is destroyed by what this machine says of its state directory when all files in it have been removed by hand", async () => {
      const other = openLab(mkdtempSync(join(tmpdir(), "overlaynet-killed-")));
      await reconcile(other, records().list());
      rmSync(lab.state, { recursive: true });
      const anew = openLab(lab.state);
      assert.ok(anew.id !== lab.id && processesOf(lab.state).length > 0);
      const { namespaces: gone } = await destroyAll(anew);
      assert.deepEqual(
        [gone.length, namespaces(), processesOf(lab.state), readdirSync("/run/overlaynet/labs").includes(lab.id)],
        [8, [], [], false],
      );
      // Another state directory's lab is another's.
      assert.equal(existingNamespaces(namespacePrefix(other)).length, 7);
      await destroyAll(other);
    });
  });
});
