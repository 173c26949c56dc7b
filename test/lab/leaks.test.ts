import { deepStrictEqual, ok, strictEqual } from "node:assert";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { existingNamespaces } from "../../lab/src/fabric/apply";
import { destroyAll } from "../../lab/src/fabric/destroy";
import { namespacePrefix } from "../../lab/src/fabric/names";
import { type Lab, openLab } from "../../lab/src/state/paths";
import { run } from "../../lab/src/state/privileged";
import { imagesOf } from "../../lab/src/ec2/images";
import { EC2 } from "../../lab/src/ec2/tokens";
import { type Made, PluginProcess } from "./plugin-process";
import { processesOf } from "./processes";

const ami = imagesOf("us-east-1").find(({ architecture }) => architecture === "x86_64")?.id ?? "";

/** Creates a small stack as Pulumi does, what depends on nothing else side by side, and gives it back in the order of creation. */
async function up(plugin: PluginProcess, instances: number): Promise<Made[][]> {
  const vpc = await plugin.create(EC2.vpc, "v", { cidrBlock: "10.1.0.0/16" });
  const [subnet, group, gateway] = await Promise.all([
    plugin.create(EC2.subnet, "s", { vpcId: vpc.id, cidrBlock: "10.1.0.0/24", availabilityZone: "us-east-1a" }),
    plugin.create(EC2.securityGroup, "g", { vpcId: vpc.id }),
    plugin.create(EC2.internetGateway, "i", { vpcId: vpc.id }),
  ]);
  const rest = await Promise.all([
    plugin.create(EC2.ingressRule, "r", { securityGroupId: group.id, ipProtocol: "4", referencedSecurityGroupId: group.id }),
    ...Array.from({ length: instances }, (_, i) => plugin.create(EC2.instance, `n${i}`, { ami, instanceType: "t3.micro", subnetId: subnet.id, vpcSecurityGroupIds: [group.id], associatePublicIpAddress: true })),
  ]);
  return [[vpc], [subnet, group, gateway], rest];
}

async function down(plugin: PluginProcess, made: readonly (readonly Made[])[]): Promise<void> {
  for (const level of [...made].reverse()) await Promise.all(level.map((each) => plugin.delete(each)));
}

describe("the lab's plugin, over and over", function () {
  this.timeout(180_000);
  let lab: Lab;
  let plugin: PluginProcess;
  beforeEach(() => (lab = openLab(mkdtempSync(join(tmpdir(), "overlaynet-leaks-")))));
  afterEach(async () => {
    await plugin.stop();
    await destroyAll(lab);
  });

  /** Everything of the lab that is to be counted. */
  function held(): object {
    const files = readdirSync(lab.state, { recursive: true }).map(String).sort();
    const processes = processesOf(lab.state).filter(({ pid }) => pid !== plugin.process.pid).map(({ commandLine }) => commandLine).sort();
    return { files, processes, namespaces: existingNamespaces(namespacePrefix(lab)), descriptors: plugin.descriptors };
  }

  const hostDevices = async (): Promise<string> => (await run(["ip", "-br", "link"])).replaceAll(/ .*$/gm, "");

  it("holds after 50 rounds of a VPC with two instances what it held before: files, processes, namespaces, descriptors, memory", async () => {
    plugin = await PluginProcess.start(lab.state, "without nodes");
    const devices = await hostDevices();
    const memory: { readonly heapUsed: number; readonly rss: number }[] = [];
    let first: object | undefined;
    for (let round = 1; round <= 50; round++) {
      const made = await up(plugin, 2);
      // While it stands there is something to leave behind.
      if (round === 1) strictEqual(existingNamespaces(namespacePrefix(lab)).length, 5);
      await down(plugin, made);
      // What is made once is there after the first rounds.
      if (round === 3) first = held();
      if (round % 5 === 0) memory.push(await plugin.memory());
    }
    deepStrictEqual(held(), first);
    strictEqual(await hostDevices(), devices);
    // The first rounds fill caches and compile what is hot; a leak of one record of a round would be seen in the heap, one of its stack beside it.
    const mebibytes = (of: "heapUsed" | "rss"): number[] => memory.map((each) => Math.round(each[of] / 1024 / 102.4) / 10);
    const growth = (of: "heapUsed" | "rss"): number => Math.min(...mebibytes(of).slice(-3)) - Math.min(...mebibytes(of).slice(1, 4));
    ok(growth("heapUsed") < 2 && growth("rss") < 64, `MiB after every fifth round: heap ${mebibytes("heapUsed").join(" ")}, resident ${mebibytes("rss").join(" ")}`);
  });

  it("holds after rounds with nodes what it held before, kernels and memory files too", async () => {
    plugin = await PluginProcess.start(lab.state, "with nodes");
    const memoryFiles = async (): Promise<string> => run(["sh", "-c", 'ls -l /proc/[0-9]*/fd 2>/dev/null | grep -c "$1" || :', "sh", `${lab.state}.*vm_file`]);
    await down(plugin, await up(plugin, 1));
    const before = { ...held(), memory: await memoryFiles() };
    for (let round = 0; round < 3; round++) {
      const made = await up(plugin, 1);
      const instance = made[2]?.find(({ type }) => type === EC2.instance);
      ok(processesOf(lab.state).some(({ commandLine }) => commandLine.includes(`uml-${lab.id}-${instance?.id}`)), "its kernel runs");
      await down(plugin, made);
    }
    deepStrictEqual({ ...held(), memory: await memoryFiles() }, before);
  });
});
